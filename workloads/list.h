/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_LIST_H
#define WORKLOADS_LIST_H

/* list - declarations for table.c; everyone else uses workloads[]. */
#include "workloads/workload.h"

extern const struct workload wl_boot, wl_null, wl_delay;
extern const struct workload wl_cpu_integer, wl_cpu_float, wl_cpu_branch;
extern const struct workload wl_cpu_aes, wl_cpu_sha256, wl_cpu_memcpy;
extern const struct workload wl_kernel_syscall, wl_kernel_switch;
extern const struct workload wl_kernel_fault, wl_kernel_forkexec;
extern const struct workload wl_kernel_mmap;
extern const struct workload wl_mem_latency, wl_mem_bandwidth;
extern const struct workload wl_storage, wl_storage_verify;
extern const struct workload wl_network, wl_network_rr;
extern const struct workload wl_passthrough, wl_passthrough_virtio;
extern const struct workload wl_passthrough_mmio, wl_passthrough_host;
extern const struct workload wl_passthrough_start;
extern const struct workload wl_footprint, wl_footprint_more;
extern const struct workload wl_footprint_vfio;
extern const struct workload wl_micro_exit, wl_micro_cpu, wl_micro_walk;
extern const struct workload wl_micro_clock;
extern const struct workload wl_micro_start, wl_micro_fault, wl_churn,
	wl_restore, wl_restore_linux;
extern const struct workload wl_selftest_panic, wl_selftest_hang;
extern const struct workload wl_selftest_fail;

#endif
