// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/kubevirt/node/node_page.h"

#include <stdarg.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/strbuf.h"
#include "harness/kubevirt/node/nodeprobe.h"
#include "harness/kubevirt/node/prereq.h"

static json_t *section(json_t *page, const char *name)
{
	json_t *o = json_object();

	json_object_set_new(page, name, o);
	return o;
}

/* One line; returns a borrowed object, for more keys. */
static json_t *line(json_t *part, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static json_t *line(json_t *part, const char *key, const char *fmt, ...)
{
	json_t *o = json_object();
	char text[600];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	text_clean(text);
	json_object_set_new(o, "finding", json_string(text));
	json_object_set_new(part, key, o);
	return o;
}

static void put_string(json_t *o, const char *key, const char *value)
{
	json_object_set_new(o, key,
			    value[0] ? json_string(value) : json_null());
}

static void put_bool(json_t *o, const char *key, bool value)
{
	json_object_set_new(o, key, json_boolean(value));
}

static void put_integer(json_t *o, const char *key, json_int_t value)
{
	json_object_set_new(o, key, json_integer(value));
}

static void add_partition(json_t *page, const struct node *n)
{
	static const char *const logs[] = {
		[KERNEL_LOG_UNREADABLE] = "not known: the log cannot be read",
		[KERNEL_LOG_SILENT] = "does not mention a parent partition",
		[KERNEL_LOG_ROOT] = "running as root partition",
		[KERNEL_LOG_L1VH] = "running as L1VH partition",
		[KERNEL_LOG_NO_MSHV_ROOT] = "CONFIG_MSHV_ROOT not enabled",
	};
	bool has_mshv = n->devices[DEVICE_MSHV].is_there, agree;
	const char *meaning =
		witnesses_judge(n->partition, n->kernel_log, has_mshv, &agree);
	json_t *part = section(page, "partition");
	json_t *o = line(part, "cpuid", "%s", partition_name(n->partition));

	put_string(o, "partition", partition_name(n->partition));
	o = line(part, "kernel_log", "%s", logs[n->kernel_log]);
	put_string(o, "partition", kernel_log_name(n->kernel_log));
	o = line(part, "dev_mshv", "%s", has_mshv ? "there" : "absent");
	put_bool(o, "present", has_mshv);
	o = line(part, "witnesses", "%s: %s", agree ? "agree" : "DISAGREE",
		 meaning);
	put_bool(o, "agree", agree);
}

static void add_device(json_t *part, const struct node_device_kind *kind,
		       const struct node_device *d)
{
	char number[24], misc[16];
	json_t *o;

	if (!d->is_there) {
		o = line(part, kind->path, "unavailable: %s", d->reason);
		put_bool(o, "present", false);
		put_bool(o, "usable", false);
		return;
	}
	snprintf(number, sizeof(number), "%u:%u", d->major, d->minor);
	snprintf(misc, sizeof(misc), "%d", d->misc_minor);
	o = line(part, kind->path,
		 "%s%s, mode %04o, %s:%s (%u:%u), %s, /proc/misc %s",
		 d->can_open ? "can be opened" : "unavailable: ", d->reason,
		 d->mode, d->owner, d->group, d->uid, d->gid, number,
		 d->misc_minor == MISC_UNKNOWN ? "unreadable"
		 : d->misc_minor == MISC_NONE  ? "has none"
					       : misc);
	put_bool(o, "present", true);
	put_bool(o, "usable", d->can_open);
	put_string(o, "reason", d->reason);
	put_integer(o, "mode", d->mode);
	put_integer(o, "uid", d->uid);
	put_integer(o, "gid", d->gid);
	put_string(o, "owner", d->owner);
	put_string(o, "group", d->group);
	put_string(o, "number", number);
	json_object_set_new(o, "proc_misc_minor",
			    d->misc_minor >= 0 ? json_integer(d->misc_minor)
					       : json_null());
}

static void add_devices(json_t *page, const struct node *n)
{
	json_t *part = section(page, "devices");
	size_t i;

	for (i = 0; i < DEVICE_COUNT; i++)
		add_device(part, &node_devices[i], &n->devices[i]);
}

/* KubeVirt's plugin offers as many of each (cmd/virt-handler/virt-handler.go,
 * maxDevices). */
#define OFFERED_COUNT 1000

struct plugin {
	const char *resource;
	enum node_device_id device;
};

/* Why a resource is not offered though its file may be there; NULL: it is. It
 * is only that of the hypervisor that the cluster is configured for
 * (PermanentHostDevicePlugins()). */
static const char *not_offered(const struct plugin *p,
			       const struct domain_wish *w,
			       const struct domain_choice *c)
{
	bool is_mshv = c->hypervisor == HYPERVISOR_HYPERV_DIRECT;

	if (p->device == DEVICE_MSHV &&
	    !kubevirt_release_has_hypervisor_gate(w->release))
		return "unknown to this release";
	if (p->device == DEVICE_MSHV && !is_mshv)
		return "not offered: the cluster's hypervisor is kvm";
	if (p->device == DEVICE_KVM && is_mshv)
		return "not offered: the cluster's hypervisor is hyperv-direct";
	return NULL;
}

/* A resource is healthy while its file is there. Its rule lets the pod's cgroup
 * use the device. */
static void add_resource(json_t *part, const struct plugin *p,
			 const struct node *n, const char *why_not)
{
	const struct node_device *d = &n->devices[p->device];
	const char *path = node_devices[p->device].path;
	char rule[48] = "";
	json_t *o;

	if (d->is_there)
		snprintf(rule, sizeof(rule), "c %u:%u rwm", d->major, d->minor);
	o = line(part, p->resource, "%s%s%s %s%s%s", why_not ? why_not : "",
		 why_not ? "; " : "", path,
		 d->is_there ? "is there" : "is missing: unavailable",
		 rule[0] ? ", cgroup rule " : "", rule);
	put_bool(o, "has_device", d->is_there);
	put_integer(o, "offered", d->is_there && !why_not ? OFFERED_COUNT : 0);
	put_string(o, "cgroup_rule", rule);
}

static void add_plugin(json_t *page, const struct node *n,
		       const struct domain_wish *w)
{
	static const struct plugin plugins[] = {
		{"devices.kubevirt.io/kvm", DEVICE_KVM},
		{"devices.kubevirt.io/mshv", DEVICE_MSHV},
		{"devices.kubevirt.io/tun", DEVICE_TUN},
		{"devices.kubevirt.io/vhost-net", DEVICE_VHOST_NET},
		{"devices.kubevirt.io/vhost-vsock", DEVICE_VHOST_VSOCK},
	};
	struct domain_choice choice =
		domain_choose(w, n->devices[DEVICE_KVM].is_there,
			      n->devices[DEVICE_MSHV].is_there);
	json_t *part = section(page, "device_plugin");
	size_t i;

	for (i = 0; i < ARRAY_SIZE(plugins); i++)
		add_resource(part, &plugins[i], n,
			     not_offered(&plugins[i], w, &choice));
}

static void add_option(json_t *part, const struct node *n, size_t i)
{
	const char *value = n->options[i];
	bool is_known = n->config_source[0];
	json_t *o;

	o = line(part, node_options[i].name, "%s (for %s)",
		 !is_known  ? "not known"
		 : value[0] ? value
			    : "not set",
		 node_options[i].use);
	put_string(o, "value", value[0] ? value : is_known ? "n" : "");
}

static void add_kernel(json_t *page, const struct node *n)
{
	static const char *const grades[GRADE_COUNT] = {
		[GRADE_HARDWARE] = "hardware-assisted",
		[GRADE_SOFTWARE] = "no hardware assistance",
		[GRADE_EMULATED] = "the whole node is emulated",
	};
	bool has_mshv_root = n->options[OPTION_MSHV_ROOT][0];
	json_t *part = section(page, "kernel");
	json_t *o = line(part, "release", "%s: %s",
			 n->kernel_release[0] ? n->kernel_release : "not known",
			 kernel_judge(n->kernel_release, has_mshv_root));
	size_t i;

	put_string(o, "version", n->kernel_release);
	line(part, "configuration", "%s%s",
	     n->config_source[0] ? n->config_source : "not known: ",
	     n->config_reason);
	for (i = 0; i < OPTION_COUNT; i++)
		add_option(part, n, i);
	o = line(part, "kvm_vendor_module", "%s: %s",
		 n->kvm_module[0] ? n->kvm_module : "none",
		 grades[n->kvm_grade]);
	put_string(o, "module", n->kvm_module);
	put_bool(o, "hardware_assisted", n->kvm_grade == GRADE_HARDWARE);
}

static json_t *add_program(json_t *part, const struct node *n,
			   enum node_program_id id, const char *judgement)
{
	const struct node_program *p = &n->programs[id];
	const char *name = node_program_names[id];
	json_t *o;

	if (p->line[0])
		o = line(part, name, "%s: %s", p->line, judgement);
	else
		o = line(part, name, "unavailable: %s", p->reason);
	put_string(o, "version", p->line);
	return o;
}

/* Between blanks, so that one can be looked for. */
static void add_accelerators(json_t *part, const char *names)
{
	if (names[0] && names[1])
		line(part, "qemu_accelerators", "%.*s", (int)strlen(names) - 2,
		     names + 1);
	else
		line(part, "qemu_accelerators",
		     "unavailable: no QEMU that names them");
}

static void add_software(json_t *page, const struct node *n)
{
	static const enum node_program_id libvirt[] = {
		PROGRAM_VIRSH, PROGRAM_LIBVIRTD, PROGRAM_VIRTQEMUD};
	bool has_mshv = strstr(n->accelerators, " mshv ");
	const char *qemu = n->programs[PROGRAM_QEMU].line;
	json_t *part = section(page, "software");
	json_t *o =
		add_program(part, n, PROGRAM_QEMU, qemu_judge(qemu, has_mshv));
	size_t i;

	put_bool(o, "has_mshv", has_mshv);
	add_accelerators(part, n->accelerators);
	for (i = 0; i < ARRAY_SIZE(libvirt); i++)
		add_program(part, n, libvirt[i],
			    libvirt_judge(n->programs[libvirt[i]].line));
	line(part, "note",
	     "these are the node's; guests run what is in virt-launcher's image");
}

static void add_domain(json_t *page, const struct node *n,
		       const struct domain_wish *w)
{
	struct domain_choice c =
		domain_choose(w, n->devices[DEVICE_KVM].is_there,
			      n->devices[DEVICE_MSHV].is_there);
	json_t *part = section(page, "domain"), *o;

	o = line(part, "configured",
		 "release %s, gate %s, hypervisor %s, emulation %s",
		 kubevirt_release_name(w->release),
		 w->is_gate_on ? "on" : "off", hypervisor_name(w->hypervisor),
		 w->is_emulation_allowed ? "allowed" : "not allowed");
	put_string(o, "release", kubevirt_release_name(w->release));
	put_bool(o, "gate", w->is_gate_on);
	put_bool(o, "emulation_allowed", w->is_emulation_allowed);
	o = line(part, "hypervisor", "%s: %s", hypervisor_name(c.hypervisor),
		 c.why);
	put_string(o, "name", hypervisor_name(c.hypervisor));
	o = line(part, "type", "%s: %s", c.type ? c.type : "none", c.meaning);
	put_string(o, "type", c.type ? c.type : "");
	line(part, "fall_back", "%s", c.fall_back);
}

static void add_count(json_t *part, const char *key, int count,
		      const char *path)
{
	json_t *o;

	if (count < 0)
		o = line(part, key, "unavailable: no %s", path);
	else
		o = line(part, key, "%d", count);
	json_object_set_new(o, "count",
			    count < 0 ? json_null() : json_integer(count));
}

/* What could go to a guest, and what stands in the way. */
static void add_function(json_t *part, const struct pci_host *fn)
{
	char why[200], driver[64] = "no driver";
	json_t *o;

	pci_host_obstacle(fn, why, sizeof(why));
	if (fn->driver[0])
		snprintf(driver, sizeof(driver), "driver %s", fn->driver);
	if (why[0])
		o = line(part, fn->address, "%s %04x:%04x, %s: %s",
			 pci_host_kind(fn), fn->vendor_id, fn->device_id,
			 driver, why);
	else
		o = line(part, fn->address,
			 "%s %04x:%04x, %s: can go, IOMMU group %d%s",
			 pci_host_kind(fn), fn->vendor_id, fn->device_id,
			 driver, fn->group,
			 fn->can_reset ? "" : ", no reset of its own");
	put_bool(o, "can_go", !why[0]);
	put_integer(o, "iommu_group", fn->group);
	put_string(o, "driver", fn->driver);
	put_bool(o, "is_dda", fn->is_hyperv);
}

static void add_passthrough(json_t *page, const struct node *n)
{
	json_t *part = section(page, "passthrough"), *o;
	size_t i;

	add_count(part, "iommu_groups", n->iommu_group_count,
		  "/sys/kernel/iommu_groups");
	add_count(part, "iommu_units", n->iommu_unit_count, "/sys/class/iommu");
	o = line(part, "vfio_modules", "%s",
		 n->vfio_modules[0] ? n->vfio_modules : "none loaded");
	put_string(o, "modules", n->vfio_modules);
	o = line(
		part, "unsafe_noiommu_mode", "%s",
		n->noiommu[0]
			? n->noiommu
			: "unavailable: vfio is not loaded, or built without it");
	put_string(o, "value", n->noiommu);
	line(part, "passthrough", "%s", passthrough_judge(n));
	if (n->devices[DEVICE_MSHV].is_there)
		line(part, "under_mshv", "%s",
		     "no device assignment in this kernel: /dev/mshv (to Linux 7.3) gives guests no device");
	for (i = 0; i < n->function_count; i++)
		add_function(part, &n->functions[i]);
}

static void add_hugepages(json_t *part, const char *key, const char *count)
{
	json_t *o = line(part, key, "%s",
			 count[0] ? count : "unavailable: no such size");

	put_string(o, "count", count);
}

static void add_memory(json_t *page, const struct node *n)
{
	bool is_unlimited = n->memlock_bytes == UINT64_MAX;
	json_t *part = section(page, "memory"), *o;

	if (n->cgroup_version)
		o = line(part, "cgroup", "v%d%s, %s", n->cgroup_version,
			 n->is_cgroup_hybrid ? " with a v2 beside it" : "",
			 n->has_memory_controller
				 ? "with memory controller"
				 : "without memory controller");
	else
		o = line(part, "cgroup", "unavailable: none is mounted");
	put_integer(o, "version", n->cgroup_version);
	put_bool(o, "has_memory_controller", n->has_memory_controller);
	if (is_unlimited)
		o = line(part, "memlock", "unlimited");
	else
		o = line(
			part, "memlock",
			"%llu bytes for this process; guests with VFIO are given more, see 'l1vh-bench overhead'",
			(unsigned long long)n->memlock_bytes);
	json_object_set_new(
		o, "limit_bytes",
		is_unlimited ? json_string("unlimited")
			     : json_integer((json_int_t)n->memlock_bytes));
	add_hugepages(part, "hugepages_2mib", n->hugepages_2mib);
	add_hugepages(part, "hugepages_1gib", n->hugepages_1gib);
}

json_t *node_page(const struct node *n, const struct domain_wish *w)
{
	json_t *page = json_object();

	json_object_set_new(page, "schema_version", json_integer(1));
	add_partition(page, n);
	add_devices(page, n);
	add_plugin(page, n, w);
	add_kernel(page, n);
	add_software(page, n);
	add_domain(page, n, w);
	add_passthrough(page, n);
	add_memory(page, n);
	return page;
}

void node_page_write(const json_t *page, FILE *out)
{
	json_t *part, *entry;
	const char *name, *key;

	json_object_foreach((json_t *)page, name, part) {
		if (!json_is_object(part))
			continue;
		fprintf(out, "%s\n", name);
		json_object_foreach(part, key, entry)
			fprintf(out, "  %-31s %s\n", key,
				json_string_value(
					json_object_get(entry, "finding")));
	}
}
