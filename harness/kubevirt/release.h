/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_KUBEVIRT_RELEASE_H
#define HARNESS_KUBEVIRT_RELEASE_H

/*
 * release - what changes from one tag of KubeVirt to another: constants, rules
 * and their order, each with the file and line of KubeVirt that says so.
 * `ci/kubevirt-changes` lists what a new tag changes. Pure and stable.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum kubevirt_trait {
	/* Of the formula, in MiB; 0: it has no such term. */
	TRAIT_VIRTLOGD_MIB,
	TRAIT_VIRTQEMUD_MIB,
	TRAIT_QEMU_MIB,
	TRAIT_GRAPHICS_MIB,
	TRAIT_PASST_MIB,         /* per interface with passt and no ports */
	TRAIT_PASST_BINDING_MIB, /* once, of the network, behind the ratio */
	TRAIT_DEDICATED_MIB,
	TRAIT_DEDICATED_IS_AFTER_RATIO,
	TRAIT_TPM_HAS_ENABLED,
	TRAIT_SNP_IS_SEV,
	TRAIT_RESERVED_OVERHEAD,

	/* Of the mutating webhook. */
	TRAIT_FILLS_REQUEST, /* from the limit, the guest or the page size */
	TRAIT_FILLS_GUEST,   /* from the request or the limit */
	TRAIT_HAS_MAX_GUEST,
	TRAIT_HOTPLUG, /* enum kubevirt_hotplug */
	TRAIT_HOTPLUG_ARM64,
	TRAIT_HOTPLUG_LEAST_MIB, /* of a guest's memory */

	/* Of the pod. */
	TRAIT_QOS_BY_LIMIT,       /* a limit alone makes memory guaranteed */
	TRAIT_RENDERS_OVERCOMMIT, /* of any request */
	TRAIT_POD_HAS_CLUSTER_ARCH,
	TRAIT_PINNING,     /* enum kubevirt_pinning */
	TRAIT_CONSOLE_LOG, /* enum kubevirt_console_log */
	TRAIT_VIRTIOFS_HEEDS_QOS,
	TRAIT_SLIRP_SIDECAR,
	TRAIT_BINDING_SIDECAR,
	TRAIT_IMAGE_VOLUME, /* enum kubevirt_image_volume */
	TRAIT_CONTAINER_PATH,
	TRAIT_MEMORY_QUOTA, /* enum kubevirt_gated */
	TRAIT_CPU_QUOTA,
	TRAIT_DEVICE_CLAIMS,
	TRAIT_TDX_DEVICE,
	TRAIT_NETWORK_RESOURCES,  /* of SR-IOV, in the container compute */
	TRAIT_HOTPLUG_REQUEST_MB, /* of the pod that attaches volumes */

	/* Of the limit of locked memory. */
	TRAIT_MEMLOCK,              /* enum kubevirt_memlock */
	TRAIT_MEMLOCK_PER_DEVICE,   /* kvm: (N - 1) times the guest */
	TRAIT_MEMLOCK_REQUIRED_KVM, /* heeds reservedOverhead.memLock */
	TRAIT_MEMLOCK_REQUIRED_MSHV,

	/* Of instance types and preferences. */
	TRAIT_TYPE_MERGES_MEMORY, /* beside a guest's own huge pages */
	TRAIT_TYPE_HAS_MAX,       /* maxSockets and maxGuest */
	TRAIT_TYPE_SPREADS_ACROSS,
	TRAIT_TOPOLOGY_NAMES, /* enum kubevirt_topology_names */
	TRAIT_TYPE_IO_THREADS,
	TRAIT_PREFERS_ARCH,
	TRAIT_PREFERS_SECURITY,

	TRAIT_HYPERVISOR_GATE,
	TRAIT_COUNT,
};

enum kubevirt_topology_names {
	TOPOLOGY_NAMES_FIRST,  /* preferSockets, preferCores, preferThreads */
	TOPOLOGY_NAMES_SPREAD, /* and preferSpread, preferAny */
	TOPOLOGY_NAMES_SHORT,  /* and without "prefer" */
};

enum kubevirt_gated {
	GATED_NEVER,
	GATED_BY_GATE,
	GATED_ALWAYS,
};

enum kubevirt_hotplug {
	HOTPLUG_NEVER,
	HOTPLUG_BY_GATE,  /* and by the strategy LiveUpdate */
	HOTPLUG_IF_ASKED, /* by the strategy LiveUpdate; Stage is the default */
	HOTPLUG_BY_DEFAULT, /* unless the strategy is Stage */
};

enum kubevirt_pinning {
	PINNING_LIMITS,     /* CPU limits are the vCPUs */
	PINNING_EVEN,       /* and an annotation rounds them to even */
	PINNING_IO_THREADS, /* and I/O threads are added to the limit */
	PINNING_BOTH,       /* requests and limits are vCPUs and I/O threads */
};

enum kubevirt_console_log {
	CONSOLE_LOG_NONE,
	CONSOLE_LOG_CONTAINER,
	CONSOLE_LOG_INIT, /* an init container that stays */
};

enum kubevirt_image_volume {
	IMAGE_VOLUME_NEVER,
	IMAGE_VOLUME_BARE,    /* by a gate; no containers of disks */
	IMAGE_VOLUME_INIT,    /* by a gate; an init container per disk */
	IMAGE_VOLUME_DEFAULT, /* the same, without the gate */
};

enum kubevirt_memlock {
	MEMLOCK_REQUEST,           /* overhead and request */
	MEMLOCK_MAX_OR_REQUEST,    /* overhead and maxGuest, else the request */
	MEMLOCK_MAX_REQUEST_GUEST, /* the first of those that is there */
	MEMLOCK_IS_UNLIMITED,
};

struct kubevirt_tag { /* v1.MINOR.PATCH */
	int minor, patch;
};

/* A value holds from SINCE to the next row of its trait. */
struct kubevirt_fact {
	enum kubevirt_trait trait;
	struct kubevirt_tag since;
	int value;
	const char *source; /* file:line of that tag */
};

/* What is known of a tag. */
struct kubevirt_release;

/* "v1.6" (its newest patch release), "1.6.3", "v1.6.3", "main"; NULL: it is no
 * such name. A tag that is not known is the nearest known one, also of another
 * major, which kubevirt_release_is_exact() tells. */
const struct kubevirt_release *kubevirt_release_find(const char *name);

/* The tag whose rules these are, "v1.6.3" or "main". */
const char *kubevirt_release_name(const struct kubevirt_release *r);

/* False: NAME is no tag that was read, and R stands in for it. */
bool kubevirt_release_is_exact(const struct kubevirt_release *r,
			       const char *name);

int kubevirt_trait(const struct kubevirt_release *r, enum kubevirt_trait trait);
const struct kubevirt_fact *kubevirt_fact(const struct kubevirt_release *r,
					  enum kubevirt_trait trait);

/* Whether it has the gate ConfigurableHypervisor; without, it is always kvm. */
bool kubevirt_release_has_hypervisor_gate(const struct kubevirt_release *r);

/* All that are known, oldest first, "main" last. */
size_t kubevirt_release_count(void);
const struct kubevirt_release *kubevirt_release_at(size_t i);

/* The first, the last and "main", for messages. */
const char *kubevirt_release_names(void);

#endif
