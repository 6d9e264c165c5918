/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_MICRO_LOOPS_H
#define WORKLOADS_MICRO_LOOPS_H

/*
 * micro_loops - the timing of a primitive, and the primitives that need no
 * guest. The same source is linked into the micro guest, which has no libc,
 * and into the agent, which runs these primitives natively.
 */
#include <stdbool.h>
#include <stdint.h>

/* A series of fewer samples has no useful median. */
#define MICRO_MIN_SAMPLES 5u

struct micro_run {
	uint64_t *cycles;      /* one value per sample of REPEAT operations */
	uint32_t sample_count; /* wanted; a loop that must stop sets it lower */
	uint32_t repeat;
	/* Of the whole series, see micro_limit_set(); 0: it has no limit. */
	uint64_t limit_cycles, least_cycles;
	uint64_t begin, turn, fastest_cycles;
	uint64_t param; /* the primitive's own: cycles, bytes */
	void *area;     /* memory to work on, where one is needed */
	uint64_t sink;
	const char *failure; /* why the samples are invalid; or NULL */
	bool is_cut;         /* the limit came before SAMPLE_COUNT samples */
};

typedef void micro_loop(struct micro_run *run);

static inline uint64_t rdtsc_now(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

/* All earlier instructions have completed, and no later one has begun (SDM 2B,
 * RDTSC). */
static inline uint64_t rdtsc_begin(void)
{
	uint32_t low, high;

	__asm__ volatile("lfence; rdtsc; lfence"
			 : "=a"(low), "=d"(high)
			 :
			 : "memory");
	return (uint64_t)high << 32 | low;
}

#define rdtsc_end rdtsc_begin

/* Limit the series to this many TSC cycles from now on, and its first
 * MICRO_MIN_SAMPLES to LEAST_CYCLES. */
void micro_limit_set(struct micro_run *run, uint64_t cycles,
		     uint64_t least_cycles);

/* After the sample with index LAST: end the series when its time is over. */
void micro_limit(struct micro_run *run, uint32_t last);

/* The limit came before there were enough samples. */
static inline bool micro_is_too_slow(const struct micro_run *run)
{
	return run->is_cut && run->sample_count < MICRO_MIN_SAMPLES;
}

/* STATEMENT may use RUN, and X, which is kept from one run to the next. */
#define MICRO_LOOP(name, statement)                           \
	void name(struct micro_run *run)                      \
	{                                                     \
		uint64_t x = run->sink;                       \
		uint32_t i, k;                                \
                                                              \
		for (i = 0; i < run->sample_count; i++) {     \
			uint64_t start = rdtsc_begin();       \
                                                              \
			for (k = 0; k < run->repeat; k++) {   \
				statement;                    \
			}                                     \
			run->cycles[i] = rdtsc_end() - start; \
			micro_limit(run, i);                  \
		}                                             \
		run->sink = x;                                \
	}

micro_loop micro_null, micro_delay, micro_cpuid;
micro_loop micro_integer, micro_float, micro_branch;

/*
 * PARAM bytes at AREA, a power of two: link all lines into one ring in an order
 * that no prefetcher can predict; then follow it, REPEAT loads per sample.
 */
#define MICRO_LINE_BYTES 64u
void micro_chase_link(struct micro_run *run);
micro_loop micro_chase;

#endif
