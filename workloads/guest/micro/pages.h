/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_GUEST_MICRO_PAGES_H
#define WORKLOADS_GUEST_MICRO_PAGES_H

/*
 * pages - guest-virtual memory in addition to the VMM's identity map: a window
 * with pages of a chosen size, and one that is filled on demand. Both are open
 * to ring 3.
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
 * COUNT unmapped pages of 4 KiB. The first fault on each maps it, all to the
 * same memory. At most 2048.
 */
void *pages_demand(uint32_t count);

#endif
