// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * selftest_memory - regions of guest memory and the tracking of their pages.
 */
#include <errno.h>
#include <sys/mman.h>

#include "mshv/selftest/rig.h"

#define PAGE MSHV_PAGE_BYTES
#define NOT_OF_USERSPACE 0xffff800000000000ULL

static void memory_refused(const struct check *check)
{
	const struct mshv_mem_region good = {
		.size_bytes = PAGE,
		.guest_pfn = 0x20,
		.host_addr = RIG_PTR(rig_pages(check, PAGE)),
		.flags = RIG_RWX,
	};
	uint8_t *gone = rig_pages(check, PAGE);
	struct mshv_mem_region bad[8];
	static const char *const what[8] = {
		"size 0",
		"half a page",
		"an unaligned userspace_addr",
		"flag bit 3",
		"rsvd[6] set",
		"no VMA at userspace_addr",
		"a userspace_addr of the kernel",
		"UNMAP and flag bit 7",
	};
	struct rig rig;
	size_t i;

	rig_create(&rig, check, RIG_FLAGS);
	munmap(gone, PAGE);
	for (i = 0; i < 8; i++)
		bad[i] = good;
	bad[0].size_bytes = 0;
	bad[1].size_bytes = PAGE / 2;
	bad[2].host_addr += 8;
	bad[3].flags |= 1 << 3;
	bad[4].rsvd[6] = 1;
	bad[5].host_addr = RIG_PTR(gone);
	bad[6].host_addr = NOT_OF_USERSPACE;
	bad[7].flags = MSHV_MEM_UNMAP | 1 << 7;
	for (i = 0; i < 8; i++)
		check_ret(
			check,
			rig_ioctl(&rig, rig.pt, MSHV_SET_GUEST_MEMORY, &bad[i]),
			-EINVAL, "SET_GUEST_MEMORY with %s", what[i]);
	check_ret(check, rig_ioctl(&rig, rig.pt, MSHV_SET_GUEST_MEMORY, NULL),
		  -EFAULT, "SET_GUEST_MEMORY with a NULL argument");
}

static void memory_overlap(const struct check *check)
{
	uint8_t *first = rig_pages(check, 4 * PAGE);
	uint8_t *second = rig_pages(check, 4 * PAGE);
	struct rig rig;

	rig_create(&rig, check, RIG_FLAGS);
	check_ret(check, rig_memory(&rig, 0x10000, first, 4 * PAGE, RIG_RWX), 0,
		  "SET_GUEST_MEMORY of 4 pages");
	check_ret(check, rig_memory(&rig, 0x10000, second, 4 * PAGE, RIG_RWX),
		  -EEXIST, "SET_GUEST_MEMORY over the same pages");
	check_ret(check, rig_memory(&rig, 0x13000, second, 4 * PAGE, RIG_RWX),
		  -EEXIST, "SET_GUEST_MEMORY over the last page");
	check_ret(check, rig_memory(&rig, 0xd000, second, 4 * PAGE, RIG_RWX),
		  -EEXIST, "SET_GUEST_MEMORY over the first page");
	check_ret(check, rig_memory(&rig, 0x11000, second, PAGE, RIG_RWX),
		  -EEXIST, "SET_GUEST_MEMORY inside a region");
	check_ret(check, rig_memory(&rig, 0x14000, second, 4 * PAGE, RIG_RWX),
		  0, "SET_GUEST_MEMORY right behind a region");
	/* The same host pages twice: refused before 6.19. */
	check_ret_either(
		check, rig_memory(&rig, 0x30000, first, 4 * PAGE, RIG_RWX), 0,
		-EEXIST, "SET_GUEST_MEMORY of the same host pages elsewhere");
}

static void memory_unmap(const struct check *check)
{
	uint8_t *pages = rig_pages(check, 4 * PAGE);
	uint8_t *other = rig_pages(check, 4 * PAGE);
	struct rig rig;

	rig_create(&rig, check, RIG_FLAGS);
	/* ENOENT since 6.19 */
	check_ret_either(check,
			 rig_memory(&rig, 0, pages, 4 * PAGE, MSHV_MEM_UNMAP),
			 -ENOENT, -EINVAL, "UNMAP of what was never mapped");
	check_ret(check, rig_memory(&rig, 0, pages, 4 * PAGE, RIG_RWX), 0,
		  "SET_GUEST_MEMORY of 4 pages");
	check_ret(check, rig_memory(&rig, 0, pages, PAGE, MSHV_MEM_UNMAP),
		  -EINVAL, "UNMAP of the first of 4 pages");
	check_ret(
		check,
		rig_memory(&rig, PAGE, pages + PAGE, 3 * PAGE, MSHV_MEM_UNMAP),
		-EINVAL, "UNMAP of the last 3 of 4 pages");
	check_ret(check, rig_memory(&rig, 0, other, 4 * PAGE, MSHV_MEM_UNMAP),
		  -EINVAL, "UNMAP with another userspace_addr");
	check_ret(check,
		  rig_memory(&rig, 0, pages, 4 * PAGE,
			     MSHV_MEM_UNMAP | MSHV_MEM_WRITABLE),
		  0, "UNMAP with WRITABLE, which has no meaning then");
	check_ret(check, rig_memory(&rig, 0, other, 4 * PAGE, RIG_RWX), 0,
		  "SET_GUEST_MEMORY where something was unmapped");
}

/* mov ax, 0x2000; mov ds, ax; mov byte [0], 1; out 0x80, al; jmp $ */
static const uint8_t write_hole[] = {0xb8, 0x00, 0x20, 0x8e, 0xd8, 0xc6, 0x06,
				     0x00, 0x00, 0x01, 0xe6, 0x80, 0xeb, 0xfe};
#define WRITE_HOLE_RIP (RIG_CODE + 5)

/* The guest sees a region come and go. */
static void memory_seen_by_guest(const struct check *check)
{
	uint8_t *page = rig_pages(check, PAGE);
	struct mshv_msg_memory memory;
	struct rig rig;

	RIG_BOOT(&rig, check, RIG_FLAGS, write_hole);
	memory = rig_run_memory(&rig, MSHV_MSG_UNMAPPED_GPA);
	check_u64(check, memory.header.rip, WRITE_HOLE_RIP,
		  "rip of the write where there is no memory");

	check_ret(check, rig_memory(&rig, RIG_HOLE, page, PAGE, RIG_RWX), 0,
		  "SET_GUEST_MEMORY while the VP is stopped");
	rig_run_out(&rig, 0x80);
	check_u64(check, page[0], 1, "the byte that the guest wrote");

	check_ret(check, rig_memory(&rig, RIG_HOLE, page, PAGE, MSHV_MEM_UNMAP),
		  0, "UNMAP while the VP is stopped");
	rig_reg_set(&rig, MSHV_REG_RIP, WRITE_HOLE_RIP);
	memory = rig_run_memory(&rig, MSHV_MSG_UNMAPPED_GPA);
	check_u64(check, memory.gpa / PAGE, RIG_HOLE / PAGE,
		  "GPA page of the write after UNMAP");
}

static int bitmap_get(struct rig *rig, struct mshv_gpap_bitmap arg)
{
	return rig_ioctl(rig, rig->pt, MSHV_GET_GPAP_BITMAP, &arg);
}

static void memory_bitmap_refused(const struct check *check)
{
	uint64_t bits = 0;
	const struct mshv_gpap_bitmap good = {
		.type = MSHV_BITMAP_DIRTY,
		.op = MSHV_BITMAP_CLEAR,
		.page_count = RIG_RAM_BYTES / PAGE,
		.bitmap_ptr = RIG_PTR(&bits),
	};
	struct mshv_gpap_bitmap bad = good;
	struct rig rig;

	rig_build(&rig, check, RIG_FLAGS);
	bad.type = MSHV_BITMAP_DIRTY + 1;
	check_ret(check, bitmap_get(&rig, bad), -EINVAL, "bitmap of type 2");
	bad = good;
	bad.op = MSHV_BITMAP_SET + 1;
	check_ret(check, bitmap_get(&rig, bad), -EINVAL, "bitmap with op 3");
	bad = good;
	bad.rsvd[5] = 1;
	check_ret(check, bitmap_get(&rig, bad), -EINVAL, "bitmap with rsvd");
	bad = good;
	bad.page_count = 0;
	check_ret(check, bitmap_get(&rig, bad), -EINVAL, "bitmap of 0 pages");
	bad = good;
	bad.bitmap_ptr = 0;
	check_ret(check, bitmap_get(&rig, bad), -EINVAL, "bitmap_ptr 0");
	/* Which of the two depends on the size of the kernel's own array. */
	bad = good;
	bad.page_count = UINT64_MAX;
	check_ret_either(check, bitmap_get(&rig, bad), -E2BIG, -ENOMEM,
			 "bitmap of 2^64 - 1 pages");
}

static uint64_t dirty_pages(struct rig *rig, uint8_t op)
{
	uint64_t bits = ~0ULL;
	const struct mshv_gpap_bitmap arg = {
		.type = MSHV_BITMAP_DIRTY,
		.op = op,
		.page_count = RIG_RAM_BYTES / PAGE,
		.bitmap_ptr = RIG_PTR(&bits),
	};

	check_ret(rig->check, bitmap_get(rig, arg), 0,
		  "GET_GPAP_ACCESS_BITMAP of dirty pages with op %u", op);
	/* 16 pages are two bytes of bitmap. */
	return bits & 0xffff;
}

static void memory_dirty(const struct check *check)
{
	/*
	 * mov byte [0x2000], 1; mov byte [0x4000], 1; out 0x80, al;
	 * mov byte [0x2000], 2; out 0x80, al; jmp $
	 */
	static const uint8_t code[] = {0xc6, 0x06, 0x00, 0x20, 0x01, 0xc6,
				       0x06, 0x00, 0x40, 0x01, 0xe6, 0x80,
				       0xc6, 0x06, 0x00, 0x20, 0x02, 0xe6,
				       0x80, 0xeb, 0xfe};
	struct rig rig;
	uint16_t status;
	uint64_t bits;
	int ret;

	RIG_BOOT(&rig, check, RIG_FLAGS, code);
	ret = rig_property_set(&rig, MSHV_PROP_ACCESS_TRACKING, 1, &status);
	check_ret(check, ret, 0,
		  "SET_PROPERTY of GPA_PAGE_ACCESS_TRACKING (status 0x%x)",
		  status);

	/* The first writes only fault the pages in, where that is done. */
	rig_run_out(&rig, 0x80);
	rig_advance(&rig, 2);
	dirty_pages(&rig, MSHV_BITMAP_CLEAR);
	rig_run_out(&rig, 0x80);

	bits = dirty_pages(&rig, MSHV_BITMAP_CLEAR);
	check_true(check, bits >> 2 & 1,
		   "page 2 was written and is not dirty (bitmap 0x%llx)",
		   (unsigned long long)bits);
	check_true(check, !(bits >> 4 & 1),
		   "page 4 is dirty again after CLEAR (bitmap 0x%llx)",
		   (unsigned long long)bits);
	bits = dirty_pages(&rig, MSHV_BITMAP_SET);
	check_u64(check, bits >> 2 & 1, 0, "page 2 after CLEAR");

	/* All dirty, as is required, or tracking does not end. */
	ret = rig_property_set(&rig, MSHV_PROP_ACCESS_TRACKING, 0, &status);
	check_ret(check, ret, 0, "end of GPA_PAGE_ACCESS_TRACKING (0x%x)",
		  status);
}

const struct selftest_check selftest_memory_checks[] = {
	{"memory_refused", memory_refused},
	{"memory_overlap", memory_overlap},
	{"memory_unmap", memory_unmap},
	{"memory_seen_by_guest", memory_seen_by_guest},
	{"memory_bitmap_refused", memory_bitmap_refused},
	{"memory_dirty", memory_dirty},
	{NULL, NULL},
};
