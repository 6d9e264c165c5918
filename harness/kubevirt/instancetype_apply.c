// SPDX-License-Identifier: GPL-3.0-or-later
/* instancetype_apply - what KubeVirt makes of a guest that names an instance type
 * or a preference. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "harness/base/err.h"
#include "harness/base/xmalloc.h"
#include "harness/kubevirt/defaults.h"
#include "harness/kubevirt/instancetype.h"
#include "harness/kubevirt/instancetype_types.h"
#include "harness/kubevirt/release.h"

static int conflict(const char *field, struct err *err)
{
	return err_set(
		err, -EPERM,
		"KubeVirt refuses it: field '%s' conflicts with the instance type",
		field);
}

static const char *cpu_conflict(const struct instancetype *t,
				const struct vmi *v)
{
	const struct vmi *f = &t->fields;

	if (resources_get(&v->requests, RESOURCE_CPU).is_set)
		return "domain.resources.requests.cpu";
	if (resources_get(&v->limits, RESOURCE_CPU).is_set)
		return "domain.resources.limits.cpu";
	if (v->sockets || v->cores || v->threads)
		return "domain.cpu.{sockets,cores,threads}";
	if (v->has_dedicated_cpus && (f->given & GIVEN_DEDICATED))
		return "domain.cpu.dedicatedCpuPlacement";
	if (v->isolates_emulator && (f->given & GIVEN_ISOLATED))
		return "domain.cpu.isolateEmulatorThread";
	if (v->given & f->given & GIVEN_NUMA)
		return "domain.cpu.numa";
	return v->is_realtime && f->is_realtime ? "domain.cpu.realtime" : NULL;
}

/* Until v1.6 any memory section is one. */
static const char *memory_conflict(const struct instancetype *t,
				   const struct vmi *v,
				   const struct kubevirt_release *r)
{
	const struct vmi *f = &t->fields;

	if (!kubevirt_trait(r, TRAIT_TYPE_MERGES_MEMORY) && v->has_memory)
		return "domain.memory";
	if (v->guest.is_set)
		return "domain.memory.guest";
	if (v->has_hugepages && f->has_hugepages)
		return "domain.memory.hugepages";
	if (v->max_guest.is_set && f->max_guest.is_set)
		return "domain.memory.maxGuest";
	if (resources_get(&v->requests, RESOURCE_MEMORY).is_set)
		return "domain.resources.requests.memory";
	return resources_get(&v->limits, RESOURCE_MEMORY).is_set
		       ? "domain.resources.limits.memory"
		       : NULL;
}

static const char *device_conflict(const struct instancetype *t,
				   const struct vmi *v)
{
	const struct vmi *f = &t->fields;

	if (v->gpu_count && f->gpu_count)
		return "domain.devices.gpus";
	if (v->host_device_count && f->host_device_count)
		return "domain.devices.hostDevices";
	return v->has_launch_security && f->has_launch_security
		       ? "domain.launchSecurity"
		       : NULL;
}

/* Fields that bear on nothing here, but that KubeVirt refuses twice. Selectors
 * and schedulers came to instance types with annotations. */
static const char *other_conflict(const struct instancetype *t,
				  const struct vmi *v,
				  const struct kubevirt_release *r)
{
	unsigned int both = t->fields.given & v->given;
	bool is_first =
		kubevirt_trait(r, TRAIT_TOPOLOGY_NAMES) == TOPOLOGY_NAMES_FIRST;

	if (both & GIVEN_CPU_MODEL)
		return "domain.cpu.model";
	if (both & GIVEN_IO_POLICY)
		return "domain.ioThreadsPolicy";
	if (v->io_thread_count && t->fields.io_thread_count &&
	    kubevirt_trait(r, TRAIT_TYPE_IO_THREADS))
		return "domain.ioThreads.supplementalPoolThreadCount";
	if (!is_first && (both & GIVEN_NODE_SELECTOR))
		return "nodeSelector";
	return !is_first && (both & GIVEN_SCHEDULER) ? "schedulerName" : NULL;
}

/* Sockets, cores or threads, or a share of each. */
static int spread(struct vmi *v, uint32_t count, const struct preference *p,
		  const struct kubevirt_release *r, struct err *err)
{
	bool has_across = kubevirt_trait(r, TRAIT_TYPE_SPREADS_ACROSS);
	const char *across =
		has_across && p->across ? p->across : "SocketsCores";
	uint32_t ratio = p->ratio ? p->ratio : 2;
	uint32_t divisor =
		strcmp(across, "SocketsCoresThreads") ? ratio : 2 * ratio;

	if (count % divisor)
		return err_set(
			err, -EPERM,
			"KubeVirt refuses it: %u vCPUs are not divisible by the preference's %u",
			count, divisor);
	v->cores = ratio;
	v->sockets = count / divisor;
	if (!strcmp(across, "CoresThreads")) {
		v->threads = ratio;
		v->cores = count / ratio;
		v->sockets = 1;
	} else if (divisor != ratio) {
		v->threads = 2;
	}
	return 0;
}

/* "preferCores", and in newer releases "cores". */
static bool is_topology(const char *name, const char *what,
			const struct kubevirt_release *r)
{
	bool is_long = !strncmp(name, "prefer", 6);
	int names = kubevirt_trait(r, TRAIT_TOPOLOGY_NAMES);

	if (!is_long && names != TOPOLOGY_NAMES_SHORT)
		return false;
	if (names == TOPOLOGY_NAMES_FIRST &&
	    (!strcmp(what, "spread") || !strcmp(what, "any")))
		return false;
	return is_long ? !strcasecmp(name + 6, what) : !strcmp(name, what);
}

/* A name that the release does not know makes one vCPU. */
static int set_topology(struct vmi *v, uint32_t count,
			const struct preference *p,
			const struct kubevirt_release *r, struct err *err)
{
	const char *topology = p ? p->topology : NULL;

	v->has_cpu = true;
	v->sockets = v->cores = v->threads = 1;
	if (!topology || is_topology(topology, "sockets", r) ||
	    is_topology(topology, "any", r))
		v->sockets = count;
	else if (is_topology(topology, "cores", r))
		v->cores = count;
	else if (is_topology(topology, "threads", r))
		v->threads = count;
	else if (is_topology(topology, "spread", r))
		return spread(v, count, p, r, err);
	return 0;
}

/* In 32-bit floats, cut, as KubeVirt does. */
static int64_t undercut(int64_t bytes, uint32_t percent)
{
	return (int64_t)((float)bytes * (1.0f - (float)percent / 100.0f));
}

static void apply_memory(const struct instancetype *t, struct vmi *v,
			 const struct kubevirt_release *r)
{
	const struct vmi *f = &t->fields;

	v->has_memory = true;
	v->guest = f->guest;
	if (t->overcommit_percent)
		resources_set(&v->requests, RESOURCE_MEMORY,
			      quantity_of(undercut(quantity_value(f->guest.q),
						   t->overcommit_percent)));
	if (f->has_hugepages) {
		v->has_hugepages = true;
		v->page_size = f->page_size;
	}
	if (f->max_guest.is_set && kubevirt_trait(r, TRAIT_TYPE_HAS_MAX))
		v->max_guest = f->max_guest;
}

static void apply_cpu(const struct instancetype *t, struct vmi *v,
		      const struct kubevirt_release *r)
{
	const struct vmi *f = &t->fields;

	v->has_dedicated_cpus |= f->has_dedicated_cpus;
	v->isolates_emulator |= f->isolates_emulator;
	v->has_numa_passthrough |= f->has_numa_passthrough;
	v->is_realtime |= f->is_realtime;
	if (f->max_sockets && kubevirt_trait(r, TRAIT_TYPE_HAS_MAX))
		v->max_sockets = f->max_sockets;
	if (f->io_thread_count && kubevirt_trait(r, TRAIT_TYPE_IO_THREADS))
		v->io_thread_count = f->io_thread_count;
	v->has_io_thread_pool |= f->has_io_thread_pool;
}

static void copy_devices(struct vmi_device **to, size_t *to_count,
			 const struct vmi_device *from, size_t count)
{
	if (!count)
		return;
	free(*to);
	*to = xcalloc(count, sizeof(**to));
	memcpy(*to, from, count * sizeof(**to));
	*to_count = count;
}

static void apply_security(const struct vmi *from, struct vmi *v)
{
	v->has_launch_security |= from->has_launch_security;
	v->has_sev |= from->has_sev;
	v->has_snp |= from->has_snp;
	v->has_tdx |= from->has_tdx;
}

static int apply_type(const struct instancetype *t, const struct preference *p,
		      struct vmi *v, const struct kubevirt_release *r,
		      struct err *err)
{
	const char *field = cpu_conflict(t, v);
	int ret;

	if (!field)
		field = memory_conflict(t, v, r);
	if (!field)
		field = device_conflict(t, v);
	if (!field)
		field = other_conflict(t, v, r);
	if (field)
		return conflict(field, err);
	ret = set_topology(v, t->cpu_count, p, r, err);
	if (ret)
		return ret;
	apply_cpu(t, v, r);
	apply_memory(t, v, r);
	copy_devices(&v->gpus, &v->gpu_count, t->fields.gpus,
		     t->fields.gpu_count);
	copy_devices(&v->host_devices, &v->host_device_count,
		     t->fields.host_devices, t->fields.host_device_count);
	apply_security(&t->fields, v);
	return 0;
}

/* A preference never overrides. */
static void apply_preference(const struct preference *p, struct vmi *v,
			     const struct kubevirt_release *r)
{
	const struct vmi *f = &p->fields;
	size_t i;

	if (f->has_tpm && !v->has_tpm) {
		v->has_tpm = true;
		v->tpm_enabled = f->tpm_enabled;
	}
	if (v->graphics == FLAG_UNSET)
		v->graphics = f->graphics;
	if (v->serial_console == FLAG_UNSET)
		v->serial_console = f->serial_console;
	for (i = 0; i < v->interface_count && p->model; i++)
		if (!*v->interfaces[i].model)
			v->interfaces[i].model = p->model;
	if (f->arch[0] && !v->arch[0] && kubevirt_trait(r, TRAIT_PREFERS_ARCH))
		memcpy(v->arch, f->arch, sizeof(v->arch));
	if (!v->has_launch_security &&
	    kubevirt_trait(r, TRAIT_PREFERS_SECURITY))
		apply_security(f, v);
}

int instancetype_apply(const struct instancetype *t, const struct preference *p,
		       struct vmi *v, const struct kubevirt_release *r,
		       struct err *err)
{
	int ret = 0;

	if (p && v->pod_interface == FLAG_UNSET)
		v->pod_interface = p->fields.pod_interface;
	if (t || p)
		vmi_set_interface(v);
	if (t)
		ret = apply_type(t, p, v, r, err);
	if (!ret && p)
		apply_preference(p, v, r);
	return ret;
}
