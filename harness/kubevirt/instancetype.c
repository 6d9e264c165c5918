// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/kubevirt/instancetype.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/xmalloc.h"
#include "harness/base/yaml_stream.h"
#include "harness/kubevirt/instancetype_types.h"
#include "harness/kubevirt/vmi_fields.h"

static const char common[] = {
#include "common_types.txt.hex"
	0};

struct instancetypes {
	struct instancetype *types;
	struct preference *preferences;
	bool is_loading_common;
};

/* --- reading --- */

static char *copy_text(const char *text)
{
	return text && *text ? xstrdup(text) : NULL;
}

/* A name that outlives its document. */
static const char *keep_text(struct instancetype *t, const char *text)
{
	if (!text || !*text)
		return text ? "" : NULL;
	t->texts = xrealloc(t->texts, t->text_count + 1, sizeof(*t->texts));
	t->texts[t->text_count] = xstrdup(text);
	return t->texts[t->text_count++];
}

static void keep_devices(struct instancetype *t, struct vmi_device *devices,
			 size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		devices[i].resource = keep_text(t, devices[i].resource);
}

static int read_type_cpu(struct vmi *v, const struct yaml_value *spec,
			 struct err *err)
{
	FIELD_ROWS(bool, {"cpu.dedicatedCPUPlacement", &v->has_dedicated_cpus},
		   {"cpu.isolateEmulatorThread", &v->isolates_emulator});

	READ_ROWS(field_bool);
	if (!ret)
		ret = field_count(spec, "cpu.maxSockets", &v->max_sockets, err);
	return ret ? ret
		   : field_count(spec, "ioThreads.supplementalPoolThreadCount",
				 &v->io_thread_count, err);
}

static int read_type_parts(struct vmi *v, const struct yaml_value *spec,
			   struct err *err)
{
	FIELD_ROWS(
		bool, {"cpu.realtime", &v->is_realtime},
		{"cpu.numa.guestMappingPassthrough", &v->has_numa_passthrough},
		{"memory.hugepages", &v->has_hugepages},
		{"launchSecurity", &v->has_launch_security},
		{"launchSecurity.sev", &v->has_sev},
		{"launchSecurity.snp", &v->has_snp},
		{"launchSecurity.tdx", &v->has_tdx});

	READ_ROWS(field_presence);
	return ret;
}

static int read_type_rest(struct vmi *v, const struct yaml_value *spec,
			  struct err *err)
{
	const char *policy = NULL;
	int ret = field_amount(spec, "memory.guest", &v->guest, err);

	if (!ret)
		ret = field_amount(spec, "memory.maxGuest", &v->max_guest, err);
	if (!ret)
		ret = field_text(spec, "memory.hugepages.pageSize",
				 &v->page_size, err);
	if (!ret)
		ret = field_text(spec, "ioThreadsPolicy", &policy, err);
	if (policy)
		v->has_io_thread_pool = !strcmp(policy, "supplementalPool");
	v->given =
		field_given(spec, "cpu.model", GIVEN_CPU_MODEL) |
		field_given(spec, "nodeSelector", GIVEN_NODE_SELECTOR) |
		field_given(spec, "schedulerName", GIVEN_SCHEDULER) |
		field_given(spec, "ioThreadsPolicy", GIVEN_IO_POLICY) |
		field_given(spec, "cpu.dedicatedCPUPlacement",
			    GIVEN_DEDICATED) |
		field_given(spec, "cpu.numa", GIVEN_NUMA) |
		field_given(spec, "cpu.isolateEmulatorThread", GIVEN_ISOLATED);
	if (!ret)
		ret = READ_LIST("gpus", v, gpus, gpu_count, field_device);
	return ret ? ret
		   : READ_LIST("hostDevices", v, host_devices,
			       host_device_count, field_device);
}

/* The fields have other places than in a guest: "cpu" for "domain.cpu". */
static int read_type(struct instancetype *t, const struct yaml_value *spec,
		     struct err *err)
{
	struct vmi *v = &t->fields;
	int ret = field_count(spec, "cpu.guest", &t->cpu_count, err);

	if (!ret)
		ret = field_count(spec, "memory.overcommitPercent",
				  &t->overcommit_percent, err);
	if (!ret)
		ret = read_type_cpu(v, spec, err);
	if (!ret)
		ret = read_type_parts(v, spec, err);
	if (!ret)
		ret = read_type_rest(v, spec, err);
	if (!ret && (!t->cpu_count || !v->guest.is_set))
		ret = err_set(
			err, -EINVAL,
			"line %zu: an instance type has cpu.guest and memory.guest",
			yaml_line_of(spec));
	v->page_size = keep_text(t, v->page_size);
	keep_devices(t, v->gpus, v->gpu_count);
	keep_devices(t, v->host_devices, v->host_device_count);
	return ret;
}

static int read_preferred_parts(struct vmi *v, const struct yaml_value *spec,
				struct err *err)
{
	const char *arch = NULL;
	FIELD_ROWS(bool, {"devices.preferredTPM", &v->has_tpm},
		   {"preferredLaunchSecurity", &v->has_launch_security},
		   {"preferredLaunchSecurity.sev", &v->has_sev},
		   {"preferredLaunchSecurity.snp", &v->has_snp},
		   {"preferredLaunchSecurity.tdx", &v->has_tdx});

	READ_ROWS(field_presence);
	if (!ret)
		ret = field_text(spec, "preferredArchitecture", &arch, err);
	if (arch)
		snprintf(v->arch, sizeof(v->arch), "%s", arch);
	return ret;
}

static int read_preferred_flags(struct vmi *v, const struct yaml_value *spec,
				struct err *err)
{
	FIELD_ROWS(
		enum vmi_flag,
		{"devices.preferredTPM.enabled", &v->tpm_enabled},
		{"devices.preferredAutoattachGraphicsDevice", &v->graphics},
		{"devices.preferredAutoattachSerialConsole",
		 &v->serial_console},
		{"devices.preferredAutoattachPodInterface", &v->pod_interface});

	READ_ROWS(field_flag);
	return ret;
}

static int read_preference(struct preference *p, const struct yaml_value *spec,
			   struct err *err)
{
	const char *topology = NULL, *across = NULL, *model = NULL;
	int ret = field_text(spec, "cpu.preferredCPUTopology", &topology, err);

	if (!ret)
		ret = field_text(spec, "cpu.spreadOptions.across", &across,
				 err);
	if (!ret)
		ret = field_text(spec, "devices.preferredInterfaceModel",
				 &model, err);
	if (!ret)
		ret = field_count(spec, "preferSpreadSocketToCoreRatio",
				  &p->ratio, err);
	if (!ret)
		ret = field_count(spec, "cpu.spreadOptions.ratio", &p->ratio,
				  err);
	if (!ret)
		ret = read_preferred_parts(&p->fields, spec, err);
	if (!ret)
		ret = read_preferred_flags(&p->fields, spec, err);
	p->topology = copy_text(topology);
	p->across = copy_text(across);
	p->model = copy_text(model);
	return ret;
}

static void type_free(struct instancetype *t)
{
	while (t->text_count)
		free(t->texts[--t->text_count]);
	free(t->texts);
	free(t->name);
	free(t->space);
	vmi_release(&t->fields);
	free(t);
}

static void preference_free(struct preference *p)
{
	free(p->name);
	free(p->space);
	free(p->topology);
	free(p->across);
	free(p->model);
	vmi_release(&p->fields);
	free(p);
}

static int add_type(struct instancetypes *all, const struct yaml_value *object,
		    const char *name, bool is_cluster, struct err *err)
{
	struct instancetype *t = xcalloc(1, sizeof(*t));
	int ret;

	t->name = xstrdup(name);
	t->space = xstrdup(yaml_text_at(object, "metadata.namespace"));
	t->is_cluster = is_cluster;
	t->is_common = all->is_loading_common;
	t->next = all->types;
	all->types = t;
	ret = read_type(t, yaml_member(object, "spec"), err);
	if (ret) {
		all->types = t->next;
		type_free(t);
	}
	return ret;
}

static int add_preference(struct instancetypes *all,
			  const struct yaml_value *object, const char *name,
			  bool is_cluster, struct err *err)
{
	struct preference *p = xcalloc(1, sizeof(*p));
	int ret;

	p->name = xstrdup(name);
	p->space = xstrdup(yaml_text_at(object, "metadata.namespace"));
	p->is_cluster = is_cluster;
	p->is_common = all->is_loading_common;
	p->next = all->preferences;
	all->preferences = p;
	ret = read_preference(p, yaml_member(object, "spec"), err);
	if (ret) {
		all->preferences = p->next;
		preference_free(p);
	}
	return ret;
}

int instancetypes_add(struct instancetypes *all,
		      const struct yaml_value *object, const char *kind,
		      struct err *err)
{
	const char *name = yaml_text_of(yaml_at(object, "metadata.name"));
	bool is_cluster = strstr(kind, "Cluster") != NULL;

	if (!name)
		return err_set(err, -EINVAL, "line %zu: it has no name",
			       yaml_line_of(object));
	return strstr(kind, "Preference")
		       ? add_preference(all, object, name, is_cluster, err)
		       : add_type(all, object, name, is_cluster, err);
}

static void load_common(struct instancetypes *all)
{
	struct yaml_stream *s =
		yaml_stream_open_bytes(common, sizeof(common) - 1, NULL);
	const struct yaml_value *root;
	struct err err;

	all->is_loading_common = true;
	while (yaml_stream_next(s, &root, &err) > 0)
		if (root &&
		    instancetypes_add(all, root,
				      yaml_text_of(yaml_member(root, "kind")),
				      &err))
			break;
	all->is_loading_common = false;
	yaml_stream_close(s);
}

struct instancetypes *instancetypes_new(void)
{
	struct instancetypes *all = xcalloc(1, sizeof(*all));

	load_common(all);
	return all;
}

void instancetypes_free(struct instancetypes *all)
{
	struct instancetype *t;
	struct preference *p;

	if (!all)
		return;
	while ((t = all->types)) {
		all->types = t->next;
		type_free(t);
	}
	while ((p = all->preferences)) {
		all->preferences = p->next;
		preference_free(p);
	}
	free(all);
}

/* --- finding --- */

/* The name that a matcher gives; NULL with the reason. Kinds are compared in
 * lower case, and the default is the cluster's. */
static const char *matched_name(const struct yaml_value *matcher,
				bool *is_cluster, const char **why)
{
	const char *name = yaml_text_of(yaml_member(matcher, "name"));
	const char *kind = yaml_text_of(yaml_member(matcher, "kind"));

	*is_cluster = !kind || !*kind || strcasestr(kind, "cluster");
	*why = NULL;
	if (yaml_member(matcher, "inferFromVolume"))
		*why = "what its volume infers is known to the cluster alone";
	else if (!name)
		*why = "it has no name";
	return *why ? NULL : name;
}

/* One of a namespace is for guests there; who does not say is anywhere. */
static bool is_within(const char *space, const char *guests)
{
	return !*space || !*guests || !strcmp(space, guests);
}

const struct instancetype *instancetype_find(const struct instancetypes *all,
					     const struct yaml_value *matcher,
					     const char *space,
					     const char **why)
{
	bool is_cluster;
	const char *name = matched_name(matcher, &is_cluster, why);
	const struct instancetype *t;

	for (t = name ? all->types : NULL; t; t = t->next)
		if (t->is_cluster == is_cluster && !strcmp(t->name, name) &&
		    (is_cluster || is_within(t->space, space)))
			return t;
	if (!*why)
		*why = "none of that name was read, give it with --instancetype";
	return NULL;
}

const struct preference *preference_find(const struct instancetypes *all,
					 const struct yaml_value *matcher,
					 const char *space, const char **why)
{
	bool is_cluster;
	const char *name = matched_name(matcher, &is_cluster, why);
	const struct preference *p;

	for (p = name ? all->preferences : NULL; p; p = p->next)
		if (p->is_cluster == is_cluster && !strcmp(p->name, name) &&
		    (is_cluster || is_within(p->space, space)))
			return p;
	if (!*why)
		*why = "none of that name was read, give it with --preference";
	return NULL;
}

bool instancetype_is_common(const struct instancetype *t)
{
	return t->is_common;
}

bool preference_is_common(const struct preference *p)
{
	return p->is_common;
}
