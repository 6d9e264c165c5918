/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_KUBEVIRT_NODE_PREREQ_H
#define HARNESS_KUBEVIRT_NODE_PREREQ_H

/*
 * prereq - the prerequisites of a KubeVirt guest, and conclusions from a node's
 * facts. Pure: it uses only its arguments.
 */
#include <stdbool.h>
#include <stddef.h>

#include "harness/core/hostprobe.h"
#include "harness/kubevirt/cluster.h"
#include "harness/kubevirt/release.h"

struct node;

struct version {
	unsigned int major, minor, patch;
};

/* The first "1.2" or "1.2.3" in the text. */
bool version_parse(const char *text, struct version *version);

/* Below, at or above 0, as strcmp(). */
int version_compare(const struct version *a, const struct version *b);

/*
 * Whether CPUID, the kernel's log and the device agree on the partition, and
 * what a difference means.
 */
const char *witnesses_judge(enum partition_type cpuid, enum kernel_log log,
			    bool has_mshv, bool *agree);

/* How well a kernel of that release supports mshv. A vendor may have backported
 * the driver to an older one. */
const char *kernel_judge(const char *release, bool has_mshv_root);

/* By what `--version` prints. */
const char *qemu_judge(const char *version_line, bool has_accelerator);
const char *libvirt_judge(const char *version_line);

struct domain_wish {
	const struct kubevirt_release *release;
	bool is_gate_on;
	enum hypervisor_kind hypervisor; /* first in the cluster's list */
	bool is_emulation_allowed;
};

struct domain_choice {
	enum hypervisor_kind hypervisor;
	const char *why;  /* it is that one */
	const char *type; /* libvirt's; NULL: the guest is refused */
	const char *meaning;
	const char *fall_back; /* the hazard of it */
};

struct domain_choice domain_choose(const struct domain_wish *wish, bool has_kvm,
				   bool has_mshv);

/* Whether devices can be handed to guests: "unavailable: ..." or how. */
const char *passthrough_judge(const struct node *node);

enum requirement {
	REQUIRE_L1VH,
	REQUIRE_KVM,
	REQUIRE_VFIO,
	REQUIRE_COUNT,
};

/* REQUIRE_COUNT: there is none of that name. */
enum requirement requirement_parse(const char *name);

/* Whether the node has it, and one line on why or why not. */
bool requirement_holds(enum requirement what, const struct node *node,
		       char *line, size_t size);

#endif
