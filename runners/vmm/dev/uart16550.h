/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_DEV_UART16550_H
#define RUNNERS_VMM_DEV_UART16550_H

/* uart16550 - COM1: the guest's boot messages out, a terminal's keys in. */
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include "runners/vmm/hv.h"

#define UART_PORT 0x3f8
#define UART_PORT_COUNT 8
#define UART_IRQ 4

struct ioapic;

struct uart {
	struct ioapic *ioapic; /* borrowed */
	int out_fd;            /* borrowed; -1: output is dropped */
	pthread_mutex_t lock;  /* guards all below */
	uint8_t ier, lcr, mcr, scr, dll, dlm;
	bool thr_empty_pending;
	uint8_t in[256];
	uint32_t in_head, in_tail; /* free running, masked on use */
	char line[512];            /* output is written a line at a time */
	size_t line_len;
};

/* A record of a snapshot (snapshot/snap_format.h). */
struct uart_state {
	uint8_t ier, lcr, mcr, scr, dll, dlm;
	uint8_t thr_empty_pending;
	uint8_t in_count;
	uint8_t in[256];
};

void uart_init(struct uart *u, struct ioapic *ioapic, int out_fd);
void uart_release(struct uart *u); /* writes what is left of the line */

/* A bus_access_fn. */
void uart_access(void *uart, struct hv_access *access);

/* Keys for the guest; what does not fit is dropped, as on a real line. */
void uart_receive(struct uart *u, const uint8_t *bytes, size_t len);

/* While no vCPU runs. The state to be set is hostile: registers take of it what
 * they would take of a guest. */
void uart_state_get(const struct uart *u, struct uart_state *state);
void uart_state_set(struct uart *u, const struct uart_state *state);

#endif
