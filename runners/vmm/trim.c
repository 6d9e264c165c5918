// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/vmm/trim.h"

#include <link.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness/base/base.h"

/* The program, libc and the loader have three segments each. */
struct trim_ranges {
	uintptr_t page;
	size_t count;
	struct {
		uintptr_t from, to;
	} range[24];
};

/* Of what cannot be written to, nothing can be lost: relocated constants stand in
 * segments that can be. */
static int add_object(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct trim_ranges *r = arg;
	size_t i;

	(void)size;
	/* The kernel's own: it is not a file's. */
	if (info->dlpi_addr == getauxval(AT_SYSINFO_EHDR))
		return 0;
	for (i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		uintptr_t from = info->dlpi_addr + p->p_vaddr;

		if (p->p_type != PT_LOAD || p->p_flags & PF_W)
			continue;
		if (r->count == ARRAY_SIZE(r->range))
			return 1;
		r->range[r->count].from = from & ~(r->page - 1);
		r->range[r->count++].to = from + p->p_filesz;
	}
	return 0;
}

/* madvise() without libc, whose function would bring its part of libc back. */
static void give_back(uintptr_t from, uintptr_t to)
{
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"((long)SYS_madvise), "D"(from), "S"(to - from),
			   "d"((long)MADV_DONTNEED)
			 : "rcx", "r11", "memory");
}

void trim_code(void)
{
	struct trim_ranges r = {.page = (uintptr_t)sysconf(_SC_PAGESIZE)};
	size_t i;

	/* All that reads what is given back comes first. */
	dl_iterate_phdr(add_object, &r);
	for (i = 0; i < r.count; i++)
		give_back(r.range[i].from, r.range[i].to);
}
