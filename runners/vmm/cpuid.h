/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_CPUID_H
#define RUNNERS_VMM_CPUID_H

/*
 * cpuid - the CPU that the guest sees.
 *
 * A backend passes in the features that its hypervisor supports. The policy
 * here is the same for every backend, so in `identical` mode guests differ
 * only where the hypervisor forces it.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runners/vmm/hv.h"

struct cpuid_entry {
	uint32_t function;
	uint32_t index;
	bool has_index; /* the leaf has subleaves */
	uint32_t eax, ebx, ecx, edx;
};

struct cpuid_table {
	struct cpuid_entry entries[256];
	size_t count;
};

struct cpuid_policy {
	enum hv_paravirt paravirt;
	uint32_t vcpu_index;
	uint32_t vcpu_count;
	bool has_tsc_deadline;  /* the LAPIC emulation has the timer mode */
	bool has_invariant_tsc; /* the host's TSC is invariant */
};

/* Rewrite TABLE in place. -E2BIG when it would overflow. */
int cpuid_apply(struct cpuid_table *table, const struct cpuid_policy *policy);

/* NULL when there is none. */
struct cpuid_entry *cpuid_find(struct cpuid_table *table, uint32_t function,
			       uint32_t index);

/* Read the CPU that this code runs on. */
struct cpuid_entry cpuid_native(uint32_t function, uint32_t index);

#endif
