/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_GUEST_PROGRAM_H
#define WORKLOADS_GUEST_PROGRAM_H

/* program - run one to its end, with its output and its CPU time. */
#include <stddef.h>
#include <stdint.h>

#include "workloads/workload.h"

#define PROGRAM_OUTPUT_MAX (8u << 20)

struct program_run {
	char *output; /* owned */
	size_t output_len;
	uint64_t user_ns; /* its own, children included */
	uint64_t system_ns;
};

/* Call before the agent pins itself: programs get the CPUs of now. */
void program_remember_cpus(void);

/*
 * WL_OK when it ended with 0. WL_SKIP when there is no such program, WL_FAIL
 * otherwise, with its last line of output in REASON.
 */
enum wl_answer program_run(const struct wl_program *program,
			   struct program_run *run, char *reason, size_t size);
void program_run_release(struct program_run *run);

#endif
