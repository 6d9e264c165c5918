// SPDX-License-Identifier: GPL-3.0-or-later
/* overhead - what KubeVirt would add to a guest's memory, to the byte. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/strbuf.h"
#include "harness/base/units.h"
#include "harness/cli/commands.h"
#include "harness/cli/kubevirt_args.h"
#include "harness/cli/option.h"
#include "harness/kubevirt/overhead.h"
#include "harness/kubevirt/quantity.h"
#include "harness/kubevirt/vmi.h"
#include "reports/data/json.h"

#define MAX_MANIFEST_BYTES (1 * MIB)

struct overhead_args {
	const struct kubevirt_release *release;
	struct vm_spec spec;
	char name[64]; /* of the manifest's; "" */
	bool is_json;
};

static int take_arch(const struct option_row *o, const char *arg, void *args,
		     struct err *err)
{
	struct vm_spec *s = &((struct overhead_args *)args)->spec;

	(void)o;
	s->is_arm64 = !strcmp(arg, "arm64");
	return s->is_arm64 || !strcmp(arg, "amd64")
		       ? 0
		       : err_set(err, -EINVAL,
				 "unknown architecture '%s'; there are amd64 and arm64",
				 arg);
}

static int take_vmi(const struct option_row *o, const char *path, void *args,
		    struct err *err)
{
	struct overhead_args *a = args;
	struct strbuf text = {0};
	int ret = file_read_whole(path, MAX_MANIFEST_BYTES, &text);

	(void)o;
	if (ret)
		err_sys(err, ret, "cannot read the file");
	else
		ret = vmi_parse(strbuf_str(&text), text.len, &a->spec, a->name,
				sizeof(a->name), err);
	strbuf_release(&text);
	return ret ? err_wrap(err, "manifest '%s'", path) : 0;
}

static int take_quantity(const struct option_row *o, const char *arg,
			 void *args, struct err *err)
{
	return quantity_parse(arg, option_field(o, args), err);
}

static int take_count(const struct option_row *o, const char *arg, void *args,
		      struct err *err)
{
	uint64_t number = 0;
	int ret = units_parse_uint(arg, 0, o->max, &number, err);

	*(int64_t *)option_field(o, args) = (int64_t)number;
	return ret;
}

static int take_ratio(const struct option_row *o, const char *arg, void *args,
		      struct err *err)
{
	struct vm_spec *s = &((struct overhead_args *)args)->spec;

	(void)o;
	if (strlen(arg) >= sizeof(s->ratio))
		return err_set(err, -EINVAL, "'%.40s' is not a ratio", arg);
	snprintf(s->ratio, sizeof(s->ratio), "%s", arg);
	return 0;
}

#define QUANTITY(field)        \
	.take = take_quantity, \
	.offset = OPTION_FIELD(struct overhead_args, spec.field, int64_t)
#define COUNT(field, most)                                                 \
	.take = take_count,                                                \
	.offset = OPTION_FIELD(struct overhead_args, spec.field, int64_t), \
	.max = (most)
#define FLAG(field) OPTION_FLAG(struct overhead_args, spec.field)

static const struct option_row options[] = {
	{"release", "NAME", "v1.0 to v1.9, or main (main)",
	 OPTION_RELEASE(struct overhead_args, release)},
	{"vmi", "FILE",
	 "a VirtualMachineInstance or VirtualMachine, YAML or JSON",
	 .take = take_vmi},
	{"arch", "NAME", "amd64 or arm64 (amd64)", .take = take_arch},
	{"hypervisor", "NAME", "kvm or hyperv-direct (kvm)",
	 OPTION_HYPERVISOR(struct overhead_args, spec.hypervisor)},
	{"memory-request", "SIZE", "domain.resources.requests.memory",
	 QUANTITY(memory_request)},
	{"memory-limit", "SIZE", "domain.resources.limits.memory",
	 QUANTITY(memory_limit)},
	{"guest-memory", "SIZE", "domain.memory.guest", QUANTITY(guest_memory)},
	{"max-guest", "SIZE", "domain.memory.maxGuest", QUANTITY(max_guest)},
	{"hugepages", "SIZE", "domain.memory.hugepages.pageSize",
	 QUANTITY(hugepage_bytes)},
	{"vcpus", "N", "cores x sockets x threads (1)",
	 COUNT(vcpu_count, 1000000)},
	{"no-graphics", NULL, "autoattachGraphicsDevice: false",
	 FLAG(has_no_graphics)},
	{"vfio", "N", "host devices, GPUs and SR-IOV cards (0)",
	 COUNT(vfio_count, 1024)},
	{"sev", NULL, "launchSecurity.sev", FLAG(has_sev)},
	{"snp", NULL, "launchSecurity.snp", FLAG(has_snp)},
	{"tpm", NULL, "domain.devices.tpm", FLAG(has_tpm)},
	{"dedicated-cpu", NULL, "domain.cpu.dedicatedCpuPlacement",
	 FLAG(has_dedicated_cpus)},
	{"downward-metrics", NULL, "domain.devices.downwardMetrics",
	 FLAG(has_downward_metrics)},
	{"realtime", NULL, "domain.cpu.realtime", FLAG(is_realtime)},
	{"liveness-exec", NULL, "a livenessProbe that runs a command",
	 FLAG(has_liveness_exec)},
	{"readiness-exec", NULL, "a readinessProbe that runs a command",
	 FLAG(has_readiness_exec)},
	{"memlock-required", NULL, "reservedOverhead.memLock: Required",
	 FLAG(is_memlock_required)},
	{"added-overhead", "SIZE", "reservedOverhead.addedOverhead",
	 QUANTITY(added_overhead)},
	{"ratio", "NUMBER", "additionalGuestMemoryOverheadRatio",
	 .take = take_ratio},
	{"overcommit-guest-overhead", NULL, "leave it out of the pod's request",
	 FLAG(overcommits_guest_overhead)},
	{"overcommit-percent", "N", "memoryOvercommit (100)",
	 COUNT(overcommit_percent, 1000000)},
	{"json", NULL,
	 "keys: release, overhead_bytes,\n"
	 "overhead_by_guest_bytes, pod_request_bytes,\n"
	 "pod_limit_bytes, memlock_bytes, terms",
	 OPTION_FLAG(struct overhead_args, is_json)},
	{0},
};

static void show_overhead(const struct overhead_args *a,
			  const struct overhead *o)
{
	if (a->is_json) {
		json_t *json = overhead_to_json(o);

		json_object_set_new(
			json, "release",
			json_string(kubevirt_release_name(a->release)));
		json_print(json);
		return;
	}
	printf("KubeVirt %s, %s, %s%s%s\n\n", kubevirt_release_name(a->release),
	       a->spec.is_arm64 ? "arm64" : "amd64",
	       hypervisor_name(a->spec.hypervisor), a->name[0] ? ", " : "",
	       a->name);
	overhead_write(o, stdout);
}

static int overhead_run(int argc, char **argv)
{
	struct overhead_args args = {.release = kubevirt_release_find("main")};
	struct overhead o;
	struct err err = {0};
	int ret = option_parse(argc, argv, options, &args, &err);

	if (!ret && optind < argc)
		ret = err_set(&err, -EINVAL, "unexpected argument '%s'",
			      argv[optind]);
	if (!ret)
		ret = overhead_of(&args.spec, args.release, &o, &err);
	if (ret)
		return complain(STATUS_USAGE, "overhead: %s", err.msg);
	show_overhead(&args, &o);
	return STATUS_OK;
}

const struct command cmd_overhead = {
	.name = "overhead",
	.summary = "memory that KubeVirt adds for a guest, to the byte",
	.usage =
		"usage: l1vh-bench overhead [options]\n"
		"Calculates GetMemoryOverhead() of a KubeVirt release: each term, and the\n"
		"resulting pod and memlock limits. Amounts use the notation of Kubernetes: 1Gi, 1.5G.\n",
	.options = options,
	.help_column = 25,
	.run = overhead_run,
};
