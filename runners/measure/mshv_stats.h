/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_MEASURE_MSHV_STATS_H
#define RUNNERS_MEASURE_MSHV_STATS_H

/*
 * mshv_stats - the run time of a guest's VPs as Microsoft's hypervisor counts
 * it, from debugfs (Linux 7.0 and later, drivers/hv/mshv_debugfs.c:
 * partition/ID/vp/INDEX/stats). Under the hypervisor's scheduler the host's own
 * accounting has almost nothing of it.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MSHV_STATS_FOLDER "/sys/kernel/debug/mshv"
#define MSHV_STATS_MAX_KNOWN 64

/* The partitions that there were before a machine was started; a plain value.
 * Zeroed: nothing can be read. */
struct mshv_stats {
	const char *folder; /* borrowed; NULL: no statistics here */
	size_t count;
	uint64_t known[MSHV_STATS_MAX_KNOWN];
};

/* Before the machine starts. */
void mshv_stats_begin(struct mshv_stats *s, const char *folder);

/*
 * The time that all VPs of the one partition that has come since have run.
 * False, and *NS is left alone, where none or several have come, or one of the
 * VPs does not say.
 */
bool mshv_stats_run_ns(const struct mshv_stats *s, uint64_t *ns);

/* Pages that are deposited in all partitions that there are, by
 * partition/ID/stats; NaN where the kernel does not show it. */
double mshv_stats_deposits(const char *folder);

#endif
