/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_KUBEVIRT_CLUSTER_H
#define HARNESS_KUBEVIRT_CLUSTER_H

/*
 * cluster - what a guest's amounts depend on beside its manifest: the
 * configuration of KubeVirt (spec.configuration of its custom resource) and
 * quotas. Pure.
 */
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kubevirt_release;

enum hypervisor_kind {
	HYPERVISOR_KVM,
	HYPERVISOR_HYPERV_DIRECT, /* libvirt's type hyperv, on /dev/mshv */
};

const char *hypervisor_name(enum hypervisor_kind kind);

enum rollout_strategy {
	ROLLOUT_DEFAULT, /* the release's own */
	ROLLOUT_STAGE,
	ROLLOUT_LIVE_UPDATE,
};

struct kubevirt_cluster {
	enum hypervisor_kind hypervisor;
	char arch[16];              /* "amd64" */
	char ratio[32];             /* additionalGuestMemoryOverheadRatio; "" */
	int64_t overcommit_percent; /* memoryOvercommit, 100 */
	int64_t max_hotplug_ratio;  /* 4 */
	int64_t cpu_allocation_ratio; /* 10 */
	enum rollout_strategy rollout;
	bool has_no_console_log; /* disableSerialConsoleLog */
	/* A ResourceQuota of the guest's namespace has limits.memory,
	 * limits.cpu. */
	bool has_memory_quota, has_cpu_quota;
	char gates[512]; /* names, with commas between */
};

/* All of KubeVirt's defaults. */
struct kubevirt_cluster kubevirt_cluster_default(void);

bool kubevirt_cluster_has_gate(const struct kubevirt_cluster *c,
			       const char *gate);

/* The first that no release knows, LEN bytes; NULL: all are known. */
const char *kubevirt_cluster_unknown_gate(const struct kubevirt_cluster *c,
					  size_t *len);

/* Whether memory and CPUs may be hot-plugged, which sets maxGuest. */
bool kubevirt_cluster_hotplugs(const struct kubevirt_cluster *c,
			       const struct kubevirt_release *r);

/* Whether guests have the container guest-console-log. */
bool kubevirt_cluster_logs_console(const struct kubevirt_cluster *c,
				   const struct kubevirt_release *r);

/* Every value that R's figures use, for those who read them. Caller owns. */
json_t *kubevirt_cluster_to_json(const struct kubevirt_cluster *c,
				 const struct kubevirt_release *r);

#endif
