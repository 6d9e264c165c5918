// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/vmm/vfio/vfio_pci.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "runners/vmm/vfio/vfio_sys.h"

#define PAGE_BYTES 4096u

#define CFG_HEADER_TYPE 0x0e
#define CFG_ROM 0x30
#define CFG_LINE 0x3c
#define CFG_PIN 0x3d
#define HEADER_TYPE_MASK 0x7f

#define BAR_IO 0x1u
#define BAR_TYPE_64 0x4u
#define BAR_PREFETCHABLE 0x8u

/* PCI 3.0, appendix H, and PCI Express 6.0, 7.5.3. */
#define CAP_MSI 0x05
#define CAP_EXPRESS 0x10
#define EXPRESS_TYPE_MASK 0xf0
#define EXPRESS_ENDPOINT 0x00
#define EXPRESS_LEGACY 0x10
#define EXPRESS_INTEGRATED 0x90

#define MSI_ENABLE 0x01
#define MSI_COUNT_SHIFT 4
#define MSI_64 0x80
#define MSI_MASKS 0x100
#define MSIX_COUNT_MASK 0x7ff
#define MSIX_BYTES 12u
#define MSIX_ENTRY_BYTES 16u

static const struct vfio_region *config_of(const struct vfio_pci *vp)
{
	return &vp->dev.config;
}

static uint32_t device_config(const struct vfio_pci *vp, uint32_t off,
			      uint32_t len)
{
	uint64_t value;

	if (vfio_device_read(&vp->dev, config_of(vp), off, len, &value))
		return UINT32_MAX;
	return (uint32_t)value;
}

static void set_ours(struct vfio_pci *vp, uint32_t off, uint32_t len)
{
	uint32_t i;

	for (i = off; i < off + len && i < PCI_CONFIG_BYTES; i++)
		vp->is_ours[i] = true;
}

/* --- configuration space --- */

/*
 * The device itself always decodes its BARs: whether the guest has them is decided
 * by what is mapped. Were it told to stop first, a vCPU that is at them just then
 * would be ended by a fault that no guest can handle.
 */
static uint32_t command_kept(uint32_t off, uint32_t len, uint32_t value)
{
	if (off > PCI_COMMAND || off + len <= PCI_COMMAND)
		return value;
	return value | (uint32_t)PCI_COMMAND_MEMORY << 8 * (PCI_COMMAND - off);
}

static uint32_t command_seen(const struct vfio_pci *vp, uint32_t off,
			     uint32_t len, uint32_t value)
{
	uint32_t bit = command_kept(off, len, 0);

	return vp->fn.config[PCI_COMMAND] & PCI_COMMAND_MEMORY ? value | bit
							       : value & ~bit;
}

static uint32_t config_read(struct pci_function *fn, uint32_t off, uint32_t len)
{
	struct vfio_pci *vp = container_of(fn, struct vfio_pci, fn);
	uint32_t value = device_config(vp, off, len);
	uint32_t i;

	for (i = 0; i < len; i++) {
		uint32_t shift = 8 * i;

		if (vp->is_ours[off + i])
			value = (value & ~(0xffu << shift)) |
				(uint32_t)fn->config[off + i] << shift;
	}
	value = command_seen(vp, off, len, value);
	/* Of a value shorter than 4 bytes the rest is nothing. */
	return len < 4 ? value & ((1u << 8 * len) - 1) : value;
}

static uint32_t msi_vectors(const struct vfio_pci *vp)
{
	uint32_t shift = vp->fn.config[vp->msi_cap + 2] >> MSI_COUNT_SHIFT & 7;
	uint32_t count = 1u << shift;

	return count < vp->fn.msix_count ? count : vp->fn.msix_count;
}

/* The entries as the capability has them now. */
static void msi_follow(struct vfio_pci *vp)
{
	struct pci_function *fn = &vp->fn;
	uint32_t at = vp->msi_cap, count = msi_vectors(vp), masks = 0, i;
	uint64_t addr = pci_get32(fn, at + 4);
	uint16_t data = pci_get16(fn, at + (vp->msi_is_64 ? 12 : 8));

	if (vp->msi_is_64)
		addr |= (uint64_t)pci_get32(fn, at + 8) << 32;
	if (vp->msi_has_masks)
		masks = pci_get32(fn, at + (vp->msi_is_64 ? 16 : 12));
	fn->msi_enabled = fn->config[at + 2] & MSI_ENABLE;
	for (i = 0; i < fn->msix_count; i++) {
		fn->msix[i].msi.addr = addr;
		fn->msix[i].msi.data =
			(data & ~(count - 1)) | (i & (count - 1));
		fn->msix[i].masked = i >= count || (masks >> i & 1);
	}
	pci_vectors_follow(fn);
}

/* Which bits of the capability's byte AT a guest may write. */
static uint8_t msi_mask(const struct vfio_pci *vp, uint32_t at)
{
	uint32_t data = vp->msi_is_64 ? 12 : 8;

	if (at == 2)
		return MSI_ENABLE | 7 << MSI_COUNT_SHIFT;
	if (at == 4)
		return 0xfc;
	if (at >= 5 && at < data + 2)
		return 0xff;
	return vp->msi_has_masks && at >= data + 4 && at < data + 8 ? 0xff : 0;
}

static uint32_t msi_bytes(const struct vfio_pci *vp)
{
	return (vp->msi_is_64 ? 14u : 10u) + (vp->msi_has_masks ? 10u : 0);
}

static void config_byte_written(struct vfio_pci *vp, uint32_t off,
				uint8_t value)
{
	uint8_t *byte = &vp->fn.config[off];
	uint8_t mask = 0;

	if (off == CFG_LINE)
		mask = 0xff;
	else if (vp->msi_cap && off >= vp->msi_cap &&
		 off < vp->msi_cap + msi_bytes(vp))
		mask = msi_mask(vp, off - vp->msi_cap);
	*byte = (uint8_t)((*byte & ~mask) | (value & mask));
}

static void config_written(struct pci_function *fn, uint32_t off, uint32_t len,
			   uint32_t value)
{
	struct vfio_pci *vp = container_of(fn, struct vfio_pci, fn);
	uint32_t ours = 0, i;

	for (i = 0; i < len; i++)
		ours += vp->is_ours[off + i];
	value = command_kept(off, len, value);
	if (!ours)
		vfio_device_write(&vp->dev, config_of(vp), off, len, value);
	for (i = 0; i < len && ours; i++) {
		uint8_t byte = (uint8_t)(value >> 8 * i);

		if (vp->is_ours[off + i])
			config_byte_written(vp, off + i, byte);
		else
			vfio_device_write(&vp->dev, config_of(vp), off + i, 1,
					  byte);
	}
	if (vp->msi_cap && off < vp->msi_cap + msi_bytes(vp) &&
	    off + len > vp->msi_cap)
		msi_follow(vp);
}

/* --- BARs --- */

static void bar_access(struct pci_function *fn, uint32_t bar,
		       struct hv_access *access)
{
	struct vfio_pci *vp = container_of(fn, struct vfio_pci, fn);
	const struct vfio_region *region = &vp->dev.bars[bar];

	if (access->is_write)
		vfio_device_write(&vp->dev, region, access->addr,
				  access->len_bytes, access->data);
	else if (vfio_device_read(&vp->dev, region, access->addr,
				  access->len_bytes, &access->data))
		access->data = UINT64_MAX;
}

static void area_move(struct vfio_pci *vp, struct vfio_bar_map *map, uint32_t i,
		      uint64_t gpa)
{
	struct hv_mem mem = {.gpa = map->gpa + map->areas[i].off,
			     .size_bytes = map->areas[i].size_bytes,
			     .host = map->hosts[i],
			     .is_device = true};
	struct err ignored;

	if (!map->hosts[i])
		return;
	if (map->is_mapped[i])
		hv_mem_unmap(vp->fn.bus->hv, &mem);
	mem.gpa = gpa + map->areas[i].off;
	/* Where it cannot be mapped, each access is an exit. */
	map->is_mapped[i] = gpa && !hv_mem_map(vp->fn.bus->hv, &mem, &ignored);
}

static bool is_in_window(uint64_t gpa, uint64_t bytes)
{
	uint64_t low = gpa - PCI_MMIO_GPA, high = gpa - PCI_HIGH_GPA;

	return (low < PCI_MMIO_SIZE_BYTES &&
		bytes <= PCI_MMIO_SIZE_BYTES - low) ||
	       (high < PCI_HIGH_SIZE_BYTES &&
		bytes <= PCI_HIGH_SIZE_BYTES - high);
}

/* A guest may put a BAR anywhere; RAM and other devices stay where they are. */
static void bar_moved(struct pci_function *fn)
{
	struct vfio_pci *vp = container_of(fn, struct vfio_pci, fn);
	uint32_t bar, i;

	for (bar = 0; bar < VFIO_BAR_COUNT; bar++) {
		struct vfio_bar_map *map = &vp->maps[bar];
		uint64_t gpa = pci_bar_gpa(fn, bar);

		if (!is_in_window(gpa, fn->bars[bar].size_bytes))
			gpa = 0;
		if (!map->area_count || gpa == map->gpa)
			continue;
		for (i = 0; i < map->area_count; i++)
			area_move(vp, map, i, gpa);
		map->gpa = gpa;
	}
}

/* --- interrupts --- */

/*
 * The device is on while the guest has it on, with all vectors masked as well:
 * what comes then waits in the eventfds, and a device that is off sends nothing.
 */
static uint32_t wanted_vectors(const struct pci_function *fn)
{
	uint32_t count = fn->msix_count;

	if (!pci_vectors_enabled(fn))
		return 0;
	while (count > 1 && !fn->msix[count - 1].is_attached)
		count--;
	return count;
}

/* COUNT vectors are on from now on, or as many as the host has left: vfio says
 * how many. HAD were on before. */
static void vectors_on(struct vfio_pci *vp, uint32_t count, uint32_t had)
{
	int fds[PCI_MSIX_MAX] = {0};
	uint32_t i;
	int ret;

	for (i = 0; i < count; i++)
		fds[i] = vp->fn.msix[i].fd;
	ret = vfio_device_irqs_set(&vp->dev, vp->irq_index, fds, count);
	if (ret)
		count = ret > 0 && (uint32_t)ret < count ? (uint32_t)ret : had;
	if (ret && count)
		ret = vfio_device_irqs_set(&vp->dev, vp->irq_index, fds, count);
	vp->vector_count = ret ? 0 : count;
}

/*
 * Vfio of before 6.5 takes no further vector while others are on: they all go off
 * for a moment. What came in it is lost, so each that was on before hears a
 * signal, a masked one too, which to a driver is one interrupt for nothing.
 */
static void vectors_changed(struct pci_function *fn)
{
	struct vfio_pci *vp = container_of(fn, struct vfio_pci, fn);
	uint32_t wanted = wanted_vectors(fn), had = vp->vector_count, i;
	uint64_t one = 1;

	if (wanted == had || (wanted && wanted < had))
		return;
	if (had)
		vfio_device_irqs_set(&vp->dev, vp->irq_index, NULL, 0);
	vp->vector_count = 0;
	if (wanted)
		vectors_on(vp, wanted, had);
	for (i = 0; wanted && i < had; i++)
		if (write(fn->msix[i].fd, &one, sizeof(one)) < 0)
			return;
}

static const struct pci_function_ops ops = {
	.bar_access = bar_access,
	.bar_moved = bar_moved,
	.vectors_changed = vectors_changed,
	.config_read = config_read,
	.config_written = config_written,
};

/* --- what the guest will see --- */

static void take_bars(struct vfio_pci *vp)
{
	struct pci_function *fn = &vp->fn;
	uint32_t i;

	for (i = 0; i < VFIO_BAR_COUNT; i++) {
		uint32_t flags = device_config(vp, PCI_BAR0 + 4 * i, 4);
		uint64_t bytes = vp->dev.bars[i].size_bytes;

		/* Ports have no place here, and no driver of today needs them. */
		if (!bytes || (flags & BAR_IO) || (bytes & (bytes - 1)))
			continue;
		fn->bars[i].size_bytes = bytes;
		fn->bars[i].is_prefetchable = flags & BAR_PREFETCHABLE;
		fn->bars[i].is_64 =
			(flags & BAR_TYPE_64) && i + 1 < VFIO_BAR_COUNT;
		i += fn->bars[i].is_64;
	}
	set_ours(vp, PCI_BAR0, 4 * PCI_BAR_COUNT);
	set_ours(vp, CFG_ROM, 4);
	set_ours(vp, CFG_LINE, 2);
	set_ours(vp, CFG_HEADER_TYPE, 1);
	fn->config[CFG_HEADER_TYPE] =
		device_config(vp, CFG_HEADER_TYPE, 1) & HEADER_TYPE_MASK;
}

static bool take_msix(struct vfio_pci *vp, uint8_t at)
{
	struct pci_function *fn = &vp->fn;
	uint32_t count = (device_config(vp, at + 2u, 2) & MSIX_COUNT_MASK) + 1;
	uint32_t table = device_config(vp, at + 4u, 4);
	uint32_t pba = device_config(vp, at + 8u, 4);

	/* One that has its pending bits elsewhere has them there for nobody. */
	if ((table & 7) >= PCI_BAR_COUNT || !fn->bars[table & 7].size_bytes ||
	    !vp->dev.irq_counts[VFIO_PCI_MSIX_IRQ_INDEX])
		return false;
	vp->table_entries = count;
	if (count > PCI_MSIX_MAX)
		count = PCI_MSIX_MAX;
	if (count > vp->dev.irq_counts[VFIO_PCI_MSIX_IRQ_INDEX])
		count = vp->dev.irq_counts[VFIO_PCI_MSIX_IRQ_INDEX];
	fn->msix_cap = at;
	fn->msix_bar = table & 7;
	fn->msix_table = table & ~7u;
	fn->msix_pba = (pba & 7) == (table & 7) ? pba & ~7u : PCI_NO_PBA;
	fn->msix_count = count;
	vp->irq_index = VFIO_PCI_MSIX_IRQ_INDEX;
	pci_put16(fn, at + 2u, (uint16_t)(count - 1));
	pci_put32(fn, at + 4u, table);
	pci_put32(fn, at + 8u, pba);
	set_ours(vp, at, MSIX_BYTES);
	return true;
}

static bool take_msi(struct vfio_pci *vp, uint8_t at)
{
	uint32_t control = device_config(vp, at + 2u, 2);
	uint32_t count = vp->dev.irq_counts[VFIO_PCI_MSI_IRQ_INDEX];

	if (!count || at > PCI_CONFIG_BYTES - 24)
		return false;
	vp->msi_cap = at;
	vp->msi_is_64 = control & MSI_64;
	vp->msi_has_masks = control & MSI_MASKS;
	vp->fn.has_msi = true;
	vp->fn.msix_count = count < 32 ? count : 32;
	vp->irq_index = VFIO_PCI_MSI_IRQ_INDEX;
	pci_put16(&vp->fn, at + 2u,
		  (uint16_t)(control & ~(MSI_ENABLE | 7u << MSI_COUNT_SHIFT)));
	set_ours(vp, at, msi_bytes(vp));
	return true;
}

/* On a bus without bridges an endpoint is one of the root complex. */
static void take_express(struct vfio_pci *vp, uint8_t at)
{
	uint32_t flags = device_config(vp, at + 2u, 1);
	uint32_t type = flags & EXPRESS_TYPE_MASK;

	if (type == EXPRESS_ENDPOINT || type == EXPRESS_LEGACY)
		flags = (flags & ~(uint32_t)EXPRESS_TYPE_MASK) |
			EXPRESS_INTEGRATED;
	vp->fn.config[at + 2] = (uint8_t)flags;
	set_ours(vp, at + 2u, 1);
}

/* Of the device's capabilities those that we know what to do with. */
static const uint8_t kept_caps[] = {
	0x01,        /* power management */
	0x03,        /* vital product data */
	0x09,        /* the vendor's own */
	CAP_EXPRESS, /* PCI Express */
	0x12,        /* SATA's */
	0x13,        /* advanced features */
};

static bool take_cap(struct vfio_pci *vp, uint8_t id, uint8_t at, bool has_msix)
{
	if (id == PCI_CAP_MSIX)
		return take_msix(vp, at);
	if (id == CAP_MSI)
		return !has_msix && take_msi(vp, at);
	if (id == CAP_EXPRESS)
		take_express(vp, at);
	return memchr(kept_caps, id, sizeof(kept_caps));
}

static uint8_t next_cap(const struct vfio_pci *vp, uint8_t at)
{
	uint8_t next = (uint8_t)(device_config(vp, at, 1) & 0xfc);

	return next >= PCI_FIRST_CAP && next <= PCI_CONFIG_BYTES - 16 ? next
								      : 0;
}

/* Chains are the device's word: one with a loop ends. */
#define MAX_CAPS 48

static bool has_cap(const struct vfio_pci *vp, uint8_t id)
{
	uint8_t at = next_cap(vp, PCI_CAPABILITIES);
	int i;

	for (i = 0; at && i < MAX_CAPS; i++, at = next_cap(vp, at + 1))
		if ((uint8_t)device_config(vp, at, 1) == id)
			return true;
	return false;
}

static void take_caps(struct vfio_pci *vp)
{
	bool has_msix = vp->dev.irq_counts[VFIO_PCI_MSIX_IRQ_INDEX] &&
			has_cap(vp, PCI_CAP_MSIX);
	uint8_t link = PCI_CAPABILITIES;
	uint8_t at = 0;
	int i = 0;

	set_ours(vp, PCI_CAPABILITIES, 1);
	if (device_config(vp, PCI_STATUS, 2) & PCI_STATUS_CAP_LIST)
		at = next_cap(vp, PCI_CAPABILITIES);
	for (; at && i < MAX_CAPS; i++, at = next_cap(vp, at + 1)) {
		uint8_t id = (uint8_t)device_config(vp, at, 1);

		if (!take_cap(vp, id, at, has_msix))
			continue;
		vp->fn.config[link] = at;
		vp->fn.config[at] = id;
		set_ours(vp, at, 2);
		link = at + 1;
	}
	vp->fn.config[link] = 0;
}

static int vectors_create(struct vfio_pci *vp, struct err *err)
{
	struct pci_function *fn = &vp->fn;
	uint32_t count = fn->msix_count;
	int ret;

	fn->msix_count = 0;
	vp->has_intx = !count && vp->dev.irq_counts[VFIO_PCI_INTX_IRQ_INDEX];
	fn->config[CFG_PIN] = vp->has_intx;
	if (vp->has_intx)
		return 0;
	if (!count)
		return err_set(err, -ENOTSUP,
			       "%s has no interrupt: no MSI-X, no MSI, no pin",
			       vp->dev.address);
	ret = pci_vectors_create(fn, count);
	if (!ret)
		ret = pci_msix_fds_create(fn);
	return ret ? err_sys(err, ret, "no room for %u interrupts of %s", count,
			     vp->dev.address)
		   : 0;
}

static void add_area(struct vfio_bar_map *map, uint64_t from, uint64_t to)
{
	if (from < to && map->area_count < VFIO_MAX_AREAS)
		map->areas[map->area_count++] =
			(struct vfio_area){from, to - from};
}

/* [*FROM, *TO), the pages with MSI-X in this BAR, also with entries that the
 * guest does not get; empty in others. */
static void trapped_pages(const struct vfio_pci *vp, uint32_t bar,
			  uint64_t *from, uint64_t *to)
{
	const struct pci_function *fn = &vp->fn;
	uint64_t pba_end;

	*from = *to = 0;
	if (!fn->msix_cap || fn->msix_bar != bar)
		return;
	*from = fn->msix_table;
	*to = fn->msix_table + (uint64_t)vp->table_entries * MSIX_ENTRY_BYTES;
	if (fn->msix_pba != PCI_NO_PBA) {
		pba_end = fn->msix_pba + (vp->table_entries + 63) / 64 * 8ULL;
		*from = fn->msix_pba < *from ? fn->msix_pba : *from;
		*to = pba_end > *to ? pba_end : *to;
	}
	*from &= ~(uint64_t)(PAGE_BYTES - 1);
	*to = (*to + PAGE_BYTES - 1) & ~(uint64_t)(PAGE_BYTES - 1);
}

static void plan_areas(struct vfio_pci *vp, uint32_t bar)
{
	const struct vfio_region *region = &vp->dev.bars[bar];
	struct vfio_bar_map *map = &vp->maps[bar];
	uint64_t from, to;
	uint32_t i;

	trapped_pages(vp, bar, &from, &to);
	for (i = 0; i < region->area_count; i++) {
		uint64_t first = region->areas[i].off;
		uint64_t end = first + region->areas[i].size_bytes;

		if (to <= first || from >= end) {
			add_area(map, first, end);
			continue;
		}
		add_area(map, first, from);
		add_area(map, to, end);
	}
}

/* What cannot be mapped is read and written instead. */
static void map_areas(struct vfio_pci *vp)
{
	uint32_t bar, i;

	for (bar = 0; bar < VFIO_BAR_COUNT; bar++) {
		struct vfio_bar_map *map = &vp->maps[bar];

		if (!vp->fn.bars[bar].size_bytes)
			continue;
		plan_areas(vp, bar);
		for (i = 0; i < map->area_count; i++)
			if (map->areas[i].off % PAGE_BYTES ||
			    map->areas[i].size_bytes % PAGE_BYTES ||
			    vp->dev.sys->map(vp->dev.fd,
					     map->areas[i].size_bytes,
					     vp->dev.bars[bar].file_off +
						     map->areas[i].off,
					     &map->hosts[i]))
				map->hosts[i] = NULL;
	}
}

static int place(struct vfio_pci *vp, uint32_t slot, struct err *err)
{
	int ret = pci_bus_add(vp->fn.bus, slot, &vp->fn);

	if (ret == -ENOSPC)
		return err_set(
			err, ret,
			"a BAR of %s does not fit into the guest's address space: %llu MiB below 4 GiB, and %llu GiB above",
			vp->dev.address, PCI_MMIO_SIZE_BYTES / MIB,
			PCI_HIGH_SIZE_BYTES / GIB);
	if (ret)
		return err_sys(err, ret, "cannot place %s", vp->dev.address);
	vfio_device_write(&vp->dev, config_of(vp), PCI_COMMAND, 2,
			  PCI_COMMAND_MEMORY);
	bar_moved(&vp->fn);
	return 0;
}

int vfio_pci_init(struct vfio_pci *vp, const struct vfio_device *dev,
		  struct pci_bus *bus, uint32_t slot, struct err *err)
{
	int ret;

	memset(vp, 0, sizeof(*vp));
	vp->dev = *dev;
	vp->fn.bus = bus;
	vp->fn.ops = &ops;
	ret = vfio_device_reset(&vp->dev);
	if (ret && ret != -EOPNOTSUPP)
		return err_sys(err, ret, "cannot reset %s", vp->dev.address);
	take_bars(vp);
	take_caps(vp);
	ret = vectors_create(vp, err);
	if (ret)
		return ret;
	map_areas(vp);
	return place(vp, slot, err);
}

static void unmap_areas(struct vfio_pci *vp)
{
	uint32_t bar, i;

	for (bar = 0; bar < VFIO_BAR_COUNT; bar++) {
		struct vfio_bar_map *map = &vp->maps[bar];

		for (i = 0; i < map->area_count; i++) {
			if (!map->hosts[i])
				continue;
			area_move(vp, map, i, 0);
			vp->dev.sys->unmap(map->hosts[i],
					   map->areas[i].size_bytes);
			map->hosts[i] = NULL;
		}
		map->gpa = 0;
	}
}

void vfio_pci_release(struct vfio_pci *vp)
{
	if (!vp->fn.bus || vp->dev.fd < 0)
		return;
	if (vp->vector_count)
		vfio_device_irqs_set(&vp->dev, vp->irq_index, NULL, 0);
	vp->vector_count = 0;
	unmap_areas(vp);
	pci_function_release(&vp->fn);
	vfio_device_reset(&vp->dev);
	vfio_device_close(&vp->dev);
}
