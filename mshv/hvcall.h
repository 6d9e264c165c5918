/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MSHV_HVCALL_H
#define MSHV_HVCALL_H

/*
 * hvcall - the hypercalls that MSHV_ROOT_HVCALL passes on, as functions.
 *
 * FD is a partition's or a VP's. All return 0 or a negative errno. Calls that
 * the kernel interrupts or that ran out of deposited memory on a kernel before
 * 6.19 (EAGAIN) are repeated.
 */
#include <stddef.h>
#include <stdint.h>

#include "mshv/abi.h"

struct mshv_sys;

struct hvcall {
	uint16_t code;
	uint16_t reps; /* elements; 0 for a simple call */
	const void *in;
	size_t in_bytes;
	void *out; /* NULL: none */
	size_t out_bytes;
};

int hvcall(const struct mshv_sys *sys, int fd, const struct hvcall *call);

int hvcall_property_get(const struct mshv_sys *sys, int fd, uint32_t code,
			uint64_t *value);
/* The first bank of a property of several; -ENODATA without one. */
int hvcall_property_get_ex(const struct mshv_sys *sys, int fd, uint32_t code,
			   uint64_t *value);
int hvcall_property_set(const struct mshv_sys *sys, int fd, uint32_t code,
			uint64_t value);

/* At most HVCALL_MAX_REGISTERS at once. */
#define HVCALL_MAX_REGISTERS 127
int hvcall_regs_get(const struct mshv_sys *sys, int fd, uint32_t vp,
		    const uint32_t *names, union mshv_value *values,
		    size_t count);
int hvcall_regs_set(const struct mshv_sys *sys, int fd, uint32_t vp,
		    const struct mshv_register *regs, size_t count);

/* One register of one scalar. */
int hvcall_reg_set(const struct mshv_sys *sys, int fd, uint32_t vp,
		   uint32_t name, uint64_t value);

/* Accesses to MSR become messages. */
int hvcall_msr_intercept(const struct mshv_sys *sys, int fd, uint32_t msr);

/* OUT is eax, ebx, ecx, edx. */
int hvcall_cpuid_get(const struct mshv_sys *sys, int fd, uint32_t vp,
		     uint32_t leaf, uint32_t subleaf, uint32_t out[4]);

#endif
