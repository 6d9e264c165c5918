/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_MEM_H
#define RUNNERS_VMM_MEM_H

/*
 * mem - guest RAM: one host mapping between two that cannot be touched, below
 * and above the address hole for devices. Guest addresses are hostile: only
 * mem_ptr() turns one into a pointer.
 */
#include <stdbool.h>
#include <stdint.h>

struct err;
struct hv_vm;

#define MEM_HOLE_START 0xc0000000ULL
#define MEM_HOLE_END 0x100000000ULL
#define MEM_MIN_BYTES (32ULL << 20)
#define MEM_HUGE_PAGE_BYTES (2ULL << 20)
/* Behind it devices have addresses (dev/pci.h). */
#define MEM_MAX_BYTES (500ULL << 30)

enum mem_backing {
	MEM_BACKING_THP,     /* anonymous, huge pages advised */
	MEM_BACKING_4K,      /* anonymous, huge pages refused */
	MEM_BACKING_HUGETLB, /* 2 MiB pages reserved by the administrator */
};

struct mem {
	void *host; /* within what is reserved; bytes of it */
	uint64_t bytes;
	uint64_t low_bytes; /* below the hole; the rest starts at its end */
	void *reserved;     /* owned; nothing is there before and behind host */
	uint64_t reserved_bytes;
};

struct mem_config {
	uint64_t bytes;
	enum mem_backing backing;
	bool prefault;
	bool is_locked; /* in the host's memory, see mlock(2) */
	/* In place of memory that is empty: the file FD from FILE_OFFSET on, whose
	 * pages are shared until they are written to; never the file itself is. */
	bool maps_file;
	int fd; /* borrowed for mem_init() */
	uint64_t file_offset;
};

int mem_init(struct mem *mem, const struct mem_config *cfg, struct err *err);
int mem_map_guest(const struct mem *mem, struct hv_vm *hv, struct err *err);
void mem_release(struct mem *mem); /* zeroed is fine */

/* Back BYTES at GPA by huge pages where the host has them, or by small ones
 * only. This is only advice, and only for untouched RAM. 0, also where the host has
 * no huge pages, or a negative errno. */
int mem_advise(const struct mem *mem, uint64_t gpa, uint64_t bytes, bool huge);

/* A pointer to LEN bytes at GPA, or NULL if not all of them are RAM. */
void *mem_ptr(const struct mem *mem, uint64_t gpa, uint64_t len);

#endif
