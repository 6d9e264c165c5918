/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STORE_BUNDLE_LIMITS_H
#define HARNESS_STORE_BUNDLE_LIMITS_H

/*
 * bundle_limits - how large a bundle may be. The writer and the reader ask here, so
 * that what is written can be read. The limits of a reader guard its memory and time
 * against a hostile file.
 */
#include <stdint.h>

struct err;

struct bundle_limits {
	uint64_t byte_count; /* of all lines, unpacked, with their '\n' */
	uint64_t sample_count;
	uint64_t boot_count;
};

extern const struct bundle_limits bundle_limits;

/* CODE and which one it is where a number of COUNTS is above that of LIMITS; 0
 * otherwise. */
int bundle_limits_check(const struct bundle_limits *limits,
			const struct bundle_limits *counts, int code,
			struct err *err);

#endif
