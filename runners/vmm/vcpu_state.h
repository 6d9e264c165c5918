/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_VCPU_STATE_H
#define RUNNERS_VMM_VCPU_STATE_H

/*
 * vcpu_state - all of a vCPU between two instructions, in no kernel's layout: what
 * a backend reads of one and gives to another (hv_state_ops in hv.h). It is also a
 * record of a snapshot's file: sizes are fixed, every byte is a field, and
 * SNAP_VERSION (snapshot/snap_format.h) changes with it.
 *
 * MSRs have the architecture's numbers. XSAVE is in the standard format (SDM vol. 1,
 * 13.4.2), the local APIC is its page of registers (SDM vol. 3A, 11.4.1).
 */
#include <stdint.h>

#include "runners/vmm/vcpu_regs.h"

#define VCPU_STATE_MSRS 512u
#define VCPU_STATE_XSAVE_BYTES 16384u
#define VCPU_STATE_LAPIC_BYTES 1024u
#define VCPU_STATE_OPAQUE_BYTES 12288u
#define VCPU_STATE_DEBUG_REGS 4

enum vcpu_state_segment {
	VCPU_ES,
	VCPU_CS,
	VCPU_SS,
	VCPU_DS,
	VCPU_FS,
	VCPU_GS,
	VCPU_LDTR,
	VCPU_TR,
	VCPU_SEGMENT_COUNT,
};

enum vcpu_activity {
	VCPU_RUNS,
	VCPU_WAITS_FOR_INIT, /* as after a reset, if it is not the first */
	VCPU_WAITS_FOR_SIPI,
	VCPU_HALTED,
	VCPU_ACTIVITY_COUNT,
};

struct vcpu_state_table {
	uint64_t base;
	uint64_t limit;
};

/* What is under way between two instructions; flags are 0 or 1. */
struct vcpu_state_events {
	uint32_t exception_error;
	uint8_t exception; /* its vector, if it is injected */
	uint8_t exception_is_injected;
	uint8_t exception_has_error;
	uint8_t interrupt; /* as above */
	uint8_t interrupt_is_injected;
	uint8_t interrupt_is_soft;
	uint8_t interrupt_shadow; /* bit 0: STI, bit 1: MOV SS */
	uint8_t nmi_is_injected;
	uint8_t nmi_is_pending;
	uint8_t nmi_is_masked;
	uint8_t zero[2];
};

struct vcpu_state_msr {
	uint64_t index;
	uint64_t value;
};

struct vcpu_state {
	uint64_t gpr[VCPU_GPR_COUNT];
	uint64_t rip;
	uint64_t rflags;
	uint64_t cr0, cr2, cr3, cr4, cr8;
	uint64_t efer;
	uint64_t apic_base;
	uint64_t xcr0;
	struct vcpu_segment segments[VCPU_SEGMENT_COUNT];
	struct vcpu_state_table gdt, idt;
	uint64_t debug[VCPU_STATE_DEBUG_REGS];
	uint64_t dr6, dr7;
	uint64_t tsc;          /* not among the MSRs: it goes on */
	uint64_t tsc_deadline; /* neither: 0, or when the timer fires */
	struct vcpu_state_events events;
	uint32_t activity; /* enum vcpu_activity */
	uint32_t msr_count;
	uint32_t xsave_bytes;
	uint32_t opaque_bytes; /* 0, or VCPU_STATE_OPAQUE_BYTES */
	struct vcpu_state_msr msrs[VCPU_STATE_MSRS];
	uint8_t lapic[VCPU_STATE_LAPIC_BYTES];
	uint8_t xsave[VCPU_STATE_XSAVE_BYTES];
	/* What the hypervisor keeps besides, in its own layout. */
	uint8_t opaque[VCPU_STATE_OPAQUE_BYTES];
};

#endif
