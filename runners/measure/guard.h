/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_MEASURE_GUARD_H
#define RUNNERS_MEASURE_GUARD_H

/*
 * guard - what went on on the host while a section ran: time that its own
 * hypervisor took, tasks that waited for memory, the CPU's frequency. Read
 * between sections, never in one; what the kernel does not say is not judged.
 * The rules are in docs/statistics.md.
 */
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct guard_reading {
	uint64_t mono_ns;
	bool has_stat;     /* steal_ns and busy_ns are known */
	bool has_pressure; /* stall_ns is */
	uint64_t steal_ns; /* of all CPUs, in ticks (proc_stat(5)) */
	uint64_t busy_ns;
	uint64_t stall_ns; /* Documentation/accounting/psi: memory, some */
	uint64_t khz;      /* of the first CPU; 0: not known */
};

struct guard {
	const char *root; /* in front of /proc and /sys, for tests; NULL: "" */
	struct guard_reading first, last; /* of the boot */
	uint64_t khz_min, khz_max;
	uint32_t window_count;
	uint32_t disturbed_count;
};

/* A series begins. */
void guard_begin(struct guard *g);

/*
 * What disturbed the time since the last reading: bits of enum disturbance. What
 * the kernel said before and does not say now may have disturbed it.
 */
uint32_t guard_next(struct guard *g);

/*
 * Of the whole boot, OWN_NS being the CPU time of the machine itself; NULL
 * without a window. The caller owns it.
 */
json_t *guard_to_json(const struct guard *g, uint64_t own_ns);

#endif
