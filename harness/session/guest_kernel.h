/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_SESSION_GUEST_KERNEL_H
#define HARNESS_SESSION_GUEST_KERNEL_H

/*
 * guest_kernel - which file all Linux guests of a run start: the distribution's
 * bzImage, or the ELF file inside of it, which decompresses nothing. One file for
 * all runners, for else their boots would not be comparable.
 */
#include <stdbool.h>

struct err;
struct plan;

/*
 * Resolve PLAN's "auto", once its runners are known: the ELF file where it is there
 * and every runner takes it. BOOTS_LINUX is false for a run of micro guests alone.
 * -EINVAL where the ELF file was asked for and cannot be had.
 */
int guest_kernel_choose(struct plan *plan, bool boots_linux, struct err *err);

/* Before that, of a boot that only tries RUNNER: whether a run that WANTS one of the
 * three may give it the ELF file. */
bool guest_kernel_may_be_elf(const char *wants, const char *runner);

#endif
