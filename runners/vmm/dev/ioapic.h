/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_DEV_IOAPIC_H
#define RUNNERS_VMM_DEV_IOAPIC_H

/*
 * ioapic - the 82093AA with 24 pins, in the VMM so that it is the same under
 * every hypervisor. Interrupts leave as messages through hv_msi_send().
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "runners/vmm/hv.h"

#define IOAPIC_GPA 0xfec00000ULL
#define IOAPIC_SIZE_BYTES 0x1000
#define IOAPIC_PIN_COUNT 24

/* Whose line is high until the guest has served it, and then may be so again: called
 * at the end of its interrupt, with the line low. */
struct ioapic_line {
	void (*resample)(void *arg); /* NULL: nobody asked */
	void *arg;
};

struct ioapic {
	struct hv_vm *hv;     /* borrowed */
	pthread_mutex_t lock; /* guards all below */
	uint8_t select;
	uint32_t id;
	uint64_t redirection[IOAPIC_PIN_COUNT];
	uint32_t line_level; /* a bit a pin */
	struct ioapic_line lines[IOAPIC_PIN_COUNT];
};

/* A record of a snapshot (snapshot/snap_format.h). */
struct ioapic_state {
	uint64_t redirection[IOAPIC_PIN_COUNT];
	uint32_t line_level;
	uint32_t id;
	uint32_t select;
	uint32_t zero;
};

void ioapic_init(struct ioapic *io, struct hv_vm *hv);
void ioapic_release(struct ioapic *io);

/* A bus_access_fn. */
void ioapic_access(void *ioapic, struct hv_access *access);

/* Drive a pin. Edge pins deliver on the way up, level pins while high. */
void ioapic_set(struct ioapic *io, uint32_t pin, bool level);

/* RESAMPLE runs on a vCPU's thread and must not call back. NULL: no more. */
void ioapic_resample(struct ioapic *io, uint32_t pin,
		     void (*resample)(void *arg), void *arg);

/* The guest ended an interrupt with this vector. */
void ioapic_eoi(struct ioapic *io, uint8_t vector);

/* While no vCPU runs. The state to be set is hostile: registers take of it what
 * they would take of a guest. */
void ioapic_state_get(const struct ioapic *io, struct ioapic_state *state);
void ioapic_state_set(struct ioapic *io, const struct ioapic_state *state);

#endif
