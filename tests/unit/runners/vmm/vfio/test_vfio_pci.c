// SPDX-License-Identifier: GPL-3.0-or-later
/* runners/vmm/vfio/vfio_pci: what a guest sees of a function of the host, and
 * what the host hears of the guest. */
#include "tests/unit/test.h"

#include <errno.h>
#include <unistd.h>

#include "runners/vmm/vfio/vfio_pci.h"
#include "tests/unit/fixture/hv_fake.h"
#include "tests/unit/fixture/vfio_fake.h"

#define SLOT 16u
#define LOW_BAR (PCI_MMIO_GPA + 2 * SLOT * PCI_BAR_BYTES)
#define MSIX VFIO_FAKE_MSI
#define MSI VFIO_FAKE_MSI
#define CONFIG VFIO_PCI_CONFIG_REGION_INDEX
#define GUEST_MSI 0xfee00000u

struct bench {
	struct hv_vm vm;
	struct pci_bus bus;
	struct vfio_iommu iommu;
	struct vfio_pci vp;
	struct err err;
};

static int setup(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));

	*state = b;
	hv_fake_reset();
	vfio_fake_reset();
	b->vm.ops = &hv_fake;
	b->iommu.fd = -1;
	pci_bus_init(&b->bus, &b->vm);
	return 0;
}

static void stop(struct bench *b)
{
	uint32_t i;

	vfio_pci_release(&b->vp);
	vfio_iommu_close(&b->iommu);
	assert_true(vfio_fake_is_clean());
	assert_int_equal(vfio_fake_state.unsafe_resets, 0);
	assert_int_equal(hv_fake_state.map_count, 0);
	for (i = 0; i < HV_IRQFD_COUNT; i++)
		assert_false(hv_fake_state.irqfds[i].is_on);
}

static int teardown(void **state)
{
	struct bench *b = *state;

	stop(b);
	pci_bus_release(&b->bus);
	free(b);
	return 0;
}

static int try_start(struct bench *b)
{
	struct vfio_device dev;
	int ret = vfio_iommu_open(&b->iommu, &vfio_fake, VFIO_IOMMU_AUTO,
				  &b->err);

	if (!ret)
		ret = vfio_device_open(&dev, &b->iommu, VFIO_FAKE_ADDRESS,
				       &b->err);
	if (!ret)
		ret = vfio_pci_init(&b->vp, &dev, &b->bus, SLOT, &b->err);
	return ret;
}

static void start(struct bench *b)
{
	if (try_start(b))
		fail_msg("%s", b->err.msg);
	vfio_fake_state.write_count = 0;
}

static void again(struct bench *b)
{
	stop(b);
	pci_bus_release(&b->bus);
	hv_fake_reset();
	vfio_fake_reset();
	memset(&b->vp, 0, sizeof(b->vp));
	pci_bus_init(&b->bus, &b->vm);
}

static uint64_t pci_access(struct bench *b, uint32_t off, uint8_t len,
			   bool is_write, uint64_t value)
{
	struct hv_access at = {.len_bytes = 4,
			       .is_write = true,
			       .data = 1u << 31 | SLOT << 11 | (off & 0xfc)};
	struct hv_access data = {.addr = 4 + (off & 3),
				 .len_bytes = len,
				 .is_write = is_write,
				 .data = value};

	pci_config_access(&b->bus, &at);
	pci_config_access(&b->bus, &data);
	return data.data;
}

static uint32_t cfg(struct bench *b, uint32_t off, uint8_t len)
{
	return (uint32_t)pci_access(b, off, len, false, 0);
}

static void cfg_write(struct bench *b, uint32_t off, uint8_t len,
		      uint64_t value)
{
	pci_access(b, off, len, true, value);
}

static uint64_t mmio(struct bench *b, uint64_t gpa, uint8_t len, bool is_write,
		     uint64_t value)
{
	bool is_high = gpa >= PCI_HIGH_GPA;
	struct hv_access a = {.addr = gpa -
				      (is_high ? PCI_HIGH_GPA : PCI_MMIO_GPA),
			      .len_bytes = len,
			      .is_write = is_write,
			      .data = value};

	(is_high ? pci_high_access : pci_mmio_access)(&b->bus, &a);
	return a.data;
}

/* --- configuration space -------------------------------------------------- */

static void what_is_not_ours_is_read_from_the_device(void **state)
{
	struct bench *b = *state;

	start(b);
	assert_int_equal(cfg(b, PCI_VENDOR, 4), 0x00101b36);
	assert_int_equal(cfg(b, PCI_REVISION, 4), 0x01080202);
	assert_int_equal(cfg(b, PCI_COMMAND, 2), PCI_COMMAND_MEMORY);
	vfio_fake_put(VFIO_FAKE_PM + 4, 2, 0x0008);
	assert_int_equal(cfg(b, VFIO_FAKE_PM + 4, 2), 0x0008);
	/* One function, without a ROM and without a legacy interrupt. */
	assert_int_equal(cfg(b, 0x0e, 1), 0);
	assert_int_equal(cfg(b, 0x30, 4), 0);
	assert_int_equal(cfg(b, 0x3c, 2), 0);
}

static void capabilities_that_nobody_knows_are_left_out(void **state)
{
	struct bench *b = *state;

	start(b);
	assert_int_equal(cfg(b, PCI_CAPABILITIES, 1), VFIO_FAKE_PM);
	assert_int_equal(cfg(b, VFIO_FAKE_PM, 2), 0x01 | MSIX << 8);
	assert_int_equal(cfg(b, MSIX, 2), 0x11 | VFIO_FAKE_EXPRESS << 8);
	assert_int_equal(cfg(b, VFIO_FAKE_EXPRESS, 2), 0x10);
	assert_int_equal(cfg(b, MSIX + 2, 2), VFIO_FAKE_VECTORS - 1);
	assert_int_equal(cfg(b, MSIX + 4, 4), VFIO_FAKE_TABLE);
	assert_int_equal(cfg(b, MSIX + 8, 4), VFIO_FAKE_PBA);
	/* There is no bridge above it: it is the root complex's own. */
	assert_int_equal(cfg(b, VFIO_FAKE_EXPRESS + 2, 2), 0x0092);
}

static void each_byte_is_the_same_however_it_is_read(void **state)
{
	struct bench *b = *state;
	uint32_t off, i;

	for (off = 0xc0; off < PCI_CONFIG_BYTES; off++)
		vfio_fake_put(off, 1, off * 7);
	start(b);
	for (off = 0; off < PCI_CONFIG_BYTES; off += 4) {
		uint32_t value = cfg(b, off, 4);

		for (i = 0; i < 4; i++)
			assert_int_equal(cfg(b, off + i, 1),
					 value >> 8 * i & 0xff);
		assert_int_equal(cfg(b, off + 2, 2), value >> 16);
		assert_int_equal(cfg(b, off + 1, 2), value >> 8 & 0xffff);
	}
}

static const struct vfio_fake_write *only_write(void)
{
	assert_int_equal(vfio_fake_state.write_count, 1);
	vfio_fake_state.write_count = 0;
	return &vfio_fake_state.writes[0];
}

static void what_is_ours_is_never_written_to_the_device(void **state)
{
	static const uint32_t ours[] = {0x10, 0x14, 0x18, 0x1c,     0x20,
					0x24, 0x30, MSIX, MSIX + 4, MSIX + 8};
	struct bench *b = *state;
	size_t i;

	start(b);
	for (i = 0; i < ARRAY_SIZE(ours); i++)
		cfg_write(b, ours[i], 4, UINT32_MAX);
	assert_int_equal(vfio_fake_state.write_count, 0);
	cfg_write(b, PCI_CAPABILITIES, 1, 0xff);
	cfg_write(b, 0x0e, 1, 0xff);
	cfg_write(b, 0x3c, 2, 0xfffe);
	assert_int_equal(vfio_fake_state.write_count, 0);
	assert_int_equal(cfg(b, PCI_CAPABILITIES, 1), VFIO_FAKE_PM);
	assert_int_equal(cfg(b, 0x0e, 1), 0);
	assert_int_equal(cfg(b, 0x3c, 2), 0xfe); /* the line, not the pin */
	assert_int_equal(cfg(b, MSIX, 4),
			 0xc0000011 | (VFIO_FAKE_VECTORS - 1) << 16 |
				 VFIO_FAKE_EXPRESS << 8);
}

static void the_rest_is_written_as_the_guest_writes_it(void **state)
{
	struct bench *b = *state;
	const struct vfio_fake_write *w;

	start(b);
	cfg_write(b, VFIO_FAKE_PM + 4, 2, 0x1234);
	w = only_write();
	assert_int_equal(w->region, CONFIG);
	assert_int_equal(w->off, VFIO_FAKE_PM + 4);
	assert_int_equal(w->len, 2);
	assert_int_equal(w->value, 0x1234);
	cfg_write(b, 0xfc, 4, 0x89abcdef);
	w = only_write();
	assert_int_equal(w->off, 0xfc);
	assert_int_equal(w->len, 4);
	assert_int_equal(w->value, 0x89abcdef);
	/* Of one that is ours in part, the other part. */
	cfg_write(b, VFIO_FAKE_EXPRESS, 4, 0xaabbccdd);
	w = only_write();
	assert_int_equal(w->off, VFIO_FAKE_EXPRESS + 3);
	assert_int_equal(w->len, 1);
	assert_int_equal(w->value, 0xaa);
	cfg_write(b, PCI_COMMAND, 2, 0x0406);
	w = only_write();
	assert_int_equal(w->off, PCI_COMMAND);
	assert_int_equal(w->value, 0x0406);
	assert_int_equal(cfg(b, PCI_COMMAND, 2), 0x0406);
}

static void a_chain_with_a_loop_ends(void **state)
{
	struct bench *b = *state;
	uint8_t at;
	int i = 0;

	vfio_fake_put(VFIO_FAKE_EXPRESS + 1, 1, VFIO_FAKE_PM);
	start(b);
	at = (uint8_t)cfg(b, PCI_CAPABILITIES, 1);
	for (; at && i < 4; i++)
		at = (uint8_t)cfg(b, at + 1u, 1);
	assert_int_equal(at, 0);
	assert_int_equal(i, 3);
}

static void a_chain_that_leaves_the_space_ends(void **state)
{
	static const uint8_t beyond[] = {0x3c, 0xf4, 0xff};
	struct bench *b = *state;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(beyond); i++) {
		vfio_fake_put(MSIX + 1, 1, beyond[i]);
		start(b);
		assert_int_equal(cfg(b, MSIX + 1, 1), 0);
		again(b);
	}
}

static void a_device_that_says_nothing_reads_as_ones(void **state)
{
	struct bench *b = *state;

	start(b);
	vfio_fake_state.fail_at = vfio_fake_state.calls + 1;
	assert_int_equal(cfg(b, PCI_VENDOR, 4), UINT32_MAX);
	vfio_fake_state.fail_at = vfio_fake_state.calls + 1;
	assert_int_equal(cfg(b, PCI_VENDOR, 2), 0xffff);
	vfio_fake_state.fail_at = vfio_fake_state.calls + 1;
	assert_true(mmio(b, LOW_BAR, 8, false, 0) == UINT64_MAX);
}

/* --- where BARs are ------------------------------------------------------- */

struct bar_case {
	uint32_t bar;
	uint64_t bytes;
	uint32_t flags;
	uint32_t low, high; /* what a guest reads after writing ones */
};

static void bars_are_sized_as_the_devices(void **state)
{
	static const struct bar_case cases[] = {
		{2, MIB, 0, 0xfff00000, 0},
		{2, MIB, 8, 0xfff00008, 0},
		{2, 128, 0, 0xffffff80, 0},
		{2, 16 * KIB, 0xc, 0xffffc00c, UINT32_MAX},
		{2, 2 * GIB, 0xc, 0x8000000c, UINT32_MAX},
		{2, 4 * GIB, 0xc, 0xc, UINT32_MAX},
		{2, 128 * GIB, 4, 4, 0xffffffe0},
		{4, 8 * GIB, 4, 4, 0xfffffffe},
		/* Ports, no power of two, and no room for the upper half. */
		{2, 256, 1, 0, 0},
		{2, 3 * MIB, 0, 0, 0},
		{5, MIB, 4, 0xfff00000, UINT32_MAX},
	};
	struct bench *b = *state;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct bar_case *c = &cases[i];
		uint32_t reg = PCI_BAR0 + 4 * c->bar;

		vfio_fake_set_bar(c->bar, c->bytes, c->flags);
		start(b);
		cfg_write(b, PCI_COMMAND, 2, 0);
		cfg_write(b, reg, 4, UINT32_MAX);
		assert_int_equal(cfg(b, reg, 4), c->low);
		if (c->bar < 5) {
			cfg_write(b, reg + 4, 4, UINT32_MAX);
			assert_int_equal(cfg(b, reg + 4, 4), c->high);
		}
		cfg_write(b, reg, 4, 0);
		assert_int_equal(cfg(b, reg, 4), c->low & 0xf);
		again(b);
	}
}

static void large_bars_are_above_4_gib(void **state)
{
	struct bench *b = *state;

	vfio_fake_set_bar(2, 128 * GIB, 0xc);
	start(b);
	assert_int_equal(cfg(b, PCI_BAR0, 4), (uint32_t)LOW_BAR | 4);
	assert_int_equal(cfg(b, PCI_BAR0 + 4, 4), 0);
	assert_int_equal(cfg(b, PCI_BAR0 + 8, 4), 0xc);
	assert_int_equal(cfg(b, PCI_BAR0 + 12, 4), PCI_HIGH_GPA >> 32);
	/* Its last register is there, and what is behind it is not. */
	mmio(b, PCI_HIGH_GPA + 128 * GIB - 8, 8, true, 0x1122334455667788);
	assert_int_equal(only_write()->off, 128 * GIB - 8);
	assert_true(mmio(b, PCI_HIGH_GPA + 128 * GIB - 8, 8, false, 0) ==
		    0x1122334455667788);
	assert_true(mmio(b, PCI_HIGH_GPA + 128 * GIB, 8, false, 0) ==
		    UINT64_MAX);
}

static void a_bar_that_fits_nowhere_is_refused(void **state)
{
	static const struct bar_case cases[] = {
		{.bytes = 512 * GIB, .flags = 0xc},
		{.bytes = 1ULL << 63, .flags = 0xc},
		{.bytes = GIB},
	};
	struct bench *b = *state;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		vfio_fake_set_bar(2, cases[i].bytes, cases[i].flags);
		assert_int_equal(try_start(b), -ENOSPC);
		assert_string_equal(
			b->err.msg,
			"a BAR of 0000:00:05.0 does not fit into the guest's address space: 768 MiB below 4 GiB, and 256 GiB above");
		again(b);
	}
}

/* --- pages ---------------------------------------------------------------- */

struct pages {
	uint64_t off, bytes; /* 0 bytes: no more */
};

static void expect_pages(uint64_t gpa, const struct pages *pages)
{
	const struct hv_mem *maps = hv_fake_state.maps;
	int n = 0, i;

	for (; pages[n].bytes; n++) {
		for (i = 0; i < hv_fake_state.map_count; i++)
			if (maps[i].gpa == gpa + pages[n].off)
				break;
		assert_true(i < hv_fake_state.map_count);
		assert_int_equal(maps[i].size_bytes, pages[n].bytes);
		assert_true(maps[i].is_device);
		assert_false(maps[i].readonly);
		assert_non_null(maps[i].host);
	}
	assert_int_equal(hv_fake_state.map_count, n);
}

static const struct pages registers[] = {{0, VFIO_FAKE_TABLE}, {0, 0}};
static const struct pages nothing[] = {{0, 0}};

static void pages_with_vectors_are_never_mapped(void **state)
{
	static const struct {
		uint64_t bytes;
		uint32_t count, table, pba; /* with their BARs */
		struct pages pages[3];
	} cases[] = {
		{64 * KIB, 8, 0x2000, 0x3000, {{0, 0x2000}, {0x4000, 0xc000}}},
		{64 * KIB, 8, 0x3000, 0x2000, {{0, 0x2000}, {0x4000, 0xc000}}},
		{64 * KIB, 8, 0, 0x800, {{0x1000, 0xf000}}},
		{64 * KIB, 8, 0xfff0, 0, {{0, 0}}},
		{64 * KIB, 8, 0x1ff8, 0x1000, {{0, 0x1000}, {0x3000, 0xd000}}},
		{64 * KIB, 8, 0x4000, 2, {{0, 0x4000}, {0x5000, 0xb000}}},
		/* As many entries as the device has, not as the guest gets. */
		{64 * KIB, 2048, 0, 0x8000, {{0x9000, 0x7000}}},
		{64 * KIB, 512, 0, 2, {{0x2000, 0xe000}}},
		{4 * KIB, 8, 0, 0x800, {{0, 0}}},
		{128, 1, 0, 0x40, {{0, 0}}},
		{128 * GIB,
		 8,
		 0xfffff000,
		 2,
		 {{0, 0xfffff000}, {4 * GIB, 124 * GIB}}},
	};
	struct bench *b = *state;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		vfio_fake_set_bar(0, cases[i].bytes, 4);
		vfio_fake_put(MSIX + 2, 2, cases[i].count - 1);
		vfio_fake_put(MSIX + 4, 4, cases[i].table);
		vfio_fake_put(MSIX + 8, 4, cases[i].pba);
		vfio_fake_state.irq_counts[VFIO_PCI_MSIX_IRQ_INDEX] =
			cases[i].count;
		start(b);
		expect_pages(pci_bar_gpa(&b->vp.fn, 0), cases[i].pages);
		again(b);
	}
}

static void pages_are_those_that_the_kernel_gives(void **state)
{
	static const struct pages some[] = {
		{0, 0x1000}, {0x1000, 0x1000}, {0x5000, 0x1000}, {0, 0}};
	struct vfio_fake_state *s = &vfio_fake_state;
	struct bench *b = *state;

	vfio_fake_set_bar(0, 64 * KIB, 4);
	s->areas[0].size = 0x1000;
	s->areas[1].offset = 0x1000;
	s->areas[1].size = 0x2000;   /* the table in its second half */
	s->areas[2].offset = 0xf000; /* beyond the BAR's end */
	s->areas[2].size = 0x2000;
	s->areas[3].offset = 0x5000;
	s->areas[3].size = 0x1000;
	s->areas[4].offset = 0x8800; /* no whole pages */
	s->areas[4].size = 0x1000;
	s->area_count = 5;
	start(b);
	expect_pages(pci_bar_gpa(&b->vp.fn, 0), some);
	assert_int_equal(s->live_maps, 3);
}

static void pages_are_there_while_memory_is_decoded(void **state)
{
	struct bench *b = *state;

	start(b);
	expect_pages(LOW_BAR, registers);
	cfg_write(b, PCI_COMMAND, 2, 0x0004);
	expect_pages(0, nothing);
	cfg_write(b, PCI_BAR0, 4, LOW_BAR + 16 * MIB);
	expect_pages(0, nothing);
	cfg_write(b, PCI_COMMAND, 2, 0x0006);
	expect_pages(LOW_BAR + 16 * MIB, registers);
	/* Nothing has moved: nothing is done. */
	vfio_fake_state.calls = hv_fake_state.calls = 0;
	cfg_write(b, PCI_COMMAND, 1, 0x06);
	expect_pages(LOW_BAR + 16 * MIB, registers);
	assert_int_equal(hv_fake_state.calls, 0);
}

static void pages_move_with_their_bar(void **state)
{
	struct bench *b = *state;

	start(b);
	/* Decoding all the while, half by half. */
	cfg_write(b, PCI_BAR0, 4, UINT32_MAX);
	cfg_write(b, PCI_BAR0, 4, LOW_BAR + MIB);
	expect_pages(LOW_BAR + MIB, registers);
	mmio(b, LOW_BAR + MIB + VFIO_FAKE_TABLE, 4, true, 5);
	assert_int_equal(b->vp.fn.msix[0].msi.addr, 5);
	cfg_write(b, PCI_BAR0 + 4, 4, PCI_HIGH_GPA >> 32);
	expect_pages(PCI_HIGH_GPA + LOW_BAR + MIB, registers);
	cfg_write(b, PCI_BAR0, 4, 0x10000);
	expect_pages(PCI_HIGH_GPA + 0x10000, registers);
	mmio(b, PCI_HIGH_GPA + 0x10000 + VFIO_FAKE_TABLE, 4, true, 9);
	assert_int_equal(b->vp.fn.msix[0].msi.addr, 9);
	assert_true(mmio(b, LOW_BAR, 4, false, 0) == UINT64_MAX);
}

static void a_bar_outside_the_windows_is_not_mapped(void **state)
{
	static const uint64_t outside[] = {
		0,
		0x4000,
		MIB,
		PCI_MMIO_GPA - 0x4000,
		PCI_MMIO_GPA + PCI_MMIO_SIZE_BYTES,
		0xfec00000, /* the IOAPIC */
		0xfee00000,
		0xffffc000,
		4 * GIB,
		PCI_HIGH_GPA - 0x4000,
		PCI_HIGH_GPA + PCI_HIGH_SIZE_BYTES,
		0xffffffffffffc000,
	};
	static const uint64_t inside[] = {
		PCI_MMIO_GPA, PCI_MMIO_GPA + PCI_MMIO_SIZE_BYTES - 0x4000,
		PCI_HIGH_GPA, PCI_HIGH_GPA + PCI_HIGH_SIZE_BYTES - 0x4000};
	struct bench *b = *state;
	size_t i;

	start(b);
	for (i = 0; i < ARRAY_SIZE(outside) + ARRAY_SIZE(inside); i++) {
		bool is_in = i >= ARRAY_SIZE(outside);
		uint64_t gpa =
			is_in ? inside[i - ARRAY_SIZE(outside)] : outside[i];

		cfg_write(b, PCI_COMMAND, 2, 0);
		cfg_write(b, PCI_BAR0, 4, gpa & UINT32_MAX);
		cfg_write(b, PCI_BAR0 + 4, 4, gpa >> 32);
		cfg_write(b, PCI_COMMAND, 2, 2);
		expect_pages(gpa, is_in ? registers : nothing);
	}
}

static void what_cannot_be_mapped_is_an_exit(void **state)
{
	struct bench *b = *state;

	hv_fake_state.fail_at = 1;
	start(b);
	expect_pages(0, nothing);
	mmio(b, LOW_BAR + 0x14, 4, true, 0x00460001);
	assert_int_equal(only_write()->off, 0x14);
	assert_int_equal(mmio(b, LOW_BAR + 0x14, 4, false, 0), 0x00460001);
	/* It may work elsewhere. */
	cfg_write(b, PCI_BAR0, 4, LOW_BAR + MIB);
	expect_pages(LOW_BAR + MIB, registers);
}

static void bars_on_top_of_each_other_are_undone_one_by_one(void **state)
{
	static const struct pages both[] = {
		{0, VFIO_FAKE_TABLE}, {MIB, 64 * KIB}, {0, 0}};
	static const struct pages other[] = {{0, 64 * KIB}, {0, 0}};
	struct bench *b = *state;

	vfio_fake_set_bar(2, 64 * KIB, 0);
	start(b);
	cfg_write(b, PCI_BAR0 + 8, 4, LOW_BAR + MIB);
	expect_pages(LOW_BAR, both);
	cfg_write(b, PCI_BAR0 + 8, 4, LOW_BAR);
	expect_pages(LOW_BAR, registers);
	cfg_write(b, PCI_BAR0, 4, LOW_BAR + 16 * MIB);
	expect_pages(LOW_BAR + 16 * MIB, registers);
	cfg_write(b, PCI_BAR0 + 8, 4, LOW_BAR + MIB);
	cfg_write(b, PCI_BAR0, 4, 0);
	expect_pages(LOW_BAR + MIB, other);
}

static void accesses_beside_the_table_reach_the_device(void **state)
{
	const uint64_t table = LOW_BAR + VFIO_FAKE_TABLE;
	const uint32_t end = VFIO_FAKE_VECTORS * 16;
	struct bench *b = *state;

	start(b);
	mmio(b, table + end - 4, 4, true, 1);
	mmio(b, LOW_BAR + VFIO_FAKE_PBA, 8, true, 1);
	assert_int_equal(vfio_fake_state.write_count, 0);
	mmio(b, table + end, 4, true, 0x1234);
	assert_int_equal(only_write()->off, VFIO_FAKE_TABLE + end);
	assert_int_equal(mmio(b, table + end, 2, false, 0), 0x1234);
	/* 65 vectors have two quadwords of pending bits. */
	mmio(b, LOW_BAR + VFIO_FAKE_PBA + 8, 8, true, 1);
	assert_int_equal(vfio_fake_state.write_count, 0);
	mmio(b, LOW_BAR + VFIO_FAKE_PBA + 16, 1, true, 7);
	assert_int_equal(only_write()->len, 1);
	/* Not all of it is the BAR's. */
	mmio(b, LOW_BAR + VFIO_FAKE_REGS - 4, 8, true, 7);
	assert_int_equal(vfio_fake_state.write_count, 0);
}

/* There is no table at the end of the first 4 GiB for want of pending bits. */
static void a_table_without_pending_bits_hides_no_register(void **state)
{
	struct bench *b = *state;

	vfio_fake_set_bar(0, 8 * GIB, 4);
	vfio_fake_put(MSIX + 8, 4, 2); /* in a BAR that is not there */
	start(b);
	mmio(b, PCI_HIGH_GPA + 0xffffffff, 1, true, 0x77);
	assert_int_equal(only_write()->off, 0xffffffff);
}

/* --- MSI-X ---------------------------------------------------------------- */

static void entry_set(struct bench *b, uint32_t i, bool is_masked)
{
	uint64_t at = LOW_BAR + VFIO_FAKE_TABLE + 16ULL * i;

	mmio(b, at, 8, true, GUEST_MSI);
	mmio(b, at + 8, 4, true, 0x40 + i);
	mmio(b, at + 12, 4, true, is_masked);
}

static void msix_set(struct bench *b, uint32_t control)
{
	cfg_write(b, MSIX + 2, 2, control);
}

static uint32_t on_count(void)
{
	return vfio_fake_state.irqs[VFIO_PCI_MSIX_IRQ_INDEX].count;
}

/* How often the device's vector has fired; the hypervisor's listener is not
 * there to take it. */
static uint64_t signals(struct bench *b, uint32_t vector)
{
	uint64_t n;

	return read(pci_msix_fd(&b->vp.fn, vector), &n, sizeof(n)) < 0 ? 0 : n;
}

/* The device sends one: true if somebody hears it. */
static bool fire(uint32_t vector)
{
	const struct vfio_fake_irqs *irqs =
		&vfio_fake_state.irqs[VFIO_PCI_MSIX_IRQ_INDEX];
	uint64_t one = 1;

	return vector < irqs->count &&
	       write(irqs->fds[vector], &one, sizeof(one)) == sizeof(one);
}

static void vectors_are_the_devices_once_the_guest_takes_them(void **state)
{
	struct bench *b = *state;
	struct vfio_fake_irqs *on =
		&vfio_fake_state.irqs[VFIO_PCI_MSIX_IRQ_INDEX];
	uint32_t i;

	start(b);
	for (i = 0; i < 4; i++)
		entry_set(b, i, false);
	assert_int_equal(vfio_fake_state.irq_calls, 0);
	msix_set(b, 0x8000);
	assert_int_equal(on->count, 4);
	for (i = 0; i < 4; i++) {
		const struct hv_fake_irqfd *irqfd =
			&hv_fake_state.irqfds[b->vp.fn.msix[i].irqfd_slot];

		assert_int_equal(on->fds[i], pci_msix_fd(&b->vp.fn, i));
		assert_true(irqfd->is_on);
		assert_int_equal(irqfd->fd, on->fds[i]);
		assert_int_equal(irqfd->msi.addr, GUEST_MSI);
		assert_int_equal(irqfd->msi.data, 0x40 + i);
	}
	assert_int_equal(vfio_fake_state.irq_calls, 1);
	msix_set(b, 0);
	assert_int_equal(on->count, 0);
}

/* A device with MSI-X off sends nothing at all, even what waits for the guest
 * to unmask its vector. */
static void the_device_is_on_as_soon_as_the_guest_says_so(void **state)
{
	struct bench *b = *state;

	start(b);
	msix_set(b, 0xc000);
	assert_int_equal(on_count(), 1);
	entry_set(b, 0, false);
	assert_true(fire(0));
	assert_int_equal(hv_fake_state.sent_count, 0);
	msix_set(b, 0x8000);
	assert_int_equal(hv_fake_state.sent_count, 1);
	assert_int_equal(hv_fake_state.sent[0].data, 0x40);
	assert_int_equal(vfio_fake_state.irq_calls, 1);
}

static void more_vectors_cost_one_signal_for_nothing(void **state)
{
	struct bench *b = *state;
	uint32_t i;

	start(b);
	msix_set(b, 0x8000);
	for (i = 0; i < VFIO_FAKE_VECTORS; i++) {
		uint32_t k;

		vfio_fake_state.irq_calls = 0;
		entry_set(b, i, false);
		assert_int_equal(on_count(), i + 1);
		/* Off, and on again with all of them. */
		assert_int_equal(vfio_fake_state.irq_calls, i ? 2 : 0);
		for (k = 0; k < i; k++)
			assert_int_equal(signals(b, k), 1);
		assert_int_equal(signals(b, i), 0);
	}
}

static void a_vector_that_is_masked_meanwhile_loses_nothing(void **state)
{
	struct bench *b = *state;

	start(b);
	msix_set(b, 0x8000);
	entry_set(b, 0, false);
	entry_set(b, 1, false);
	signals(b, 0);
	entry_set(b, 1, true);
	entry_set(b, 2, false); /* everything was off for a moment */
	assert_int_equal(hv_fake_state.sent_count, 0);
	entry_set(b, 1, false);
	assert_int_equal(hv_fake_state.sent_count, 1);
	assert_int_equal(hv_fake_state.sent[0].data, 0x41);
}

/* As Linux moves an interrupt to another CPU: it masks, writes, unmasks. */
static void masking_the_only_vector_loses_nothing(void **state)
{
	struct bench *b = *state;

	start(b);
	msix_set(b, 0x8000);
	entry_set(b, 0, false);
	vfio_fake_state.irq_calls = 0;
	mmio(b, LOW_BAR + VFIO_FAKE_TABLE + 12, 4, true, 1);
	assert_true(fire(0));
	assert_int_equal(mmio(b, LOW_BAR + VFIO_FAKE_PBA, 8, false, 0), 1);
	mmio(b, LOW_BAR + VFIO_FAKE_TABLE + 8, 4, true, 0x77);
	assert_int_equal(hv_fake_state.sent_count, 0);
	mmio(b, LOW_BAR + VFIO_FAKE_TABLE + 12, 4, true, 0);
	assert_int_equal(hv_fake_state.sent_count, 1);
	assert_int_equal(hv_fake_state.sent[0].data, 0x77);
	/* The same for all of them at once. */
	msix_set(b, 0xc000);
	assert_true(fire(0));
	msix_set(b, 0x8000);
	assert_int_equal(hv_fake_state.sent_count, 2);
	assert_int_equal(vfio_fake_state.irq_calls, 0);
}

static void fewer_vectors_disturb_nobody(void **state)
{
	struct bench *b = *state;
	uint32_t i;

	start(b);
	for (i = 0; i < 8; i++)
		entry_set(b, i, false);
	msix_set(b, 0x8000);
	vfio_fake_state.irq_calls = 0;
	for (i = 8; i-- > 0;)
		entry_set(b, i, true);
	assert_int_equal(vfio_fake_state.irq_calls, 0);
	assert_int_equal(on_count(), 8);
	for (i = 0; i < 8; i++)
		assert_int_equal(signals(b, i), 0);
	msix_set(b, 0);
	assert_int_equal(on_count(), 0);
	msix_set(b, 0x8000);
	assert_int_equal(on_count(), 1);
}

static void a_host_without_more_vectors_keeps_those_it_gave(void **state)
{
	struct bench *b = *state;

	start(b);
	msix_set(b, 0x8000);
	entry_set(b, 0, false);
	entry_set(b, 1, false);
	assert_int_equal(on_count(), 2);
	vfio_fake_state.vectors_left = 2;
	entry_set(b, 2, false);
	assert_int_equal(on_count(), 2);
	assert_true(fire(0));
	assert_true(fire(1));
	assert_int_equal(signals(b, 0), 3); /* 1 and 2 cost one each */
	assert_int_equal(signals(b, 1), 2);
}

static void the_guest_gets_no_more_vectors_than_vfio_has(void **state)
{
	struct bench *b = *state;

	vfio_fake_state.irq_counts[VFIO_PCI_MSIX_IRQ_INDEX] = 5;
	start(b);
	assert_int_equal(cfg(b, MSIX + 2, 2), 4);
	assert_int_equal(b->vp.fn.msix_count, 5);
	again(b);
	vfio_fake_put(MSIX + 2, 2, 2047);
	vfio_fake_state.irq_counts[VFIO_PCI_MSIX_IRQ_INDEX] = 2048;
	start(b);
	assert_int_equal(cfg(b, MSIX + 2, 2), PCI_MSIX_MAX - 1);
}

static void msix_hides_msi(void **state)
{
	struct bench *b = *state;

	vfio_fake_put(VFIO_FAKE_SLOT_ID, 1, 0x05);
	vfio_fake_state.irq_counts[VFIO_PCI_MSI_IRQ_INDEX] = 4;
	start(b);
	assert_int_equal(cfg(b, MSIX + 1, 1), VFIO_FAKE_EXPRESS);
	assert_false(b->vp.fn.has_msi);
}

/* --- MSI ------------------------------------------------------------------ */

struct msi_case {
	bool is_64, has_masks;
	uint32_t data, mask, bytes; /* offsets in the capability */
};

static const struct msi_case msi_cases[] = {
	{false, false, 8, 0, 10},
	{false, true, 8, 12, 20},
	{true, false, 12, 0, 14},
	{true, true, 12, 16, 24},
};

static const struct vfio_fake_irqs *msi_on(void)
{
	return &vfio_fake_state.irqs[VFIO_PCI_MSI_IRQ_INDEX];
}

static const struct hv_fake_irqfd *irqfd_of(struct bench *b, uint32_t i)
{
	return &hv_fake_state.irqfds[b->vp.fn.msix[i].irqfd_slot];
}

static void msi_start(struct bench *b, const struct msi_case *c)
{
	vfio_fake_use_msi(c->is_64, c->has_masks, 4);
	start(b);
	cfg_write(b, MSI + 4, 4, GUEST_MSI | 0x1003);
	if (c->is_64)
		cfg_write(b, MSI + 8, 4, 2);
	cfg_write(b, MSI + c->data, 2, 0x4343);
	cfg_write(b, MSI + 2, 2, 0x21); /* all four */
}

static void msi_is_sent_as_the_capability_says(void **state)
{
	struct bench *b = *state;
	size_t n;
	uint32_t i;

	for (n = 0; n < ARRAY_SIZE(msi_cases); n++) {
		const struct msi_case *c = &msi_cases[n];
		uint64_t addr =
			GUEST_MSI | 0x1000 | (c->is_64 ? 0x200000000 : 0);

		msi_start(b, c);
		assert_int_equal(msi_on()->count, 4);
		for (i = 0; i < 4; i++) {
			assert_true(irqfd_of(b, i)->is_on);
			assert_int_equal(irqfd_of(b, i)->fd, msi_on()->fds[i]);
			assert_true(irqfd_of(b, i)->msi.addr == addr);
			assert_int_equal(irqfd_of(b, i)->msi.data, 0x4340 + i);
		}
		/* Two of them, then one: the rest of the data is its own. */
		cfg_write(b, MSI + 2, 2, 0x11);
		assert_int_equal(irqfd_of(b, 1)->msi.data, 0x4343);
		assert_false(irqfd_of(b, 2)->is_on);
		cfg_write(b, MSI + 2, 2, 0x01);
		assert_int_equal(irqfd_of(b, 0)->msi.data, 0x4343);
		assert_false(irqfd_of(b, 1)->is_on);
		cfg_write(b, MSI + 2, 2, 0);
		assert_int_equal(msi_on()->count, 0);
		assert_false(irqfd_of(b, 0)->is_on);
		assert_int_equal(vfio_fake_state.write_count, 0);
		again(b);
	}
}

static void msi_asks_for_no_more_than_there_are(void **state)
{
	struct bench *b = *state;

	msi_start(b, &msi_cases[3]);
	cfg_write(b, MSI + 2, 2, 0x71);
	assert_int_equal(msi_on()->count, 4);
	assert_int_equal(irqfd_of(b, 3)->msi.data, 0x4343);
}

static void masked_messages_wait(void **state)
{
	struct bench *b = *state;
	size_t n;

	for (n = 0; n < ARRAY_SIZE(msi_cases); n++) {
		const struct msi_case *c = &msi_cases[n];
		uint64_t one = 1;

		if (!c->has_masks)
			continue;
		msi_start(b, c);
		cfg_write(b, MSI + c->mask, 4, 0xf);
		assert_false(irqfd_of(b, 2)->is_on);
		assert_int_equal(msi_on()->count, 4);
		assert_int_equal(write(msi_on()->fds[2], &one, sizeof(one)),
				 sizeof(one));
		cfg_write(b, MSI + c->mask, 1, 0xb);
		assert_int_equal(hv_fake_state.sent_count, 1);
		assert_int_equal(hv_fake_state.sent[0].data, 0x4342);
		assert_true(irqfd_of(b, 2)->is_on);
		assert_false(irqfd_of(b, 3)->is_on);
		again(b);
	}
}

/* What of the capability a guest may change, bit by bit. */
static void msi_keeps_what_is_the_devices(void **state)
{
	struct bench *b = *state;
	size_t n;
	uint32_t i;

	for (n = 0; n < ARRAY_SIZE(msi_cases); n++) {
		const struct msi_case *c = &msi_cases[n];
		uint8_t want[24] = {5, VFIO_FAKE_EXPRESS, 0x75, 0, 0xfc};

		want[2] |= c->is_64 ? 0x80 : 0;
		want[3] = c->has_masks;
		memset(want + 5, 0xff, 3 + (c->is_64 ? 4 : 0) + 2);
		if (c->has_masks)
			memset(want + c->mask, 0xff, 4);
		vfio_fake_use_msi(c->is_64, c->has_masks, 4);
		start(b);
		for (i = 0; i < c->bytes; i++)
			cfg_write(b, MSI + i, 1, 0xff);
		for (i = 0; i < c->bytes; i++)
			assert_int_equal(cfg(b, MSI + i, 1), want[i]);
		assert_int_equal(vfio_fake_state.write_count, 0);
		cfg_write(b, MSI + c->bytes, 1, 0xff);
		assert_int_equal(only_write()->off, MSI + c->bytes);
		again(b);
	}
}

/* A capability with masks ends 24 bytes on. */
static void msi_that_leaves_the_space_is_left_out(void **state)
{
	struct bench *b = *state;
	uint32_t at;

	for (at = PCI_CONFIG_BYTES - 24; at <= PCI_CONFIG_BYTES - 16; at += 4) {
		vfio_fake_use_no_interrupts();
		vfio_fake_state.irq_counts[VFIO_PCI_INTX_IRQ_INDEX] = 0;
		vfio_fake_state.irq_counts[VFIO_PCI_MSI_IRQ_INDEX] = 1;
		vfio_fake_put(VFIO_FAKE_PM + 1, 1, at);
		vfio_fake_put(at, 4, 0x01800005);
		assert_int_equal(try_start(b),
				 at == PCI_CONFIG_BYTES - 24 ? 0 : -ENOTSUP);
		again(b);
	}
}

/* --- making and unmaking -------------------------------------------------- */

static void a_function_without_any_interrupt_is_refused(void **state)
{
	struct bench *b = *state;

	vfio_fake_use_no_interrupts();
	vfio_fake_state.irq_counts[VFIO_PCI_INTX_IRQ_INDEX] = 0;
	assert_int_equal(try_start(b), -ENOTSUP);
	assert_string_equal(
		b->err.msg,
		"0000:00:05.0 has no interrupt: no MSI-X, no MSI, no pin");
}

static void too_many_vectors_are_refused(void **state)
{
	struct bench *b = *state;

	b->bus.irqfd_count = HV_IRQFD_COUNT - VFIO_FAKE_VECTORS + 1;
	assert_int_equal(try_start(b), -ENOSPC);
	assert_non_null(strstr(b->err.msg, "65 interrupts of 0000:00:05.0"));
}

static void a_slot_is_taken_once(void **state)
{
	struct bench *b = *state;

	b->bus.slots[SLOT] = &b->bus.host_bridge;
	assert_int_equal(try_start(b), -EBUSY);
	assert_non_null(strstr(b->err.msg, "cannot place 0000:00:05.0"));
	assert_int_equal(hv_fake_state.map_count, 0);
}

static void a_function_is_reset_before_and_after(void **state)
{
	struct bench *b = *state;

	start(b);
	assert_int_equal(vfio_fake_state.resets, 1);
	msix_set(b, 0x8000);
	stop(b);
	assert_int_equal(vfio_fake_state.resets, 2);
}

static void a_function_without_a_reset_is_fine(void **state)
{
	struct bench *b = *state;

	vfio_fake_state.can_reset = false;
	start(b);
	stop(b);
	assert_int_equal(vfio_fake_state.resets, 0);
}

static void a_reset_that_fails_is_told(void **state)
{
	struct bench *b = *state;

	vfio_fake_state.reset_error = -ENOTTY;
	assert_int_equal(try_start(b), -ENOTTY);
	assert_non_null(strstr(b->err.msg, "cannot reset 0000:00:05.0"));
}

/* Some of these calls may fail without harm; none may leave a thing behind. */
static void creation_undoes_every_prefix(void **state)
{
	struct bench *b = *state;
	int n, ret, failed = 0;
	bool is_reached = true;

	for (n = 1; is_reached; n++) {
		again(b);
		b->err = (struct err){0};
		vfio_fake_state.fail_at = n;
		ret = try_start(b);
		assert_int_equal(ret != 0, b->err.msg[0] != '\0');
		failed += ret != 0;
		is_reached = vfio_fake_state.calls >= n;
		if (!ret)
			msix_set(b, 0x8000);
		stop(b);
	}
	assert_int_equal(ret, 0);
	assert_true(failed > 8);
}

#define ON_BUS(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_BUS(what_is_not_ours_is_read_from_the_device),
		ON_BUS(capabilities_that_nobody_knows_are_left_out),
		ON_BUS(each_byte_is_the_same_however_it_is_read),
		ON_BUS(what_is_ours_is_never_written_to_the_device),
		ON_BUS(the_rest_is_written_as_the_guest_writes_it),
		ON_BUS(a_chain_with_a_loop_ends),
		ON_BUS(a_chain_that_leaves_the_space_ends),
		ON_BUS(a_device_that_says_nothing_reads_as_ones),
		ON_BUS(bars_are_sized_as_the_devices),
		ON_BUS(large_bars_are_above_4_gib),
		ON_BUS(a_bar_that_fits_nowhere_is_refused),
		ON_BUS(pages_with_vectors_are_never_mapped),
		ON_BUS(pages_are_those_that_the_kernel_gives),
		ON_BUS(pages_are_there_while_memory_is_decoded),
		ON_BUS(pages_move_with_their_bar),
		ON_BUS(a_bar_outside_the_windows_is_not_mapped),
		ON_BUS(what_cannot_be_mapped_is_an_exit),
		ON_BUS(bars_on_top_of_each_other_are_undone_one_by_one),
		ON_BUS(accesses_beside_the_table_reach_the_device),
		ON_BUS(a_table_without_pending_bits_hides_no_register),
		ON_BUS(vectors_are_the_devices_once_the_guest_takes_them),
		ON_BUS(the_device_is_on_as_soon_as_the_guest_says_so),
		ON_BUS(more_vectors_cost_one_signal_for_nothing),
		ON_BUS(a_vector_that_is_masked_meanwhile_loses_nothing),
		ON_BUS(masking_the_only_vector_loses_nothing),
		ON_BUS(fewer_vectors_disturb_nobody),
		ON_BUS(a_host_without_more_vectors_keeps_those_it_gave),
		ON_BUS(the_guest_gets_no_more_vectors_than_vfio_has),
		ON_BUS(msix_hides_msi),
		ON_BUS(msi_is_sent_as_the_capability_says),
		ON_BUS(msi_asks_for_no_more_than_there_are),
		ON_BUS(masked_messages_wait),
		ON_BUS(msi_keeps_what_is_the_devices),
		ON_BUS(msi_that_leaves_the_space_is_left_out),
		ON_BUS(a_function_without_any_interrupt_is_refused),
		ON_BUS(too_many_vectors_are_refused),
		ON_BUS(a_slot_is_taken_once),
		ON_BUS(a_function_is_reset_before_and_after),
		ON_BUS(a_function_without_a_reset_is_fine),
		ON_BUS(a_reset_that_fails_is_told),
		ON_BUS(creation_undoes_every_prefix),
	};

	return RUN_TESTS(tests);
}
