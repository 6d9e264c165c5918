/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_GUEST_MICRO_PAGES_H
#define WORKLOADS_GUEST_MICRO_PAGES_H

/*
 * pages - guest-virtual memory beside the VMM's one to one map: a window
 * with pages of a chosen size, and one that is filled on demand. Both are
 * open to ring 3.
 */
#include <stdbool.h>
#include <stdint.h>

/*
 * Map BYTES from GPA on with pages of PAGE_BYTES (4 KiB, 2 MiB or 1 GiB),
 * replacing what the window held. NULL when this CPU has no such pages or
 * there are too few tables.
 */
void *pages_map(uint64_t gpa, uint64_t bytes, uint64_t page_bytes);

/*
 * COUNT pages of 4 KiB that are not there: each is mapped, all to the same
 * memory, by the first fault on it. At most 2048.
 */
void *pages_demand(uint32_t count);

#endif
