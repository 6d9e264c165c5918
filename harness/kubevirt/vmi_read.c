// SPDX-License-Identifier: GPL-3.0-or-later
/* vmi_read - a VirtualMachineInstance's fields, out of its manifest. */
#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/yaml_stream.h"
#include "harness/kubevirt/vmi.h"
#include "harness/kubevirt/vmi_fields.h"

#define EVEN_PARITY "alpha.kubevirt.io/EmulatorThreadCompleteToEvenParity"
#define HOOK_SIDECARS "hooks.kubevirt.io/hookSidecars"

static int read_amounts(struct vmi *v, const struct yaml_value *spec,
			struct err *err)
{
	FIELD_ROWS(struct amount, {"domain.memory.guest", &v->guest},
		   {"domain.memory.maxGuest", &v->max_guest},
		   {"domain.memory.reservedOverhead.addedOverhead",
		    &v->added_overhead});

	READ_ROWS(field_amount);
	return ret;
}

static int read_counts(struct vmi *v, const struct yaml_value *spec,
		       struct err *err)
{
	/* A topology that was there before is of another guest. */
	bool has_own = yaml_at(spec, "domain.cpu.cores") ||
		       yaml_at(spec, "domain.cpu.sockets") ||
		       yaml_at(spec, "domain.cpu.threads");
	FIELD_ROWS(uint32_t, {"domain.cpu.cores", &v->cores},
		   {"domain.cpu.sockets", &v->sockets},
		   {"domain.cpu.threads", &v->threads},
		   {"domain.cpu.maxSockets", &v->max_sockets},
		   {"domain.ioThreads.supplementalPoolThreadCount",
		    &v->io_thread_count});

	if (has_own)
		v->cores = v->sockets = v->threads = 0;
	READ_ROWS(field_count);
	return ret;
}

static int read_flags(struct vmi *v, const struct yaml_value *spec,
		      struct err *err)
{
	FIELD_ROWS(
		enum vmi_flag,
		{"domain.devices.autoattachGraphicsDevice", &v->graphics},
		{"domain.devices.autoattachSerialConsole", &v->serial_console},
		{"domain.devices.logSerialConsole", &v->serial_log},
		{"domain.devices.autoattachPodInterface", &v->pod_interface},
		{"domain.devices.autoattachVSOCK", &v->vsock},
		{"domain.devices.tpm.enabled", &v->tpm_enabled});

	READ_ROWS(field_flag);
	return ret;
}

static int read_bools(struct vmi *v, const struct yaml_value *spec,
		      struct err *err)
{
	FIELD_ROWS(bool,
		   {"domain.resources.overcommitGuestOverhead",
		    &v->overcommits_guest_overhead},
		   {"domain.cpu.dedicatedCpuPlacement", &v->has_dedicated_cpus},
		   {"domain.cpu.isolateEmulatorThread", &v->isolates_emulator});

	READ_ROWS(field_bool);
	return ret;
}

static int read_presences(struct vmi *v, const struct yaml_value *spec,
			  struct err *err)
{
	FIELD_ROWS(
		bool, {"domain.cpu", &v->has_cpu},
		{"domain.cpu.realtime", &v->is_realtime},
		{"domain.cpu.numa.guestMappingPassthrough",
		 &v->has_numa_passthrough},
		{"domain.memory", &v->has_memory},
		{"domain.memory.hugepages", &v->has_hugepages},
		{"domain.devices.tpm", &v->has_tpm},
		{"domain.launchSecurity", &v->has_launch_security},
		{"domain.launchSecurity.sev", &v->has_sev},
		{"domain.launchSecurity.snp", &v->has_snp},
		{"domain.launchSecurity.tdx", &v->has_tdx},
		{"domain.firmware.kernelBoot.container", &v->has_kernel_boot},
		{"livenessProbe.exec", &v->has_liveness_exec},
		{"readinessProbe.exec", &v->has_readiness_exec});

	READ_ROWS(field_presence);
	return ret;
}

static int read_words(struct vmi *v, const struct yaml_value *spec,
		      struct err *err)
{
	const char *memlock = NULL, *policy = NULL, *arch = NULL;
	FIELD_ROWS(const char *,
		   {"domain.memory.hugepages.pageSize", &v->page_size},
		   {"domain.memory.reservedOverhead.memLock", &memlock},
		   {"domain.ioThreadsPolicy", &policy},
		   {"architecture", &arch});

	v->given |=
		field_given(spec, "domain.cpu.model", GIVEN_CPU_MODEL) |
		field_given(spec, "nodeSelector", GIVEN_NODE_SELECTOR) |
		field_given(spec, "schedulerName", GIVEN_SCHEDULER) |
		field_given(spec, "domain.cpu.numa", GIVEN_NUMA) |
		field_given(spec, "domain.ioThreadsPolicy", GIVEN_IO_POLICY);
	READ_ROWS(field_text);
	if (memlock)
		v->requires_memlock = !strcmp(memlock, "Required");
	if (policy)
		v->has_io_thread_pool = !strcmp(policy, "supplementalPool");
	if (arch && strlen(arch) >= sizeof(v->arch))
		return field_mistake(yaml_at(spec, "architecture"),
				     "architecture", "an architecture", err);
	if (arch)
		snprintf(v->arch, sizeof(v->arch), "%s", arch);
	return ret;
}

static int read_resources(const struct yaml_value *spec, const char *path,
			  struct resources *out, struct err *err)
{
	const struct yaml_value *map = yaml_at(spec, path), *v;
	int ret = 0;

	if (map && yaml_kind_of(map) != YAML_MAP)
		return field_mistake(map, path, "a map", err);
	for (v = yaml_each(map, NULL); v && !ret; v = yaml_each(map, v)) {
		struct amount amount = {0};

		ret = field_amount_from(v, yaml_key_of(v), &amount, err);
		if (!ret && amount.is_set)
			resources_set(out, yaml_key_of(v), amount.q);
	}
	if (!ret && out->is_full)
		ret = err_set(err, -EINVAL,
			      "line %zu: '%s' has more than %d resources",
			      yaml_line_of(map), path, RESOURCES_MAX);
	return ret;
}

/* --- lists --- */

static int read_interface(const struct yaml_value *item, void *out,
			  struct err *err)
{
	struct vmi_interface *i = out;
	int ret;

	*i = (struct vmi_interface){.name = "", .model = ""};
	ret = field_text(item, "name", &i->name, err);
	if (!ret)
		ret = field_text(item, "model", &i->model, err);
	if (!ret)
		ret = field_text(item, "binding.name", &i->plugin, err);
	if (!ret)
		ret = field_presence(item, "sriov", &i->has_sriov, err);
	if (!ret)
		ret = field_presence(item, "passt", &i->has_passt, err);
	if (!ret)
		ret = field_presence(item, "passtBinding",
				     &i->has_passt_binding, err);
	if (!ret)
		ret = field_presence(item, "slirp", &i->has_slirp, err);
	i->has_ports = yaml_each(yaml_member(item, "ports"), NULL) != NULL;
	return ret;
}

static int read_network(const struct yaml_value *item, void *out,
			struct err *err)
{
	struct vmi_network *n = out;
	int ret;

	*n = (struct vmi_network){.name = ""};
	ret = field_text(item, "name", &n->name, err);
	return ret ? ret
		   : field_text(item, "multus.networkName", &n->attachment,
				err);
}

static int read_volume(const struct yaml_value *item, void *out,
		       struct err *err)
{
	struct vmi_volume *v = out;
	int ret;

	*v = (struct vmi_volume){.name = ""};
	ret = field_text(item, "name", &v->name, err);
	if (!ret)
		ret = field_presence(item, "containerDisk",
				     &v->is_container_disk, err);
	if (!ret)
		ret = field_presence(item, "downwardMetrics",
				     &v->is_downward_metrics, err);
	if (!ret)
		ret = field_presence(item, "containerPath",
				     &v->is_container_path, err);
	if (!ret)
		ret = field_bool(item, "persistentVolumeClaim.hotpluggable",
				 &v->is_hotpluggable, err);
	return ret ? ret
		   : field_bool(item, "dataVolume.hotpluggable",
				&v->is_hotpluggable, err);
}

static int read_filesystem(const struct yaml_value *item, void *out,
			   struct err *err)
{
	*(const char **)out = "";
	return field_text(item, "name", out, err);
}

static int read_reservations(struct vmi *v, const struct yaml_value *spec,
			     struct err *err)
{
	const struct yaml_value *list = yaml_at(spec, "domain.devices.disks"),
				*item;
	size_t count;
	int ret = field_count_items(list, "domain.devices.disks", &count, err);

	for (item = yaml_each(list, NULL); item && !ret;
	     item = yaml_each(list, item))
		ret = field_bool(item, "lun.reservation", &v->has_reservation,
				 err);
	return ret;
}

static int read_lists(struct vmi *v, const struct yaml_value *spec,
		      struct err *err)
{
	int ret = READ_LIST("domain.devices.interfaces", v, interfaces,
			    interface_count, read_interface);

	if (!ret)
		ret = READ_LIST("networks", v, networks, network_count,
				read_network);
	if (!ret)
		ret = READ_LIST("domain.devices.hostDevices", v, host_devices,
				host_device_count, field_device);
	if (!ret)
		ret = READ_LIST("domain.devices.gpus", v, gpus, gpu_count,
				field_device);
	if (!ret)
		ret = READ_LIST("volumes", v, volumes, volume_count,
				read_volume);
	if (!ret)
		ret = READ_LIST("domain.devices.filesystems", v, filesystems,
				filesystem_count, read_filesystem);
	return ret ? ret : read_reservations(v, spec, err);
}

/* --- metadata --- */

/* hooks.UnmarshalHookSidecarList(): a JSON list in an annotation. */
static int read_sidecars(struct vmi *v, const struct yaml_value *annotations,
			 struct err *err)
{
	const struct yaml_value *text = yaml_member(annotations, HOOK_SIDECARS);
	json_t *list;

	if (!text)
		return 0;
	list = yaml_text_of(text) ? json_loads(yaml_text_of(text), 0, NULL)
				  : NULL;
	if (!json_is_array(list)) {
		json_decref(list);
		return field_mistake(text, HOOK_SIDECARS, "a JSON list", err);
	}
	v->sidecar_count = json_array_size(list);
	json_decref(list);
	return 0;
}

static int read_metadata(struct vmi *v, const struct yaml_value *instance,
			 struct err *err)
{
	const struct yaml_value *annotations =
		yaml_at(instance, "metadata.annotations");

	if (yaml_member(annotations, EVEN_PARITY))
		v->has_even_parity = true;
	return read_sidecars(v, annotations, err);
}

int vmi_read(struct vmi *v, const struct yaml_value *instance, struct err *err)
{
	static int (*const steps[])(struct vmi *, const struct yaml_value *,
				    struct err *) = {
		read_presences, read_amounts, read_counts, read_flags,
		read_bools,     read_words,   read_lists,
	};
	const struct yaml_value *spec = yaml_member(instance, "spec");
	size_t i;
	int ret = read_metadata(v, instance, err);

	if (!ret && yaml_kind_of(yaml_member(spec, "domain")) != YAML_MAP)
		ret = err_set(err, -EINVAL,
			      "line %zu: its spec has no 'domain'",
			      yaml_line_of(spec ? spec : instance));
	for (i = 0; i < ARRAY_SIZE(steps) && !ret; i++)
		ret = steps[i](v, spec, err);
	if (!ret)
		ret = read_resources(spec, "domain.resources.requests",
				     &v->requests, err);
	return ret ? ret
		   : read_resources(spec, "domain.resources.limits", &v->limits,
				    err);
}
