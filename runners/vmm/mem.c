// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/vmm/mem.h"

#include <errno.h>
#include <stddef.h>
#include <sys/mman.h>

#include "harness/base/err.h"
#include "runners/vmm/hv.h"

#define GUARD_BYTES 4096u
/* Of mmap(): not the host's default, which may be 1 GiB (<linux/mman.h>). */
#define HUGE_2MB (21 << 26)

/*
 * Guest RAM within a range that has nothing on both sides: what reaches over
 * its ends meets no memory of the process, and ends it. Aligned, so that huge
 * pages can back all of it. NULL and errno.
 */
static void *map_guarded(struct mem *mem, const struct mem_config *cfg,
			 int flags)
{
	uint64_t bytes = cfg->bytes;
	uint64_t total = bytes + 2 * MEM_HUGE_PAGE_BYTES;
	char *raw = mmap(NULL, total, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	uintptr_t at = (uintptr_t)raw + GUARD_BYTES;
	void *host;

	if (raw == MAP_FAILED)
		return NULL;
	mem->reserved = raw;
	mem->reserved_bytes = total;
	at = (at + MEM_HUGE_PAGE_BYTES - 1) &
	     ~(uintptr_t)(MEM_HUGE_PAGE_BYTES - 1);
	if (cfg->maps_file)
		host = mmap((void *)at, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_NORESERVE | MAP_FIXED, cfg->fd,
			    (off_t)cfg->file_offset);
	else
		host = mmap((void *)at, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | flags, -1,
			    0);
	return host == MAP_FAILED ? NULL : host;
}

/* A kernel without huge pages has none to choose (EINVAL). */
static int advise(void *p, uint64_t bytes, int advice)
{
	return madvise(p, bytes, advice) && errno != EINVAL ? -errno : 0;
}

int mem_init(struct mem *mem, const struct mem_config *cfg, struct err *err)
{
	int advice = cfg->backing == MEM_BACKING_4K ? MADV_NOHUGEPAGE
						    : MADV_HUGEPAGE;

	*mem = (struct mem){.bytes = cfg->bytes};
	if (cfg->bytes < MEM_MIN_BYTES || cfg->bytes % MEM_HUGE_PAGE_BYTES)
		return err_set(
			err, -EINVAL,
			"guest RAM must be at least 32M and a multiple of 2M");
	if (cfg->bytes > MEM_MAX_BYTES)
		return err_set(err, -EINVAL,
			       "guest RAM must be at most %llu GiB",
			       MEM_MAX_BYTES >> 30);
	if (cfg->maps_file && cfg->backing == MEM_BACKING_HUGETLB)
		return err_set(
			err, -EINVAL,
			"RAM of a snapshot is a file's pages: it cannot have huge pages of hugetlb");
	mem->host = map_guarded(mem, cfg,
				cfg->backing == MEM_BACKING_HUGETLB
					? MAP_HUGETLB | HUGE_2MB
					: MAP_NORESERVE);
	if (!mem->host)
		return err_sys(err, -errno, "cannot map %llu MiB of guest RAM",
			       (unsigned long long)(cfg->bytes >> 20));
	mem->low_bytes =
		cfg->bytes < MEM_HOLE_START ? cfg->bytes : MEM_HOLE_START;
	if (cfg->backing != MEM_BACKING_HUGETLB && !cfg->maps_file &&
	    advise(mem->host, mem->bytes, advice))
		return err_sys(err, -errno, "cannot choose guest RAM's pages");
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
	if (mem->reserved)
		munmap(mem->reserved, mem->reserved_bytes);
	mem->host = mem->reserved = NULL;
}

int mem_advise(const struct mem *mem, uint64_t gpa, uint64_t bytes, bool huge)
{
	void *p = mem_ptr(mem, gpa, bytes);

	return p ? advise(p, bytes, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE) : 0;
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
