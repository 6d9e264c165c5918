// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/kubevirt/vmi.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/yaml_tree.h"
#include "harness/kubevirt/quantity.h"

/* "domain.memory.guest" of an object; NULL: not there, or null. */
static const json_t *at(const json_t *o, const char *path)
{
	char key[64];

	while (o && *path) {
		size_t len = strcspn(path, ".");

		snprintf(key, sizeof(key), "%.*s", (int)len, path);
		o = json_object_get(o, key);
		path += len + (path[len] == '.');
	}
	return json_is_null(o) ? NULL : o;
}

static int amount_at(const json_t *spec, const char *path, int64_t *value,
		     struct err *err)
{
	const json_t *o = at(spec, path);

	if (!o)
		return 0;
	if (!json_is_string(o))
		return err_set(err, -EINVAL, "'%s' is not an amount", path);
	return quantity_parse(json_string_value(o), value, err)
		       ? err_wrap(err, "'%s'", path)
		       : 0;
}

static int flag_at(const json_t *spec, const char *path, bool *value,
		   struct err *err)
{
	const char *text = json_string_value(at(spec, path));

	if (!at(spec, path))
		return 0;
	if (!text || (strcmp(text, "true") && strcmp(text, "false")))
		return err_set(err, -EINVAL, "'%s' is neither true nor false",
			       path);
	*value = !strcmp(text, "true");
	return 0;
}

/* Go's int fields: a whole number, not an amount. */
static int count_at(const json_t *spec, const char *path, int64_t *value,
		    struct err *err)
{
	const char *text = json_string_value(at(spec, path));

	if (!at(spec, path))
		return 0;
	if (!text || !*text || text[strspn(text, "0123456789")] ||
	    strlen(text) > 9)
		return err_set(err, -EINVAL, "'%s' is no number", path);
	return quantity_parse(text, value, err);
}

static int take_memory(const json_t *spec, struct vm_spec *s, struct err *err)
{
	const struct {
		const char *path;
		int64_t *value;
	} amounts[] = {
		{"domain.resources.requests.memory", &s->memory_request},
		{"domain.resources.limits.memory", &s->memory_limit},
		{"domain.memory.guest", &s->guest_memory},
		{"domain.memory.maxGuest", &s->max_guest},
		{"domain.memory.hugepages.pageSize", &s->hugepage_bytes},
		{"domain.memory.reservedOverhead.addedOverhead",
		 &s->added_overhead},
	};
	const char *memlock = json_string_value(
		at(spec, "domain.memory.reservedOverhead.memLock"));
	size_t i;
	int ret = 0;

	for (i = 0; i < ARRAY_SIZE(amounts) && !ret; i++)
		ret = amount_at(spec, amounts[i].path, amounts[i].value, err);
	if (!ret)
		ret = flag_at(spec, "domain.resources.overcommitGuestOverhead",
			      &s->overcommits_guest_overhead, err);
	if (memlock)
		s->is_memlock_required = !strcmp(memlock, "Required");
	return ret;
}

/* pkg/util/hardware: fields that are zero are passed over; without any CPU
 * section the limit counts, else the request, in whole CPUs. */
static int take_cpus(const json_t *spec, struct vm_spec *s, struct err *err)
{
	int64_t cores = 0, sockets = 0, threads = 0;
	int64_t limit = 0, request = 0;
	int ret = count_at(spec, "domain.cpu.cores", &cores, err);

	if (!ret)
		ret = count_at(spec, "domain.cpu.sockets", &sockets, err);
	if (!ret)
		ret = count_at(spec, "domain.cpu.threads", &threads, err);
	if (!ret)
		ret = amount_at(spec, "domain.resources.limits.cpu", &limit,
				err);
	if (!ret)
		ret = amount_at(spec, "domain.resources.requests.cpu", &request,
				err);
	if (!ret)
		ret = flag_at(spec, "domain.cpu.dedicatedCpuPlacement",
			      &s->has_dedicated_cpus, err);
	if (ret)
		return ret;
	if (at(spec, "domain.cpu.realtime"))
		s->is_realtime = true;
	if (cores > 1000000 || sockets > 1000000 || threads > 1000000)
		return err_set(err, -EINVAL, "'domain.cpu' is too large");
	if (at(spec, "domain.cpu"))
		s->vcpu_count = (cores ? cores : 1) * (sockets ? sockets : 1) *
				(threads ? threads : 1);
	else if (limit || request)
		s->vcpu_count = limit ? limit : request;
	return 0;
}

/* Requests that equal their limits, CPUs and memory both: the class that
 * Kubernetes calls Guaranteed. */
static bool is_guaranteed(const json_t *spec)
{
	static const char *const kinds[] = {"memory", "cpu"};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		int64_t request = -1, limit = -2;
		char path[64];
		struct err ignored;

		snprintf(path, sizeof(path), "domain.resources.requests.%s",
			 kinds[i]);
		amount_at(spec, path, &request, &ignored);
		snprintf(path, sizeof(path), "domain.resources.limits.%s",
			 kinds[i]);
		amount_at(spec, path, &limit, &ignored);
		if (request != limit)
			return false;
	}
	return true;
}

static size_t count_with(const json_t *list, const char *key)
{
	size_t i, count = 0;
	json_t *item;

	json_array_foreach((json_t *)list, i, item)
		count += at(item, key) != NULL;
	return count;
}

static int take_devices(const json_t *spec, struct vm_spec *s, struct err *err)
{
	const json_t *devices = at(spec, "domain.devices");
	bool has_graphics = !s->has_no_graphics;
	int ret = flag_at(spec, "domain.devices.autoattachGraphicsDevice",
			  &has_graphics, err);

	s->has_no_graphics = !has_graphics;
	s->vfio_count +=
		(int64_t)(json_array_size(at(devices, "hostDevices")) +
			  json_array_size(at(devices, "gpus")) +
			  count_with(at(devices, "interfaces"), "sriov"));
	s->has_tpm |= at(devices, "tpm") != NULL;
	s->has_downward_metrics |=
		count_with(at(spec, "volumes"), "downwardMetrics") > 0;
	s->has_sev |= at(spec, "domain.launchSecurity.sev") != NULL;
	s->has_snp |= at(spec, "domain.launchSecurity.snp") != NULL;
	s->has_liveness_exec |= at(spec, "livenessProbe.exec") != NULL;
	s->has_readiness_exec |= at(spec, "readinessProbe.exec") != NULL;
	s->has_dedicated_cpus |= is_guaranteed(spec);
	return ret;
}

static int take_arch(const json_t *spec, struct vm_spec *s, struct err *err)
{
	const char *arch = json_string_value(at(spec, "architecture"));

	if (!arch || !*arch)
		return 0;
	if (strcmp(arch, "amd64") && strcmp(arch, "arm64"))
		return err_set(
			err, -EINVAL,
			"'architecture' is '%.40s'; there are amd64 and arm64",
			arch);
	s->is_arm64 = !strcmp(arch, "arm64");
	return 0;
}

/* The instance's spec, wherever the kind has it; NULL: another kind. */
static const json_t *spec_of(const json_t *document)
{
	const char *kind = json_string_value(at(document, "kind"));

	if (kind && !strcmp(kind, "VirtualMachineInstance"))
		return at(document, "spec");
	if (kind && !strcmp(kind, "VirtualMachine"))
		return at(document, "spec.template.spec");
	return NULL;
}

static int take_all(const json_t *document, struct vm_spec *s, char *name,
		    size_t name_size, struct err *err)
{
	const json_t *spec = spec_of(document);
	const char *text = json_string_value(at(document, "metadata.name"));
	int ret;

	snprintf(name, name_size, "%s", text ? text : "");
	if (!at(spec, "domain"))
		return err_set(err, -EINVAL, "its spec has no 'domain'");
	ret = take_memory(spec, s, err);
	if (!ret)
		ret = take_cpus(spec, s, err);
	if (!ret)
		ret = take_devices(spec, s, err);
	return ret ? ret : take_arch(spec, s, err);
}

int vmi_parse(const char *bytes, size_t len, struct vm_spec *spec, char *name,
	      size_t name_size, struct err *err)
{
	json_t *documents, *document;
	int ret = yaml_tree_parse(bytes, len, &documents, err);
	size_t i;

	if (ret)
		return ret;
	ret = err_set(err, -EINVAL,
		      "it holds no VirtualMachineInstance or VirtualMachine");
	json_array_foreach(documents, i, document)
		if (spec_of(document)) {
			ret = take_all(document, spec, name, name_size, err);
			break;
		}
	json_decref(documents);
	return ret;
}
