/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_CORE_RUNNER_H
#define HARNESS_CORE_RUNNER_H

/*
 * runner - one way to run a case: natively, or in a guest of some
 * hypervisor.
 */
#include <stdbool.h>
#include <stdint.h>

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
	RUNNER_PEER,    /* another's, see runners/peers/peer.h */
};

struct runner_ops {
	const char *name; /* "native", "kvm": stable, stored */
	const char *summary;
	enum runner_vmm vmm;
	const char *device; /* that its guests need; NULL: none */
	/* The runner that this one emulates. It shows that everything works;
	 * its figures do not apply to that runner. NULL: it emulates none. */
	const char *stands_in_for;
	/* Machines that one case may boot in turn until one of them works, each
	 * with the case's time limit; 0 means 1. */
	uint32_t attempts;
	bool needs_bzimage; /* its VMM starts no ELF kernel by PVH */
	enum grade (*grade)(void);

	/*
	 * Fills RES completely, also for a failed case; the caller has
	 * initialised it. The function itself never fails.
	 */
	void (*run)(const struct bench_case *bc, struct result *res);
};

/* NULL-terminated; filled in harness/cli/registry.c and nowhere else. */
extern const struct runner_ops *const runners[];

const struct runner_ops *runner_find(const char *name); /* NULL: none */

/* By name. An unknown one, from an imported run, counts as a guest of our
 * own VMM without a device. */
bool runner_is_guest(const char *name);
bool runner_runs_qemu(const char *name); /* by itself, or through libvirt */
bool runner_boots_micro(const char *name);
const char *runner_device(const char *name); /* NULL: none */
uint32_t runner_attempts(const char *name);
bool runner_needs_bzimage(const char *name);
bool runner_is_by(const char *name, enum runner_vmm vmm);

/* Whether NAME emulates what OTHER does. */
bool runner_stands_in_for(const char *name, const char *other);

#endif
