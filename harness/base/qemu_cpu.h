/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_BASE_QEMU_CPU_H
#define HARNESS_BASE_QEMU_CPU_H

/*
 * qemu_cpu - what QEMU's own CPU (TCG, as in the lab) does unlike hardware, where KVM's
 * users have to know it.
 */
#include <cpuid.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* "QEMU TCG CPU version 2.5+" (APM 3, CPUID 8000_0002). Asked once: in a guest, as the
 * lab is one, CPUID is an exit. */
static inline bool qemu_cpu_is_here(void)
{
	enum { UNKNOWN, NO, YES };
	static atomic_int known;
	uint32_t words[4];

	if (known == UNKNOWN)
		known = __get_cpuid(0x80000002, &words[0], &words[1], &words[2],
				    &words[3]) &&
					!memcmp(words, "QEMU TCG", 8)
				? YES
				: NO;
	return known == YES;
}

/* Of 64-bit task state segments (APM 2, 4.8.3). */
#define QEMU_CPU_TSS_AVAILABLE 9
#define QEMU_CPU_TSS_BUSY 11

/*
 * The TYPE of a task register that is to be set. KVM says of each one on SVM that it is
 * busy, as it is on hardware. QEMU's own SVM keeps it available, and takes every port of
 * a process for forbidden where it is not (helper_check_io()).
 */
static inline uint8_t qemu_cpu_task_type(uint8_t type)
{
	return type == QEMU_CPU_TSS_BUSY && qemu_cpu_is_here()
		       ? QEMU_CPU_TSS_AVAILABLE
		       : type;
}

#endif
