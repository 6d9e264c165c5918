// SPDX-License-Identifier: GPL-3.0-or-later
/* devices - what the webhook asks of the machine, its start, its
 * probes, its threads and its other devices. */
#include <string.h>

#include "harness/base/base.h"
#include "harness/kubevirt/rejection/rules.h"
#include "harness/kubevirt/vmi.h"

/* --- the machine --- */

/* Shell patterns that v1.5 and before took for regular expressions which may
 * match anywhere: the last character of each counts for nothing there. */
struct machine {
	const char *arch;
	const char *names[3];
	const char *allowed;
	int since, before; /* v1.BEFORE.0 */
};

static const struct machine machines[] = {
	{"arm64", {"virt"}, "virt*", 0, 1000},
	{"s390x", {"s390-ccw-virtio"}, "s390-ccw-virtio*", 3, 1000},
	{"ppc64le", {"pseries"}, "pseries*", 0, 7},
	{NULL, {"q35", "pc-q35"}, "q35* pc-q35*", 0, 1000},
};

static const struct machine *machine_of(const struct asked *g)
{
	const struct machine *m = machines;

	while (m->arch && (!is_arch(g, m->arch) || !is_since(g, m->since, 0) ||
			   is_since(g, m->before, 0)))
		m++;
	return m;
}

static bool is_machine(const struct asked *g, const char *type,
		       const char *name)
{
	char start[32];
	size_t len = strlen(name);

	if (is_since(g, 6, 0))
		return !strncmp(type, name, len) && !strchr(type, '/');
	snprintf(start, sizeof(start), "%.*s", (int)len - 1, name);
	return strstr(type, start) != NULL;
}

void ask_machine(struct asked *g)
{
	const struct machine *m = machine_of(g);
	const char *type = yaml_text_at(g->domain, "machine.type");
	const char *const *name;

	if (!*type)
		return;
	for (name = m->names; *name; name++)
		if (is_machine(g, type, *name))
			return;
	refuse_field(g, DOMAIN "machine.type",
		     " is not supported: %s (allowed values: [%s])", type,
		     m->allowed);
}

/* validateStartStrategy() */
void ask_start(struct asked *g)
{
	const char *strategy = yaml_text_at(g->spec, "startStrategy");

	if (!is_there(g->spec, "startStrategy"))
		return;
	if (strcmp(strategy, "Paused") != 0)
		refuse_field(g, "spec.startStrategy",
			     " is set with an unrecognized option: %s",
			     strategy);
	else if (is_there(g->spec, "livenessProbe"))
		refuse(g, "spec.startStrategy",
		       "either spec.startStrategy or spec.livenessProbe should be provided.Pausing VMI with LivenessProbe is not supported");
}

/* --- probes --- */

static const char *const probes[] = {"readinessProbe", "livenessProbe"};

static void ask_probe(struct asked *g, const char *name)
{
	const struct yaml_value *p = yaml_member(g->spec, name);
	struct path field = path_of("spec.%s", name);
	int count = is_there(p, "httpGet") + is_there(p, "tcpSocket") +
		    is_there(p, "exec") + is_there(p, "guestAgentPing");

	if (!p)
		return;
	if (count > 1)
		refuse_field(g, field.text,
			     " must have exactly one probe type set");
	if (!count)
		refuse(g, field.text,
		       "either %s.tcpSocket, %s.exec or %s.httpGet must be set if a %s is specified",
		       field.text, field.text, field.text, field.text);
}

static void ask_probe_network(struct asked *g, const char *name)
{
	static const char *const kinds[] = {"httpGet", "tcpSocket"};
	const struct yaml_value *p = yaml_member(g->spec, name);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (is_there(p, kinds[i]))
			refuse_field(
				g, AT("spec.%s.%s", name, kinds[i]),
				" is only allowed if the Pod Network is attached");
}

/* The webhook gives a guest without networks the pod's. */
static bool has_pod_network(const struct asked *g)
{
	const struct yaml_value *net;
	size_t i;

	if (!has_items(g->spec, "networks"))
		return g->v->network_count > 0;
	for (i = 0, net = first_item(g->spec, "networks"); net;
	     i++, net = next_item(net))
		if (is_there(net, "pod") &&
		    (is_since(g, 5, 0) ||
		     item_of_name(g->spec, INTERFACES,
				  yaml_text_at(net, "name"))))
			return true;
	return false;
}

void ask_probes(struct asked *g)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(probes); i++)
		ask_probe(g, probes[i]);
	for (i = 0; i < ARRAY_SIZE(probes) && !has_pod_network(g); i++)
		ask_probe_network(g, probes[i]);
}

/* --- inputs and threads --- */

void ask_inputs(struct asked *g)
{
	static const char *const buses[] = {"", "virtio", "usb", NULL};
	static const char *const types[] = {"", "tablet", NULL};
	const struct yaml_value *item;
	size_t i;

	for (i = 0, item = first_item(g->devices, "inputs"); item;
	     i++, item = next_item(item)) {
		if (!is_one_of(yaml_text_at(item, "bus"), buses))
			refuse(g, AT(DEVICES "inputs[%zu].bus", i),
			       "Input device can have only virtio or usb bus.");
		if (!is_one_of(yaml_text_at(item, "type"), types))
			refuse(g, AT(DEVICES "inputs[%zu].type", i),
			       "Input device can have only tablet type.");
	}
}

void ask_io_threads(struct asked *g)
{
	static const char *const policies[] = {"shared", "auto", NULL};
	const char *policy = yaml_text_at(g->domain, "ioThreadsPolicy");
	bool is_pool = is_since(g, 5, 0) && !strcmp(policy, "supplementalPool");

	if (!is_there(g->domain, "ioThreadsPolicy"))
		return;
	if (!is_pool && !is_one_of(policy, policies))
		refuse(g, DOMAIN "ioThreadsPolicy",
		       "Invalid IOThreadsPolicy (%s)", policy);
	else if (is_pool && !g->v->io_thread_count)
		refuse(g, DOMAIN "ioThreads.count",
		       "the number of iothreads needs to be set and positive for the dedicated policy");
}

/* --- devices behind gates; an instance type may bring them --- */

void ask_gpus(struct asked *g)
{
	if (g->v->gpu_count && !has_gate(g, "GPU"))
		refuse(g, "spec.GPUs",
		       "GPU feature gate is not enabled in kubevirt-config");
}

void ask_host_devices(struct asked *g)
{
	if (g->v->host_device_count && !has_gate(g, "HostDevices"))
		refuse(g, "spec.HostDevices",
		       "Host Devices feature gate is not enabled in kubevirt-config");
}

void ask_vsock(struct asked *g)
{
	if (g->v->vsock == FLAG_TRUE && !has_gate(g, "VSOCK"))
		refuse(g, DEVICES "autoattachVSOCK",
		       "VSOCK feature gate is not enabled in kubevirt-config");
}

/* --- screens and sound --- */

static bool has_ramfb(const struct yaml_value *gpu)
{
	const struct yaml_value *display =
		yaml_at(gpu, "virtualGPUOptions.display");

	return display && !is_false_at(display, "enabled") &&
	       !is_false_at(display, "ramFB.enabled");
}

/* validateMDEVRamFB() */
void ask_ramfb(struct asked *g)
{
	const struct yaml_value *gpu;
	size_t i, count = 0;

	for (i = 0, gpu = first_item(g->devices, "gpus"); gpu;
	     i++, gpu = next_item(gpu))
		count += has_ramfb(gpu);
	if (count > 1 && is_since(g, 3, 0))
		refuse(g, "spec.GPUs",
		       "configuring multiple displays with ramfb is not valid ");
}

void ask_sound(struct asked *g)
{
	static const char *const models[] = {"", "ich9", "ac97", NULL};

	if (!is_there(g->devices, "sound"))
		return;
	if (!is_one_of(yaml_text_at(g->devices, "sound.model"), models))
		refuse(g, "spec.Sound",
		       "Sound device type is not supported. Options: 'ich9' or 'ac97'");
	if (!*yaml_text_at(g->devices, "sound.name"))
		refuse(g, "spec.Sound", "Sound device requires a name field.");
}

void ask_video(struct asked *g)
{
	if (!is_since(g, 6, 0) || !is_there(g->devices, "video"))
		return;
	if (!has_gate(g, "VideoConfig"))
		refuse(g, "spec.video",
		       "Video configuration is specified but the VideoConfig feature gate is not enabled");
	else if (g->v->graphics == FLAG_FALSE)
		refuse(g, "spec.video",
		       "Video configuration is not allowed when autoattachGraphicsDevice is set to false");
}

/* --- file systems --- */

static bool is_config(const struct yaml_value *volume)
{
	return is_there(volume, "configMap") || is_there(volume, "secret") ||
	       is_there(volume, "serviceAccount") ||
	       is_there(volume, "downwardAPI");
}

static bool is_storage(const struct yaml_value *volume)
{
	return is_there(volume, "persistentVolumeClaim") ||
	       is_there(volume, "dataVolume");
}

/* Until v1.1: one gate for all that are no configuration. */
void ask_filesystems(struct asked *g)
{
	const struct yaml_value *fs, *volume;
	size_t i;

	if (is_since(g, 2, 0) || has_gate(g, "ExperimentalVirtiofsSupport"))
		return;
	for (i = 0, fs = first_item(g->devices, "filesystems"); fs;
	     i++, fs = next_item(fs)) {
		volume = volume_of(g, yaml_text_at(fs, "name"));
		if (!volume || is_config(volume))
			continue;
		refuse(g, "spec.Filesystems",
		       "virtiofs feature gate is not enabled in kubevirt-config");
		return;
	}
}

/* Since v1.5.0: a gate for each kind. */
void ask_virtiofs(struct asked *g)
{
	bool is_early = !is_since(g, 8, 0);
	const struct yaml_value *fs, *volume;
	size_t i;

	if (!is_since(g, 5, 0) ||
	    (is_early && has_gate(g, "ExperimentalVirtiofsSupport")))
		return;
	for (i = 0, fs = first_item(g->devices, "filesystems"); fs;
	     i++, fs = next_item(fs)) {
		volume = volume_of(g, yaml_text_at(fs, "name"));
		if (is_early && is_config(volume) &&
		    !has_gate(g, "EnableVirtioFsConfigVolumes"))
			refuse(g, DEVICES "filesystems",
			       "virtiofs is not allowed: virtiofs feature gate is not enabled for config volumes");
		else if (is_storage(volume) &&
			 !has_gate(g, "EnableVirtioFsStorageVolumes"))
			refuse(g, DEVICES "filesystems",
			       "virtiofs is not allowed: virtiofs feature gate is not enabled for PVC");
	}
}

/* --- state and reservations --- */

/* In v1.9.0 the gate counts only if it is named. */
void ask_reservation(struct asked *g)
{
	if (g->v->has_reservation && !has_gate(g, "PersistentReservation"))
		refuse(g, DEVICES "disks.luns.reservation",
		       is_since(g, 9, 0)
			       ? "persistent reservation is not enabled in kubevirt config"
			       : "PersistentReservation feature gate is not enabled in kubevirt-config");
}

/* tpm.enabled came with v1.4.1, and again with v1.5.1. */
static bool heeds_tpm_enabled(const struct asked *g)
{
	return (is_since(g, 4, 1) && !is_since(g, 5, 0)) || is_since(g, 5, 1);
}

/* validatePersistentState(), gone in v1.6.0 */
void ask_state(struct asked *g)
{
	static const char message[] =
		"VMPersistentState feature gate is not enabled in kubevirt-config";
	bool is_off = heeds_tpm_enabled(g) && g->v->tpm_enabled == FLAG_FALSE;

	if (is_since(g, 6, 0) || has_gate(g, "VMPersistentState"))
		return;
	if (is_true_at(g->devices, "tpm.persistent") && !is_off)
		refuse(g, DEVICES "tpm.persistent", "%s", message);
	if (is_since(g, 1, 0) &&
	    is_true_at(g->domain, "firmware.bootloader.efi.persistent"))
		refuse(g, DOMAIN "firmware.bootloader.efi.persistent", "%s",
		       message);
}

/* --- panic devices --- */

void ask_panic_devices(struct asked *g)
{
	static const char *const models[] = {"hyperv", "isa", "pvpanic", NULL};
	const struct yaml_value *item;
	size_t i;

	if (!is_since(g, 6, 0) || !has_items(g->devices, "panicDevices"))
		return;
	if (!has_gate(g, "PanicDevices")) {
		refuse(g, DEVICES "panicDevices",
		       "Panic Devices feature gate is not enabled in kubevirt-config");
		return;
	}
	if (is_arch(g, "s390x") ||
	    (is_arch(g, "ppc64le") && !is_since(g, 7, 0)))
		refuse(g, DEVICES "panicDevices",
		       "custom panic devices are not supported on %s architecture",
		       g->v->arch);
	for (i = 0, item = first_item(g->devices, "panicDevices"); item;
	     i++, item = next_item(item))
		if (is_there(item, "model") &&
		    !is_one_of(yaml_text_at(item, "model"), models))
			refuse(g, AT(DEVICES "panicDevices[%zu].model", i),
			       "invalid PanicDeviceModel(%s)",
			       yaml_text_at(item, "model"));
}

/* --- the service account --- */

void ask_service_account(struct asked *g)
{
	const char *name = yaml_text_at(g->spec, "serviceAccountName");
	struct words mistakes = subdomain_mistakes(name);
	const struct yaml_value *v;
	size_t j;

	if (!is_since(g, 9, 0) || !*name)
		return;
	if (*mistakes.text)
		refuse_field(g, "spec.serviceAccountName",
			     " is not a valid service account name: %s",
			     mistakes.text);
	for (j = 0, v = first_item(g->spec, "volumes"); v;
	     j++, v = next_item(v)) {
		const char *other =
			yaml_text_at(v, "serviceAccount.serviceAccountName");

		if (!is_there(v, "serviceAccount") || !strcmp(other, name))
			continue;
		refuse(g, "spec.serviceAccountName",
		       "spec.serviceAccountName \"%s\" and serviceAccount volume \"%s\" must reference the same service account",
		       name, other);
		return;
	}
}
