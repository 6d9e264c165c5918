// SPDX-License-Identifier: GPL-3.0-or-later
/* A function of the host: the kernel and the device behind it say anything. */
#include <stdlib.h>
#include <string.h>

#include "harness/base/err.h"
#include "runners/vmm/vfio/vfio_pci.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/fixture/hv_fake.h"
#include "tests/unit/fixture/vfio_fake.h"

#define VFIO_SLOT 5

struct vfio_bench {
	struct hv_vm vm;
	struct pci_bus bus;
	struct vfio_iommu iommu;
	struct vfio_pci vp;
};

static void vfio_start(struct vfio_bench *b)
{
	struct vfio_device dev;
	struct err err;

	memset(b, 0, sizeof(*b));
	b->vm.ops = &hv_fake;
	pci_bus_init(&b->bus, &b->vm);
	if (vfio_iommu_open(&b->iommu, &vfio_fake, VFIO_IOMMU_AUTO, &err))
		abort();
	if (!vfio_device_open(&dev, &b->iommu, VFIO_FAKE_ADDRESS, &err))
		vfio_pci_init(&b->vp, &dev, &b->bus, VFIO_SLOT, &err);
}

/* Nothing of RAM, of the pages with vectors, or of the device's own registers of
 * interrupts and addresses is the guest's. */
static void vfio_check(const struct vfio_bench *b)
{
	const struct hv_fake_state *s = &hv_fake_state;
	int i;

	for (i = 0; i < s->map_count; i++) {
		uint64_t low = s->maps[i].gpa - PCI_MMIO_GPA;
		uint64_t high = s->maps[i].gpa - PCI_HIGH_GPA;
		uint64_t bytes = s->maps[i].size_bytes;

		if (low + bytes > PCI_MMIO_SIZE_BYTES &&
		    high + bytes > PCI_HIGH_SIZE_BYTES)
			abort();
		if (b->vp.fn.msix_cap && bytes > VFIO_FAKE_TABLE)
			abort();
	}
	for (i = 0; i < vfio_fake_state.write_count && i < VFIO_FAKE_KEPT;
	     i++) {
		const struct vfio_fake_write *w = &vfio_fake_state.writes[i];
		uint64_t end = w->off + w->len;

		if (w->region == VFIO_PCI_CONFIG_REGION_INDEX &&
		    ((end > 0x10 && w->off < 0x28) ||
		     (end > VFIO_FAKE_MSI && w->off < VFIO_FAKE_MSI + 10)))
			abort();
		if (w->region != VFIO_PCI_CONFIG_REGION_INDEX &&
		    b->vp.fn.msix_cap && end <= VFIO_FAKE_PBA &&
		    w->off >= VFIO_FAKE_TABLE &&
		    w->off < VFIO_FAKE_TABLE + 16 * VFIO_FAKE_VECTORS)
			abort();
	}
}

static void vfio_stop(struct vfio_bench *b)
{
	vfio_pci_release(&b->vp);
	vfio_iommu_close(&b->iommu);
	pci_bus_release(&b->bus);
	if (!vfio_fake_is_clean() || vfio_fake_state.unsafe_resets ||
	    hv_fake_state.map_count)
		abort();
}

/* Twelve bytes each: registers of the configuration space, vectors, anything in
 * either window. */
static void vfio_poke(struct vfio_bench *b, const uint8_t *data)
{
	struct hv_access a = {.len_bytes = (uint8_t)(1 << data[0] % 4),
			      .is_write = data[0] & 0x80};
	struct hv_access at = {.len_bytes = 4,
			       .is_write = true,
			       .data = 1u << 31 | VFIO_SLOT << 11 |
				       (data[1] & 0xfc)};
	uint64_t bar = pci_bar_gpa(&b->vp.fn, 0);
	uint32_t off = data[1] | (uint32_t)data[2] << 8;

	memcpy(&a.data, data + 4, 8);
	switch (data[3] % 4) {
	case 0:
		pci_config_access(&b->bus, &at);
		a.addr = 4 + (data[1] & 3);
		a.len_bytes = (uint8_t)(1 << data[0] % 3);
		pci_config_access(&b->bus, &a);
		break;
	case 1: /* where the BAR's address and decoding are */
		at.data = (at.data & ~0xfcull) | (data[1] & 1 ? 4 : 0x10) |
			  (data[1] & 4);
		pci_config_access(&b->bus, &at);
		a.addr = 4;
		a.len_bytes = 4;
		if (data[1] & 2)
			a.data = data[1] & 4 ? PCI_HIGH_GPA >> 32
					     : PCI_MMIO_GPA + off * 0x4000ull;
		pci_config_access(&b->bus, &a);
		break;
	case 2:
		off = VFIO_FAKE_TABLE + off % 0x2000;
		/* fall through */
	default:
		a.addr = bar -
			 (bar >= PCI_HIGH_GPA ? PCI_HIGH_GPA : PCI_MMIO_GPA) +
			 (off & 0x3fff);
		if (bar >= PCI_HIGH_GPA)
			pci_high_access(&b->bus, &a);
		else
			pci_mmio_access(&b->bus, &a);
	}
}

/* Other targets' devices are on the same fake hypervisor. */
static void fuzz_vfio(const uint8_t *data, size_t size)
{
	static struct hv_fake_state kept;
	struct vfio_bench b;

	if (!size)
		return;
	kept = hv_fake_state;
	hv_fake_reset();
	vfio_fake_reset();
	if (data[0] & 1)
		vfio_fake_use_msi(data[0] & 2, data[0] & 4,
				  1 << data[0] / 8 % 6);
	vfio_start(&b);
	if (!b.bus.slots[VFIO_SLOT])
		abort();
	vfio_fake_state.vectors_left = data[0] / 64;
	vfio_fake_state.write_count = 0;
	for (; size >= 12; data += 12, size -= 12) {
		vfio_poke(&b, data);
		vfio_check(&b);
		vfio_fake_state.write_count = 0;
	}
	vfio_stop(&b);
	hv_fake_state = kept;
}

/* A kernel that says anything of a region, and a function that says anything of
 * itself. Mostly a size that a BAR may have. */
static void fuzz_vfio_info(const uint8_t *data, size_t size)
{
	static struct hv_fake_state kept;
	struct vfio_region_info info;
	struct vfio_bench b;
	uint8_t bytes[512];
	size_t i;

	if (size < 64 || size > sizeof(bytes))
		return;
	kept = hv_fake_state;
	hv_fake_reset();
	vfio_fake_reset();
	memcpy(bytes, data, size);
	memcpy(&info, bytes, sizeof(info));
	if (data[16] % 8)
		info.size = 1ull << data[17] % 64;
	if (data[16] & 0x10)
		info.flags |= VFIO_REGION_INFO_FLAG_MMAP;
	if (data[16] & 0x20)
		info.cap_offset %= size;
	if (data[16] & 0x40)
		info.argsz = (uint32_t)size;
	if (data[16] & 0x80)
		info.offset = 0;
	memcpy(bytes, &info, sizeof(info));
	if (info.cap_offset + 8ull < size && data[18] & 1)
		bytes[info.cap_offset] = 1, bytes[info.cap_offset + 1] = 0;
	vfio_fake_state.info = bytes;
	vfio_fake_state.info_bytes = size;
	for (i = 0; i + 1 < data[19] % 32u; i += 2)
		vfio_fake_state.config[0x10 + data[20 + i] % 0x70] =
			data[21 + i];
	vfio_start(&b);
	for (i = 0; b.bus.slots[VFIO_SLOT] && i + 12 <= size; i += 12)
		vfio_poke(&b, data + i);
	vfio_stop(&b);
	hv_fake_state = kept;
}

const struct fuzz_target targets_vfio[] = {
	{.name = "vfio", .run = fuzz_vfio, .max_bytes = 512},
	{.name = "vfio_info", .run = fuzz_vfio_info, .max_bytes = 512},
	{0},
};
