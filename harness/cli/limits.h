/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_CLI_LIMITS_H
#define HARNESS_CLI_LIMITS_H

/*
 * limits - guests that are held to a limit: whether they survive what KubeVirt
 * would set, and the least that they need. Each try is a boot, kept in the
 * store like any other.
 */
#include <stdbool.h>
#include <stdint.h>

#include "harness/cli/command.h"
#include "harness/core/bench_case.h"
#include "harness/session/site.h"

struct err;
struct kubevirt_release;

struct limits_args {
	const char *db;
	const char *runner, *shape;
	const struct kubevirt_release *release;
	struct io_plan io; /* its devices, for shapes with some */
	enum site_choice choice;
	bool wants_mshv_emu;
	bool is_memlock;      /* RLIMIT_MEMLOCK, else the cgroup's limit */
	bool locks_ram;       /* guests lock their RAM */
	uint64_t limit_bytes; /* to be tried alone; 0: search */
};

/* Prints what it finds. STATUS is that of --prove: worse where the guest was
 * killed at the limit that was to be proved. */
int limits_run(const struct limits_args *args, enum exit_status *status,
	       struct err *err);

#endif
