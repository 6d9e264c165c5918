/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_KUBEVIRT_DEFAULTS_H
#define HARNESS_KUBEVIRT_DEFAULTS_H

#include <stdint.h>

/*
 * defaults - what KubeVirt's mutating webhook writes into a guest before
 * anything is calculated, step by step in its order
 * (pkg/defaults/defaults.go; before v1.4 pkg/virt-api/webhooks). Pure.
 */
struct kubevirt_cluster;
struct kubevirt_release;
struct resources;
struct vmi;

void vmi_set_defaults(struct vmi *v, const struct kubevirt_release *r,
		      const struct kubevirt_cluster *c);

/* The pod's network, by a bridge, for a guest that names none. */
void vmi_set_interface(struct vmi *v);

/* What a missing memory request becomes: the limit, else the guest's memory by
 * memoryOvercommit, else a huge page. The webhook's rule until v1.6.3; since
 * then it is the pod's, WithMemoryRequests(). */
void vmi_request_memory(const struct vmi *v, const struct resources *limits,
			struct resources *requests, int64_t overcommit_percent);

#endif
