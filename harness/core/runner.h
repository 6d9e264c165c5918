/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_CORE_RUNNER_H
#define HARNESS_CORE_RUNNER_H

/*
 * runner - one way to run a case: natively, or in a guest of some
 * hypervisor.
 */
#include <stdbool.h>

#include "harness/core/grade.h"

struct bench_case;
struct err;
struct result;

/* Whose program a guest runs in. */
enum runner_vmm {
	RUNNER_NO_GUEST, /* the host itself */
	RUNNER_OWN_VMM,
	RUNNER_QEMU,
	RUNNER_LIBVIRT, /* which starts QEMU */
};

struct runner_ops {
	const char *name; /* "native", "kvm": stable, stored */
	const char *summary;
	enum runner_vmm vmm;
	const char *device; /* that its guests need; NULL: none */
	/* The runner in whose place it shows that everything works; its
	 * figures say nothing of that one. NULL: it stands for itself. */
	const char *stands_in_for;
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

/* By name; one that is not known here, of a run from elsewhere, is a guest of
 * our own VMM on no device. */
bool runner_is_guest(const char *name);
bool runner_runs_qemu(const char *name); /* by itself, or through libvirt */
bool runner_boots_micro(const char *name);
const char *runner_device(const char *name); /* NULL: none */
bool runner_is_by(const char *name, enum runner_vmm vmm);

/* Whether NAME emulates what OTHER does. */
bool runner_stands_in_for(const char *name, const char *other);

#endif
