// SPDX-License-Identifier: GPL-3.0-or-later
#include "workloads/micro_loops.h"

#include <stddef.h>

MICRO_LOOP(micro_null, __asm__ volatile("" : : : "memory"))

/* A known answer: so many cycles of the clock that measures it. */
static void spin(uint64_t cycles)
{
	uint64_t end = rdtsc_now() + cycles;

	while (rdtsc_now() < end)
		;
}

MICRO_LOOP(micro_delay, spin(run->param))

static inline void do_cpuid(void)
{
	uint32_t a = 0, b, c = 0, d;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
}

MICRO_LOOP(micro_cpuid, do_cpuid())

/* One step each of the chains in workloads/cpu.c. */
MICRO_LOOP(micro_integer, x ^= x << 13; x ^= x >> 7; x ^= x << 17;
	   x = x * 0x9e3779b97f4a7c15u + 1)

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
	}
	run->sink = (uint64_t)(x * 1000);
}

static inline uint64_t branch_step(uint64_t x)
{
	x = x * 6364136223846793005u + 1442695040888963407u;
	if (x >> 63)
		__asm__ volatile("" : "+r"(x));
	return x;
}

MICRO_LOOP(micro_branch, x = branch_step(x))

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void **line_at(const struct micro_run *run, uint64_t i)
{
	return (void **)((char *)run->area + i * MICRO_LINE_BYTES);
}

void micro_chase_link(struct micro_run *run)
{
	uint64_t count = run->param / MICRO_LINE_BYTES;
	uint64_t state = 0x2545f4914f6cdd1d;
	uint64_t i;

	for (i = 0; i < count; i++)
		*line_at(run, i) = line_at(run, i);
	for (i = count - 1; i > 0; i--) {
		void **a = line_at(run, i);
		void **b = line_at(run, next_random(&state) % i);
		void *swap = *a;

		*a = *b;
		*b = swap;
	}
	/* Every line must come once, or less memory is walked than is said. */
	run->sink = 0;
	i = 0;
	for (void **p = line_at(run, 0); i < count; i++) {
		run->sink += (uint64_t)((char *)p - (char *)run->area);
		p = *p;
		if (p == line_at(run, 0))
			break;
	}
	if (i != count - 1 ||
	    run->sink != MICRO_LINE_BYTES * (count * (count - 1) / 2))
		run->failure = "the chain does not visit every line once";
}

void micro_chase(struct micro_run *run)
{
	void **p = run->area;
	uint32_t i, k;

	for (i = 0; i < run->sample_count; i++) {
		uint64_t start = rdtsc_begin();

		for (k = 0; k < run->repeat; k++)
			p = *p;
		__asm__ volatile("" : "+r"(p));
		run->cycles[i] = rdtsc_end() - start;
	}
	run->sink = (uint64_t)p;
}
