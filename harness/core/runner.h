/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_CORE_RUNNER_H
#define HARNESS_CORE_RUNNER_H

/*
 * runner - one way to run a case: natively, or in a guest of some
 * hypervisor.
 */
#include "harness/core/grade.h"

struct bench_case;
struct err;
struct result;

struct runner_ops {
	const char *name; /* "native", "kvm": stable, stored */
	const char *summary;
	enum grade (*grade)(void);

	/*
	 * Fills RES with the whole story, failed cases included; the caller
	 * has initialised it. Never fails by itself.
	 */
	void (*run)(const struct bench_case *bc, struct result *res);
};

/* NULL-terminated; filled in harness/cli/registry.c and nowhere else. */
extern const struct runner_ops *const runners[];

const struct runner_ops *runner_find(const char *name); /* NULL: none */

#endif
