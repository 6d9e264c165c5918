// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * chase - memory latency measured a second time, on another code path: lines
 * in Sattolo's random order, another allocation, another loop. Prints
 * "BYTES NS" for the sizes of the mem_latency workload, 4 KiB pages.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#define LINE_WORDS 8u
#define ROUNDS 9

static double now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void sattolo(uint64_t *lines, uint64_t count)
{
	uint32_t *order = malloc(count * sizeof(*order));
	uint64_t x = 12345, i;

	for (i = 0; i < count; i++)
		order[i] = (uint32_t)i;
	for (i = count - 1; i > 0; i--) {
		uint64_t k;
		uint32_t t;

		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		k = x % i;
		t = order[i];
		order[i] = order[k];
		order[k] = t;
	}
	for (i = 0; i < count; i++)
		lines[i * LINE_WORDS] =
			(uintptr_t)(lines + order[i] * LINE_WORDS);
	free(order);
}

int main(void)
{
	static const uint64_t sizes[] = {16 << 10, 64 << 10, 256 << 10,
					 1 << 20,  4 << 20,  16 << 20,
					 64 << 20, 256 << 20};
	volatile uint64_t sink;
	size_t s;

	for (s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
		uint64_t *lines = mmap(NULL, sizes[s], PROT_READ | PROT_WRITE,
				       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		double ns[ROUNDS];
		uint64_t at, i;
		int r;

		if (lines == MAP_FAILED)
			return 1;
		madvise(lines, sizes[s], MADV_NOHUGEPAGE);
		sattolo(lines, sizes[s] / 64);
		at = (uintptr_t)lines;
		for (r = 0; r < ROUNDS; r++) {
			uint64_t loads = sizes[s] > 1 << 20 ? 400000 : 4000000;
			double start = now_ns();

			for (i = 0; i < loads; i++)
				at = *(volatile uint64_t *)at;
			ns[r] = (now_ns() - start) / (double)loads;
		}
		sink = at;
		qsort(ns, ROUNDS, sizeof(ns[0]), compare);
		printf("%llu %.4f\n", (unsigned long long)sizes[s],
		       ns[ROUNDS / 2]);
		munmap(lines, sizes[s]);
	}
	(void)sink;
	return 0;
}
