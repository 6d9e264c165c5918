// SPDX-License-Identifier: GPL-3.0-or-later
/* Registers: National Semiconductor PC16550D datasheet, table II. */
#include "runners/vmm/dev/uart16550.h"

#include <string.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "runners/vmm/dev/ioapic.h"

#define IER_RX 0x01
#define IER_THR_EMPTY 0x02
#define IIR_NONE 0x01
#define IIR_THR_EMPTY 0x02
#define IIR_RX 0x04
#define IIR_FIFO 0xc0
#define LCR_DLAB 0x80
#define MCR_LOOP 0x10
#define LSR_DATA 0x01
#define LSR_THR_EMPTY 0x60
#define MSR_READY 0xb0

void uart_init(struct uart *u, struct ioapic *ioapic, int out_fd)
{
	*u = (struct uart){.ioapic = ioapic, .out_fd = out_fd};
	pthread_mutex_init(&u->lock, NULL);
}

static void flush_line(struct uart *u)
{
	size_t done = 0;

	while (u->out_fd >= 0 && done < u->line_len) {
		ssize_t n =
			write(u->out_fd, u->line + done, u->line_len - done);

		if (n <= 0)
			break;
		done += (size_t)n;
	}
	u->line_len = 0;
}

void uart_release(struct uart *u)
{
	flush_line(u);
	pthread_mutex_destroy(&u->lock);
}

static uint8_t pending(const struct uart *u)
{
	if ((u->ier & IER_RX) && u->in_head != u->in_tail)
		return IIR_RX;
	if ((u->ier & IER_THR_EMPTY) && u->thr_empty_pending)
		return IIR_THR_EMPTY;
	return IIR_NONE;
}

/* COM1 is edge triggered: a pulse for each new cause. */
static void update_irq(struct uart *u)
{
	if (pending(u) == IIR_NONE)
		return;
	ioapic_set(u->ioapic, UART_IRQ, true);
	ioapic_set(u->ioapic, UART_IRQ, false);
}

static void push_in(struct uart *u, uint8_t byte)
{
	if (u->in_head - u->in_tail < ARRAY_SIZE(u->in))
		u->in[u->in_head++ % ARRAY_SIZE(u->in)] = byte;
}

static void transmit(struct uart *u, uint8_t byte)
{
	if (u->mcr & MCR_LOOP) {
		push_in(u, byte);
	} else {
		u->line[u->line_len++] = (char)byte;
		if (byte == '\n' || u->line_len == sizeof(u->line) ||
		    isatty(u->out_fd))
			flush_line(u);
	}
	u->thr_empty_pending = true;
	update_irq(u);
}

static void register_write(struct uart *u, uint64_t reg, uint8_t value)
{
	bool dlab = u->lcr & LCR_DLAB;

	switch (reg) {
	case 0:
		if (dlab)
			u->dll = value;
		else
			transmit(u, value);
		break;
	case 1:
		if (dlab) {
			u->dlm = value;
			break;
		}
		u->thr_empty_pending |= value & ~u->ier & IER_THR_EMPTY;
		u->ier = value & 0xf;
		update_irq(u);
		break;
	case 3:
		u->lcr = value;
		break;
	case 4:
		u->mcr = value;
		break;
	case 7:
		u->scr = value;
		break;
	default:
		break;
	}
}

static uint8_t receive(struct uart *u)
{
	uint8_t byte = 0;

	if (u->in_head != u->in_tail)
		byte = u->in[u->in_tail++ % ARRAY_SIZE(u->in)];
	update_irq(u);
	return byte;
}

static uint8_t read_iir(struct uart *u)
{
	uint8_t iir = pending(u);

	if (iir == IIR_THR_EMPTY)
		u->thr_empty_pending = false;
	return iir | IIR_FIFO;
}

/* In loop-back, the modem outputs come back as the modem inputs. */
static uint8_t read_msr(const struct uart *u)
{
	if (!(u->mcr & MCR_LOOP))
		return MSR_READY;
	return (uint8_t)((u->mcr & 0x0c) << 4 | (u->mcr & 0x02) << 3 |
			 (u->mcr & 0x01) << 5);
}

static uint8_t register_read(struct uart *u, uint64_t reg)
{
	bool dlab = u->lcr & LCR_DLAB;

	switch (reg) {
	case 0:
		return dlab ? u->dll : receive(u);
	case 1:
		return dlab ? u->dlm : u->ier;
	case 2:
		return read_iir(u);
	case 3:
		return u->lcr;
	case 4:
		return u->mcr;
	case 5:
		return LSR_THR_EMPTY |
		       (u->in_head != u->in_tail ? LSR_DATA : 0);
	case 6:
		return read_msr(u);
	default:
		return u->scr;
	}
}

void uart_access(void *uart, struct hv_access *access)
{
	struct uart *u = uart;

	pthread_mutex_lock(&u->lock);
	if (access->is_write)
		register_write(u, access->addr, (uint8_t)access->data);
	else
		access->data = register_read(u, access->addr);
	pthread_mutex_unlock(&u->lock);
}

void uart_receive(struct uart *u, const uint8_t *bytes, size_t len)
{
	size_t i;

	pthread_mutex_lock(&u->lock);
	for (i = 0; i < len; i++)
		push_in(u, bytes[i]);
	update_irq(u);
	pthread_mutex_unlock(&u->lock);
}

/* One key of 256 is lost, where so many wait. */
void uart_state_get(const struct uart *u, struct uart_state *state)
{
	uint32_t i, count = u->in_head - u->in_tail;

	*state = (struct uart_state){
		.ier = u->ier,
		.lcr = u->lcr,
		.mcr = u->mcr,
		.scr = u->scr,
		.dll = u->dll,
		.dlm = u->dlm,
		.thr_empty_pending = u->thr_empty_pending,
		.in_count = (uint8_t)(count < UINT8_MAX ? count : UINT8_MAX),
	};
	for (i = 0; i < state->in_count; i++)
		state->in[i] = u->in[(u->in_tail + i) % ARRAY_SIZE(u->in)];
}

void uart_state_set(struct uart *u, const struct uart_state *state)
{
	u->ier = state->ier & 0xf;
	u->lcr = state->lcr;
	u->mcr = state->mcr;
	u->scr = state->scr;
	u->dll = state->dll;
	u->dlm = state->dlm;
	u->thr_empty_pending = state->thr_empty_pending & 1;
	u->in_tail = 0;
	u->in_head = state->in_count;
	memcpy(u->in, state->in, state->in_count);
}
