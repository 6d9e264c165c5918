// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The one loop that computes with doubles, apart from the others: a hypervisor
 * that emulates ring 0 may know no SSE, and the compiler would use it for
 * integers too.
 */
#include "workloads/micro/micro_loops.h"

void micro_float(struct micro_run *run)
{
	double x = 1.0;
	uint32_t i, k;

	for (i = 0; i < run->sample_count; i++) {
		uint64_t start = rdtsc_begin();

		for (k = 0; k < run->repeat; k++)
			x = x * 0.999999 + 1e-6 / x;
		/* Before the clock is read, not after. */
		__asm__ volatile("" : "+x"(x));
		run->cycles[i] = rdtsc_end() - start;
		micro_limit(run, i);
	}
	run->sink = (uint64_t)(x * 1000);
}
