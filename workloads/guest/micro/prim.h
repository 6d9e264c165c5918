/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_GUEST_MICRO_PRIM_H
#define WORKLOADS_GUEST_MICRO_PRIM_H

/* prim - the primitives that only a guest has, and how each is prepared. */
#include <stdbool.h>

#include "workloads/guest/micro/abi.h"
#include "workloads/micro/micro_loops.h"

micro_loop micro_pio_out, micro_pio_in, micro_mmio_write, micro_mmio_read;
micro_loop micro_doorbell, micro_msr_read, micro_msr_write, micro_hypercall;
micro_loop micro_xsetbv, micro_self_ipi, micro_eoi, micro_ipi_running;
micro_loop micro_ipi_halted, micro_tlb_flush, micro_hlt_timer;
micro_loop micro_hlt_irqfd, micro_timer_late, micro_page_fault;
micro_loop micro_first_touch, micro_tsc_offset, micro_tsc_host;
micro_loop micro_vmm_msr_read, micro_vmm_msr_write;
micro_loop micro_fault_ud, micro_fault_gp, micro_fault_triple;
micro_loop micro_fault_hang;

/*
 * In ring 0, before LOOP: the preparation of LOOP. NULL, or why it cannot be
 * measured here.
 */
const char *prim_prepare(micro_loop *loop, struct micro_run *run,
			 const struct micro_info *info);

/* Whether an exception means that this hypervisor lacks the primitive. */
bool prim_may_trap(micro_loop *loop);

#endif
