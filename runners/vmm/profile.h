/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_PROFILE_H
#define RUNNERS_VMM_PROFILE_H

/*
 * profile - where a VMM's start spends its time, from exec to the guest's first
 * instruction. Each phase begins where the one before it ended, so the sum is the
 * whole time.
 *
 * One thread at a time: the main one, and after it has let the guest go, the vCPU
 * that executes the first instruction.
 */
#include <stdint.h>
#include <stdio.h>

#define PROFILE_MAX 16u

struct profile_row {
	const char *name; /* borrowed */
	uint64_t ns;
};

struct profile {
	uint64_t last_mono_ns; /* where the next phase begins */
	struct profile_row rows[PROFILE_MAX];
	uint32_t count;
};

/*
 * The first phase, "exec", has ended now. It is the CPU time that this process has used:
 * the kernel's exec and the dynamic loader. The kernel keeps no exact time of an exec,
 * so what the process waited for in it is absent.
 */
void profile_begin(struct profile *p);

/* The phase NAME has ended at MONO_NS. P may be NULL: nobody asked. */
void profile_mark(struct profile *p, const char *name, uint64_t mono_ns);

/* "profile NAME NS" lines, the last one "profile sum NS". */
void profile_write(const struct profile *p, FILE *out);

#endif
