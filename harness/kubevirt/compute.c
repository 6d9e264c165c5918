// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/kubevirt/compute.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/err.h"
#include "harness/kubevirt/cluster.h"
#include "harness/kubevirt/defaults.h"
#include "harness/kubevirt/overhead.h"
#include "harness/kubevirt/release.h"
#include "harness/kubevirt/resources.h"
#include "harness/kubevirt/vmi.h"

/* As in KubeVirt, what the guest says (vm) and what is calculated are two
 * lists; the guest's overrides at the end. */
struct renderer {
	const struct vmi *vmi;
	const struct kubevirt_release *release;
	const struct kubevirt_cluster *cluster;
	struct quantity overhead;
	const char *page_resource;
	struct resources vm_requests, vm_limits;
	struct resources calculated_requests, calculated_limits;
};

static struct quantity one(void)
{
	return quantity_of(1);
}

/* WithEphemeralStorageRequest() */
static void add_ephemeral(struct renderer *r)
{
	struct quantity more = quantity_of(50000000);

	resources_add(&r->vm_requests, RESOURCE_EPHEMERAL, more);
	if (resources_get(&r->vm_limits, RESOURCE_EPHEMERAL).is_set)
		resources_add(&r->vm_limits, RESOURCE_EPHEMERAL, more);
}

static bool has_virtio_interface(const struct vmi *v)
{
	size_t i;

	for (i = 0; i < v->interface_count; i++) {
		const char *model = v->interfaces[i].model;

		if (!*model || !strcmp(model, "virtio"))
			return true;
	}
	return false;
}

/* getRequiredResources() */
static void add_devices(struct renderer *r)
{
	const struct vmi *v = r->vmi;
	bool is_mshv = kubevirt_trait(r->release, TRAIT_HYPERVISOR_GATE) &&
		       r->cluster->hypervisor == HYPERVISOR_HYPERV_DIRECT;

	if (v->interface_count || v->pod_interface != FLAG_FALSE)
		resources_set(&r->vm_limits, "devices.kubevirt.io/tun", one());
	if (has_virtio_interface(v))
		resources_set(&r->vm_limits, "devices.kubevirt.io/vhost-net",
			      one());
	resources_set(&r->vm_limits,
		      is_mshv ? "devices.kubevirt.io/mshv"
			      : "devices.kubevirt.io/kvm",
		      one());
	if (v->vsock == FLAG_TRUE)
		resources_set(&r->vm_limits, "devices.kubevirt.io/vhost-vsock",
			      one());
}

/* WithMemoryRequests(), and v1.6.2's WithMemoryOvercommit(). */
static void fill_request(struct renderer *r)
{
	int64_t percent = r->cluster->overcommit_percent;
	struct amount request = resources_get(&r->vm_requests, RESOURCE_MEMORY);

	if (kubevirt_trait(r->release, TRAIT_RENDERS_OVERCOMMIT) &&
	    percent != 100)
		resources_set(&r->vm_requests, RESOURCE_MEMORY,
			      quantity_of((int64_t)((__int128)quantity_value(
							    request.q) *
						    100 / percent)));
	if (!kubevirt_trait(r->release, TRAIT_FILLS_REQUEST) &&
	    amount_is_zero(resources_get(&r->vmi->requests, RESOURCE_MEMORY)))
		vmi_request_memory(r->vmi, &r->vm_limits, &r->vm_requests,
				   percent);
}

/* --- CPUs --- */

static int64_t io_thread_cpus(const struct renderer *r)
{
	return kubevirt_trait(r->release, TRAIT_PINNING) == PINNING_BOTH
		       ? r->vmi->io_thread_count
		       : 0;
}

static void share_cpus(struct resources *into, const char *name,
		       struct amount a)
{
	if (a.is_set)
		resources_set(into, name, a.q);
}

/* The first half of WithCPUPinning() until v1.5.1. */
static void pin_limits(struct renderer *r)
{
	struct amount limit = resources_get(&r->vm_limits, RESOURCE_CPU);
	int64_t vcpus = vmi_vcpu_count(r->vmi);

	if (vcpus)
		resources_set(&r->calculated_limits, RESOURCE_CPU,
			      quantity_of(vcpus));
	else if (limit.is_set)
		share_cpus(&r->vm_requests, RESOURCE_CPU, limit);
	else
		share_cpus(&r->vm_limits, RESOURCE_CPU,
			   resources_get(&r->vm_requests, RESOURCE_CPU));
}

/* The same since v1.5.2. */
static void pin_both(struct renderer *r)
{
	struct resources *lists[] = {&r->vm_limits, &r->vm_requests};
	int64_t vcpus = vmi_vcpu_count(r->vmi), more = io_thread_cpus(r);
	size_t i;

	for (i = 0; i < 2; i++) {
		if (vcpus)
			resources_set(lists[i], RESOURCE_CPU,
				      quantity_of(vcpus + more));
		else if (resources_get(lists[i], RESOURCE_CPU).is_set)
			resources_add(lists[i], RESOURCE_CPU,
				      quantity_of(more));
	}
}

/* One CPU for the emulator's threads, or two where that makes the sum even. */
static void isolate_emulator(struct renderer *r)
{
	int pinning = kubevirt_trait(r->release, TRAIT_PINNING);
	struct quantity limit =
		resources_get(pinning == PINNING_BOTH ? &r->vm_limits
						      : &r->calculated_limits,
			      RESOURCE_CPU)
			.q;
	int64_t pool =
		pinning >= PINNING_IO_THREADS && r->vmi->has_io_thread_pool
			? r->vmi->io_thread_count
			: 0;
	bool is_two = pinning >= PINNING_EVEN && r->vmi->has_even_parity &&
		      (quantity_value(limit) + pool) % 2 == 0;
	struct quantity more = quantity_of(is_two ? 2 : 1);

	resources_set(&r->vm_limits, RESOURCE_CPU, quantity_add(limit, more));
	if (resources_get(&r->vm_requests, RESOURCE_CPU).is_set)
		resources_add(&r->vm_requests, RESOURCE_CPU, more);
}

/* WithCPUPinning() */
static void pin_cpus(struct renderer *r)
{
	bool is_both =
		kubevirt_trait(r->release, TRAIT_PINNING) == PINNING_BOTH;
	struct amount request;

	if (is_both)
		pin_both(r);
	else
		pin_limits(r);
	if (r->vmi->isolates_emulator)
		isolate_emulator(r);
	request = resources_get(&r->vm_requests, RESOURCE_MEMORY);
	if (request.is_set || !is_both)
		resources_set(&r->vm_limits, RESOURCE_MEMORY, request.q);
}

/* Go's %g of a float64: the shortest text that gives the same number. */
static struct quantity quantity_of_double(double value)
{
	struct quantity q = {0};
	struct err ignored;
	char text[40];
	int digits;

	for (digits = 1; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	quantity_read(text, &q, &ignored);
	return q;
}

/* Whether the release sets a limit where a quota wants one. */
static bool is_limited_for_quota(const struct renderer *r,
				 enum kubevirt_trait trait)
{
	int when = kubevirt_trait(r->release, trait);

	return when == GATED_ALWAYS ||
	       (when == GATED_BY_GATE &&
		kubevirt_cluster_has_gate(r->cluster,
					  "AutoResourceLimitsGate"));
}

/* WithoutDedicatedCPU(): a share of a CPU per vCPU. */
static void share_vcpus(struct renderer *r)
{
	int64_t cpus = vmi_vcpu_count(r->vmi) + io_thread_cpus(r);
	double share = (double)cpus / (double)r->cluster->cpu_allocation_ratio;
	struct quantity request;

	if (!cpus)
		return;
	request = share < 1 ? quantity_of_double(share * 1000)
			    : quantity_of_double(share);
	if (share < 1)
		request.nano = request.nano / 1000 + (request.nano % 1000 > 0);
	resources_set(&r->calculated_requests, RESOURCE_CPU, request);
	if (r->cluster->has_cpu_quota &&
	    is_limited_for_quota(r, TRAIT_CPU_QUOTA) &&
	    !resources_get(&r->vmi->limits, RESOURCE_CPU).is_set)
		resources_set(&r->calculated_limits, RESOURCE_CPU,
			      quantity_of(cpus));
}

/* WithIOThreads(), in v1.5.0 and v1.5.1. */
static void add_io_threads(struct renderer *r)
{
	if (kubevirt_trait(r->release, TRAIT_PINNING) == PINNING_IO_THREADS &&
	    r->vmi->has_io_thread_pool && r->vmi->io_thread_count)
		resources_add(&r->vm_limits, RESOURCE_CPU,
			      quantity_of(r->vmi->io_thread_count));
}

/* --- memory --- */

/* What of AMOUNT is beside the guest's memory. */
static struct quantity beside_guest(struct amount amount, struct amount guest)
{
	if (guest.is_set && quantity_value(amount.q) > quantity_value(guest.q))
		return quantity_subtract(amount.q, guest.q);
	return quantity_of(0);
}

/* WithHugePages(): the guest's memory is huge pages, and memory only what is
 * beside it. */
static void use_huge_pages(struct renderer *r)
{
	struct amount guest = r->vmi->guest;
	struct amount request = resources_get(&r->vm_requests, RESOURCE_MEMORY);
	struct amount limit = resources_get(&r->vm_limits, RESOURCE_MEMORY);
	struct quantity pages = request.q;

	if (guest.is_set && quantity_value(request.q) > quantity_value(guest.q))
		pages = guest.q;
	resources_set(&r->calculated_requests, r->page_resource, pages);
	resources_set(&r->calculated_limits, r->page_resource, pages);
	resources_set(&r->vm_requests, RESOURCE_MEMORY,
		      quantity_add(beside_guest(request, guest), r->overhead));
	if (limit.is_set)
		resources_set(
			&r->vm_limits, RESOURCE_MEMORY,
			quantity_add(beside_guest(limit, guest), r->overhead));
}

/* WithMemoryOverhead() */
static void add_overhead(struct renderer *r)
{
	struct quantity none = quantity_of(0);

	resources_add(&r->vm_requests, RESOURCE_MEMORY,
		      r->vmi->overcommits_guest_overhead ? none : r->overhead);
	if (resources_get(&r->vm_limits, RESOURCE_MEMORY).is_set)
		resources_add(&r->vm_limits, RESOURCE_MEMORY, r->overhead);
}

/* WithAutoMemoryLimits(): twice the request where a quota wants a limit. */
static void limit_for_quota(struct renderer *r)
{
	int64_t request = quantity_value(
		resources_get(&r->vm_requests, RESOURCE_MEMORY).q);

	if (r->cluster->has_memory_quota &&
	    is_limited_for_quota(r, TRAIT_MEMORY_QUOTA) &&
	    !resources_get(&r->vmi->limits, RESOURCE_MEMORY).is_set)
		resources_set(&r->calculated_limits, RESOURCE_MEMORY,
			      quantity_of((int64_t)((double)request * 2.0)));
}

/* --- devices that plugins offer --- */

/* requestResource(): what is there is one more. */
static void request_device(struct renderer *r, const char *name)
{
	struct resources requests = r->calculated_requests;
	struct resources limits = r->calculated_limits;

	resources_copy(&requests, &r->vm_requests);
	resources_copy(&limits, &r->vm_limits);
	resources_set(&r->calculated_requests, name,
		      quantity_add(resources_get(&requests, name).q, one()));
	resources_set(&r->calculated_limits, name,
		      quantity_add(resources_get(&limits, name).q, one()));
}

static void request_all(struct renderer *r, const struct vmi_device *devices,
			size_t count)
{
	bool has_claims = kubevirt_trait(r->release, TRAIT_DEVICE_CLAIMS);
	size_t i;

	for (i = 0; i < count; i++)
		if (!has_claims ||
		    (*devices[i].resource && !devices[i].has_claim))
			request_device(r, devices[i].resource);
}

static void request_plugins(struct renderer *r)
{
	const struct vmi *v = r->vmi;
	bool is_sev =
		v->has_sev ||
		(v->has_snp && kubevirt_trait(r->release, TRAIT_SNP_IS_SEV));

	request_all(r, v->gpus, v->gpu_count);
	request_all(r, v->host_devices, v->host_device_count);
	if (is_sev)
		request_device(r, "devices.kubevirt.io/sev");
	if (v->has_tdx && kubevirt_trait(r->release, TRAIT_TDX_DEVICE))
		request_device(r, "devices.kubevirt.io/tdx");
	if (v->has_reservation)
		request_device(r, "devices.kubevirt.io/pr-helper");
}

void compute_resources(const struct vmi *v, const struct overhead *o,
		       const char *page_resource,
		       const struct kubevirt_release *release,
		       const struct kubevirt_cluster *cluster,
		       struct resources *requests, struct resources *limits)
{
	struct renderer r = {
		.vmi = v,
		.release = release,
		.cluster = cluster,
		.overhead = o->total,
		.page_resource = page_resource,
		.vm_requests = v->requests,
		.vm_limits = v->limits,
	};

	add_ephemeral(&r);
	add_devices(&r);
	fill_request(&r);
	if (v->has_dedicated_cpus)
		pin_cpus(&r);
	else
		share_vcpus(&r);
	if (v->has_hugepages)
		use_huge_pages(&r);
	else
		add_overhead(&r);
	limit_for_quota(&r);
	request_plugins(&r);
	add_io_threads(&r);
	*requests = r.calculated_requests;
	resources_copy(requests, &r.vm_requests);
	*limits = r.calculated_limits;
	resources_copy(limits, &r.vm_limits);
}
