/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_DEV_MICRO_H
#define RUNNERS_VMM_DEV_MICRO_H

/*
 * micro - the device that serves the micro guest. It forwards the guest's
 * frames, and has addresses that only cause an exit.
 * workloads/guest/micro/abi.h is the guest's side and describes each address;
 * test_micro.c compares both.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "runners/vmm/hv.h"

#define MICRO_DEV_IMAGE_GPA 0x100000u
#define MICRO_DEV_IMAGE_MAX_BYTES 0x80000u
#define MICRO_DEV_INFO_GPA 0x180000u
#define MICRO_DEV_FRAME_GPA 0x200000u
#define MICRO_DEV_FRAME_MAX_BYTES 0x20000u
#define MICRO_DEV_FREE_GPA 0x400000u
#define MICRO_DEV_GIANT_GPA 0x1000000000ull
#define MICRO_DEV_GIANT_BYTES 0x40000000ull

/*
 * A write to FRAME: this many bytes are at MICRO_DEV_FRAME_GPA for the harness.
 * A read waits for bytes and puts them there; 0 when no more will come.
 * NOP takes and gives anything. CLOCK gives the low half of the host's
 * CLOCK_MONOTONIC_RAW, in nanoseconds.
 */
#define MICRO_DEV_PORT 0x620u
#define MICRO_DEV_PORT_FRAME (MICRO_DEV_PORT + 0)
#define MICRO_DEV_PORT_NOP (MICRO_DEV_PORT + 4)
#define MICRO_DEV_PORT_CLOCK (MICRO_DEV_PORT + 8)
#define MICRO_DEV_PORT_COUNT 12u

/* NOP as above; a write of four bytes to BELL ends in an eventfd, one to ECHO
 * in an eventfd whose reader answers with interrupt MICRO_DEV_ECHO_VECTOR. */
#define MICRO_DEV_MMIO_GPA 0xf8000000u
#define MICRO_DEV_MMIO_BYTES 0x1000u
#define MICRO_DEV_MMIO_NOP (MICRO_DEV_MMIO_GPA + 0)
#define MICRO_DEV_MMIO_BELL (MICRO_DEV_MMIO_GPA + 0x800)
#define MICRO_DEV_MMIO_ECHO (MICRO_DEV_MMIO_GPA + 0x810)
#define MICRO_DEV_ECHO_VECTOR 0x61u

/* As NOP; of a range that no CPU will ever use (SDM vol. 4, 2.1). */
#define MICRO_DEV_MSR 0x400000e0u

struct micro_dev_region {
	uint64_t gpa;
	uint64_t bytes; /* 0: there is none */
};

struct micro_dev_info {
	uint32_t vcpu_count;
	uint32_t tsc_khz;        /* of the guest's TSC; 0 if unknown */
	uint32_t has_msr;        /* MICRO_DEV_MSR is there */
	uint32_t host_cpu_count; /* that the vCPUs may run on */
	/* Untouched RAM, by the size of the pages that back it. */
	struct micro_dev_region small; /* 4 KiB */
	struct micro_dev_region huge;  /* 2 MiB where the host has them */
	struct micro_dev_region giant; /* 1 GiB; beyond RAM */
};

struct err;
struct mem;
struct vcpu_regs;

struct micro {
	struct hv_vm *hv; /* borrowed, as all above the descriptors */
	const struct mem *mem;
	const _Atomic(int) *end; /* not 0: the machine has ended */
	const _Atomic(int) *cut; /* not 0: and nobody wants its last words */
	int channel_fd;
	int bell_fd; /* owned; eventfds */
	int echo_fd, answer_fd;
	void *giant;      /* owned; one page of 1 GiB; NULL: there is none */
	pthread_t thread; /* answers on answer_fd what comes on echo_fd */
	bool has_thread;
	_Atomic bool is_stopping;
};

/* Doorbells and their interrupt. */
int micro_create(struct micro *m, struct hv_vm *hv, const struct mem *mem,
		 int channel_fd, const _Atomic(int) *end, struct err *err);
/* A page of 1 GiB if the host has a free one, which no snapshot has. */
int micro_giant_add(struct micro *m, struct err *err);
/* The answering thread, for micro_destroy() to end. */
int micro_listen(struct micro *m, struct err *err);
void micro_destroy(struct micro *m); /* after a failed micro_create() too */
/* The hypervisor's are dead: from now on writes come as exits, and ECHO answers
 * them all the same. */
void micro_bells_drop(struct micro *m);
void micro_release(struct micro *m); /* its memory, once the VM is gone */

/* Load the image at PATH and the guest's parameters into RAM; REGS for its
 * start. */
int micro_load(const struct micro *m, const char *path, uint32_t vcpu_count,
	       struct vcpu_regs *regs, struct err *err);

void micro_port_access(void *micro, struct hv_access *access);

/* Of an address or MSR that does nothing; doorbells do not come here. */
void micro_nop_access(void *micro, struct hv_access *access);

#endif
