// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/vmm/snapshot/xxh64.h"

#include <string.h>

#define PRIME1 0x9e3779b185ebca87ULL
#define PRIME2 0xc2b2ae3d27d4eb4fULL
#define PRIME3 0x165667b19e3779f9ULL
#define PRIME4 0x85ebca77c2b2ae63ULL
#define PRIME5 0x27d4eb2f165667c5ULL
#define STRIPE_BYTES 32u

static uint64_t rotate(uint64_t x, unsigned int bits)
{
	return x << bits | x >> (64 - bits);
}

static uint64_t word64(const uint8_t *at)
{
	uint64_t v;

	memcpy(&v, at, sizeof(v));
	return v;
}

static uint32_t word32(const uint8_t *at)
{
	uint32_t v;

	memcpy(&v, at, sizeof(v));
	return v;
}

static uint64_t mix(uint64_t lane, uint64_t word)
{
	return rotate(lane + word * PRIME2, 31) * PRIME1;
}

void xxh64_init(struct xxh64 *sum)
{
	*sum = (struct xxh64){
		.lanes = {PRIME1 + PRIME2, PRIME2, 0, 0 - PRIME1}};
}

static const uint8_t *stripes(struct xxh64 *sum, const uint8_t *at, size_t len)
{
	uint64_t a = sum->lanes[0], b = sum->lanes[1];
	uint64_t c = sum->lanes[2], d = sum->lanes[3];

	for (; len >= STRIPE_BYTES; at += STRIPE_BYTES, len -= STRIPE_BYTES) {
		a = mix(a, word64(at));
		b = mix(b, word64(at + 8));
		c = mix(c, word64(at + 16));
		d = mix(d, word64(at + 24));
	}
	sum->lanes[0] = a;
	sum->lanes[1] = b;
	sum->lanes[2] = c;
	sum->lanes[3] = d;
	return at;
}

void xxh64_add(struct xxh64 *sum, const void *bytes, size_t len)
{
	size_t had = sum->total_bytes % STRIPE_BYTES;
	const uint8_t *at = bytes;

	sum->total_bytes += len;
	if (had) {
		size_t part = STRIPE_BYTES - had;

		part = part < len ? part : len;
		memcpy(sum->left + had, at, part);
		at += part;
		len -= part;
		if (had + part < STRIPE_BYTES)
			return;
		stripes(sum, sum->left, STRIPE_BYTES);
	}
	at = stripes(sum, at, len);
	len %= STRIPE_BYTES;
	if (len)
		memcpy(sum->left, at, len);
}

static uint64_t merge_lanes(const struct xxh64 *sum)
{
	const uint64_t *l = sum->lanes;
	uint64_t h;
	int i;

	if (sum->total_bytes < STRIPE_BYTES)
		return PRIME5;
	h = rotate(l[0], 1) + rotate(l[1], 7) + rotate(l[2], 12) +
	    rotate(l[3], 18);
	for (i = 0; i < 4; i++)
		h = (h ^ mix(0, l[i])) * PRIME1 + PRIME4;
	return h;
}

uint64_t xxh64_value(const struct xxh64 *sum)
{
	uint64_t h = merge_lanes(sum) + sum->total_bytes;
	size_t len = sum->total_bytes % STRIPE_BYTES;
	const uint8_t *at = sum->left;

	for (; len >= 8; at += 8, len -= 8)
		h = rotate(h ^ mix(0, word64(at)), 27) * PRIME1 + PRIME4;
	if (len >= 4) {
		h = rotate(h ^ word32(at) * PRIME1, 23) * PRIME2 + PRIME3;
		at += 4;
		len -= 4;
	}
	for (; len; at++, len--)
		h = rotate(h ^ *at * PRIME5, 11) * PRIME1;
	h = (h ^ h >> 33) * PRIME2;
	h = (h ^ h >> 29) * PRIME3;
	return h ^ h >> 32;
}

uint64_t xxh64_of(const void *bytes, size_t len)
{
	struct xxh64 sum;

	xxh64_init(&sum);
	xxh64_add(&sum, bytes, len);
	return xxh64_value(&sum);
}
