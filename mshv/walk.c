// SPDX-License-Identifier: GPL-3.0-or-later
#include "mshv/walk.h"

#include <errno.h>
#include <stdbool.h>

#define CR0_PG (1ULL << 31)
#define CR4_PSE (1ULL << 4)
#define CR4_PAE (1ULL << 5)
#define CR4_LA57 (1ULL << 12)
#define EFER_LMA (1ULL << 10)
#define PTE_PRESENT 1ULL
#define PTE_LARGE (1ULL << 7)
#define PTE_ADDR 0x000ffffffffff000ULL

/* Tables of 512 entries of 8 bytes, LEVELS deep. */
static int walk_wide(const struct walk *walk, uint64_t gva, int levels,
		     uint64_t *gpa)
{
	uint64_t table = walk->cr3 & PTE_ADDR;
	int level;

	/* PAE: four entries, which need no page of their own. */
	if (levels == 3)
		table = walk->cr3 & 0xffffffe0;
	for (level = levels; level > 0; level--) {
		unsigned int shift = 12 + 9 * (unsigned int)(level - 1);
		uint64_t index = gva >> shift & 0x1ff;
		uint64_t mask = (1ULL << shift) - 1;
		uint64_t pte;
		bool leaf;

		if (walk->read(walk->arg, table + index * 8, &pte))
			return -EFAULT;
		if (!(pte & PTE_PRESENT))
			return -EFAULT;
		/* A PAE table's first level has no large pages. */
		leaf = level == 1 ||
		       ((pte & PTE_LARGE) &&
			(level == 2 || (level == 3 && levels > 3)));
		if (leaf) {
			*gpa = (pte & PTE_ADDR & ~mask) | (gva & mask);
			return 0;
		}
		table = pte & PTE_ADDR;
	}
	return -EFAULT;
}

static int read32(const struct walk *walk, uint64_t gpa, uint32_t *value)
{
	uint64_t both;

	if (walk->read(walk->arg, gpa & ~7ULL, &both))
		return -EFAULT;
	*value = (uint32_t)(gpa & 4 ? both >> 32 : both);
	return 0;
}

/* Two levels of 1024 entries of 4 bytes. */
static int walk_narrow(const struct walk *walk, uint32_t gva, uint64_t *gpa)
{
	uint32_t pde, pte;

	if (read32(walk, (walk->cr3 & 0xfffff000) + (gva >> 22) * 4, &pde) ||
	    !(pde & PTE_PRESENT))
		return -EFAULT;
	if ((pde & PTE_LARGE) && (walk->cr4 & CR4_PSE)) {
		*gpa = (pde & 0xffc00000) | (gva & 0x3fffff) |
		       (uint64_t)(pde >> 13 & 0xff) << 32;
		return 0;
	}
	if (read32(walk, (pde & 0xfffff000) + (gva >> 12 & 0x3ff) * 4, &pte) ||
	    !(pte & PTE_PRESENT))
		return -EFAULT;
	*gpa = (pte & 0xfffff000) | (gva & 0xfff);
	return 0;
}

int walk_translate(const struct walk *walk, uint64_t gva, uint64_t *gpa)
{
	if (!(walk->cr0 & CR0_PG)) {
		*gpa = (uint32_t)gva;
		return 0;
	}
	if (walk->efer & EFER_LMA)
		return walk_wide(walk, gva, walk->cr4 & CR4_LA57 ? 5 : 4, gpa);
	if (walk->cr4 & CR4_PAE)
		return walk_wide(walk, (uint32_t)gva, 3, gpa);
	return walk_narrow(walk, (uint32_t)gva, gpa);
}
