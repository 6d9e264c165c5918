// SPDX-License-Identifier: GPL-3.0-or-later
/* Buffers in pieces, bins and checksums, each against another way to the same. */
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "runners/vmm/virtio/iov.h"
#include "tests/fuzz/fuzz.h"
#include "workloads/histogram.h"
#include "workloads/sha256.h"

static void fuzz_histogram(const uint8_t *data, size_t size)
{
	static struct histogram h;
	uint64_t ns, value;
	uint32_t i;

	if (size < 9)
		return;
	memcpy(&ns, data, sizeof(ns));
	ns >>= data[8] % 64;
	memset(&h, 0, sizeof(h));
	histogram_add(&h, ns);
	for (i = 0; i < HISTOGRAM_BINS && !h.bins[i]; i++)
		;
	if (i == HISTOGRAM_BINS || h.count != 1)
		abort();
	value = histogram_value(i);
	/* The last holds all that is above. */
	if (i < HISTOGRAM_BINS - 1 &&
	    (ns > value ? ns - value : value - ns) > ns / 128 + 1)
		abort();
}

/* Segments of an array by the first bytes; copies in pieces are those of it. */
static void fuzz_iov(const uint8_t *data, size_t size)
{
	struct iovec iov[8], part[8];
	uint8_t flat[256], back[256];
	uint32_t count, got, i;
	size_t at = 0, skip, len, total;

	if (size < 11)
		return;
	count = 1 + data[0] % 8;
	skip = data[1];
	len = data[2];
	for (i = 0; i < sizeof(flat); i++)
		flat[i] = (uint8_t)i;
	for (i = 0; i < count; i++) {
		size_t n = data[3 + i] % 32;

		iov[i] = (struct iovec){flat + at, n};
		at += n;
	}
	total = iov_total(iov, count);
	if (total != at)
		abort();
	if (iov_read(iov, count, back, len) != (len < total ? len : total) ||
	    memcmp(back, flat, len < total ? len : total))
		abort();
	got = iov_slice(iov, count, skip, len, part);
	total = total > skip ? total - skip : 0;
	total = total < len ? total : len;
	if (got > count || iov_total(part, got) != total)
		abort();
	if (iov_read(part, got, back, sizeof(back)) != total ||
	    memcmp(back, flat + skip, total))
		abort();
	for (i = 0; i < got; i++)
		if (!part[i].iov_len)
			abort();
}

const struct fuzz_target targets_numbers[] = {
	{.name = "histogram", .run = fuzz_histogram, .max_bytes = 9},
	{.name = "iov", .run = fuzz_iov, .max_bytes = 16},
	{0},
};
