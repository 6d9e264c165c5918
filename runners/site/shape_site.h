/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_SITE_SHAPE_SITE_H
#define RUNNERS_SITE_SHAPE_SITE_H

/*
 * shape_site - disks, network cards and devices of a guest of some shape: empty
 * files, taps without a peer, and functions of the host. They exist for their
 * memory cost, not for their speed.
 */
#include <net/if.h>
#include <stdint.h>

#include "harness/core/shape.h"
#include "runners/site/device_site.h"

struct err;
struct io_plan;

#define SHAPE_DISK_BYTES (64ULL << 20)

struct shape_site {
	uint32_t disk_count;
	char disks[SHAPE_MAX_DISKS][320];
	uint32_t tap_count;
	char taps[SHAPE_MAX_NICS][IFNAMSIZ];
	uint32_t device_count;
	struct device_site devices[SHAPE_MAX_DEVICES];
};

/* shape_site_close() undoes half-made ones, and leftovers of an earlier
 * process. */
int shape_site_open(struct shape_site *site, const struct shape *shape,
		    const struct io_plan *io, struct err *err);
void shape_site_close(struct shape_site *site); /* zeroed is fine */

#endif
