/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_SITE_SHAPE_SITE_H
#define RUNNERS_SITE_SHAPE_SITE_H

/*
 * shape_site - disks and network cards of a guest of some shape: empty files,
 * and taps that lead nowhere. They are there to be paid for, not to be fast.
 */
#include <net/if.h>
#include <stdint.h>

#include "harness/core/shape.h"

struct err;

#define SHAPE_DISK_BYTES (64ULL << 20)

struct shape_site {
	uint32_t disk_count;
	char disks[SHAPE_MAX_DISKS][320];
	uint32_t tap_count;
	char taps[SHAPE_MAX_NICS][IFNAMSIZ];
};

/* Half-made ones are undone by shape_site_close(), as is what an earlier
 * process left behind. */
int shape_site_open(struct shape_site *site, const struct shape *shape,
		    struct err *err);
void shape_site_close(struct shape_site *site); /* zeroed is fine */

#endif
