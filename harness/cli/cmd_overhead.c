// SPDX-License-Identifier: GPL-3.0-or-later
/* overhead - what KubeVirt would add to a guest's memory, to the byte. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/strbuf.h"
#include "harness/base/units.h"
#include "harness/cli/commands.h"
#include "harness/cli/kubevirt_args.h"
#include "harness/kubevirt/overhead.h"
#include "harness/kubevirt/quantity.h"
#include "harness/kubevirt/vmi.h"
#include "reports/data/json.h"

#define MAX_MANIFEST_BYTES (1 * MIB)

enum option_id {
	O_RELEASE = 1,
	O_ARCH,
	O_HYPERVISOR,
	O_MEMORY_REQUEST,
	O_MEMORY_LIMIT,
	O_GUEST_MEMORY,
	O_MAX_GUEST,
	O_HUGEPAGES,
	O_VCPUS,
	O_NO_GRAPHICS,
	O_VFIO,
	O_SEV,
	O_SNP,
	O_TPM,
	O_DEDICATED_CPU,
	O_LIVENESS_EXEC,
	O_READINESS_EXEC,
	O_DOWNWARD_METRICS,
	O_REALTIME,
	O_MEMLOCK_REQUIRED,
	O_RATIO,
	O_ADDED_OVERHEAD,
	O_OVERCOMMIT_OVERHEAD,
	O_OVERCOMMIT_PERCENT,
	O_VMI,
	O_JSON,
};

static const struct option options[] = {
	{"release", required_argument, NULL, O_RELEASE},
	{"arch", required_argument, NULL, O_ARCH},
	{"hypervisor", required_argument, NULL, O_HYPERVISOR},
	{"memory-request", required_argument, NULL, O_MEMORY_REQUEST},
	{"memory-limit", required_argument, NULL, O_MEMORY_LIMIT},
	{"guest-memory", required_argument, NULL, O_GUEST_MEMORY},
	{"max-guest", required_argument, NULL, O_MAX_GUEST},
	{"hugepages", required_argument, NULL, O_HUGEPAGES},
	{"vcpus", required_argument, NULL, O_VCPUS},
	{"no-graphics", no_argument, NULL, O_NO_GRAPHICS},
	{"vfio", required_argument, NULL, O_VFIO},
	{"sev", no_argument, NULL, O_SEV},
	{"snp", no_argument, NULL, O_SNP},
	{"tpm", no_argument, NULL, O_TPM},
	{"dedicated-cpu", no_argument, NULL, O_DEDICATED_CPU},
	{"liveness-exec", no_argument, NULL, O_LIVENESS_EXEC},
	{"readiness-exec", no_argument, NULL, O_READINESS_EXEC},
	{"downward-metrics", no_argument, NULL, O_DOWNWARD_METRICS},
	{"realtime", no_argument, NULL, O_REALTIME},
	{"memlock-required", no_argument, NULL, O_MEMLOCK_REQUIRED},
	{"ratio", required_argument, NULL, O_RATIO},
	{"added-overhead", required_argument, NULL, O_ADDED_OVERHEAD},
	{"overcommit-guest-overhead", no_argument, NULL, O_OVERCOMMIT_OVERHEAD},
	{"overcommit-percent", required_argument, NULL, O_OVERCOMMIT_PERCENT},
	{"vmi", required_argument, NULL, O_VMI},
	{"json", no_argument, NULL, O_JSON},
	{NULL, 0, NULL, 0},
};

struct overhead_args {
	const struct kubevirt_release *release;
	struct vm_spec spec;
	char name[64]; /* of the manifest's; "" */
	bool is_json;
};

static int take_arch(const char *text, struct vm_spec *s, struct err *err)
{
	s->is_arm64 = !strcmp(text, "arm64");
	return s->is_arm64 || !strcmp(text, "amd64")
		       ? 0
		       : err_set(err, -EINVAL,
				 "unknown architecture '%s'; there are amd64 and arm64",
				 text);
}

static int take_vmi(const char *path, struct overhead_args *a, struct err *err)
{
	struct strbuf text = {0};
	int ret = file_read(path, MAX_MANIFEST_BYTES, &text);

	if (ret)
		err_sys(err, ret, "cannot read it");
	else
		ret = vmi_parse(strbuf_str(&text), text.len, &a->spec, a->name,
				sizeof(a->name), err);
	strbuf_release(&text);
	return ret ? err_wrap(err, "manifest '%s'", path) : 0;
}

static int take_count(const char *text, uint64_t max, int64_t *value,
		      struct err *err)
{
	uint64_t number = 0;
	int ret = units_parse_uint(text, 0, max, &number, err);

	*value = (int64_t)number;
	return ret;
}

static int take_ratio(const char *text, struct vm_spec *s, struct err *err)
{
	if (strlen(text) >= sizeof(s->ratio))
		return err_set(err, -EINVAL, "'%.40s' is no ratio", text);
	snprintf(s->ratio, sizeof(s->ratio), "%s", text);
	return 0;
}

static int take_flag(struct vm_spec *s, int id, struct err *err)
{
	bool *const flags[] = {
		[O_NO_GRAPHICS] = &s->has_no_graphics,
		[O_SEV] = &s->has_sev,
		[O_SNP] = &s->has_snp,
		[O_TPM] = &s->has_tpm,
		[O_DEDICATED_CPU] = &s->has_dedicated_cpus,
		[O_LIVENESS_EXEC] = &s->has_liveness_exec,
		[O_READINESS_EXEC] = &s->has_readiness_exec,
		[O_DOWNWARD_METRICS] = &s->has_downward_metrics,
		[O_REALTIME] = &s->is_realtime,
		[O_MEMLOCK_REQUIRED] = &s->is_memlock_required,
		[O_OVERCOMMIT_OVERHEAD] = &s->overcommits_guest_overhead,
	};

	if (id < 0 || (size_t)id >= ARRAY_SIZE(flags) || !flags[id])
		return err_set(err, -EINVAL,
			       "see 'l1vh-bench overhead --help'");
	*flags[id] = true;
	return 0;
}

static int take(struct overhead_args *a, int id, const char *arg,
		struct err *err)
{
	struct vm_spec *s = &a->spec;

	switch (id) {
	case O_RELEASE:
		return take_release(arg, &a->release, err);
	case O_ARCH:
		return take_arch(arg, s, err);
	case O_HYPERVISOR:
		return take_hypervisor(arg, &s->hypervisor, err);
	case O_MEMORY_REQUEST:
		return quantity_parse(arg, &s->memory_request, err);
	case O_MEMORY_LIMIT:
		return quantity_parse(arg, &s->memory_limit, err);
	case O_GUEST_MEMORY:
		return quantity_parse(arg, &s->guest_memory, err);
	case O_MAX_GUEST:
		return quantity_parse(arg, &s->max_guest, err);
	case O_HUGEPAGES:
		return quantity_parse(arg, &s->hugepage_bytes, err);
	case O_ADDED_OVERHEAD:
		return quantity_parse(arg, &s->added_overhead, err);
	case O_VCPUS:
		return take_count(arg, 1000000, &s->vcpu_count, err);
	case O_VFIO:
		return take_count(arg, 1024, &s->vfio_count, err);
	case O_OVERCOMMIT_PERCENT:
		return take_count(arg, 1000000, &s->overcommit_percent, err);
	case O_RATIO:
		return take_ratio(arg, s, err);
	case O_VMI:
		return take_vmi(arg, a, err);
	case O_JSON:
		a->is_json = true;
		return 0;
	default:
		return take_flag(s, id, err);
	}
}

static void show(const struct overhead_args *a, const struct overhead *o)
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
	int id, ret = 0;

	while (!ret && (id = getopt_long(argc, argv, "", options, NULL)) != -1)
		ret = take(&args, id, optarg, &err);
	if (!ret && optind < argc)
		ret = err_set(&err, -EINVAL, "unexpected argument '%s'",
			      argv[optind]);
	if (!ret)
		ret = overhead_of(&args.spec, args.release, &o, &err);
	if (ret)
		return complain(STATUS_USAGE, "overhead: %s", err.msg);
	show(&args, &o);
	return STATUS_OK;
}

const struct command cmd_overhead = {
	.name = "overhead",
	.summary = "what KubeVirt adds to a guest's memory, to the byte",
	.usage =
		"usage: l1vh-bench overhead [options]\n"
		"GetMemoryOverhead() of a KubeVirt release, each term of it, and what follows for\n"
		"the pod and its memlock limit. Amounts as Kubernetes writes them: 1Gi, 1.5G.\n"
		"  --release NAME         v1.0 to v1.9, or main (main)\n"
		"  --vmi FILE             a VirtualMachineInstance or VirtualMachine, YAML or JSON\n"
		"  --arch NAME            amd64 or arm64 (amd64)\n"
		"  --hypervisor NAME      kvm or hyperv-direct (kvm)\n"
		"  --memory-request SIZE  domain.resources.requests.memory\n"
		"  --memory-limit SIZE    domain.resources.limits.memory\n"
		"  --guest-memory SIZE    domain.memory.guest\n"
		"  --max-guest SIZE       domain.memory.maxGuest\n"
		"  --hugepages SIZE       domain.memory.hugepages.pageSize\n"
		"  --vcpus N              cores x sockets x threads (1)\n"
		"  --no-graphics          autoattachGraphicsDevice: false\n"
		"  --vfio N               host devices, GPUs and SR-IOV cards (0)\n"
		"  --sev, --snp, --tpm, --dedicated-cpu, --downward-metrics, --realtime\n"
		"  --liveness-exec, --readiness-exec   probes that run a command\n"
		"  --memlock-required     reservedOverhead.memLock: Required\n"
		"  --added-overhead SIZE  reservedOverhead.addedOverhead\n"
		"  --ratio NUMBER         additionalGuestMemoryOverheadRatio\n"
		"  --overcommit-guest-overhead   leave it out of the pod's request\n"
		"  --overcommit-percent N        memoryOvercommit (100)\n"
		"  --json                 keys: release, overhead_bytes,\n"
		"                         overhead_by_guest_bytes, pod_request_bytes,\n"
		"                         pod_limit_bytes, memlock_bytes, terms\n",
	.run = overhead_run,
};
