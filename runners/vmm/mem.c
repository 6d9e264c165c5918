// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/vmm/mem.h"

#include <errno.h>
#include <stddef.h>
#include <sys/mman.h>

#include "harness/base/err.h"
#include "runners/vmm/hv.h"

#define HUGE_PAGE_BYTES (2ULL << 20)

/* Reserve more and cut, so that huge pages can back all of guest RAM. */
static void *map_aligned(uint64_t bytes)
{
	uint64_t total = bytes + HUGE_PAGE_BYTES;
	char *raw = mmap(NULL, total, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	uint64_t head;

	if (raw == MAP_FAILED)
		return NULL;
	head = -(uintptr_t)raw & (HUGE_PAGE_BYTES - 1);
	if (head)
		munmap(raw, head);
	munmap(raw + head + bytes, HUGE_PAGE_BYTES - head);
	return raw + head;
}

static void *map_hugetlb(uint64_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

int mem_init(struct mem *mem, const struct mem_config *cfg, struct err *err)
{
	int advice = cfg->backing == MEM_BACKING_4K ? MADV_NOHUGEPAGE
						    : MADV_HUGEPAGE;

	*mem = (struct mem){.bytes = cfg->bytes};
	if (cfg->bytes < MEM_MIN_BYTES || cfg->bytes % HUGE_PAGE_BYTES)
		return err_set(
			err, -EINVAL,
			"guest RAM must be at least 32M and a multiple of 2M");
	if (cfg->bytes > MEM_MAX_BYTES)
		return err_set(err, -EINVAL,
			       "guest RAM must be at most %llu GiB",
			       MEM_MAX_BYTES >> 30);
	mem->host = cfg->backing == MEM_BACKING_HUGETLB
			    ? map_hugetlb(cfg->bytes)
			    : map_aligned(cfg->bytes);
	if (!mem->host)
		return err_sys(err, -errno, "cannot map %llu MiB of guest RAM",
			       (unsigned long long)(cfg->bytes >> 20));
	mem->low_bytes =
		cfg->bytes < MEM_HOLE_START ? cfg->bytes : MEM_HOLE_START;
	if (cfg->backing != MEM_BACKING_HUGETLB)
		madvise(mem->host, mem->bytes, advice);
	if (cfg->prefault &&
	    madvise(mem->host, mem->bytes, MADV_POPULATE_WRITE))
		return err_sys(err, -errno, "cannot prefault guest RAM");
	if (cfg->is_locked && mlock(mem->host, mem->bytes))
		return err_sys(err, -errno, "cannot lock guest RAM");
	return 0;
}

int mem_map_guest(const struct mem *mem, struct hv_vm *hv, struct err *err)
{
	struct hv_mem low = {
		.gpa = 0, .size_bytes = mem->low_bytes, .host = mem->host};
	struct hv_mem high = {.gpa = MEM_HOLE_END,
			      .size_bytes = mem->bytes - mem->low_bytes,
			      .host = (char *)mem->host + mem->low_bytes};
	int ret = hv_mem_map(hv, &low, err);

	if (!ret && high.size_bytes)
		ret = hv_mem_map(hv, &high, err);
	return ret;
}

void mem_release(struct mem *mem)
{
	if (mem->host)
		munmap(mem->host, mem->bytes);
	mem->host = NULL;
}

void mem_advise(const struct mem *mem, uint64_t gpa, uint64_t bytes, bool huge)
{
	void *p = mem_ptr(mem, gpa, bytes);

	if (p)
		madvise(p, bytes, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
}

void *mem_ptr(const struct mem *mem, uint64_t gpa, uint64_t len)
{
	uint64_t high_bytes = mem->bytes - mem->low_bytes;

	if (gpa <= mem->low_bytes && len <= mem->low_bytes - gpa)
		return (char *)mem->host + gpa;
	if (gpa < MEM_HOLE_END)
		return NULL;
	gpa -= MEM_HOLE_END;
	if (gpa <= high_bytes && len <= high_bytes - gpa)
		return (char *)mem->host + mem->low_bytes + gpa;
	return NULL;
}
