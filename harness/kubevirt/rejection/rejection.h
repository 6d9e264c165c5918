/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_KUBEVIRT_REJECTION_REJECTION_H
#define HARNESS_KUBEVIRT_REJECTION_REJECTION_H

/*
 * rejection - what KubeVirt's validating webhook has against a guest, in
 * KubeVirt's own words and order (ValidateVirtualMachineInstanceSpec() in
 * pkg/virt-api/webhooks/validating-webhook/admitters). Affinity, topology
 * spread and what Go cannot decode are not asked. Pure.
 */
#include <stdbool.h>
#include <stddef.h>

struct kubevirt_cluster;
struct kubevirt_release;
struct vmi;
struct yaml_value;

struct rejection {
	char field[128];
	char message[384]; /* cut where the manifest's words are long */
	/* Of another function than ValidateVirtualMachineInstanceSpec(), or a
	 * failure of KubeVirt in it. */
	bool is_beyond_spec;
};

struct rejections {
	struct rejection *rows; /* owned */
	size_t count;
};

/* V is with the webhook's defaults in it; INSTANCE is as it was written, with
 * its spec. OUT needs rejections_release(). */
void rejections_of(const struct vmi *v, const struct yaml_value *instance,
		   const struct kubevirt_release *r,
		   const struct kubevirt_cluster *c, struct rejections *out);
void rejections_release(struct rejections *out);

#endif
