/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_HISTOGRAM_H
#define WORKLOADS_HISTOGRAM_H

/*
 * histogram - a latency histogram with fio's bins, so that one parser reads
 * both.
 *
 * Values below 128 ns have one bin each; above that, each power of two has 64
 * bins. A bin is named by its midpoint, so its error is at most half a bin:
 * 1/128 of the value, below 1 %.
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
