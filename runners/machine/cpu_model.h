/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_MACHINE_CPU_MODEL_H
#define RUNNERS_MACHINE_CPU_MODEL_H

/*
 * cpu_model - the CPU that QEMU shows its guest on /dev/mshv. On real nodes
 * guests with the host's own CPU hung in SeaBIOS, at the write to
 * IA32_FEATURE_CONTROL that a CPU with VMX or SGX asks for, and booted as a
 * Nehalem. So the models are tried in turn until a guest says hello; the one
 * that booted is used from then on, and stands in each result.
 */
#include <stdbool.h>

struct result;

enum cpu_model {
	CPU_MODEL_HOST,
	CPU_MODEL_HOST_MASKED, /* without vmx and sgx */
	CPU_MODEL_NEHALEM,
	CPU_MODEL_COUNT,
};

/* The key under which a guest's identity names its model. */
#define CPU_MODEL_FACT "vmm.cpu_model"

const char *cpu_model_name(enum cpu_model model); /* "host-vmx-sgx" */

/* QEMU's value of -cpu, and libvirt's element <cpu>. */
const char *cpu_model_qemu(enum cpu_model model);
const char *cpu_model_libvirt(enum cpu_model model);

/* What has booted so far, by one runner in one process: zeroed at first. */
struct cpu_model_memory {
	enum cpu_model model;
	bool is_known; /* MODEL has booted, and no other is tried any more */
};

/*
 * Boot with BOOT(ARG, model, RES) until a guest says hello, that is, until RES
 * has an identity. RES then is that boot's, with the model among its facts; if
 * none boots, the first one's, whose reason names what the others came to. A
 * boot that was skipped ends the search. Without MAY_SEARCH there is one boot, of
 * the model that is known or the first: somebody watches it, and must not see
 * three. Any thread.
 */
void cpu_model_search(struct cpu_model_memory *memory,
		      void (*boot)(void *arg, enum cpu_model model,
				   struct result *res),
		      void *arg, bool may_search, struct result *res);

#endif
