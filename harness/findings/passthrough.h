/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_FINDINGS_PASSTHROUGH_H
#define HARNESS_FINDINGS_PASSTHROUGH_H

/*
 * passthrough - what a guest gains when it has a disk of its host's passed through
 * and not by virtio-blk: one job of fio on the same disk, by medians of boots.
 */
#include <stdbool.h>
#include <stddef.h>

struct model;

struct passthrough_gain {
	double latency_ratio; /* passed through, by virtio; below 1 is a gain */
	double cpu_ratio;     /* the same of the host's CPU; NaN: not known */
	double exits_by_virtio, exits_passed; /* per operation; NaN */
};

/* Of 4 KiB reads, one at a time. False where one of the two has no figure. */
bool passthrough_gain_of(const struct model *m, size_t runner,
			 struct passthrough_gain *gain);

#endif
