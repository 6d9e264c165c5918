/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_DEV_MICRO_H
#define RUNNERS_VMM_DEV_MICRO_H

/*
 * micro - the device that serves the micro guest: passes its frames on, and
 * answers where an exit is all that is wanted. What it does is defined in
 * workloads/guest/micro/abi.h.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "runners/vmm/hv.h"

struct err;
struct mem;
struct vcpu_regs;

struct micro {
	struct hv_vm *hv; /* borrowed, as all above the descriptors */
	const struct mem *mem;
	const _Atomic(int) *end; /* not 0: the machine has ended */
	int channel_fd;
	int bell_fd; /* owned; eventfds */
	int echo_fd, answer_fd;
	void *giant;      /* owned; one page of 1 GiB; NULL: there is none */
	pthread_t thread; /* answers on answer_fd what comes on echo_fd */
	bool has_thread;
	_Atomic bool is_stopping;
};

/* Doorbells, the answering thread and its interrupt; a page of 1 GiB if the
 * host has a free one. */
int micro_create(struct micro *m, struct hv_vm *hv, const struct mem *mem,
		 int channel_fd, const _Atomic(int) *end, struct err *err);
void micro_destroy(struct micro *m); /* after a failed micro_create() too */
void micro_release(struct micro *m); /* its memory, once the VM is gone */

/* The image at PATH and what the guest is told into RAM; REGS for its start. */
int micro_load(const struct micro *m, const char *path, uint32_t vcpu_count,
	       uint32_t tsc_khz, struct vcpu_regs *regs, struct err *err);

void micro_port_access(void *micro, struct hv_access *access);
void micro_mmio_access(void *micro, struct hv_access *access);

#endif
