/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_GUEST_MICRO_ABI_H
#define WORKLOADS_GUEST_MICRO_ABI_H

/*
 * abi - the interface between the micro guest and the VMM: the layout of
 * guest-physical memory, and the device that serves the guest.
 *
 *   MICRO_IMAGE_GPA   the image, entered at its first byte in long mode, the
 *                     first 4 GiB identity-mapped and open to ring 3
 *   MICRO_INFO_GPA    struct micro_info, written by the VMM
 *   MICRO_FRAME_GPA   frames (workloads/wire.h), one way at a time
 *   MICRO_FREE_GPA    from here on RAM is the guest's
 */
#include <stdint.h>

#define MICRO_IMAGE_GPA 0x100000u
#define MICRO_IMAGE_MAX_BYTES 0x80000u
#define MICRO_INFO_GPA 0x180000u
#define MICRO_FRAME_GPA 0x200000u
#define MICRO_FRAME_MAX_BYTES 0x20000u
#define MICRO_FREE_GPA 0x400000u
#define MICRO_GIANT_GPA 0x1000000000ull
#define MICRO_GIANT_BYTES 0x40000000ull

/*
 * A write to FRAME: this many bytes are at MICRO_FRAME_GPA for the harness.
 * A read waits for bytes and puts them there; 0 when no more will come.
 * NOP takes and gives anything. CLOCK gives the low half of the host's
 * CLOCK_MONOTONIC_RAW, in nanoseconds.
 */
#define MICRO_PORT 0x620u
#define MICRO_PORT_FRAME (MICRO_PORT + 0)
#define MICRO_PORT_NOP (MICRO_PORT + 4)
#define MICRO_PORT_CLOCK (MICRO_PORT + 8)
#define MICRO_PORT_COUNT 12u

/* NOP as above; a write of four bytes to BELL ends in an eventfd, one to ECHO
 * in an eventfd whose reader answers with interrupt MICRO_ECHO_VECTOR. */
#define MICRO_MMIO_GPA 0xf8000000u
#define MICRO_MMIO_BYTES 0x1000u
#define MICRO_MMIO_NOP (MICRO_MMIO_GPA + 0)
#define MICRO_MMIO_BELL (MICRO_MMIO_GPA + 0x800)
#define MICRO_MMIO_ECHO (MICRO_MMIO_GPA + 0x810)
#define MICRO_ECHO_VECTOR 0x61u

/* As NOP; of a range that no CPU will ever use (SDM vol. 4, 2.1). */
#define MICRO_MSR 0x400000e0u

struct micro_region {
	uint64_t gpa;
	uint64_t bytes; /* 0: there is none */
};

struct micro_info {
	uint32_t vcpu_count;
	uint32_t tsc_khz;        /* of the guest's TSC; 0 if unknown */
	uint32_t has_msr;        /* MICRO_MSR is there */
	uint32_t host_cpu_count; /* that the vCPUs may run on */
	/* Untouched RAM, by the size of the pages that back it. */
	struct micro_region small; /* 4 KiB */
	struct micro_region huge;  /* 2 MiB where the host has them */
	struct micro_region giant; /* 1 GiB; beyond RAM */
};

#endif
