// SPDX-License-Identifier: GPL-3.0-or-later
/* Register layout: Intel 82093AA datasheet, section 3. */
#include "runners/vmm/dev/ioapic.h"

#include <string.h>

#define REG_ID 0x00
#define REG_VERSION 0x01
#define REG_ARBITRATION 0x02
#define REG_REDIRECTION 0x10
#define VERSION_VALUE (0x20 | (IOAPIC_PIN_COUNT - 1) << 16)

#define RTE_VECTOR 0xffULL
#define RTE_DELIVERY_MODE (7ULL << 8)
#define RTE_LOGICAL (1ULL << 11)
#define RTE_REMOTE_IRR (1ULL << 14)
#define RTE_LEVEL (1ULL << 15)
#define RTE_MASKED (1ULL << 16)
#define RTE_READ_ONLY (RTE_REMOTE_IRR | 1ULL << 12)
#define RTE_DEST(e) ((e) >> 56)

#define MSI_BASE 0xfee00000ULL
#define MSI_LEVEL_ASSERT ((1u << 15) | (1u << 14))

void ioapic_init(struct ioapic *io, struct hv_vm *hv)
{
	int i;

	*io = (struct ioapic){.hv = hv};
	pthread_mutex_init(&io->lock, NULL);
	for (i = 0; i < IOAPIC_PIN_COUNT; i++)
		io->redirection[i] = RTE_MASKED;
}

void ioapic_release(struct ioapic *io)
{
	pthread_mutex_destroy(&io->lock);
}

static struct hv_msi rte_message(uint64_t e)
{
	return (struct hv_msi){
		.addr = MSI_BASE | RTE_DEST(e) << 12 |
			(e & RTE_LOGICAL ? 1u << 2 : 0),
		.data = (uint32_t)(e & (RTE_VECTOR | RTE_DELIVERY_MODE)) |
			(e & RTE_LEVEL ? MSI_LEVEL_ASSERT : 0),
	};
}

static void deliver(struct ioapic *io, uint32_t pin)
{
	struct hv_msi msi = rte_message(io->redirection[pin]);

	if (io->redirection[pin] & RTE_LEVEL)
		io->redirection[pin] |= RTE_REMOTE_IRR;
	hv_msi_send(io->hv, &msi);
}

static void deliver_if_level_pending(struct ioapic *io, uint32_t pin)
{
	uint64_t e = io->redirection[pin];

	if ((e & RTE_LEVEL) && !(e & (RTE_MASKED | RTE_REMOTE_IRR)) &&
	    (io->line_level & 1u << pin))
		deliver(io, pin);
}

/* Only the end of a level interrupt has to come back here. */
static void route(struct ioapic *io, uint32_t pin)
{
	uint64_t e = io->redirection[pin];
	bool is_live_level = (e & RTE_LEVEL) && !(e & RTE_MASKED);
	struct hv_msi msi = rte_message(e);

	hv_route_set(io->hv, pin, is_live_level ? &msi : NULL);
}

static void redirection_write(struct ioapic *io, uint32_t pin, bool high,
			      uint32_t value)
{
	uint64_t *e = &io->redirection[pin];
	uint64_t keep = high ? 0xffffffffULL : ~0xffffffffULL;
	uint64_t bits = high ? (uint64_t)value << 32 : value;

	*e = (*e & (keep | RTE_READ_ONLY)) | (bits & ~RTE_READ_ONLY);
	if (!(*e & RTE_LEVEL))
		*e &= ~RTE_REMOTE_IRR;
	route(io, pin);
	deliver_if_level_pending(io, pin);
}

static uint32_t register_read(struct ioapic *io)
{
	uint32_t pin = (io->select - REG_REDIRECTION) / 2u;

	switch (io->select) {
	case REG_ID:
		return io->id << 24;
	case REG_VERSION:
		return VERSION_VALUE;
	case REG_ARBITRATION:
		return io->id << 24;
	default:
		if (io->select < REG_REDIRECTION || pin >= IOAPIC_PIN_COUNT)
			return UINT32_MAX;
		return (uint32_t)(io->redirection[pin] >>
				  (io->select & 1 ? 32 : 0));
	}
}

static void register_write(struct ioapic *io, uint32_t value)
{
	uint32_t pin = (io->select - REG_REDIRECTION) / 2u;

	if (io->select == REG_ID)
		io->id = value >> 24 & 0xf;
	else if (io->select >= REG_REDIRECTION && pin < IOAPIC_PIN_COUNT)
		redirection_write(io, pin, io->select & 1, value);
}

static void end_of_interrupt(struct ioapic *io, uint8_t vector)
{
	uint32_t pin;

	for (pin = 0; pin < IOAPIC_PIN_COUNT; pin++) {
		uint64_t *e = &io->redirection[pin];

		if (!(*e & RTE_LEVEL) || (*e & RTE_VECTOR) != vector)
			continue;
		*e &= ~RTE_REMOTE_IRR;
		if (io->lines[pin].resample) {
			io->line_level &= ~(1u << pin);
			io->lines[pin].resample(io->lines[pin].arg);
		}
		deliver_if_level_pending(io, pin);
	}
}

void ioapic_access(void *ioapic, struct hv_access *access)
{
	struct ioapic *io = ioapic;

	pthread_mutex_lock(&io->lock);
	switch (access->addr) {
	case 0x00:
		if (access->is_write)
			io->select = (uint8_t)access->data;
		else
			access->data = io->select;
		break;
	case 0x10:
		if (access->is_write)
			register_write(io, (uint32_t)access->data);
		else
			access->data = register_read(io);
		break;
	case 0x40: /* versions from 0x20 on have an EOI register */
		if (access->is_write)
			end_of_interrupt(io, (uint8_t)access->data);
		break;
	default:
		if (!access->is_write)
			access->data = 0;
	}
	pthread_mutex_unlock(&io->lock);
}

void ioapic_set(struct ioapic *io, uint32_t pin, bool level)
{
	bool was_high;
	uint64_t e;

	if (pin >= IOAPIC_PIN_COUNT)
		return;
	pthread_mutex_lock(&io->lock);
	e = io->redirection[pin];
	was_high = io->line_level & 1u << pin;
	if (level)
		io->line_level |= 1u << pin;
	else
		io->line_level &= ~(1u << pin);
	if (e & RTE_LEVEL)
		deliver_if_level_pending(io, pin);
	else if (level && !was_high && !(e & RTE_MASKED))
		deliver(io, pin);
	pthread_mutex_unlock(&io->lock);
}

void ioapic_resample(struct ioapic *io, uint32_t pin,
		     void (*resample)(void *arg), void *arg)
{
	pthread_mutex_lock(&io->lock);
	if (pin < IOAPIC_PIN_COUNT)
		io->lines[pin] = (struct ioapic_line){resample, arg};
	pthread_mutex_unlock(&io->lock);
}

void ioapic_eoi(struct ioapic *io, uint8_t vector)
{
	pthread_mutex_lock(&io->lock);
	end_of_interrupt(io, vector);
	pthread_mutex_unlock(&io->lock);
}

void ioapic_state_get(const struct ioapic *io, struct ioapic_state *state)
{
	*state = (struct ioapic_state){.line_level = io->line_level,
				       .id = io->id,
				       .select = io->select};
	memcpy(state->redirection, io->redirection, sizeof(io->redirection));
}

/* What an interrupt waits for, its end among it, is in the local APICs. */
void ioapic_state_set(struct ioapic *io, const struct ioapic_state *state)
{
	uint32_t pin;

	io->line_level = state->line_level & ((1u << IOAPIC_PIN_COUNT) - 1);
	io->id = state->id & 0xf;
	io->select = (uint8_t)state->select;
	for (pin = 0; pin < IOAPIC_PIN_COUNT; pin++) {
		io->redirection[pin] = state->redirection[pin];
		route(io, pin);
	}
}
