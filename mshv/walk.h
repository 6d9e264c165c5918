/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MSHV_WALK_H
#define MSHV_WALK_H

/*
 * walk - guest-virtual to guest-physical, by reading the guest's own page
 * tables (Intel SDM vol. 3A, chapter 4).
 *
 * The hypervisor offers a translation too, but it fails on pages that are
 * not mapped into the guest at that moment (movable memory, 6.19). This
 * walk always works. Page tables are hostile data.
 */
#include <stdint.h>

struct walk {
	uint64_t cr0;
	uint64_t cr3;
	uint64_t cr4;
	uint64_t efer;

	/* Reads 8 bytes of guest RAM; -EFAULT where there is none. */
	int (*read)(void *arg, uint64_t gpa, uint64_t *value);
	void *arg;
};

/* -EFAULT: not present, or the tables lead out of guest RAM. */
int walk_translate(const struct walk *walk, uint64_t gva, uint64_t *gpa);

#endif
