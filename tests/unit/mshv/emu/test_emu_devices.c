// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The emulator's memory, dirty pages, interrupts, doorbells and VP states, with
 * arguments at the edge of what they may be and behind it.
 */
#include "tests/unit/test.h"

#include <errno.h>
#include <stdalign.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "mshv/abi.h"
#include "mshv/emu/emu.h"
#include "mshv/hvcall.h"
#include "mshv/sys.h"
#include "tests/unit/fixture/mshv/emu_rig.h"

#define PAGE MSHV_PAGE_BYTES
#define PAGES 16

static alignas(4096) uint8_t ram[PAGES * PAGE];
static alignas(4096) uint8_t buf[2 * PAGE];

/* --- memory -------------------------------------------------------------------- */

static int map(const struct emu_rig *rig, uint64_t pfn, uint64_t pages,
	       void *host, uint8_t flags)
{
	struct mshv_mem_region arg = {.size_bytes = pages * PAGE,
				      .guest_pfn = pfn,
				      .host_addr = (uintptr_t)host,
				      .flags = flags};

	return sys_ioctl(emu_sys, rig->pt, MSHV_SET_GUEST_MEMORY, &arg);
}

/* As many as the emulator keeps; a place that is given back is taken again. */
static void many_regions(void **state)
{
	struct emu_rig rig;
	uint64_t i;

	(void)state;
	emu_rig_create(&rig, NULL, 0);
	for (i = 0; i < 256; i++)
		assert_int_equal(map(&rig, 2 * i, 1, ram, MSHV_MEM_WRITABLE),
				 0);
	assert_int_equal(map(&rig, 2 * i, 1, ram, MSHV_MEM_WRITABLE), -ENOMEM);
	assert_int_equal(map(&rig, 2 * 77, 1, ram, MSHV_MEM_UNMAP), 0);
	assert_int_equal(map(&rig, 2 * i, 1, ram, MSHV_MEM_WRITABLE), 0);
	assert_int_equal(map(&rig, 2 * 77, 1, ram, MSHV_MEM_WRITABLE), -ENOMEM);
	emu_rig_destroy(&rig);
}

static void regions_at_the_ends_of_memory(void **state)
{
	struct emu_rig rig;

	(void)state;
	emu_rig_create(&rig, NULL, 0);
	/* Past the last guest page, and past the last byte of the host's. */
	assert_int_equal(map(&rig, ~0ULL, 2, ram, MSHV_MEM_WRITABLE), -EINVAL);
	assert_int_equal(map(&rig, 0, 1ULL << 36, ram, MSHV_MEM_WRITABLE),
			 -EINVAL);
	assert_int_equal(map(&rig, 0, 1, (void *)(1ULL << 47), 1), -EINVAL);
	assert_int_equal(map(&rig, 8, 4, ram, MSHV_MEM_WRITABLE), 0);
	assert_int_equal(map(&rig, 4, 4, ram, MSHV_MEM_WRITABLE), 0);
	assert_int_equal(map(&rig, 7, 1, ram, MSHV_MEM_WRITABLE), -EEXIST);
	assert_int_equal(map(&rig, 0, 64, ram, MSHV_MEM_WRITABLE), -EEXIST);
	/* A region is given back as it was mapped, and by its first page. */
	assert_int_equal(map(&rig, 9, 3, ram + PAGE, MSHV_MEM_UNMAP), -EINVAL);
	assert_int_equal(map(&rig, 8, 4, ram + PAGE, MSHV_MEM_UNMAP), -EINVAL);
	emu_knobs.kernel = 615;
	assert_int_equal(map(&rig, 99, 1, ram, MSHV_MEM_UNMAP), -EINVAL);
	emu_knobs.kernel = 619;
	assert_int_equal(map(&rig, 99, 1, ram, MSHV_MEM_UNMAP), -ENOENT);
	emu_knobs.kernel = 0;
	emu_rig_destroy(&rig);
}

/* --- dirty pages ------------------------------------------------------------------ */

static int bitmap(const struct emu_rig *rig, enum mshv_bitmap_type type,
		  enum mshv_bitmap_op op, uint64_t pages, uint64_t *bits)
{
	struct mshv_gpap_bitmap arg = {.type = (uint8_t)type,
				       .op = (uint8_t)op,
				       .page_count = pages,
				       .bitmap_ptr = (uintptr_t)bits};

	*bits = ~0ULL;
	return sys_ioctl(emu_sys, rig->pt, MSHV_GET_GPAP_BITMAP, &arg);
}

static int tracking(const struct emu_rig *rig, bool on)
{
	return hvcall_property_set(emu_sys, rig->pt, MSHV_PROP_ACCESS_TRACKING,
				   on);
}

static void dirty_pages(void **state)
{
	struct emu_rig rig;
	uint64_t bits;

	(void)state;
	emu_rig_create(&rig, NULL, 0);
	assert_int_equal(map(&rig, 0, PAGES, ram, MSHV_MEM_WRITABLE), 0);
	assert_int_equal(bitmap(&rig, MSHV_BITMAP_DIRTY, MSHV_BITMAP_CLEAR,
				PAGES, &bits),
			 -EIO); /* nobody tracks them */
	assert_int_equal(tracking(&rig, true), 0);
	/* Nobody has written; NOOP is taken for SET, as the driver does. */
	assert_int_equal(bitmap(&rig, MSHV_BITMAP_DIRTY, MSHV_BITMAP_CLEAR,
				PAGES, &bits),
			 0);
	assert_int_equal(bits & 0xffff, 0);
	assert_int_equal(tracking(&rig, false), -EIO);
	assert_int_equal(
		bitmap(&rig, MSHV_BITMAP_DIRTY, MSHV_BITMAP_NOOP, 8, &bits), 0);
	assert_int_equal(bits & 0xff, 0);
	assert_int_equal(bits >> 8, ~0ULL >> 8); /* as many as were asked for */
	assert_int_equal(
		bitmap(&rig, MSHV_BITMAP_DIRTY, MSHV_BITMAP_SET, PAGES, &bits),
		0);
	assert_int_equal(bits & 0xffff, 0x00ff);
	assert_int_equal(tracking(&rig, false), 0);
	emu_rig_destroy(&rig);
}

static void dirty_pages_that_are_none(void **state)
{
	struct emu_rig rig;
	uint64_t bits;

	(void)state;
	emu_rig_create(&rig, NULL, 0);
	assert_int_equal(map(&rig, 0, PAGES, ram, MSHV_MEM_WRITABLE), 0);
	assert_int_equal(tracking(&rig, true), 0);
	assert_int_equal(bitmap(&rig, MSHV_BITMAP_DIRTY, MSHV_BITMAP_CLEAR,
				PAGES + 1, &bits),
			 -EINVAL);
	assert_int_equal(bitmap(&rig, MSHV_BITMAP_DIRTY, MSHV_BITMAP_CLEAR,
				(1 << 24) + 1, &bits),
			 -ENOMEM);
	assert_int_equal(bitmap(&rig, MSHV_BITMAP_DIRTY, MSHV_BITMAP_CLEAR,
				1ULL << 60, &bits),
			 -E2BIG);
	/* Each page of RAM counts as accessed. */
	assert_int_equal(bitmap(&rig, MSHV_BITMAP_ACCESSED, MSHV_BITMAP_SET,
				PAGES, &bits),
			 0);
	assert_int_equal(bits & 0xffff, 0xffff);
	emu_rig_destroy(&rig);
}

/* --- interrupts ------------------------------------------------------------------- */

static int assert_irq(const struct emu_rig *rig, uint64_t control,
		      uint64_t dest, uint32_t vector)
{
	struct mshv_in_assert in = {
		.control = control, .dest = dest, .vector = vector};
	struct hvcall call = {.code = MSHV_HVCALL_ASSERT_INTERRUPT,
			      .in = &in,
			      .in_bytes = sizeof(in)};

	return hvcall(emu_sys, rig->pt, &call);
}

static void interrupts_that_are_refused(void **state)
{
	static const struct {
		uint64_t control, dest;
		uint32_t vector;
		int ret;
	} cases[] = {
		{MSHV_INT_FIXED, 0, 16, 0},
		{MSHV_INT_FIXED, 0, 15, -EINVAL},
		{MSHV_INT_LOWEST, 0, 0, -EINVAL},
		{MSHV_INT_FIXED, 0, 255, 0},
		{MSHV_INT_FIXED, 0, 256, -EINVAL},
		{MSHV_INT_EXTINT + 1, 0, 32, -EINVAL},
		{MSHV_INT_NMI, 0, 0, 0},
		{MSHV_INT_NMI, 1, 0, -EINVAL}, /* there is no such VP */
		{MSHV_INT_NMI, 1ULL << 32, 0, -EINVAL},
		{MSHV_INT_EXTINT, 0, 8, 0},
		{MSHV_INT_EXTINT, 0, 8, 0}, /* pending still: one for both */
		{MSHV_INT_EXTINT, 300, 8, -EINVAL},
		{MSHV_INT_SMI, 0, 0, -EIO},
		{MSHV_INT_REMOTE_READ, 0, 32, -EIO},
		/* To nobody: what a bus does with it as well. */
		{MSHV_INT_FIXED, 77, 32, 0},
		{MSHV_INT_FIXED | MSHV_ASSERT_LOGICAL, 1, 32, 0},
	};
	struct emu_rig rig;
	size_t i;

	(void)state;
	emu_rig_create(&rig, NULL, 0);
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		if (assert_irq(&rig, cases[i].control, cases[i].dest,
			       cases[i].vector) != cases[i].ret)
			fail_msg("case %zu", i);
	emu_rig_destroy(&rig);
}

/* KVM tells of the EOI of so many; a 65th would be an interrupt without end. */
static void level_interrupts(void **state)
{
	const uint64_t level = MSHV_INT_FIXED | MSHV_ASSERT_LEVEL;
	struct emu_rig rig;
	uint32_t i;

	(void)state;
	emu_rig_create(&rig, NULL, 0);
	for (i = 0; i < 64; i++)
		assert_int_equal(assert_irq(&rig, level, 0, 32 + i), 0);
	assert_int_equal(assert_irq(&rig, level, 0, 32 + i), -EIO);
	assert_int_equal(assert_irq(&rig, level, 0, 32), 0);
	assert_int_equal(assert_irq(&rig, MSHV_INT_FIXED, 0, 32 + i), 0);
	emu_rig_destroy(&rig);
}

static int routes(const struct emu_rig *rig, const struct mshv_route *list,
		  uint32_t count, uint32_t rsvd)
{
	struct {
		struct mshv_route_table head;
		struct mshv_route entries[4];
	} table = {.head = {.count = count, .rsvd = rsvd}};

	if (list)
		memcpy(table.entries, list, count * sizeof(*list));
	return sys_ioctl(emu_sys, rig->pt, MSHV_SET_MSI_ROUTING, &table);
}

static int irqfd(const struct emu_rig *rig, int fd, uint32_t gsi,
		 uint32_t flags)
{
	struct mshv_irqfd arg = {.fd = fd, .gsi = gsi, .flags = flags};

	return sys_ioctl(emu_sys, rig->pt, MSHV_IRQFD, &arg);
}

static void routes_and_irqfds(void **state)
{
	const struct mshv_route good[] = {{5, 0xfee00000, 0, 0x40},
					  {4095, 0xfee00000, 0, 0x41}};
	const struct mshv_route twice[] = {{5, 0xfee00000, 0, 0x40},
					   {5, 0xfee00000, 0, 0x41}};
	const struct mshv_route high = {5, 0xfee00000, 1, 0x40};
	const struct mshv_route none = {4096, 0xfee00000, 0, 0x40};
	const struct mshv_route level = {6, 0xfee00000, 0, 0x8040};
	int fd = eventfd(0, EFD_CLOEXEC);
	struct emu_rig rig;

	(void)state;
	emu_rig_create(&rig, NULL, 0);
	assert_int_equal(routes(&rig, good, 2, 0), 0);
	assert_int_equal(routes(&rig, twice, 2, 0), -EINVAL);
	assert_int_equal(routes(&rig, &high, 1, 0), -EINVAL);
	assert_int_equal(routes(&rig, &none, 1, 0), -EINVAL);
	assert_int_equal(routes(&rig, NULL, 0, 1), -EINVAL);
	assert_int_equal(routes(&rig, NULL, MSHV_MAX_ROUTES + 1, 0), -EINVAL);
	assert_int_equal(irqfd(&rig, fd, 5, 4), -EINVAL);
	assert_int_equal(irqfd(&rig, fd, 4095, 0), -ENOSPC);
	/* What was refused has not replaced what there was. */
	assert_int_equal(irqfd(&rig, fd, 5, 0), 0);
	assert_int_equal(irqfd(&rig, fd, 5, MSHV_IRQFD_DEASSIGN), 0);
	assert_int_equal(irqfd(&rig, fd, 5, MSHV_IRQFD_RESAMPLE), -EINVAL);
	assert_int_equal(routes(&rig, &level, 1, 0), 0);
	assert_int_equal(irqfd(&rig, fd, 6, MSHV_IRQFD_RESAMPLE), 0);
	assert_int_equal(routes(&rig, NULL, 0, 0), 0);
	emu_rig_destroy(&rig);
	close(fd);
}

static void doorbells_that_are_refused(void **state)
{
	static const struct {
		struct mshv_ioeventfd bell;
		int ret;
	} cases[] = {
		{{.addr = 0xd0000000, .len_bytes = 4}, 0},
		{{.addr = 0xd0000000, .len_bytes = 4}, -EEXIST},
		{{.addr = 0xd0000000, .len_bytes = 4, .flags = 4}, 0},
		{{.addr = 0xd0000000, .len_bytes = 4, .flags = 4}, -ENOENT},
		{{.addr = 0xd0000000, .len_bytes = 4, .flags = 8}, -EINVAL},
		{{.addr = 0x80, .len_bytes = 1, .flags = 2}, -EOPNOTSUPP},
		{{.addr = 0xd0000000, .len_bytes = 3}, -EINVAL},
		{{.addr = 0xd0000000, .len_bytes = 16}, -EINVAL},
		{{.addr = ~0ULL, .len_bytes = 4}, -EINVAL},
		{{.addr = 0xd0000000, .len_bytes = 4, .rsvd[3] = 1}, -EINVAL},
	};
	int fd = eventfd(0, EFD_CLOEXEC);
	struct mshv_ioeventfd arg;
	struct emu_rig rig;
	size_t i;

	(void)state;
	emu_rig_create(&rig, NULL, 0);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		arg = cases[i].bell;
		arg.fd = fd;
		if (sys_ioctl(emu_sys, rig.pt, MSHV_IOEVENTFD, &arg) !=
		    cases[i].ret)
			fail_msg("case %zu", i);
	}
	emu_rig_destroy(&rig);
	close(fd);
}

/* --- states ------------------------------------------------------------------------- */

static int vp_state(const struct emu_rig *rig, unsigned long request,
		    uint8_t type, uint32_t *bytes)
{
	struct mshv_vp_state arg = {
		.type = type, .buf_bytes = *bytes, .buf_ptr = (uintptr_t)buf};
	int ret = sys_ioctl(emu_sys, rig->vp, request, &arg);

	*bytes = arg.buf_bytes;
	return ret;
}

static int state_get(const struct emu_rig *rig, uint8_t type)
{
	uint32_t bytes = PAGE;

	memset(buf, 0xee, sizeof(buf));
	return vp_state(rig, MSHV_GET_VP_STATE, type, &bytes);
}

static int state_set(const struct emu_rig *rig, uint8_t type)
{
	uint32_t bytes = PAGE;

	return vp_state(rig, MSHV_SET_VP_STATE, type, &bytes);
}

/* The kernel says how much there is, also to whom it gives nothing. */
static void sizes_of_states(void **state)
{
	uint32_t bytes;
	struct emu_rig rig;
	uint8_t type;

	(void)state;
	emu_rig_create(&rig, NULL, 0);
	for (type = 0; type < MSHV_STATE_COUNT; type++) {
		bytes = PAGE;
		assert_int_equal(
			vp_state(&rig, MSHV_GET_VP_STATE, type, &bytes), 0);
		if (type == MSHV_STATE_TIMERS)
			assert_int_equal(bytes, sizeof(struct mshv_timers));
		else if (type != MSHV_STATE_XSAVE)
			assert_int_equal(bytes, PAGE);
	}
	bytes = PAGE;
	assert_int_equal(vp_state(&rig, MSHV_GET_VP_STATE, type, &bytes),
			 -EINVAL);
	bytes = 0;
	assert_int_equal(vp_state(&rig, MSHV_GET_VP_STATE, 0, &bytes), -EINVAL);
	bytes = PAGE / 2;
	assert_int_equal(vp_state(&rig, MSHV_GET_VP_STATE, 0, &bytes), -EINVAL);
	bytes = UINT32_MAX & ~(PAGE - 1);
	assert_int_equal(vp_state(&rig, MSHV_SET_VP_STATE, 0, &bytes), 0);
	emu_rig_destroy(&rig);
}

/* What a VMM saved is what the VP has after it was restored. */
static void states_are_kept(void **state)
{
	static const uint8_t types[] = {MSHV_STATE_SIMP, MSHV_STATE_SIEFP,
					MSHV_STATE_TIMERS};
	struct emu_rig rig;
	size_t i, k;

	(void)state;
	/* Its SynIC is off. */
	emu_rig_create(&rig, NULL, 1ULL << MSHV_SYN_SYNIC);
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		for (k = 0; k < PAGE; k++)
			buf[k] = (uint8_t)(k * (i + 3));
		assert_int_equal(state_set(&rig, types[i]), 0);
	}
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		assert_int_equal(state_get(&rig, types[i]), 0);
		for (k = 0; k < sizeof(struct mshv_timers); k++)
			assert_int_equal(buf[k], (uint8_t)(k * (i + 3)));
	}
	emu_rig_destroy(&rig);
}

static void the_local_apic(void **state)
{
	struct mshv_lapic *lapic = (struct mshv_lapic *)(void *)buf;
	struct emu_rig rig;

	(void)state;
	emu_rig_create(&rig, NULL, 0);
	assert_int_equal(state_get(&rig, MSHV_STATE_LAPIC), 0);
	/* After a reset (SDM vol. 3A, 11.4.7.1). */
	assert_int_equal(lapic->id, 0);
	assert_int_equal(lapic->svr, 0xff);
	assert_int_equal(lapic->dfr, ~0u);
	assert_int_equal(lapic->lvt_error, 0x10000);
	assert_int_equal(lapic->irr[0] | lapic->isr[7] | lapic->tmr[3], 0);
	assert_int_equal(buf[sizeof(*lapic)], 0);
	lapic->svr = 0x1ff;
	lapic->lvt_lint0 = 0x700;
	lapic->divide = 0xb;
	assert_int_equal(state_set(&rig, MSHV_STATE_LAPIC), 0);
	assert_int_equal(state_get(&rig, MSHV_STATE_LAPIC), 0);
	assert_int_equal(lapic->svr, 0x1ff);
	assert_int_equal(lapic->lvt_lint0 & 0x700, 0x700);
	assert_int_equal(lapic->divide, 0xb);
	emu_rig_destroy(&rig);
}

#define XSAVE_BV 512
#define XCOMP_BV 520

static void the_xsave_state(void **state)
{
	const uint64_t compact = 1ULL << 63;
	const uint32_t xmm1 = MSHV_REG_XMM0 + 1;
	uint64_t components, states = 0, word = 3;
	union mshv_value value;
	struct emu_rig rig;

	(void)state;
	emu_rig_create(&rig, NULL, 0);
	hvcall_property_get(emu_sys, rig.pt, MSHV_PROP_XSAVE_STATES, &states);
	assert_int_equal(state_get(&rig, MSHV_STATE_XSAVE), 0);
	memcpy(&components, buf + XCOMP_BV, sizeof(components));
	assert_int_equal(components, compact | states);
	/* XMM1 at 160 + 16 (SDM vol. 1, 10.5.1); a register has it too. */
	memcpy(buf + XSAVE_BV, &word, sizeof(word));
	memset(buf + 176, 0x77, 16);
	assert_int_equal(state_set(&rig, MSHV_STATE_XSAVE), 0);
	assert_int_equal(hvcall_regs_get(emu_sys, rig.vp, 0, &xmm1, &value, 1),
			 0);
	assert_int_equal(value.words[1], 0x7777777777777777);
	/* The standard format is not the hypervisor's. */
	memset(buf + XCOMP_BV, 0, 8);
	assert_int_equal(state_set(&rig, MSHV_STATE_XSAVE), -EINVAL);
	emu_rig_destroy(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_regions),
		cmocka_unit_test(regions_at_the_ends_of_memory),
		cmocka_unit_test(dirty_pages),
		cmocka_unit_test(dirty_pages_that_are_none),
		cmocka_unit_test(interrupts_that_are_refused),
		cmocka_unit_test(level_interrupts),
		cmocka_unit_test(routes_and_irqfds),
		cmocka_unit_test(doorbells_that_are_refused),
		cmocka_unit_test(sizes_of_states),
		cmocka_unit_test(states_are_kept),
		cmocka_unit_test(the_local_apic),
		cmocka_unit_test(the_xsave_state),
	};

	return cmocka_run_group_tests(tests, emu_rig_quiet, NULL);
}
