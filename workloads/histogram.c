// SPDX-License-Identifier: GPL-3.0-or-later
#include "workloads/histogram.h"

#define SUB_BITS 6
#define SUB_BINS (1u << SUB_BITS)

static uint32_t bin_of(uint64_t ns)
{
	uint32_t top, shift, index;

	if (ns < 2 * SUB_BINS)
		return (uint32_t)ns;
	top = 63 - (uint32_t)__builtin_clzll(ns);
	shift = top - SUB_BITS;
	index = (shift + 1) * SUB_BINS + (uint32_t)(ns >> shift) - SUB_BINS;
	return index < HISTOGRAM_BINS ? index : HISTOGRAM_BINS - 1;
}

uint64_t histogram_value(uint32_t index)
{
	uint32_t shift;

	if (index < 2 * SUB_BINS)
		return index;
	shift = index / SUB_BINS - 1;
	return ((uint64_t)(SUB_BINS + index % SUB_BINS) << shift) +
	       (1ull << shift) / 2;
}

void histogram_add(struct histogram *h, uint64_t ns)
{
	h->bins[bin_of(ns)]++;
	h->count++;
}

void histogram_write_json(const struct histogram *h, FILE *out)
{
	const char *comma = "";
	uint32_t i;

	fputc('{', out);
	for (i = 0; i < HISTOGRAM_BINS; i++) {
		if (!h->bins[i])
			continue;
		fprintf(out, "%s\"%llu\":%llu", comma,
			(unsigned long long)histogram_value(i),
			(unsigned long long)h->bins[i]);
		comma = ",";
	}
	fputc('}', out);
}
