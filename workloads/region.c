// SPDX-License-Identifier: GPL-3.0-or-later
#include "workloads/region.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define HUGE_BYTES (2ull << 20)

enum wl_answer region_map(struct region *r, struct wl_ctx *ctx, uint64_t bytes,
			  uint64_t page_bytes)
{
	uint64_t whole = (bytes + HUGE_BYTES - 1) & ~(HUGE_BYTES - 1);
	char *raw;

	r->mapping_bytes = whole + HUGE_BYTES;
	raw = mmap(NULL, r->mapping_bytes, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (raw == MAP_FAILED)
		return wl_say(ctx, WL_FAIL,
			      "cannot map %llu MiB within the memory limit",
			      (unsigned long long)(whole >> 20));
	r->mapping = raw;
	/* A kernel without huge pages has none to choose (EINVAL). */
	if (page_bytes &&
	    madvise(raw, r->mapping_bytes,
		    page_bytes == HUGE_BYTES ? MADV_HUGEPAGE
					     : MADV_NOHUGEPAGE) &&
	    errno != EINVAL)
		return wl_say(ctx, WL_FAIL, "cannot choose pages: %s",
			      strerror(errno));
	r->base = raw + (-(uintptr_t)raw & (HUGE_BYTES - 1));
	r->page_bytes = page_bytes;
	return WL_OK;
}

/* Rss and AnonHugePages, in KiB, of the mapping that holds ADDR. */
static int read_smaps(const void *addr, unsigned long *rss, unsigned long *huge)
{
	unsigned long long first, last;
	int inside = 0;
	char line[256];
	FILE *f = fopen("/proc/self/smaps", "re");

	if (!f)
		return -1;
	*rss = *huge = 0;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%llx-%llx ", &first, &last) == 2)
			inside = (uintptr_t)addr >= first &&
				 (uintptr_t)addr < last;
		else if (inside && !sscanf(line, "Rss: %lu", rss))
			sscanf(line, "AnonHugePages: %lu", huge);
	}
	fclose(f);
	/* What was touched has pages: none means that the file was cut short. */
	return *rss ? 0 : -1;
}

enum wl_answer region_check(const struct region *r, struct wl_ctx *ctx)
{
	unsigned long rss, huge;

	if (read_smaps(r->base, &rss, &huge))
		return wl_say(ctx, WL_SKIP, "cannot read /proc/self/smaps");
	if (r->page_bytes == HUGE_BYTES && huge * 100 < rss * 95)
		return wl_say(
			ctx, WL_SKIP,
			"the kernel gave 2 MiB pages for only %lu of %lu KiB",
			huge, rss);
	if (r->page_bytes && r->page_bytes != HUGE_BYTES && huge)
		return wl_say(ctx, WL_SKIP,
			      "the kernel gave 2 MiB pages without a request");
	return WL_OK;
}

void region_unmap(struct region *r)
{
	if (r->mapping)
		munmap(r->mapping, r->mapping_bytes);
	r->mapping = NULL;
}
