// SPDX-License-Identifier: GPL-3.0-or-later
/* memory - what the webhook asks of memory and CPUs. */
#include <errno.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/kubevirt/cluster.h"
#include "harness/kubevirt/rejection/rules.h"
#include "harness/kubevirt/release.h"
#include "harness/kubevirt/vmi.h"

#define MEMORY_REQUEST RESOURCES "requests.memory"
#define MEMORY_LIMIT RESOURCES "limits.memory"
#define CPU_REQUEST RESOURCES "requests.cpu"
#define CPU_LIMIT RESOURCES "limits.cpu"
#define PLACEMENT DOMAIN "cpu.dedicatedCpuPlacement"
#define NUMA DOMAIN "cpu.numa.guestMappingPassthrough"

/* As it is written; NULL: not, or it is zero, which the webhook replaces. What
 * YAML takes for a number reaches KubeVirt without an exponent. */
static const char *written_at(const struct asked *g, const char *path)
{
	const struct yaml_value *v = yaml_at(g->domain, path);
	const char *text = yaml_text_of(v);

	if (!text || strspn(text, "0.") == strlen(text))
		return NULL;
	return yaml_kind_of(v) == YAML_NUMBER ? "1" : text;
}

/* Where the webhook takes a request, a limit or a guest's memory from: the
 * first that is written gives the form of its text. */
static struct quantity_text text_of(const struct asked *g, struct amount a,
				    const char *const *paths)
{
	const char *written = NULL;

	for (; *paths && !written; paths++)
		written = written_at(g, *paths);
	return quantity_text(a.q, written);
}

static const char *const memory_request_paths[] = {
	"resources.requests.memory",
	"resources.limits.memory",
	"memory.guest",
	"memory.hugepages.pageSize",
	NULL,
};
static const char *const memory_limit_paths[] = {
	"resources.limits.memory",
	NULL,
};
static const char *const guest_paths[] = {
	"memory.guest",
	"resources.requests.memory",
	"resources.limits.memory",
	"memory.hugepages.pageSize",
	NULL,
};
static const char *const cpu_request_paths[] = {
	"resources.requests.cpu",
	"resources.limits.cpu",
	NULL,
};
static const char *const cpu_limit_paths[] = {"resources.limits.cpu", NULL};

#define TEXT(a, paths) (text_of(g, a, paths).text)

static struct amount memory_request(const struct asked *g)
{
	return resources_get(&g->v->requests, RESOURCE_MEMORY);
}

static struct amount memory_limit(const struct asked *g)
{
	return resources_get(&g->v->limits, RESOURCE_MEMORY);
}

static int64_t value_of(struct amount a)
{
	return a.is_set ? quantity_value(a.q) : 0;
}

/* --- memory --- */

/* What is at least a page: the request, and since it may be missing the guest's
 * memory or the limit. */
static int64_t paged_memory(const struct asked *g, bool *is_asked)
{
	int64_t value = value_of(memory_request(g));

	*is_asked = true;
	if (kubevirt_trait(g->release, TRAIT_FILLS_REQUEST))
		return value;
	if (!value)
		value = value_of(g->v->guest);
	if (!value)
		value = value_of(memory_limit(g));
	*is_asked = value != 0;
	return value;
}

static void ask_pages(struct asked *g)
{
	const char *field = is_since(g, 8, 0) ? DOMAIN
				    "memory.hugepages.pageSize"
					      : DOMAIN "hugepages.size";
	const char *size = g->v->page_size ? g->v->page_size : "";
	bool is_negative = *size == '-', is_asked;
	int64_t memory = paged_memory(g, &is_asked), page = INT64_MAX;
	struct amount request = memory_request(g);
	struct err ignored;

	if (quantity_parse(size + is_negative, &page, &ignored) == -EINVAL) {
		refuse_field(
			g, field,
			" '%s': quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
			size);
		return;
	}
	if (!page)
		refuse_by_panic(g, field, "a page size of 0");
	else if (is_asked && !is_negative && memory < page)
		refuse_field(
			g, MEMORY_REQUEST,
			" '%s' must be equal to or larger than page size %s '%s'",
			TEXT(request, memory_request_paths), field, size);
	else if (memory % page)
		refuse_field(g, MEMORY_REQUEST,
			     " '%s' is not a multiple of the page size %s '%s'",
			     TEXT(request, memory_request_paths), field, size);
}

void ask_memory(struct asked *g)
{
	struct amount request = memory_request(g), limit = memory_limit(g);

	if (value_of(request) > 0 && request.q.nano < quantity_of(1000000).nano)
		refuse_field(g, MEMORY_REQUEST,
			     " '%s': must be greater than or equal to 1M.",
			     TEXT(request, memory_request_paths));
	if (value_of(limit) > 0 && value_of(request) > value_of(limit))
		refuse_field(g, MEMORY_REQUEST,
			     " '%s' is greater than " MEMORY_LIMIT " '%s'",
			     TEXT(request, memory_request_paths),
			     TEXT(limit, memory_limit_paths));
	if (g->v->has_hugepages)
		ask_pages(g);
}

/* IsVMRolloutStrategyLiveUpdate(); nothing asked for it until v1.2.1. */
static bool is_live(const struct asked *g)
{
	if (is_since(g, 6, 0))
		return g->cluster->rollout != ROLLOUT_STAGE;
	return is_since(g, 2, 1) && has_gate(g, "VMLiveUpdateFeatures") &&
	       g->cluster->rollout == ROLLOUT_LIVE_UPDATE;
}

void ask_guest_limit(struct asked *g)
{
	struct amount limit = memory_limit(g);

	if (is_live(g) || !g->v->guest.is_set || !value_of(limit) ||
	    value_of(limit) >= value_of(g->v->guest))
		return;
	refuse_field(
		g, DOMAIN "memory.guest",
		" '%s' must be equal to or less than the memory limit " MEMORY_LIMIT
		" '%s'",
		TEXT(g->v->guest, guest_paths),
		TEXT(limit, memory_limit_paths));
}

/* ValidateVirtualMachineInstanceMandatoryFields() */
void ask_request_missing(struct asked *g)
{
	const struct vmi *v = g->v;
	const char *page = is_since(g, 8, 0) ? "pageSize" : "size";

	if (value_of(memory_request(g)) ||
	    (v->has_memory && (v->guest.is_set || v->has_hugepages)))
		return;
	refuse_beyond_spec(
		g, "",
		"no memory requested, at least one of 'spec.domain.memory.guest', 'spec.domain.memory.hugepages.%s' or 'spec.domain.resources.requests.memory' must be set",
		page);
}

/* --- CPUs --- */

static struct amount cpu_request(const struct asked *g)
{
	return resources_get(&g->v->requests, RESOURCE_CPU);
}

static struct amount cpu_limit(const struct asked *g)
{
	return resources_get(&g->v->limits, RESOURCE_CPU);
}

/* MilliValue(), which is 0 where it would be too large. */
static int64_t milli_of(struct amount a)
{
	const int64_t most = INT64_MAX / 1000;

	return a.is_set && quantity_value(a.q) <= most ? quantity_milli(a.q)
						       : 0;
}

void ask_cpu_amounts(struct asked *g)
{
	struct amount request = cpu_request(g), limit = cpu_limit(g);

	if (milli_of(limit) > 0 && milli_of(request) > milli_of(limit))
		refuse_field(g, CPU_REQUEST,
			     " '%s' is greater than " CPU_LIMIT " '%s'",
			     TEXT(request, cpu_request_paths),
			     TEXT(limit, cpu_limit_paths));
}

static bool is_fraction(struct amount a)
{
	return milli_of(a) != (__int128)value_of(a) * 1000;
}

/* Since requests may be missing, the guest's memory is enough; until v1.7.4
 * KubeVirt looked at it without asking whether it is there. */
static void ask_pinned_memory(struct asked *g)
{
	const struct vmi *v = g->v;
	bool is_fixed = is_since(g, 7, 4);

	if (value_of(memory_limit(g)) || value_of(memory_request(g)))
		return;
	if (kubevirt_trait(g->release, TRAIT_FILLS_REQUEST))
		refuse(g, MEMORY_LIMIT,
		       MEMORY_REQUEST " or " MEMORY_LIMIT
				      " should be provided");
	else if (!v->has_hugepages && !v->guest.is_set && !is_fixed)
		refuse_by_panic(g, DOMAIN "memory.guest",
				"its being missing with dedicated CPUs");
	else if (!v->has_hugepages && !value_of(v->guest))
		refuse(g, MEMORY_LIMIT,
		       MEMORY_REQUEST ", " MEMORY_LIMIT ", " DOMAIN
				      "memory.hugepages or " DOMAIN
				      "memory.guest should be provided");
}

static void ask_pinned_amounts(struct asked *g)
{
	struct amount request = cpu_request(g), limit = cpu_limit(g);
	int64_t memory = value_of(memory_request(g));
	int64_t most = value_of(memory_limit(g));

	if (is_fraction(request))
		refuse(g, CPU_REQUEST,
		       "provided resources CPU requests must be an interger");
	if (is_fraction(limit))
		refuse(g, CPU_LIMIT,
		       "provided resources CPU limits must be an interger");
	if (memory > 0 && most > 0 && memory != most)
		refuse_field(g, MEMORY_REQUEST,
			     " must be equal to " MEMORY_LIMIT);
}

static void ask_pinned_count(struct asked *g)
{
	int64_t request = value_of(cpu_request(g));
	int64_t limit = value_of(cpu_limit(g));
	int64_t vcpus = vmi_vcpu_count(g->v);

	if (!request && !limit && !vcpus)
		refuse(g, PLACEMENT,
		       "either " CPU_REQUEST " or " CPU_LIMIT " or " DOMAIN
		       "cpu.cores must be provided when DedicatedCPUPlacement is true ");
	if (request > 0 && limit > 0 && request != limit)
		refuse(g, PLACEMENT,
		       CPU_REQUEST
		       " or " CPU_LIMIT
		       " must be equal when DedicatedCPUPlacement is true ");
	if ((request > 0 || limit > 0) && vcpus > 0 && request != vcpus &&
	    limit != vcpus)
		refuse(g, PLACEMENT,
		       CPU_REQUEST
		       " or " CPU_LIMIT
		       " must not be provided at the same time with " DOMAIN
		       "cpu.cores when DedicatedCPUPlacement is true ");
}

/* validateCpuPinning() */
void ask_pinning(struct asked *g)
{
	uint32_t threads = g->v->threads;

	if (!g->v->has_dedicated_cpus)
		return;
	ask_pinned_memory(g);
	if (g->is_over)
		return;
	ask_pinned_amounts(g);
	ask_pinned_count(g);
	if (threads > 1 && is_arch(g, "arm64") && is_since(g, 1, 0))
		refuse(g, "spec.architecture",
		       "threads must not be greater than 1 at " DOMAIN
		       "cpu.threads (got %u) when spec.architecture is arm64",
		       threads);
	if (threads > 2)
		refuse(g, PLACEMENT,
		       "Not more than two threads must be provided at " DOMAIN
		       "cpu.threads (got %u) when DedicatedCPUPlacement is true",
		       threads);
}

void ask_numa(struct asked *g)
{
	const struct vmi *v = g->v;

	if (v->has_numa_passthrough && !has_gate(g, "NUMA"))
		refuse(g, NUMA,
		       "NUMA feature gate is not enabled in kubevirt-config, invalid entry " NUMA);
	if (v->has_numa_passthrough && !v->has_dedicated_cpus)
		refuse(g, NUMA,
		       PLACEMENT
		       " must be set to true when NUMA topology strategy is set in " NUMA);
	if (v->has_numa_passthrough && !v->has_hugepages)
		refuse(g, NUMA,
		       DOMAIN
		       "memory.hugepages must be requested when NUMA topology strategy is set in " NUMA);
	if (v->isolates_emulator && !v->has_dedicated_cpus)
		refuse(g, DOMAIN "cpu.isolateEmulatorThread",
		       "IsolateEmulatorThread should be only set in combination with DedicatedCPUPlacement");
}

static void ask_cpu_features(struct asked *g)
{
	static const char *const policies[] = {
		"", "force", "require", "optional", "disable", "forbid", NULL,
	};
	const struct yaml_value *feature;
	size_t i;

	for (i = 0, feature = first_item(g->domain, "cpu.features"); feature;
	     i++, feature = next_item(feature))
		if (!is_one_of(yaml_text_at(feature, "policy"), policies))
			refuse(g, AT(DOMAIN "cpu.features[%zu].policy", i),
			       "CPU feature %s uses policy %s that is not supported.",
			       yaml_text_at(feature, "name"),
			       yaml_text_at(feature, "policy"));
}

void ask_cpu(struct asked *g)
{
	const struct vmi *v = g->v;

	ask_cpu_features(g);
	if (v->max_sockets && v->sockets > v->max_sockets)
		refuse(g, DOMAIN "cpu.sockets",
		       "Number of sockets in CPU topology is greater than the maximum sockets allowed");
}

/* validateCPURealtime(), validateMemoryRealtime() */
void ask_realtime(struct asked *g)
{
	const struct vmi *v = g->v;

	if (v->is_realtime && !v->has_dedicated_cpus)
		refuse_field(g, PLACEMENT,
			     " must be set to true when " DOMAIN
			     "cpu.realtime is used");
	if (v->is_realtime && !v->has_numa_passthrough)
		refuse_field(g, NUMA,
			     " must be defined when " DOMAIN
			     "cpu.realtime is used");
}
