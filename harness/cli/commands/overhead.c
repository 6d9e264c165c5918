// SPDX-License-Identifier: GPL-3.0-or-later
/* overhead - what KubeVirt adds to guests' memory, and their pods, to the byte. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/units.h"
#include "harness/base/xmalloc.h"
#include "harness/cli/commands.h"
#include "harness/cli/kubevirt_args.h"
#include "harness/cli/option.h"
#include "harness/kubevirt/instancetype.h"
#include "harness/kubevirt/quantity.h"
#include "harness/kubevirt/survey.h"
#include "reports/data/overhead_json.h"
#include "reports/text/overhead_text.h"

#define MAX_FILES 256
#define MAX_PARAMETERS 64

struct overhead_args {
	const char *release, *versus; /* as they were given; NULL: not */
	struct kubevirt_cluster cluster;
	struct vmi base;
	const char *files[MAX_FILES];
	size_t file_count;
	const char *type_files[MAX_FILES];
	size_t type_file_count;
	struct manifest_parameter parameters[MAX_PARAMETERS];
	char *pairs[MAX_PARAMETERS]; /* owned; the parameters are in them */
	size_t parameter_count;
	bool is_sum; /* --nodes: a cluster's guests, summed */
	bool is_json;
	int64_t vfio_count;
};

/* --- options --- */

static int take_arch(const struct option_row *o, const char *arg, void *args,
		     struct err *err)
{
	struct kubevirt_cluster *c = &((struct overhead_args *)args)->cluster;

	(void)o;
	if (strcmp(arg, "amd64") && strcmp(arg, "arm64") &&
	    strcmp(arg, "s390x"))
		return err_set(
			err, -EINVAL,
			"unknown architecture '%s'; there are amd64, arm64 and s390x",
			arg);
	snprintf(c->arch, sizeof(c->arch), "%s", arg);
	return 0;
}

static int take_file(const struct option_row *o, const char *path, void *args,
		     struct err *err)
{
	struct overhead_args *a = args;

	if (a->file_count == MAX_FILES)
		return err_set(err, -E2BIG, "more than %d files", MAX_FILES);
	a->files[a->file_count++] = path;
	a->is_sum |= !strcmp(o->name, "nodes");
	return 0;
}

static int take_types(const struct option_row *o, const char *path, void *args,
		      struct err *err)
{
	struct overhead_args *a = args;

	(void)o;
	if (a->type_file_count == MAX_FILES)
		return err_set(err, -E2BIG, "more than %d files", MAX_FILES);
	a->type_files[a->type_file_count++] = path;
	return 0;
}

static int take_parameter(const struct option_row *o, const char *arg,
			  void *args, struct err *err)
{
	struct overhead_args *a = args;
	char *pair, *value;

	(void)o;
	if (!strchr(arg, '=') || *arg == '=')
		return err_set(err, -EINVAL, "'%s' is not NAME=VALUE", arg);
	if (a->parameter_count == MAX_PARAMETERS)
		return err_set(err, -E2BIG, "more than %d parameters",
			       MAX_PARAMETERS);
	pair = xstrdup(arg);
	a->pairs[a->parameter_count] = pair;
	value = strchr(pair, '=');
	*value++ = '\0';
	a->parameters[a->parameter_count++] =
		(struct manifest_parameter){pair, value};
	return 0;
}

static int take_amount(const struct option_row *o, const char *arg, void *args,
		       struct err *err)
{
	struct amount *a = option_field(o, args);

	a->is_set = true;
	return quantity_read(arg, &a->q, err);
}

static int take_memory(struct resources *r, const char *arg, struct err *err)
{
	struct quantity q;
	int ret = quantity_read(arg, &q, err);

	if (!ret)
		resources_set(r, RESOURCE_MEMORY, q);
	return ret;
}

static int take_request(const struct option_row *o, const char *arg, void *args,
			struct err *err)
{
	(void)o;
	return take_memory(&((struct overhead_args *)args)->base.requests, arg,
			   err);
}

static int take_limit(const struct option_row *o, const char *arg, void *args,
		      struct err *err)
{
	(void)o;
	return take_memory(&((struct overhead_args *)args)->base.limits, arg,
			   err);
}

static int take_pages(const struct option_row *o, const char *arg, void *args,
		      struct err *err)
{
	struct vmi *v = &((struct overhead_args *)args)->base;
	struct quantity q;

	(void)o;
	v->has_memory = v->has_hugepages = true;
	v->page_size = arg;
	return quantity_read(arg, &q, err);
}

static int take_vcpus(const struct option_row *o, const char *arg, void *args,
		      struct err *err)
{
	struct vmi *v = &((struct overhead_args *)args)->base;
	uint64_t count = 0;
	int ret = units_parse_uint(arg, 1, o->max, &count, err);

	v->has_cpu = true;
	v->sockets = (uint32_t)count;
	v->cores = v->threads = 1;
	return ret;
}

static int take_count(const struct option_row *o, const char *arg, void *args,
		      struct err *err)
{
	uint64_t number = 0;
	int ret = units_parse_uint(arg, o->min, o->max, &number, err);

	*(int64_t *)option_field(o, args) = (int64_t)number;
	return ret;
}

static int take_no_graphics(const struct option_row *o, const char *arg,
			    void *args, struct err *err)
{
	(void)o;
	(void)arg;
	(void)err;
	((struct overhead_args *)args)->base.graphics = FLAG_FALSE;
	return 0;
}

/* --sev and --snp. */
static int take_security(const struct option_row *o, const char *arg,
			 void *args, struct err *err)
{
	struct vmi *v = &((struct overhead_args *)args)->base;

	(void)arg;
	(void)err;
	v->has_launch_security = true;
	*(strcmp(o->name, "sev") ? &v->has_snp : &v->has_sev) = true;
	return 0;
}

static int take_metrics(const struct option_row *o, const char *arg, void *args,
			struct err *err)
{
	static struct vmi_volume volume = {
		.name = "metrics",
		.is_downward_metrics = true,
	};
	struct vmi *v = &((struct overhead_args *)args)->base;

	(void)o;
	(void)arg;
	(void)err;
	v->volumes = &volume;
	v->volume_count = 1;
	return 0;
}

static int take_ratio(const struct option_row *o, const char *arg, void *args,
		      struct err *err)
{
	struct kubevirt_cluster *c = &((struct overhead_args *)args)->cluster;

	(void)o;
	/* As the custom resource's schema has it. */
	if (strlen(arg) >= sizeof(c->ratio) ||
	    arg[strspn(arg, "0123456789.")] || !isdigit((unsigned char)*arg) ||
	    strchr(arg, '.') != strrchr(arg, '.'))
		return err_set(err, -EINVAL, "'%.40s' is not a ratio", arg);
	snprintf(c->ratio, sizeof(c->ratio), "%s", arg);
	return 0;
}

static int take_gates(const struct option_row *o, const char *arg, void *args,
		      struct err *err)
{
	struct kubevirt_cluster *c = &((struct overhead_args *)args)->cluster;
	const char *p;

	(void)o;
	if (strlen(arg) >= sizeof(c->gates))
		return err_set(err, -EINVAL, "too many feature gates");
	for (p = arg; *p; p++)
		if (!isalnum((unsigned char)*p) && *p != ',')
			return err_set(
				err, -EINVAL,
				"feature gates are names with commas between");
	snprintf(c->gates, sizeof(c->gates), "%s", arg);
	return 0;
}

static int take_rollout(const struct option_row *o, const char *arg, void *args,
			struct err *err)
{
	struct kubevirt_cluster *c = &((struct overhead_args *)args)->cluster;
	bool is_stage = !strcmp(arg, "Stage");

	(void)o;
	c->rollout = is_stage ? ROLLOUT_STAGE : ROLLOUT_LIVE_UPDATE;
	return is_stage || !strcmp(arg, "LiveUpdate")
		       ? 0
		       : err_set(err, -EINVAL,
				 "unknown strategy '%s'; there are Stage and LiveUpdate",
				 arg);
}

static int take_quota(const struct option_row *o, const char *arg, void *args,
		      struct err *err)
{
	struct kubevirt_cluster *c = &((struct overhead_args *)args)->cluster;
	size_t n;

	(void)o;
	for (; *arg; arg += n + (arg[n] == ',')) {
		n = strcspn(arg, ",");
		if (n == strlen("limits.memory") &&
		    !memcmp(arg, "limits.memory", n))
			c->has_memory_quota = true;
		else if (n == strlen("limits.cpu") &&
			 !memcmp(arg, "limits.cpu", n))
			c->has_cpu_quota = true;
		else
			return err_set(
				err, -EINVAL,
				"unknown quota '%.40s'; there are limits.memory and limits.cpu",
				arg);
	}
	return 0;
}

#define AMOUNT(field)        \
	.take = take_amount, \
	.offset = OPTION_FIELD(struct overhead_args, field, struct amount)
#define COUNT(field, least, most)                                     \
	.take = take_count,                                           \
	.offset = OPTION_FIELD(struct overhead_args, field, int64_t), \
	.min = (least), .max = (most)
#define FLAG(field) OPTION_FLAG(struct overhead_args, field)

static const struct option_row options[] = {
	{"release", "NAME", "v1.0.0 to v1.9.0, v1.8, or main (main)",
	 OPTION_TEXT(struct overhead_args, release)},
	{"versus", "NAME", "a second release: what changes from the first",
	 OPTION_TEXT(struct overhead_args, versus)},
	{"vmi", "FILE",
	 "guests, YAML or JSON; - is standard input. VirtualMachine,\n"
	 "VirtualMachineInstance, its ReplicaSet, VirtualMachinePool,\n"
	 "List, Template; any number of documents and files",
	 .take = take_file},
	{"nodes", "FILE",
	 "the same, of a whole cluster: sums, for each release",
	 .take = take_file},
	{"instancetype", "FILE",
	 "instance types that the guests name; those of KubeVirt's\n"
	 "own set are known",
	 .take = take_types},
	{"preference", "FILE", "preferences, likewise", .take = take_types},
	{"param", "NAME=VALUE", "a parameter of templates",
	 .take = take_parameter},
	{"json", NULL,
	 "keys: release, settings, guests, sums, remarks; of a\n"
	 "single guest its figures as well",
	 FLAG(is_json)},
	{.help = "\nThe cluster, each with KubeVirt's default:"},
	{"hypervisor", "NAME", "kvm or hyperv-direct (kvm)",
	 OPTION_HYPERVISOR(struct overhead_args, cluster.hypervisor)},
	{"arch", "NAME", "amd64, arm64 or s390x (amd64)", .take = take_arch},
	{"ratio", "NUMBER", "additionalGuestMemoryOverheadRatio",
	 .take = take_ratio},
	{"overcommit-percent", "N", "memoryOvercommit (100)",
	 COUNT(cluster.overcommit_percent, 1, 1000000)},
	{"rollout", "NAME",
	 "vmRolloutStrategy: Stage or LiveUpdate\n"
	 "(LiveUpdate since v1.6.0)",
	 .take = take_rollout},
	{"max-hotplug-ratio", "N", "maxHotplugRatio (4)",
	 COUNT(cluster.max_hotplug_ratio, 1, 1000)},
	{"cpu-allocation-ratio", "N", "vCPUs per requested CPU (10)",
	 COUNT(cluster.cpu_allocation_ratio, 1, 10000)},
	{"no-console-log", NULL, "disableSerialConsoleLog",
	 FLAG(cluster.has_no_console_log)},
	{"quota", "NAMES",
	 "limits.memory, limits.cpu: what a ResourceQuota limits",
	 .take = take_quota},
	{"gates", "NAMES", "feature gates, with commas between",
	 .take = take_gates},
	{.help = "\nA guest without a manifest, and what a manifest leaves open:"},
	{"memory-request", "SIZE", "domain.resources.requests.memory",
	 .take = take_request},
	{"memory-limit", "SIZE", "domain.resources.limits.memory",
	 .take = take_limit},
	{"guest-memory", "SIZE", "domain.memory.guest", AMOUNT(base.guest)},
	{"max-guest", "SIZE", "domain.memory.maxGuest", AMOUNT(base.max_guest)},
	{"hugepages", "SIZE", "domain.memory.hugepages.pageSize",
	 .take = take_pages},
	{"vcpus", "N", "cores x sockets x threads (1)", .take = take_vcpus,
	 .max = 1000000},
	{"no-graphics", NULL, "autoattachGraphicsDevice: false",
	 .take = take_no_graphics},
	{"vfio", "N", "host devices, GPUs and SR-IOV cards (0)",
	 COUNT(vfio_count, 0, 1024)},
	{"sev", NULL, "launchSecurity.sev", .take = take_security},
	{"snp", NULL, "launchSecurity.snp", .take = take_security},
	{"tpm", NULL, "domain.devices.tpm", FLAG(base.has_tpm)},
	{"dedicated-cpu", NULL, "domain.cpu.dedicatedCpuPlacement",
	 FLAG(base.has_dedicated_cpus)},
	{"downward-metrics", NULL, "a volume downwardMetrics",
	 .take = take_metrics},
	{"realtime", NULL, "domain.cpu.realtime", FLAG(base.is_realtime)},
	{"liveness-exec", NULL, "a livenessProbe that runs a command",
	 FLAG(base.has_liveness_exec)},
	{"readiness-exec", NULL, "a readinessProbe that runs a command",
	 FLAG(base.has_readiness_exec)},
	{"memlock-required", NULL, "reservedOverhead.memLock: Required",
	 FLAG(base.requires_memlock)},
	{"added-overhead", "SIZE", "reservedOverhead.addedOverhead",
	 AMOUNT(base.added_overhead)},
	{"overcommit-guest-overhead", NULL, "leave it out of the pod's request",
	 FLAG(base.overcommits_guest_overhead)},
	{0},
};

/* --- the command --- */

static int find_release(struct survey *s, const char *name, struct err *err)
{
	const struct kubevirt_release *r = kubevirt_release_find(name);

	if (!r)
		return err_set(err, -EINVAL,
			       "unknown release '%s'; known are %s", name,
			       kubevirt_release_names());
	s->asked[s->release_count] = name;
	s->releases[s->release_count++] = r;
	return 0;
}

static int check_hypervisor(const struct overhead_args *a,
			    const struct survey *s, struct err *err)
{
	size_t i;

	for (i = 0; i < s->release_count; i++)
		if (a->cluster.hypervisor != HYPERVISOR_KVM &&
		    !kubevirt_release_has_hypervisor_gate(s->releases[i]))
			return err_set(err, -EINVAL, "KubeVirt %s has no %s",
				       kubevirt_release_name(s->releases[i]),
				       hypervisor_name(a->cluster.hypervisor));
	return 0;
}

/* --nodes alone is for all of them. */
static int find_releases(const struct overhead_args *a, struct survey *s,
			 struct err *err)
{
	size_t i;
	int ret;

	if (a->is_sum && !a->release && !a->versus) {
		for (i = 0; i < kubevirt_release_count(); i++)
			if (a->cluster.hypervisor == HYPERVISOR_KVM ||
			    kubevirt_release_has_hypervisor_gate(
				    kubevirt_release_at(i)))
				s->releases[s->release_count++] =
					kubevirt_release_at(i);
		return 0;
	}
	ret = find_release(s, a->release ? a->release : "main", err);
	if (!ret && a->versus)
		ret = find_release(s, a->versus, err);
	return ret ? ret : check_hypervisor(a, s, err);
}

/* A pipe can be read once. */
static bool is_regular(const char *path)
{
	struct stat st;

	return strcmp(path, "-") && !stat(path, &st) && S_ISREG(st.st_mode);
}

/* What can be read twice: guests may stand before the types that they name. What
 * is wrong with the file is said when its guests are read. */
static void read_definitions(struct survey *s, const char *path)
{
	FILE *in = is_regular(path) ? fopen(path, "re") : NULL;
	struct err ignored;

	if (!in)
		return;
	s->file = path;
	survey_definitions(s, in, &ignored);
	fclose(in);
}

static int read_file(struct survey *s, const char *path, struct err *err)
{
	bool is_stdin = !strcmp(path, "-");
	FILE *in = is_stdin ? stdin : fopen(path, "re");
	int ret;

	if (!in)
		return err_sys(err, -errno, "manifest '%s': cannot open it",
			       path);
	s->file = path;
	ret = survey_stream(s, in, is_regular(path), err);
	if (ferror(in))
		ret = err_sys(err, -errno, "cannot read all of it");
	if (!is_stdin)
		fclose(in);
	return ret ? err_wrap(err, "manifest '%s'", path) : 0;
}

static int survey_files(const struct overhead_args *a, struct survey *s,
			struct err *err)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < a->type_file_count; i++)
		read_definitions(s, a->type_files[i]);
	for (i = 0; i < a->file_count; i++)
		read_definitions(s, a->files[i]);
	for (i = 0; i < a->type_file_count && !ret; i++)
		ret = read_file(s, a->type_files[i], err);
	if (!ret && !a->file_count)
		survey_base(s);
	for (i = 0; i < a->file_count && !ret; i++)
		ret = read_file(s, a->files[i], err);
	if (!ret && !s->visited_count)
		ret = err_set(err, -EINVAL, "there is no guest in it");
	return ret;
}

/* What ARGS ask for; the survey borrows their base and parameters. */
static void prepare(struct survey *s, const struct overhead_args *a)
{
	s->cluster = a->cluster;
	s->base = a->base;
	s->types = instancetypes_new();
	s->options =
		(struct manifest_options){a->parameters, a->parameter_count};
	s->is_sum = a->is_sum;
	s->has_manifest = a->file_count > 0;
}

static void say_unknown_gates(struct survey *s)
{
	size_t len;
	const char *gate = kubevirt_cluster_unknown_gate(&s->cluster, &len);
	char text[160];

	if (!gate)
		return;
	snprintf(text, sizeof(text),
		 "feature gate '%.*s' is not known: it changes nothing here",
		 (int)len, gate);
	s->warning_count++;
	s->remark(text, true, s->arg);
}

static int survey_and_print(const struct overhead_args *a, struct survey *s,
			    struct err *err)
{
	struct overhead_json json = {.survey = s};
	struct overhead_text text = {.survey = s};
	int ret;

	if (a->is_json)
		overhead_json_begin(&json);
	else
		overhead_text_begin(&text);
	say_unknown_gates(s);
	ret = survey_files(a, s, err);
	if (a->is_json)
		overhead_json_end(&json, ret ? err->msg : NULL);
	else
		overhead_text_end(&text, ret != 0);
	return ret;
}

static int overhead_run(int argc, char **argv)
{
	struct overhead_args args = {.cluster = kubevirt_cluster_default()};
	struct vmi_device *devices = NULL;
	struct survey s = {.release_count = 0};
	struct err err = {0};
	int ret = option_parse(argc, argv, options, &args, &err);

	while (!ret && optind < argc)
		ret = take_file(option_find(options, "vmi"), argv[optind++],
				&args, &err);
	if (!ret)
		ret = find_releases(&args, &s, &err);
	if (ret)
		return complain(STATUS_USAGE, "overhead: %s", err.msg);
	devices = calloc((size_t)args.vfio_count + 1, sizeof(*devices));
	if (!devices)
		return complain(STATUS_INTERNAL, "overhead: no memory");
	args.base.host_device_count = (size_t)args.vfio_count;
	args.base.host_devices = devices;
	while (args.vfio_count-- > 0)
		devices[args.vfio_count].resource = "";
	prepare(&s, &args);
	ret = survey_and_print(&args, &s, &err);
	instancetypes_free(s.types);
	survey_release(&s);
	while (args.parameter_count)
		free(args.pairs[--args.parameter_count]);
	free(devices);
	if (ret)
		return complain(STATUS_USAGE, "overhead: %s", err.msg);
	if (s.error_count || s.is_beyond)
		return STATUS_USAGE;
	return s.warning_count || s.rejected_count ? STATUS_UNDECIDED
						   : STATUS_OK;
}

const struct command cmd_overhead = {
	.name = "overhead",
	.summary =
		"memory that KubeVirt adds for guests, and their pods, to the byte",
	.usage =
		"usage: l1vh-bench overhead [options] [FILE...]\n"
		"Calculates what a KubeVirt release makes of guests: GetMemoryOverhead() with\n"
		"each term, the containers of the pod with requests and limits, and the limit\n"
		"of locked memory. Amounts use the notation of Kubernetes: 1Gi, 1.5G.\n",
	.options = options,
	.help_column = 25,
	.notes =
		"Exit status 2: something was named and not looked at, or is not known, and the\n"
		"figures rest on the rest; or KubeVirt refuses a guest. Each such thing is told.\n"
		"64: a guest has no figures.\n",
	.run = overhead_run,
};
