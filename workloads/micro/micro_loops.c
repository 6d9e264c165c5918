// SPDX-License-Identifier: GPL-3.0-or-later
#include "workloads/micro/micro_loops.h"

#include <stddef.h>

void micro_limit_set(struct micro_run *run, uint64_t cycles,
		     uint64_t least_cycles)
{
	run->limit_cycles = cycles;
	run->least_cycles = least_cycles;
	run->begin = run->turn = rdtsc_now();
	run->fastest_cycles = UINT64_MAX;
}

/*
 * A host that was busy for a moment must not look like a slow primitive: the
 * fastest of JUDGED_SAMPLES decides whether MICRO_MIN_SAMPLES fit. Those are then taken, however long a stalled one takes.
 */
#define JUDGED_SAMPLES 3u

void micro_limit(struct micro_run *run, uint32_t last)
{
	uint64_t now = rdtsc_now();
	uint32_t count = last + 1;

	if (now - run->turn < run->fastest_cycles)
		run->fastest_cycles = now - run->turn;
	run->turn = now;
	if (!run->limit_cycles || count >= run->sample_count)
		return;
	if (count < MICRO_MIN_SAMPLES)
		run->is_cut = count >= JUDGED_SAMPLES &&
			      run->fastest_cycles >
				      run->least_cycles / MICRO_MIN_SAMPLES;
	else
		run->is_cut = now - run->begin >= run->limit_cycles;
	if (run->is_cut)
		run->sample_count = count;
}

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

static inline uint64_t branch_step(uint64_t x)
{
	x = x * 6364136223846793005u + 1442695040888963407u;
	if (x >> 63)
		__asm__ volatile("" : "+r"(x));
	return x;
}

MICRO_LOOP(micro_branch, x = branch_step(x))

static void **line_at(const struct micro_run *run, uint64_t i)
{
	return (void **)((char *)run->area + i * MICRO_LINE_BYTES);
}

/*
 * A bijection of the numbers below 2^BITS that looks like chance: odd
 * multiplications, and shifts by at least half of the bits, each of which is
 * its own inverse. So the chain can be written from the first line to the
 * last; to swap lines about takes many times as long.
 */
struct shuffle {
	uint64_t factor, inverse, mask;
	unsigned int shift;
};

static struct shuffle shuffle_make(uint64_t count)
{
	struct shuffle s = {
		.factor = 0x9e3779b97f4a7c15, .inverse = 1, .mask = count - 1};
	int i;

	while (2 * s.shift < 64 && count >> 2 * s.shift > 1)
		s.shift++;
	/* Newton's iteration doubles the bits that are right. */
	for (i = 0; i < 6; i++)
		s.inverse *= 2 - s.factor * s.inverse;
	return s;
}

static uint64_t shuffle_place(const struct shuffle *s, uint64_t turn)
{
	uint64_t x = turn;
	int i;

	for (i = 0; i < 3; i++) {
		x = (x * s->factor) & s->mask;
		x ^= x >> s->shift;
	}
	return x;
}

static uint64_t shuffle_turn(const struct shuffle *s, uint64_t place)
{
	uint64_t x = place;
	int i;

	for (i = 0; i < 3; i++) {
		x ^= x >> s->shift;
		x = (x * s->inverse) & s->mask;
	}
	return x;
}

static void **line_after(const struct micro_run *run, const struct shuffle *s,
			 uint64_t place)
{
	uint64_t turn = (shuffle_turn(s, place) + 1) & s->mask;

	return line_at(run, shuffle_place(s, turn));
}

/*
 * The shuffle is a bijection, so the links make one ring of all lines; but a
 * line that is mapped twice would hold the later link alone, and less memory
 * would be walked than is said. Then the links do not add up. To read them in
 * the order of memory takes a tenth of the time of the walk itself.
 */
void micro_chase_link(struct micro_run *run)
{
	uint64_t count = run->param / MICRO_LINE_BYTES;
	struct shuffle s = shuffle_make(count);
	uint64_t i, sum = 0;

	for (i = 0; i < count; i++)
		*line_at(run, i) = line_after(run, &s, i);
	for (i = 0; i < count; i++)
		sum += (uint64_t)((char *)*line_at(run, i) - (char *)run->area);
	if (sum != MICRO_LINE_BYTES * (count * (count - 1) / 2))
		run->failure = "a line of the chain is mapped twice";
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
		micro_limit(run, i);
	}
	run->sink = (uint64_t)p;
}
