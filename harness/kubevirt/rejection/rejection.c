// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/kubevirt/rejection/rejection.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/xmalloc.h"
#include "harness/kubevirt/cluster.h"
#include "harness/kubevirt/rejection/rules.h"
#include "harness/kubevirt/release.h"
#include "harness/kubevirt/vmi.h"

/* Some causes come once for each pair of equal names. */
#define MAX_ROWS 1000

/* --- causes --- */

static struct rejection *add_row(struct asked *g, const char *field)
{
	struct rejections *out = g->out;
	struct rejection *row;

	if (out->count >= MAX_ROWS)
		return NULL;
	/* Grows at the powers of two. */
	if (!(out->count & (out->count - 1)))
		out->rows = xrealloc(out->rows, out->count ? out->count * 2 : 1,
				     sizeof(*out->rows));
	row = &out->rows[out->count++];
	*row = (struct rejection){.is_beyond_spec = false};
	snprintf(row->field, sizeof(row->field), "%s", field);
	return row;
}

void refuse(struct asked *g, const char *field, const char *fmt, ...)
{
	struct rejection *row = add_row(g, field);
	va_list ap;

	if (!row)
		return;
	va_start(ap, fmt);
	vsnprintf(row->message, sizeof(row->message), fmt, ap);
	va_end(ap);
}

void refuse_field(struct asked *g, const char *field, const char *fmt, ...)
{
	struct rejection *row = add_row(g, field);
	va_list ap;
	size_t len;

	if (!row)
		return;
	snprintf(row->message, sizeof(row->message), "%s", field);
	len = strlen(row->message);
	va_start(ap, fmt);
	vsnprintf(row->message + len, sizeof(row->message) - len, fmt, ap);
	va_end(ap);
}

void refuse_beyond_spec(struct asked *g, const char *field, const char *fmt,
			...)
{
	struct rejection *row = add_row(g, field);
	va_list ap;

	if (!row)
		return;
	row->is_beyond_spec = true;
	va_start(ap, fmt);
	vsnprintf(row->message, sizeof(row->message), fmt, ap);
	va_end(ap);
}

/* What was found before is lost with it. */
void refuse_by_panic(struct asked *g, const char *field, const char *why)
{
	rejections_release(g->out);
	refuse_beyond_spec(g, field, "%s makes KubeVirt's webhook fail", why);
	g->is_over = true;
}

struct path path_of(const char *fmt, ...)
{
	struct path p;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(p.text, sizeof(p.text), fmt, ap);
	va_end(ap);
	return p;
}

/* --- the release and the cluster --- */

bool is_since(const struct asked *g, int minor, int patch)
{
	return g->minor != minor ? g->minor > minor : g->patch >= patch;
}

/* Gates that are on without being named, and since when: they are generally
 * available, or from v1.9.0 on in Beta
 * (pkg/virt-config/featuregate/active.go:292). */
static const struct {
	const char *name;
	int minor;
} open_gates[] = {
	{"NUMA", 4},
	{"GPU", 4},
	{"NetworkBindingPlugins", 5},
	{"VMLiveUpdateFeatures", 5},
	{"VMPersistentState", 6},
	{"EnableVirtioFsConfigVolumes", 8},
	{"VideoConfig", 9},
	{"PanicDevices", 9},
	{"SecureExecution", 9},
	{"PasstBinding", 9},
	{"WorkloadEncryptionSEV", 9},
	{"DeclarativeHotplugVolumes", 9},
	{"RebootPolicy", 9},
	{"GPUsWithDRA", 9},
	{"HostDevicesWithDRA", 9},
};

bool has_gate(const struct asked *g, const char *gate)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(open_gates); i++)
		if (!strcmp(open_gates[i].name, gate) &&
		    is_since(g, open_gates[i].minor, 0))
			return true;
	return kubevirt_cluster_has_gate(g->cluster, gate);
}

bool is_arch(const struct asked *g, const char *arch)
{
	return !strcmp(g->v->arch, arch);
}

/* --- values --- */

bool is_there(const struct yaml_value *map, const char *path)
{
	return yaml_at(map, path) != NULL;
}

bool has_items(const struct yaml_value *map, const char *path)
{
	return first_item(map, path) != NULL;
}

bool is_true_at(const struct yaml_value *map, const char *path)
{
	return yaml_is_true(yaml_at(map, path));
}

bool is_false_at(const struct yaml_value *map, const char *path)
{
	const struct yaml_value *v = yaml_at(map, path);

	return yaml_kind_of(v) == YAML_BOOL && !yaml_is_true(v);
}

int64_t number_at(const struct yaml_value *map, const char *path)
{
	const struct yaml_value *v = yaml_at(map, path);
	uint64_t count;

	if (yaml_count_of(v, &count))
		return count > INT64_MAX ? INT64_MAX : (int64_t)count;
	return yaml_kind_of(v) == YAML_NUMBER
		       ? strtoll(yaml_text_of(v), NULL, 0)
		       : 0;
}

bool is_one_of(const char *text, const char *const *list)
{
	for (; *list; list++)
		if (!strcmp(text, *list))
			return true;
	return false;
}

const struct yaml_value *first_item(const struct yaml_value *map,
				    const char *path)
{
	return yaml_each(yaml_at(map, path), NULL);
}

const struct yaml_value *next_item(const struct yaml_value *item)
{
	return yaml_each(NULL, item); /* an item knows its list */
}

const struct yaml_value *item_of_name(const struct yaml_value *map,
				      const char *path, const char *name)
{
	const struct yaml_value *item, *found = NULL;
	size_t i;

	for (i = 0, item = first_item(map, path); item;
	     i++, item = next_item(item))
		if (!strcmp(yaml_text_at(item, "name"), name))
			found = item;
	return found;
}

const struct yaml_value *volume_of(const struct asked *g, const char *name)
{
	return item_of_name(g->spec, "volumes", name);
}

/* --- rules of few lines --- */

/* Asked before v1.3.0 first of all, and alone. */
static void ask_lengths(struct asked *g)
{
	static const char *const paths[] = {"domain.devices.disks", "volumes"};
	size_t i, count;

	for (i = 0; i < ARRAY_SIZE(paths) && !g->is_over; i++) {
		const struct yaml_value *item;

		for (count = 0, item = first_item(g->spec, paths[i]); item;
		     count++, item = next_item(item))
			;
		if (i == 0)
			count = g->disk_count;
		if (is_since(g, 3, 0) || count <= 256)
			continue;
		refuse_field(g, AT("spec.%s", paths[i]),
			     " list exceeds the 256 element limit in length");
		g->is_over = true;
	}
}

static void ask_names(struct asked *g)
{
	const char *host = yaml_text_at(g->spec, "hostname");
	const char *subdomain = yaml_text_at(g->spec, "subdomain");

	struct words label = label_mistakes(host);
	struct words domain = subdomain_mistakes(subdomain);

	if (*host && *label.text)
		refuse_field(
			g, "spec.hostname",
			" does not conform to the kubernetes DNS_LABEL rules : %s",
			label.text);
	if (*subdomain && *domain.text)
		refuse_field(
			g, "spec.subdomain",
			" does not conform to the kubernetes DNS_SUBDOMAIN rules : %s",
			domain.text);
}

/* virt-api is built for amd64. */
static void ask_architecture(struct asked *g)
{
	if (is_since(g, 8, 0) || is_arch(g, "amd64") ||
	    has_gate(g, "MultiArchitecture"))
		return;
	refuse(g, "spec.architecture",
	       "%s feature gate is not enabled in kubevirt-config, invalid entry spec.architecture",
	       is_since(g, 3, 0) ? "MultiArchitecture" : "multi-architecture");
}

static void ask_utility_volumes(struct asked *g)
{
	if (is_since(g, 8, 0) && has_items(g->spec, "utilityVolumes"))
		refuse(g, "spec.utilityVolumes",
		       "cannot create VMI with utility volumes in spec, utility volumes can only be added via hotplug");
}

static void ask_dns(struct asked *g)
{
	if (!strcmp(yaml_text_at(g->spec, "dnsPolicy"), "None") &&
	    !is_there(g->spec, "dnsConfig"))
		refuse(g, "spec.dnsConfig",
		       "must provide `dnsConfig` when `dnsPolicy` is None");
}

static void ask_eviction(struct asked *g)
{
	static const char *const known[] = {
		"None",     "LiveMigrate", "LiveMigrateIfPossible",
		"External", NULL,
	};
	const char *strategy = yaml_text_at(g->spec, "evictionStrategy");

	if (is_there(g->spec, "evictionStrategy") &&
	    !is_one_of(strategy, known))
		refuse_field(g, "spec.evictionStrategy",
			     " is set with an unrecognized option: %s",
			     strategy);
}

/* --- rules that ask for one gate --- */

struct gate_rule {
	const char *path, *gate;
	int since; /* v1.SINCE.0 */
	const char *field, *message;
};

static void ask_gate(struct asked *g, const struct gate_rule *rule)
{
	if (is_there(g->spec, rule->path) && is_since(g, rule->since, 0) &&
	    !has_gate(g, rule->gate))
		refuse(g, rule->field, "%s", rule->message);
}

/* --- all of them --- */

/* A function or a row about a gate, in the order of the calls in
 * ValidateVirtualMachineInstanceSpec() (v1.9.0, vmi-create-admitter.go:176). */
static const struct step {
	rule_fn *ask;
	struct gate_rule gate;
} steps[] = {
	{.ask = ask_lengths},
	{.ask = ask_names},
	{.ask = ask_memory},
	{.ask = ask_guest_limit},
	{.ask = ask_machine},
	{.ask = ask_serial},
	{.ask = ask_acpi},
	{.ask = ask_cpu_amounts},
	{.ask = ask_pinning},
	{.ask = ask_numa},
	{.ask = ask_cpu},
	{.ask = ask_start},
	{.ask = ask_realtime},
	{.ask = ask_architecture},
	{.ask = ask_networks},
	{.ask = ask_claims},
	{.ask = ask_boot_orders},
	{.ask = ask_inputs},
	{.ask = ask_io_threads},
	{.ask = ask_probes},
	{.ask = ask_disks},
	{.ask = ask_kernel_boot},
	{.ask = ask_bootloader},
	{.ask = ask_volumes},
	{.ask = ask_container_paths},
	{.ask = ask_utility_volumes},
	{.ask = ask_credentials},
	{.ask = ask_dns},
	{.ask = ask_eviction},
	{.ask = ask_gpus},
	{.ask = ask_ramfb},
	{.ask = ask_filesystems},
	{.ask = ask_host_devices},
	{.ask = ask_sound},
	{.ask = ask_launch_security},
	{.ask = ask_vsock},
	{.ask = ask_reservation},
	{.ask = ask_state},
	{.gate = {"domain.devices.downwardMetrics", "DownwardMetrics", 1,
		  DEVICES "downwardMetrics",
		  "downwardMetrics virtio serial is not allowed: DownwardMetrics feature gate is not enabled"}},
	{.ask = ask_virtiofs},
	{.ask = ask_video},
	{.ask = ask_panic_devices},
	{.gate = {"domain.rebootPolicy", "RebootPolicy", 8,
		  DOMAIN "rebootPolicy",
		  "RebootPolicy is specified but the RebootPolicy feature gate is not enabled"}},
	{.gate = {"domain.memory.reservedOverhead", "ReservedOverheadMemlock",
		  8, DOMAIN "memory.reservedOverhead",
		  "Reserved overhead memlock feature gate is not enabled in kubevirt-config"}},
	{.ask = ask_service_account},
	{.ask = ask_request_missing},
};

/* "v1.6.3"; "main" is behind every tag. */
static void read_tag(struct asked *g)
{
	if (sscanf(kubevirt_release_name(g->release), "v1.%3d.%3d", &g->minor,
		   &g->patch) != 2)
		g->minor = 999;
}

void rejections_of(const struct vmi *v, const struct yaml_value *instance,
		   const struct kubevirt_release *r,
		   const struct kubevirt_cluster *c, struct rejections *out)
{
	struct asked g = {
		.v = v,
		.spec = yaml_member(instance, "spec"),
		.release = r,
		.cluster = c,
		.out = out,
	};
	size_t i;

	*out = (struct rejections){.count = 0};
	g.domain = yaml_member(g.spec, "domain");
	g.devices = yaml_member(g.domain, "devices");
	read_tag(&g);
	read_disks(&g);
	for (i = 0; i < ARRAY_SIZE(steps) && !g.is_over; i++) {
		if (steps[i].ask)
			steps[i].ask(&g);
		else
			ask_gate(&g, &steps[i].gate);
	}
	free(g.disks);
}

void rejections_release(struct rejections *out)
{
	free(out->rows);
	*out = (struct rejections){.count = 0};
}
