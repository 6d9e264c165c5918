/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_REGION_H
#define WORKLOADS_REGION_H

/*
 * region - memory with pages of a known size. The kernel may ignore a request
 * for huge pages: region_check() checks the result.
 */
#include "workloads/workload.h"

struct region {
	void *base; /* inside the mapping, 2 MiB aligned */
	void *mapping;
	size_t mapping_bytes;
	uint64_t page_bytes;
};

/* PAGE_BYTES 4 KiB, 2 MiB, or 0 for the system's choice. */
enum wl_answer region_map(struct region *r, struct wl_ctx *ctx, uint64_t bytes,
			  uint64_t page_bytes);

/* WL_SKIP with the reason if the touched pages are not of that size. */
enum wl_answer region_check(const struct region *r, struct wl_ctx *ctx);

void region_unmap(struct region *r); /* zeroed is fine */

#endif
