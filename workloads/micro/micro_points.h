/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_MICRO_POINTS_H
#define WORKLOADS_MICRO_POINTS_H

/*
 * micro_points - the one list of all primitives. The workload table and the
 * guest's own list are generated from it. docs/micro.md describes each primitive,
 * instruction by instruction.
 *
 *   X(loop, "name", ring, repeat, param)
 *
 * A sample is REPEAT operations; PARAM is the primitive's own.
 */
#define MICRO_EXIT_POINTS(X)                              \
	X(null, "null,ring3", 3, 1, 0)                    \
	X(delay, "delay-30000,ring3", 3, 1, 30000)        \
	X(cpuid, "cpuid,ring3", 3, 1, 0)                  \
	X(cpuid, "cpuid,ring0", 0, 1, 0)                  \
	X(cpuid, "cpuid-16,ring0", 0, 16, 0)              \
	X(pio_out, "pio-out,ring3", 3, 1, 0)              \
	X(pio_out, "pio-out,ring0", 0, 1, 0)              \
	X(pio_in, "pio-in,ring3", 3, 1, 0)                \
	X(pio_in, "pio-in,ring0", 0, 1, 0)                \
	X(mmio_write, "mmio-write,ring3", 3, 1, 0)        \
	X(mmio_write, "mmio-write,ring0", 0, 1, 0)        \
	X(mmio_read, "mmio-read,ring3", 3, 1, 0)          \
	X(mmio_read, "mmio-read,ring0", 0, 1, 0)          \
	X(doorbell, "doorbell,ring3", 3, 1, 0)            \
	X(doorbell, "doorbell,ring0", 0, 1, 0)            \
	X(msr_read, "msr-read,ring0", 0, 1, 0)            \
	X(msr_write, "msr-write,ring0", 0, 1, 0)          \
	X(vmm_msr_read, "vmm-msr-read,ring0", 0, 1, 0)    \
	X(vmm_msr_write, "vmm-msr-write,ring0", 0, 1, 0)  \
	X(hypercall, "hypercall,ring0", 0, 1, 0)          \
	X(xsetbv, "xsetbv,ring0", 0, 1, 0)                \
	X(self_ipi, "self-ipi,ring0", 0, 1, 0)            \
	X(eoi, "eoi,ring0", 0, 1, 0)                      \
	X(ipi_running, "ipi-to-running,ring0", 0, 1, 0)   \
	X(ipi_halted, "ipi-to-halted,ring0", 0, 1, 0)     \
	X(tlb_flush, "tlb-shootdown,ring0", 0, 1, 0)      \
	X(tsc_offset, "tsc-offset,ring0", 0, 1, 0)        \
	X(tsc_host, "tsc-host-1s,ring0", 0, 1, 1000)      \
	X(hlt_timer, "hlt-timer,ring0", 0, 1, 300000)     \
	X(hlt_irqfd, "hlt-irqfd,ring0", 0, 1, 0)          \
	X(timer_late, "timer-300k,ring0", 0, 1, 300000)   \
	X(timer_late, "timer-3M,ring0", 0, 1, 3000000)    \
	X(page_fault, "page-fault,ring3", 3, 1, 0)        \
	X(page_fault, "page-fault,ring0", 0, 1, 0)        \
	X(first_touch, "first-touch-4KiB,r3", 3, 1, 4096) \
	X(first_touch, "first-touch-2MiB,r3", 3, 1, 2097152)

/* Of a series: as many samples as fit into its time, see micro_limit(). */
#define MICRO_SERIES_MS 50u
/* The few samples that a series must have may take longer. */
#define MICRO_FEW_MS 200u
/* The hypervisor emulates ring 0 if the same loop takes this many times as
 * long in ring 0 as in ring 3. More samples do not improve figures of an
 * emulator. */
#define MICRO_EMULATED_SERIES_MS 20u
#define MICRO_EMULATED_SLOWDOWN 20u
#define MICRO_MAX_SAMPLES 1000u
/* Slow operations do not need thousands of samples. */
#define MICRO_LONG_SAMPLES 200u

/* Takes as long as all others together, and runs only on request. */
#define MICRO_CLOCK_POINTS(X) X(tsc_host, "tsc-host-60s,ring0", 0, 1, 60000)

/* Long enough that the two clock readings are negligible. */
#define MICRO_CPU_REPEAT 4096u

/* Points that fail on purpose. */
#define MICRO_FAULT_POINTS(X)                          \
	X(fault_ud, "undefined,ring0", 0, 1, 0)        \
	X(fault_gp, "forbidden,ring3", 3, 1, 0)        \
	X(fault_triple, "triple-fault,ring0", 0, 1, 0) \
	X(fault_hang, "hang,ring3", 3, 1, 0)

#define MICRO_CPU_POINTS(X)                                 \
	X(integer, "integer,ring3", 3, MICRO_CPU_REPEAT, 0) \
	X(integer, "integer,ring0", 0, MICRO_CPU_REPEAT, 0) \
	X(float, "float,ring3", 3, MICRO_CPU_REPEAT, 0)     \
	X(float, "float,ring0", 0, MICRO_CPU_REPEAT, 0)     \
	X(branch, "branch,ring3", 3, MICRO_CPU_REPEAT, 0)   \
	X(branch, "branch,ring0", 0, MICRO_CPU_REPEAT, 0)

/*
 * Y("name", guest page, host page, working set): pointer chases in ring 3
 * under both dimensions of a walk.
 */
#define MICRO_WALK_SIZES(Y, text, guest, host)     \
	Y(text ",1MiB", guest, host, 1ull << 20)   \
	Y(text ",16MiB", guest, host, 16ull << 20) \
	Y(text ",64MiB", guest, host, 64ull << 20)

#define MICRO_4K 4096ull
#define MICRO_2M (2ull << 20)
#define MICRO_1G (1ull << 30)

#define MICRO_WALK_POINTS(Y)                                     \
	MICRO_WALK_SIZES(Y, "4KiB-on-4KiB", MICRO_4K, MICRO_4K)  \
	MICRO_WALK_SIZES(Y, "4KiB-on-2MiB", MICRO_4K, MICRO_2M)  \
	MICRO_WALK_SIZES(Y, "2MiB-on-4KiB", MICRO_2M, MICRO_4K)  \
	MICRO_WALK_SIZES(Y, "2MiB-on-2MiB", MICRO_2M, MICRO_2M)  \
	MICRO_WALK_SIZES(Y, "1GiB-on-4KiB", MICRO_1G, MICRO_4K)  \
	MICRO_WALK_SIZES(Y, "1GiB-on-2MiB", MICRO_1G, MICRO_2M)  \
	Y("4KiB-on-1GiB,64MiB", MICRO_4K, MICRO_1G, 64ull << 20) \
	Y("2MiB-on-1GiB,64MiB", MICRO_2M, MICRO_1G, 64ull << 20) \
	Y("1GiB-on-1GiB,64MiB", MICRO_1G, MICRO_1G, 64ull << 20)

#define MICRO_WALK_REPEAT 4096u
#define MICRO_WALK_SAMPLES 50u

/* Z("name", guest RAM, vCPUs, whether RAM is faulted in before the start) */
#define MICRO_START_POINTS(Z)             \
	Z("64MiB", "64M", 1, false)       \
	Z("1GiB", "1G", 1, false)         \
	Z("4GiB", "4G", 1, false)         \
	Z("16GiB", "16G", 1, false)       \
	Z("64MiB-full", "64M", 1, true)   \
	Z("256MiB-full", "256M", 1, true) \
	Z("1GiB-full", "1G", 1, true)     \
	Z("4GiB-full", "4G", 1, true)     \
	Z("16GiB-full", "16G", 1, true)   \
	Z("vcpus-4", "64M", 4, false)     \
	Z("vcpus-16", "64M", 16, false)

/* So many at once. */
#define MICRO_MANY_POINTS(Z) \
	Z("guests-1", 1)     \
	Z("guests-2", 2)     \
	Z("guests-4", 4)     \
	Z("guests-8", 8)     \
	Z("guests-16", 16)   \
	Z("guests-32", 32)   \
	Z("guests-64", 64)

/* Restored at once from one snapshot. */
#define LINUX_CLONE_POINTS(Z) \
	Z("clones-1", 1)      \
	Z("clones-4", 4)      \
	Z("clones-16", 16)
#define MICRO_CLONE_POINTS(Z) \
	LINUX_CLONE_POINTS(Z) \
	Z("clones-64", 64)

#endif
