/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_BOOT_PRIV_H
#define RUNNERS_VMM_BOOT_PRIV_H

/* What both ways to start a kernel share: boot_x86.c and boot_pvh.c. */
#include <stdbool.h>
#include <stdint.h>

struct boot_config;
struct err;
struct image;
struct mem;
struct vcpu_regs;

#define GPA_STUB 0x1000ULL
#define GPA_CMDLINE 0x20000ULL
#define GPA_EBDA 0x9fc00ULL
#define GPA_HIGH 0x100000ULL

/* As an E820 entry has it. */
struct boot_range {
	uint64_t gpa;
	uint64_t bytes;
	uint32_t type;
};

#define BOOT_MAX_RANGES 4
uint32_t boot_memory_map(const struct mem *mem, struct boot_range *ranges);

struct boot_initrd {
	uint64_t gpa;
	uint64_t bytes;
};

/* As high as can be below LIMIT, not below KERNEL_END. */
int boot_initrd_load(const struct mem *mem, const char *path,
		     uint64_t kernel_end, uint64_t limit,
		     struct boot_initrd *out, struct err *err);

/* Whether the file is an ELF file, by its first bytes. */
bool boot_pvh_is_for(const struct image *img);

/* An ELF kernel with a PVH entry, its initramfs and command line into RAM that is
 * zero; the state of the first vCPU into REGS. */
int boot_pvh_load(const struct mem *mem, const struct image *img,
		  const struct boot_config *cfg, struct vcpu_regs *regs,
		  struct err *err);

#endif
