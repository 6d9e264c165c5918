/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_VCPU_REGS_H
#define RUNNERS_VMM_VCPU_REGS_H

/*
 * vcpu_regs - the x86 state that the VMM itself sets or looks at, in no
 * kernel's layout. Segment attributes are those of a descriptor's second
 * word, bits 8 to 23 (Intel SDM vol. 3, 3.4.5).
 */
#include <stdint.h>

enum vcpu_gpr {
	VCPU_RAX,
	VCPU_RCX,
	VCPU_RDX,
	VCPU_RBX,
	VCPU_RSP,
	VCPU_RBP,
	VCPU_RSI,
	VCPU_RDI,
	VCPU_R8,
	VCPU_R9,
	VCPU_R10,
	VCPU_R11,
	VCPU_R12,
	VCPU_R13,
	VCPU_R14,
	VCPU_R15,
	VCPU_GPR_COUNT,
};

struct vcpu_segment {
	uint64_t base;
	uint32_t limit;
	uint16_t selector;
	uint16_t attr;
};

struct vcpu_regs {
	uint64_t gpr[VCPU_GPR_COUNT];
	uint64_t rip;
	uint64_t rflags;
	uint64_t cr0;
	uint64_t cr3;
	uint64_t cr4;
	uint64_t efer;
	struct vcpu_segment cs;
	struct vcpu_segment data; /* DS, ES, FS, GS and SS alike */
	struct vcpu_segment tr;
	uint64_t gdt_base;
	uint16_t gdt_limit;
};

#endif
