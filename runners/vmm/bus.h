/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_BUS_H
#define RUNNERS_VMM_BUS_H

/*
 * bus - which device answers at an address. One for ports, one for memory.
 * Filled before the first vCPU runs and constant from then on, so lookups
 * need no lock; each device guards its own state.
 */
#include <stdint.h>

struct hv_access;

/* ACCESS->addr is relative to the start of the region. */
typedef void bus_access_fn(void *dev, struct hv_access *access);

struct bus_region {
	uint64_t first;
	uint64_t size_bytes;
	bus_access_fn *access;
	void *dev; /* borrowed */
};

struct bus {
	struct bus_region regions[16];
	uint32_t count;
};

/* 0; -EEXIST on overlap, -ENOSPC when full. */
int bus_add(struct bus *bus, const struct bus_region *region);

/*
 * Let the owner of the address answer. Reads of an address without an owner
 * give all ones, as on real buses; writes are dropped.
 */
void bus_dispatch(const struct bus *bus, struct hv_access *access);

#endif
