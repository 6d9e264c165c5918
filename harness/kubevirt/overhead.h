/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_KUBEVIRT_OVERHEAD_H
#define HARNESS_KUBEVIRT_OVERHEAD_H

/*
 * overhead - the memory that KubeVirt adds to a guest's, for each release, to
 * the byte: GetMemoryOverhead()
 * (pkg/virt-controller/services/renderresources.go, later
 * pkg/hypervisor/{kvm,mshv}/hypervisorbackend.go), the resulting pod limits,
 * and the memlock limit (AdjustQemuProcessMemoryLimits()). Pure.
 */
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct err;

enum hypervisor_kind {
	HYPERVISOR_KVM,
	HYPERVISOR_HYPERV_DIRECT, /* libvirt's type hyperv, on /dev/mshv */
};

const char *hypervisor_name(enum hypervisor_kind kind);

/* The fields of a VirtualMachineInstance that the formula uses. Amounts are
 * bytes; 0: not there. */
struct vm_spec {
	bool is_arm64;
	enum hypervisor_kind hypervisor;
	int64_t memory_request, memory_limit;
	int64_t guest_memory, max_guest;
	int64_t hugepage_bytes;
	int64_t vcpu_count; /* 0: 1 */
	bool has_no_graphics;
	int64_t vfio_count; /* host devices, GPUs, SR-IOV cards */
	bool has_sev;       /* SEV or SEV-ES */
	bool has_snp;
	bool has_tpm;
	bool has_dedicated_cpus; /* or is to be Guaranteed */
	bool has_liveness_exec, has_readiness_exec;
	bool has_downward_metrics;
	bool is_realtime;
	bool is_memlock_required; /* reservedOverhead.memLock */
	int64_t added_overhead;   /* reservedOverhead.addedOverhead */
	bool overcommits_guest_overhead;
	int64_t overcommit_percent; /* 0: 100 */
	char ratio[32]; /* additionalGuestMemoryOverheadRatio; "": none */
};

#define OVERHEAD_MAX_TERMS 20
#define MEMLOCK_UNLIMITED (-1)
#define MEMLOCK_UNKNOWN (-2) /* of releases before v1.6 */

struct overhead_term {
	const char *name;
	int64_t bytes;
};

struct overhead {
	struct overhead_term terms[OVERHEAD_MAX_TERMS];
	size_t term_count;
	int64_t total_bytes;
	/* With the guest's memory instead of a missing request. Only releases
	 * before v1.7 calculate this. */
	int64_t total_by_guest_bytes;
	int64_t pod_request_bytes;
	int64_t pod_limit_bytes; /* 0: none is set */
	int64_t memlock_bytes;   /* 0: none is set */
};

/* "v1.6", "1.6", "v1.6.3", "main"; NULL: none that is known. Stable. */
struct kubevirt_release;
const struct kubevirt_release *kubevirt_release_find(const char *name);
const char *kubevirt_release_name(const struct kubevirt_release *release);

/* Whether it has the gate ConfigurableHypervisor; without, it is always kvm. */
bool kubevirt_release_has_hypervisor_gate(
	const struct kubevirt_release *release);

/* All of them, separated by blanks. */
const char *kubevirt_release_names(void);

/* -ERANGE: amounts add up to more than 2^63 - 1; -EINVAL: there is no memory
 * in it at all. */
int overhead_of(const struct vm_spec *spec,
		const struct kubevirt_release *release, struct overhead *out,
		struct err *err);

/*
 * The terms of those processes that start a guest: never KubeVirt's own
 * (virt-launcher and its monitor), libvirt's only WITH_LIBVIRT.
 */
int64_t overhead_of_guest(const struct overhead *o, bool with_libvirt);

/* Of the term of that name; 0: there is none. */
int64_t overhead_term(const struct overhead *o, const char *name);

void overhead_write(const struct overhead *o, FILE *out);
json_t *overhead_to_json(const struct overhead *o); /* caller owns */

#endif
