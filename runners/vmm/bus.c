// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/vmm/bus.h"

#include <errno.h>

#include "harness/base/base.h"
#include "runners/vmm/hv.h"

int bus_add(struct bus *bus, const struct bus_region *region)
{
	uint32_t i;

	if (bus->count == ARRAY_SIZE(bus->regions))
		return -ENOSPC;
	for (i = 0; i < bus->count; i++) {
		const struct bus_region *r = &bus->regions[i];

		if (region->first < r->first + r->size_bytes &&
		    r->first < region->first + region->size_bytes)
			return -EEXIST;
	}
	bus->regions[bus->count++] = *region;
	return 0;
}

void bus_dispatch(const struct bus *bus, struct hv_access *access)
{
	uint64_t addr = access->addr;
	uint32_t i;

	for (i = 0; i < bus->count; i++) {
		const struct bus_region *r = &bus->regions[i];

		if (addr < r->first || addr - r->first >= r->size_bytes)
			continue;
		access->addr -= r->first;
		r->access(r->dev, access);
		access->addr = addr;
		return;
	}
	if (!access->is_write)
		access->data = UINT64_MAX;
}
