/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_KUBEVIRT_FIGURES_H
#define HARNESS_KUBEVIRT_FIGURES_H

/*
 * figures - all amounts of one guest in one release and cluster: the webhook's
 * defaults, then the overhead, the pod and the limit of locked memory. Pure.
 */
#include <jansson.h>
#include <stdint.h>

#include "harness/kubevirt/cluster.h"
#include "harness/kubevirt/overhead.h"
#include "harness/kubevirt/pod.h"

struct err;
struct kubevirt_cluster;
struct kubevirt_release;
struct vmi;

struct figures {
	struct overhead overhead;
	struct pod pod;
	int64_t memlock_bytes; /* or MEMLOCK_NONE, MEMLOCK_UNLIMITED */
	struct amount guest, max_guest;
	char arch[16];
};

/* V is as it was read; its names must outlive F. For figures_release(). */
int figures_of(const struct vmi *v, const struct kubevirt_release *r,
	       const struct kubevirt_cluster *c, struct figures *f,
	       struct err *err);
/* The same of V with the webhook's defaults in it. */
int figures_of_filled(const struct vmi *v, const struct kubevirt_release *r,
		      const struct kubevirt_cluster *c, struct figures *f,
		      struct err *err);
void figures_release(struct figures *f);

/* Keys as KubeVirt's own code has them in ci/kubevirt-oracle. Caller owns. */
json_t *figures_to_json(const struct figures *f);

/* A guest whose RAM is requested, without graphics, in a cluster of defaults:
 * what a measured guest is compared with. */
struct overhead_shape {
	int64_t ram_bytes;
	uint32_t vcpu_count;
	size_t vfio_count;
	double ratio; /* 0: none */
	enum hypervisor_kind hypervisor;
};

/* MEMLOCK_BYTES may be NULL. */
int overhead_of_shape(const struct overhead_shape *shape,
		      const struct kubevirt_release *r, struct overhead *o,
		      int64_t *memlock_bytes, struct err *err);

/* -1: no limit. */
int64_t figures_compute_request(const struct figures *f);
int64_t figures_compute_limit(const struct figures *f);
int64_t figures_pod_request(const struct figures *f);
int64_t figures_pod_limit(const struct figures *f);

#endif
