/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_SNAPSHOT_XXH64_H
#define RUNNERS_VMM_SNAPSHOT_XXH64_H

/*
 * xxh64 - the sum XXH64 with seed 0 (xxHash fast digest algorithm, 0.1.1): several
 * GiB per second without special instructions. It finds damage; whoever means to
 * deceive can make the sum fit.
 */
#include <stddef.h>
#include <stdint.h>

struct xxh64 {
	uint64_t lanes[4];
	uint64_t total_bytes;
	uint8_t left[32]; /* of total_bytes, those that fill no stripe yet */
};

void xxh64_init(struct xxh64 *sum);
void xxh64_add(struct xxh64 *sum, const void *bytes, size_t len);
uint64_t xxh64_value(const struct xxh64 *sum);
uint64_t xxh64_of(const void *bytes, size_t len);

#endif
