/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_HISTOGRAM_H
#define WORKLOADS_HISTOGRAM_H

/*
 * histogram - how often each latency was seen, in bins of fio's kind, so
 * that both can be read the same way.
 *
 * Values below 128 ns have a bin each; above, each power of two is cut into
 * 64 bins. A bin is named by its middle, so what is read from it is off by
 * at most half a bin: 1/128 of the value, below 1 %.
 */
#include <stdint.h>
#include <stdio.h>

#define HISTOGRAM_BINS (64 * 30)

struct histogram {
	uint64_t bins[HISTOGRAM_BINS]; /* the last holds all that is above */
	uint64_t count;
};

void histogram_add(struct histogram *h, uint64_t ns);

/* The value that stands for bin INDEX. */
uint64_t histogram_value(uint32_t index);

/* {"VALUE" : COUNT, ...} without empty bins, as fio writes "bins". */
void histogram_write_json(const struct histogram *h, FILE *out);

#endif
