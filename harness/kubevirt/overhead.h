/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_KUBEVIRT_OVERHEAD_H
#define HARNESS_KUBEVIRT_OVERHEAD_H

/*
 * overhead - the memory that KubeVirt adds to a guest's, to the byte:
 * GetMemoryOverhead() (pkg/virt-controller/services/renderresources.go, since
 * v1.8 pkg/hypervisor/{kvm,mshv}/hypervisorbackend.go, which are the same),
 * and the limit of locked memory that it sets on QEMU
 * (AdjustQemuProcessMemoryLimits(), since v1.8 AdjustResources()). Of a guest
 * with the webhook's defaults in it. Pure.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/kubevirt/quantity.h"
#include "harness/kubevirt/release.h"

struct err;
struct kubevirt_cluster;
struct vmi;

#define OVERHEAD_MAX_TERMS 24
#define MEMLOCK_NONE 0 /* it is left as it is */
#define MEMLOCK_UNLIMITED (-1)

struct overhead_term {
	const char *name;
	int64_t bytes;
	const struct kubevirt_fact *fact; /* where it changed; NULL: never */
};

struct overhead {
	struct overhead_term terms[OVERHEAD_MAX_TERMS];
	size_t term_count;
	int64_t total_bytes;
	struct quantity total; /* the same, not rounded up */
};

/* The terms, for ARCH, which is the guest's. Since v1.8 the network's part is
 * among them, as CalculateMemoryOverhead() has it.
 * -ERANGE: they add up to more than 2^63 - 1. */
int overhead_of(const struct vmi *v, const char *arch,
		const struct kubevirt_release *r,
		const struct kubevirt_cluster *c, struct overhead *out,
		struct err *err);

/* Bytes, MEMLOCK_NONE or MEMLOCK_UNLIMITED. -ERANGE. */
int overhead_memlock(const struct vmi *v, const struct kubevirt_release *r,
		     const struct kubevirt_cluster *c, int64_t *memlock_bytes,
		     struct err *err);

/*
 * The terms of those processes that start a guest: never KubeVirt's own
 * (virt-launcher and its monitor), libvirt's only WITH_LIBVIRT.
 */
int64_t overhead_of_guest(const struct overhead *o, bool with_libvirt);

/* Of the term of that name; 0: there is none. */
int64_t overhead_term(const struct overhead *o, const char *name);

#endif
