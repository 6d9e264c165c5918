// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/kubevirt/pod.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/xmalloc.h"
#include "harness/kubevirt/cluster.h"
#include "harness/kubevirt/compute.h"
#include "harness/kubevirt/overhead.h"
#include "harness/kubevirt/release.h"
#include "harness/kubevirt/vmi.h"

#define MB 1000000
#define KERNEL_BOOT_VOLUME "kernel-boot-volume"

struct render {
	struct pod *pod;
	const struct vmi *vmi;
	const struct kubevirt_release *release;
	const struct kubevirt_cluster *cluster;
	bool is_guaranteed; /* or has dedicated CPUs */
};

void pod_release(struct pod *p)
{
	free(p->containers);
	*p = (struct pod){.container_count = 0};
}

const char *pod_architecture(const struct vmi *v,
			     const struct kubevirt_release *r,
			     const struct kubevirt_cluster *c)
{
	bool is_clusters = kubevirt_trait(r, TRAIT_POD_HAS_CLUSTER_ARCH);

	return is_clusters && c->arch[0] ? c->arch : v->arch;
}

static struct container *add_container(struct render *r, const char *name)
{
	struct pod *p = r->pod;
	struct container *c;

	p->containers = xrealloc(p->containers, p->container_count + 1,
				 sizeof(*p->containers));
	c = &p->containers[p->container_count++];
	*c = (struct container){.is_init = false};
	snprintf(c->name, sizeof(c->name), "%s", name);
	return c;
}

struct amounts {
	int cpu_milli;
	int64_t memory_bytes; /* 0: none */
};

static void set_amounts(struct resources *r, struct amounts a)
{
	if (a.cpu_milli)
		resources_set(r, RESOURCE_CPU,
			      (struct quantity){(__int128)a.cpu_milli * MB});
	if (a.memory_bytes)
		resources_set(r, RESOURCE_MEMORY, quantity_of(a.memory_bytes));
}

/* A container that helps. Guaranteed, it requests its limits. */
static struct container *add_helper(struct render *r, const char *name,
				    struct amounts requests,
				    struct amounts limits)
{
	struct container *c = add_container(r, name);

	set_amounts(&c->requests, r->is_guaranteed ? limits : requests);
	set_amounts(&c->limits, limits);
	return c;
}

/* --- disks of images --- */

/* getMinimalInitContainerDiskResources() */
static void add_disk(struct render *r, const char *volume, bool is_init,
		     const char *suffix)
{
	char name[96];
	struct container *c;

	snprintf(name, sizeof(name), "volume%s%s", volume, suffix);
	c = add_helper(r, name, (struct amounts){1, 1 * MB},
		       (struct amounts){10, 40 * MB});
	resources_set(&c->requests, RESOURCE_EPHEMERAL, quantity_of(50 * MB));
	c->is_init = is_init;
}

static size_t add_disks(struct render *r, bool is_init, const char *suffix)
{
	const struct vmi *v = r->vmi;
	size_t i, count = 0;

	for (i = 0; i < v->volume_count; i++)
		if (v->volumes[i].is_container_disk &&
		    strcmp(v->volumes[i].name, KERNEL_BOOT_VOLUME)) {
			add_disk(r, v->volumes[i].name, is_init, suffix);
			count++;
		}
	if (v->has_kernel_boot) {
		add_disk(r, KERNEL_BOOT_VOLUME, is_init, suffix);
		count++;
	}
	return count;
}

static bool has_disks(const struct vmi *v)
{
	size_t i;

	for (i = 0; i < v->volume_count; i++)
		if (v->volumes[i].is_container_disk)
			return true;
	return v->has_kernel_boot;
}

/* Whether images are volumes of the pod, and no containers. */
static bool mounts_images(const struct render *r)
{
	switch (kubevirt_trait(r->release, TRAIT_IMAGE_VOLUME)) {
	case IMAGE_VOLUME_NEVER:
		return false;
	case IMAGE_VOLUME_DEFAULT:
		return true;
	default:
		return kubevirt_cluster_has_gate(r->cluster, "ImageVolume");
	}
}

static void add_init_disks(struct render *r)
{
	struct container *c;

	if (mounts_images(r)) {
		if (kubevirt_trait(r->release, TRAIT_IMAGE_VOLUME) !=
		    IMAGE_VOLUME_BARE)
			add_disks(r, true, "");
		return;
	}
	if (!has_disks(r->vmi))
		return;
	c = add_container(r, "container-disk-binary");
	c->is_init = true;
	set_amounts(&c->limits,
		    (struct amounts){r->is_guaranteed ? 10 : 100, 40 * MB});
	set_amounts(&c->requests,
		    (struct amounts){10, (r->is_guaranteed ? 40 : 1) * MB});
	add_disks(r, true, "-init");
}

/* --- file systems, the console, sidecars --- */

static bool is_filesystem(const struct vmi *v, const char *volume)
{
	size_t i;

	for (i = 0; i < v->filesystem_count; i++)
		if (!strcmp(v->filesystems[i], volume))
			return true;
	return false;
}

/* ResourcesForVirtioFSContainer() */
static void add_filesystems(struct render *r)
{
	bool heeds_qos = kubevirt_trait(r->release, TRAIT_VIRTIOFS_HEEDS_QOS);
	bool was_guaranteed = r->is_guaranteed;
	const struct vmi *v = r->vmi;
	char name[96];
	size_t i;

	r->is_guaranteed &= heeds_qos;
	for (i = 0; i < v->volume_count; i++) {
		const struct vmi_volume *volume = &v->volumes[i];

		if (!is_filesystem(v, volume->name) ||
		    (volume->is_container_path &&
		     kubevirt_trait(r->release, TRAIT_CONTAINER_PATH)))
			continue;
		snprintf(name, sizeof(name), "virtiofs-%s", volume->name);
		add_helper(r, name, (struct amounts){10, 1 * MB},
			   (struct amounts){100, 80 * MB});
	}
	r->is_guaranteed = was_guaranteed;
}

/* isSerialConsoleLogEnabled() */
static bool logs_console(const struct render *r)
{
	const struct vmi *v = r->vmi;

	if (v->serial_console == FLAG_FALSE)
		return false;
	if (v->serial_log != FLAG_UNSET)
		return v->serial_log == FLAG_TRUE;
	return !r->cluster->has_no_console_log;
}

static void add_console_log(struct render *r, enum kubevirt_console_log when)
{
	struct container *c;

	if ((int)when != kubevirt_trait(r->release, TRAIT_CONSOLE_LOG) ||
	    !logs_console(r))
		return;
	c = add_helper(r, "guest-console-log", (struct amounts){5, 35 * MB},
		       (struct amounts){15, 60 * MB});
	c->is_init = c->stays = when == CONSOLE_LOG_INIT;
}

/* One sidecar per plugin, however many interfaces it has. */
static size_t count_plugins(const struct vmi *v)
{
	size_t i, j, count = 0;

	for (i = 0; i < v->interface_count; i++) {
		const char *plugin = v->interfaces[i].plugin;

		for (j = 0; j < i && plugin; j++)
			if (v->interfaces[j].plugin &&
			    !strcmp(v->interfaces[j].plugin, plugin))
				plugin = NULL;
		count += plugin != NULL;
	}
	return count;
}

static bool has_slirp(const struct vmi *v)
{
	size_t i;

	for (i = 0; i < v->interface_count; i++)
		if (v->interfaces[i].has_slirp)
			return true;
	return false;
}

/* sidecarResources(): nothing, or limits so that CPUs can be pinned. */
static void add_sidecars(struct render *r)
{
	struct amounts limits = {0};
	size_t count = r->vmi->sidecar_count, i;
	char name[96];

	if (kubevirt_trait(r->release, TRAIT_BINDING_SIDECAR))
		count += count_plugins(r->vmi);
	if (kubevirt_trait(r->release, TRAIT_SLIRP_SIDECAR))
		count += has_slirp(r->vmi);
	if (r->is_guaranteed)
		limits = (struct amounts){200, 64 * MB};
	for (i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "hook-sidecar-%zu", i);
		add_helper(r, name, (struct amounts){0}, limits);
	}
}

/* --- the pod's sums, as Kubernetes makes them --- */

/* A request that is missing is the limit: the API server fills it in. */
static void effective_requests(const struct container *c, struct resources *out)
{
	*out = c->limits;
	resources_copy(out, &c->requests);
}

/* OUT becomes the larger of both, each resource for itself. */
static void take_larger(struct resources *out, const struct resources *other)
{
	size_t i;

	for (i = 0; i < other->count; i++) {
		const struct resource *one = &other->items[i];
		struct amount have = resources_get(out, one->name);

		if (!have.is_set || have.q.nano < one->amount.nano)
			resources_set(out, one->name, one->amount);
	}
}

static void add_all(struct resources *out, const struct resources *more)
{
	size_t i;

	for (i = 0; i < more->count; i++)
		resources_add(out, more->items[i].name, more->items[i].amount);
}

/* What runs at the same time: all that stays, or an init container with those
 * that stay and were started before it. */
static void sum_pod(const struct pod *p, bool of_limits, struct resources *out)
{
	struct resources steady = {.count = 0}, before = {.count = 0};
	size_t i;

	*out = (struct resources){.count = 0};
	for (i = 0; i < p->container_count; i++) {
		const struct container *c = &p->containers[i];
		struct resources own, now;

		if (of_limits)
			own = c->limits;
		else
			effective_requests(c, &own);
		if (!c->is_init || c->stays)
			add_all(&steady, &own);
		if (!c->is_init)
			continue;
		now = before;
		add_all(&now, &own);
		take_larger(out, &now);
		if (c->stays)
			before = now;
	}
	take_larger(out, &steady);
}

/* Kubernetes' class of a pod, by its CPUs and memory. */
static const char *qos_of(const struct pod *p)
{
	static const char *const names[] = {RESOURCE_CPU, RESOURCE_MEMORY};
	bool all = true, any = false;
	size_t i, j;

	for (i = 0; i < p->container_count; i++)
		for (j = 0; j < ARRAY_SIZE(names); j++) {
			const struct container *c = &p->containers[i];
			struct amount limit =
				resources_get(&c->limits, names[j]);
			struct amount request =
				resources_get(&c->requests, names[j]);

			if (amount_is_zero(request))
				request = limit;
			any |= !amount_is_zero(request);
			all &= !amount_is_zero(limit) &&
			       amounts_are_equal(request, limit);
		}
	return !any ? "BestEffort" : all ? "Guaranteed" : "Burstable";
}

static int finish(struct pod *p, struct err *err)
{
	size_t i;

	p->is_limited = true;
	for (i = 0; i < p->container_count; i++) {
		const struct container *c = &p->containers[i];

		if (c->requests.is_full || c->limits.is_full)
			return err_set(
				err, -ERANGE,
				"container '%s' has more than %d resources",
				c->name, RESOURCES_MAX);
		if ((!c->is_init || c->stays) &&
		    !resources_get(&c->limits, RESOURCE_MEMORY).is_set)
			p->is_limited = false;
	}
	sum_pod(p, false, &p->requests);
	sum_pod(p, true, &p->limits);
	p->qos = qos_of(p);
	return 0;
}

static void add_attachment(struct render *r)
{
	struct pod *p = r->pod;
	size_t i;

	for (i = 0; i < r->vmi->volume_count; i++)
		p->has_attachment |= r->vmi->volumes[i].is_hotpluggable;
	if (!p->has_attachment)
		return;
	p->attachment_limit_bytes = 80 * MB;
	p->attachment_request_bytes =
		(int64_t)MB *
		kubevirt_trait(r->release, TRAIT_HOTPLUG_REQUEST_MB);
}

int pod_render(struct pod *p, const struct vmi *v, const struct overhead *o,
	       const struct kubevirt_release *release,
	       const struct kubevirt_cluster *cluster, struct err *err)
{
	struct render r = {
		.pod = p,
		.vmi = v,
		.release = release,
		.cluster = cluster,
		.is_guaranteed =
			v->has_dedicated_cpus || vmi_is_guaranteed(v, release),
	};
	struct container *c;

	*p = (struct pod){.container_count = 0};
	if (v->has_hugepages)
		snprintf(p->page_resource, sizeof(p->page_resource),
			 "hugepages-%s", v->page_size ? v->page_size : "");
	c = add_container(&r, "compute");
	compute_resources(v, o, p->page_resource, release, cluster,
			  &c->requests, &c->limits);
	if (!mounts_images(&r))
		add_disks(&r, false, "");
	add_filesystems(&r);
	add_console_log(&r, CONSOLE_LOG_CONTAINER);
	add_sidecars(&r);
	add_console_log(&r, CONSOLE_LOG_INIT);
	add_init_disks(&r);
	add_attachment(&r);
	return finish(p, err);
}
