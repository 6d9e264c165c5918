/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_KUBEVIRT_COMPUTE_H
#define HARNESS_KUBEVIRT_COMPUTE_H

/*
 * compute - the resources of the container in which QEMU runs: KubeVirt's
 * renderer options in their order (pkg/virt-controller/services/
 * renderresources.go; VMIResourcePredicates()). Pure.
 */
struct kubevirt_cluster;
struct kubevirt_release;
struct overhead;
struct resources;
struct vmi;

/* PAGE_RESOURCE ("hugepages-2Mi") must outlive both lists. */
void compute_resources(const struct vmi *v, const struct overhead *o,
		       const char *page_resource,
		       const struct kubevirt_release *r,
		       const struct kubevirt_cluster *c,
		       struct resources *requests, struct resources *limits);

#endif
