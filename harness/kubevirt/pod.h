/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_KUBEVIRT_POD_H
#define HARNESS_KUBEVIRT_POD_H

/*
 * pod - the containers of a guest's virt-launcher pod with what they request
 * and what limits them: RenderLaunchManifest()
 * (pkg/virt-controller/services/template.go, renderresources.go), and what
 * Kubernetes makes of them. Of a guest with the webhook's defaults in it. Pure.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/kubevirt/resources.h"

struct err;
struct kubevirt_cluster;
struct kubevirt_release;
struct overhead;
struct vmi;

struct container {
	char name[96];
	bool is_init;
	bool stays; /* an init container that runs as long as the pod */
	struct resources requests, limits;
};

struct pod {
	struct container *containers; /* owned; the first is "compute" */
	size_t container_count;
	/* Its sum, of what runs at the same time, with init containers:
	 * what a quota counts and a node's scheduler reserves. */
	struct resources requests, limits;
	bool is_limited; /* false: a container has no limit of memory */
	const char *qos; /* "Guaranteed", "Burstable", "BestEffort" */
	/* Of the other pod, which attaches hot-plugged volumes. */
	bool has_attachment;
	int64_t attachment_request_bytes, attachment_limit_bytes;
	char page_resource[64]; /* "hugepages-2Mi" */
};

/* O is of the architecture that the pod is rendered with
 * (pod_architecture()). For pod_release(). -ERANGE: a container has too many
 * resources. */
int pod_render(struct pod *p, const struct vmi *v, const struct overhead *o,
	       const struct kubevirt_release *r,
	       const struct kubevirt_cluster *c, struct err *err);
void pod_release(struct pod *p);

/* The guest's, or until v1.1 the cluster's. */
const char *pod_architecture(const struct vmi *v,
			     const struct kubevirt_release *r,
			     const struct kubevirt_cluster *c);

#endif
