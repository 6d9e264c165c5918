// SPDX-License-Identifier: GPL-3.0-or-later
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "harness/cli/commands.h"
#include "harness/core/envinfo.h"
#include "harness/core/hostprobe.h"

static const char *str(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "unknown";
}

static bool yes(const json_t *o, const char *key)
{
	return json_is_true(json_object_get(o, key));
}

static void print_device(const json_t *probe, const char *key)
{
	const json_t *d = json_object_get(probe, key);

	printf("%-22s %s", str(d, "path"),
	       yes(d, "usable")    ? "usable"
	       : yes(d, "present") ? "present, not usable"
				   : "absent");
	if (str(d, "reason")[0])
		printf(" (%s)", str(d, "reason"));
	putchar('\n');
}

static void print_kvm(const json_t *probe)
{
	const json_t *kvm = json_object_get(probe, "kvm");

	if (!yes(kvm, "present"))
		return;
	printf("%-22s %s, %s: guests are of grade %s\n", "  vendor module",
	       str(kvm, "vendor_module"),
	       yes(kvm, "hardware_assisted") ? "hardware-assisted"
					     : "no hardware assistance",
	       str(kvm, "grade"));
}

static void print_probe(const json_t *probe)
{
	const json_t *hv = json_object_get(probe, "hypervisor");
	const json_t *nested = json_object_get(probe, "nested");
	const json_t *memory = json_object_get(probe, "memory");
	const json_t *kubevirt = json_object_get(probe, "kubevirt_domain_type");

	printf("%-22s %s\n", "grade of this host", str(probe, "grade"));
	print_device(probe, "kvm");
	print_kvm(probe);
	print_device(probe, "mshv");
	printf("%-22s %s\n", "hypervisor below",
	       yes(hv, "running_on_one") ? str(hv, "signature") : "none");
	printf("%-22s by CPUID: %s; by the kernel's log: %s\n",
	       "Hyper-V partition", str(hv, "partition"),
	       str(probe, "kernel_log_partition"));
	printf("%-22s vmx %s, svm %s, kvm nested=%s\n", "nested features",
	       yes(nested, "vmx") ? "yes" : "no",
	       yes(nested, "svm") ? "yes" : "no", str(nested, "kvm_nested"));
	printf("%-22s %s of 2 MiB, %s of 1 GiB\n", "huge pages",
	       str(memory, "hugepages_2mib"), str(memory, "hugepages_1gib"));
	printf("%-22s %s\n", "cgroup", str(memory, "cgroup"));
	printf("%-22s %s\n", "clock source", str(probe, "clocksource"));
	printf("%-22s %s; with gate ConfigurableHypervisor and hyperv-direct: %s\n",
	       "KubeVirt would choose", str(kubevirt, "gate_off"),
	       str(kubevirt, "gate_on"));
}

static void print_mitigations(const json_t *fingerprint)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)fingerprint, key, value)
		if (!strncmp(key, "mitigation.", 11))
			printf("  %-20s %s\n", key + 11,
			       json_string_value(value));
}

static int probe_run(int argc, char **argv)
{
	bool wants_json = argc == 2 && !strcmp(argv[1], "--json");
	json_t *probe, *fingerprint;

	if (argc > 1 && !wants_json)
		return complain(STATUS_USAGE, "probe: unexpected argument '%s'",
				argv[1]);
	probe = hostprobe_json();
	fingerprint = envinfo_fingerprint();
	if (wants_json) {
		json_t *both =
			json_pack("{s:i, s:O, s:O}", "schema_version", 1,
				  "probe", probe, "fingerprint", fingerprint);

		json_dumpf(both, stdout, JSON_INDENT(2) | JSON_SORT_KEYS);
		putchar('\n');
		json_decref(both);
	} else {
		print_probe(probe);
		puts("mitigations");
		print_mitigations(fingerprint);
		puts("Whether a guest really boots is tried by 'l1vh-bench run'.");
	}
	json_decref(fingerprint);
	json_decref(probe);
	return STATUS_OK;
}

const struct command cmd_probe = {
	.name = "probe",
	.summary = "what this host can do, and why not",
	.usage =
		"usage: l1vh-bench probe [--json]\n"
		"Say which hypervisors this host has, of which grade, which partition of\n"
		"Hyper-V it is, and which domain type KubeVirt would choose on it.\n",
	.run = probe_run,
};
