/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_BOOT_X86_H
#define RUNNERS_VMM_BOOT_X86_H

/*
 * boot_x86 - put a Linux kernel into guest RAM and describe the first vCPU's
 * state: a bzImage by the 64-bit boot protocol
 * (Documentation/arch/x86/boot.rst, "64-bit Boot Protocol"), an ELF file, which
 * decompresses nothing, by PVH (boot_pvh.c).
 *
 * Ahead of the kernel's entry runs a stub of four instructions that writes
 * to the stamp port, so that the host sees the guest's first instruction.
 */
#include <stdint.h>

struct err;
struct mem;
struct vcpu_regs;

struct boot_config {
	const char *kernel_path;
	const char *initrd_path; /* NULL: none */
	const char *cmdline;
};

int boot_load(const struct mem *mem, const struct boot_config *cfg,
	      struct vcpu_regs *regs, struct err *err);

/* The same for an image without a header, already in RAM, that is entered at
 * ENTRY in long mode: stub and registers. */
void boot_start_at(const struct mem *mem, uint64_t entry,
		   struct vcpu_regs *regs);

/* Long mode, flat, first 4 GiB identity-mapped and open to ring 3, starting at
 * RIP. */
void boot_long_mode(const struct mem *mem, uint64_t rip,
		    struct vcpu_regs *regs);

#endif
