// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/kubevirt/defaults.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/xmalloc.h"
#include "harness/kubevirt/cluster.h"
#include "harness/kubevirt/release.h"
#include "harness/kubevirt/vmi.h"

static void set_architecture(struct vmi *v, const struct kubevirt_cluster *c)
{
	if (!v->arch[0])
		snprintf(v->arch, sizeof(v->arch), "%s",
			 c->arch[0] ? c->arch : "amd64");
}

/* Of a page size that is none, KubeVirt makes nothing. */
static struct amount page_size_of(const struct vmi *v)
{
	struct amount size = {0};
	struct err ignored;

	if (v->has_hugepages && v->page_size)
		size.is_set = !quantity_read(v->page_size, &size.q, &ignored);
	return size;
}

static struct quantity overcommitted(struct quantity memory, int64_t percent)
{
	if (percent == 100)
		return memory;
	return quantity_of(
		(int64_t)((__int128)quantity_value(memory) * 100 / percent));
}

/* The guest's memory, else a huge page, as a request. */
static void request_guest_memory(const struct vmi *v,
				 struct resources *requests, int64_t percent)
{
	struct amount memory = v->guest.is_set ? v->guest : page_size_of(v);

	if (!resources_get(requests, RESOURCE_MEMORY).is_set &&
	    !amount_is_zero(memory))
		resources_set(requests, RESOURCE_MEMORY,
			      overcommitted(memory.q, percent));
}

void vmi_request_memory(const struct vmi *v, const struct resources *limits,
			struct resources *requests, int64_t percent)
{
	struct amount limit = resources_get(limits, RESOURCE_MEMORY);

	if (!amount_is_zero(limit) &&
	    amount_is_zero(resources_get(requests, RESOURCE_MEMORY)))
		resources_set(requests, RESOURCE_MEMORY, limit.q);
	request_guest_memory(v, requests, percent);
}

/* setDefaultResourceRequests(). v1.6.2 overcommits in the pod instead. */
static void set_requests(struct vmi *v, const struct kubevirt_release *r,
			 const struct kubevirt_cluster *c)
{
	struct amount cpu_limit = resources_get(&v->limits, RESOURCE_CPU);

	if (!amount_is_zero(cpu_limit) &&
	    amount_is_zero(resources_get(&v->requests, RESOURCE_CPU)))
		resources_set(&v->requests, RESOURCE_CPU, cpu_limit.q);
	if (kubevirt_trait(r, TRAIT_FILLS_REQUEST))
		vmi_request_memory(v, &v->limits, &v->requests,
				   kubevirt_trait(r, TRAIT_RENDERS_OVERCOMMIT)
					   ? 100
					   : c->overcommit_percent);
}

/* setGuestMemory() */
static void set_guest(struct vmi *v)
{
	struct amount request = resources_get(&v->requests, RESOURCE_MEMORY);
	struct amount limit = resources_get(&v->limits, RESOURCE_MEMORY);

	v->has_memory = true;
	if (v->guest.is_set)
		return;
	if (!amount_is_zero(request))
		v->guest = request;
	else if (!amount_is_zero(limit))
		v->guest = limit;
	else
		v->guest = page_size_of(v);
}

/* SetDefaultGuestCPUTopology(): one socket per CPU of the limit, else of the
 * request, when neither cores, sockets nor threads are given. */
static void set_topology(struct vmi *v)
{
	struct amount cpus = resources_get(&v->limits, RESOURCE_CPU);

	if (v->has_cpu && (v->cores || v->sockets || v->threads))
		return;
	if (!cpus.is_set)
		cpus = resources_get(&v->requests, RESOURCE_CPU);
	v->has_cpu = true;
	v->sockets = cpus.is_set ? (uint32_t)quantity_value(cpus.q) : 1;
	v->cores = 1;
	v->threads = 1;
}

/* SetDefaultNetworkInterface(): the pod's network, by a bridge. */
void vmi_set_interface(struct vmi *v)
{
	if (v->pod_interface == FLAG_FALSE || v->network_count ||
	    v->interface_count)
		return;
	v->interfaces = xcalloc(1, sizeof(*v->interfaces));
	v->networks = xcalloc(1, sizeof(*v->networks));
	v->interfaces[0] = (struct vmi_interface){
		.name = "default",
		.model = "",
	};
	v->networks[0] = (struct vmi_network){.name = "default"};
	v->interface_count = 1;
	v->network_count = 1;
}

/* --- hot plug --- */

static bool is_aligned(struct quantity q, int64_t block)
{
	return quantity_value(q) % block == 0;
}

/* ValidateLiveUpdateMemory(): what memory hot plug does not work with. */
static bool can_grow(const struct vmi *v, struct quantity max_guest,
		     const struct kubevirt_release *r)
{
	int64_t block =
		v->has_hugepages && v->page_size && !strcmp(v->page_size, "1Gi")
			? (int64_t)GIB
			: 2 * (int64_t)MIB;
	int64_t least =
		(int64_t)MIB * kubevirt_trait(r, TRAIT_HOTPLUG_LEAST_MIB);

	if (v->is_realtime || v->has_numa_passthrough || v->has_launch_security)
		return false;
	if (v->guest.q.nano > max_guest.nano ||
	    !is_aligned(v->guest.q, block) || !is_aligned(max_guest, block))
		return false;
	if (strcmp(v->arch, "amd64") &&
	    !(kubevirt_trait(r, TRAIT_HOTPLUG_ARM64) &&
	      !strcmp(v->arch, "arm64")))
		return false;
	return quantity_value(v->guest.q) >= least;
}

static void set_max_guest(struct vmi *v, const struct kubevirt_release *r,
			  const struct kubevirt_cluster *c)
{
	__int128 bytes;

	if (v->max_guest.is_set || !v->guest.is_set)
		return;
	bytes = (__int128)quantity_value(v->guest.q) * c->max_hotplug_ratio;
	if (bytes <= INT64_MAX && can_grow(v, quantity_of((int64_t)bytes), r))
		v->max_guest = amount_of((int64_t)bytes);
}

/* setupCPUHotplug(): at most 512 vCPUs. */
static void set_max_sockets(struct vmi *v, const struct kubevirt_cluster *c)
{
	uint32_t per_socket = v->cores * v->threads;

	if (v->max_sockets)
		return;
	v->max_sockets = v->sockets * (uint32_t)c->max_hotplug_ratio;
	if (v->max_sockets * per_socket > 512 && per_socket) {
		v->max_sockets = 512 / per_socket;
		if (v->max_sockets < v->sockets)
			v->max_sockets = v->sockets;
	}
}

void vmi_set_defaults(struct vmi *v, const struct kubevirt_release *r,
		      const struct kubevirt_cluster *c)
{
	set_architecture(v, c);
	set_requests(v, r, c);
	if (kubevirt_trait(r, TRAIT_FILLS_GUEST))
		set_guest(v);
	set_topology(v);
	vmi_set_interface(v);
	if (!kubevirt_trait(r, TRAIT_HAS_MAX_GUEST))
		v->max_guest.is_set = false;
	if (!kubevirt_cluster_hotplugs(c, r))
		return;
	if (!strcmp(v->arch, "arm64") &&
	    !kubevirt_trait(r, TRAIT_HOTPLUG_ARM64))
		return;
	set_max_sockets(v, c);
	set_max_guest(v, r, c);
}
