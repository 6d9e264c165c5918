// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/err.h"
#include "harness/base/strbuf.h"
#include "harness/cli/commands.h"
#include "harness/cli/kubevirt_args.h"
#include "harness/cli/node_here.h"
#include "harness/cli/option.h"
#include "harness/core/envinfo.h"
#include "harness/core/hostprobe.h"
#include "harness/core/imds.h"
#include "harness/fleet/node/node_labels.h"
#include "harness/kubevirt/node/node_page.h"
#include "harness/kubevirt/node/nodeprobe.h"
#include "harness/kubevirt/node/prereq.h"

struct probe_args {
	bool is_json;
	bool is_kubevirt;
	const char *imds_url;    /* NULL: the service is not asked */
	const char *wish_option; /* one that only --kubevirt takes */
	struct domain_wish wish;
	enum requirement requirement; /* REQUIRE_COUNT: none */
	bool is_nfd;
	bool is_npd;
	const char *expect;   /* "kvm" or "mshv"; for --npd */
	const char *nfd_file; /* "-": the standard output */
};

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
	if (yes(probe, "hypervisor_is_unvalidated"))
		printf("%-22s the driver logs \"unvalidated Hyper-V version\"\n",
		       "Hyper-V version");
	printf("%-22s vmx %s, svm %s, kvm nested=%s\n", "nested features",
	       yes(nested, "vmx") ? "yes" : "no",
	       yes(nested, "svm") ? "yes" : "no", str(nested, "kvm_nested"));
	printf("%-22s %s of 2 MiB, %s of 1 GiB\n", "huge pages",
	       str(memory, "hugepages_2mib"), str(memory, "hugepages_1gib"));
	printf("%-22s %s in pages of 4 KiB (grows with deposits for guests)\n",
	       "direct map", str(memory, "direct_map_4k"));
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

static void print_json(const json_t *o, size_t flags)
{
	json_dumpf(o, stdout, JSON_INDENT(2) | flags);
	putchar('\n');
}

/* What the metadata service says, or why it says nothing. */
static json_t *ask_imds(const char *url)
{
	struct err err = {0};
	json_t *out;

	if (imds_get(url, &out, &err))
		return json_pack("{s:s}", "reason", err.msg);
	return out;
}

static void print_imds(const json_t *imds)
{
	const char *key;
	json_t *value;

	if (json_object_get(imds, "reason")) {
		printf("%-22s %s\n", "Azure", str(imds, "reason"));
		return;
	}
	printf("%-22s %s in %s\n", "Azure", str(imds, "vm_size"),
	       str(imds, "location"));
	json_object_foreach(json_object_get(imds, "tags"), key, value)
		printf("  tag %s=%s\n", key, json_string_value(value));
}

static int probe_host(const struct probe_args *a)
{
	json_t *probe = hostprobe_json();
	json_t *fingerprint = envinfo_fingerprint();

	if (a->imds_url)
		json_object_set_new(probe, "imds", ask_imds(a->imds_url));
	if (a->is_json) {
		json_t *both =
			json_pack("{s:i, s:O, s:O}", "schema_version", 1,
				  "probe", probe, "fingerprint", fingerprint);

		print_json(both, JSON_SORT_KEYS);
		json_decref(both);
	} else {
		print_probe(probe);
		if (a->imds_url)
			print_imds(json_object_get(probe, "imds"));
		puts("mitigations");
		print_mitigations(fingerprint);
		puts("Whether a guest really boots is tried by 'l1vh-bench run'.");
	}
	json_decref(fingerprint);
	json_decref(probe);
	return STATUS_OK;
}

static int probe_kubevirt(const struct probe_args *a)
{
	json_t *page = node_here(&a->wish);

	if (a->is_json)
		print_json(page, 0);
	else
		node_page_write(page, stdout);
	json_decref(page);
	return STATUS_OK;
}

static int probe_require(enum requirement what)
{
	struct node_source source;
	struct node node;
	char line[256];
	bool holds;

	node_source_of_host(&source);
	memset(source.programs, 0, sizeof(source.programs));
	node_gather(&source, &node);
	holds = requirement_holds(what, &node, line, sizeof(line));
	printf("%s: %s\n", holds ? "yes" : "no", line);
	return holds ? STATUS_OK : STATUS_WORSE;
}

static int probe_nfd(const struct probe_args *a)
{
	json_t *probe = hostprobe_json();
	json_t *fingerprint = envinfo_fingerprint();
	struct strbuf text = {0};
	struct err err = {0};
	int ret;

	node_labels_write(probe, fingerprint, &text);
	ret = node_labels_put(a->nfd_file, &text, &err);
	strbuf_release(&text);
	json_decref(fingerprint);
	json_decref(probe);
	return ret ? complain(STATUS_INTERNAL, "probe: %s", err.msg)
		   : STATUS_OK;
}

static int probe_npd(const struct probe_args *a)
{
	static const int statuses[] = {
		[NODE_OK] = STATUS_OK,
		[NODE_PROBLEM] = STATUS_WORSE,
		[NODE_UNKNOWN] = STATUS_UNDECIDED,
	};
	json_t *probe = hostprobe_json();
	char line[NODE_CONDITION_SIZE];
	enum node_condition condition =
		node_condition_of(probe, a->expect, line);

	puts(line);
	json_decref(probe);
	return statuses[condition];
}

static int take_expect(const struct option_row *o, const char *arg, void *args,
		       struct err *err)
{
	(void)o;
	if (strcmp(arg, "kvm") && strcmp(arg, "mshv"))
		return err_set(err, -EINVAL,
			       "cannot expect '%s'; there are kvm and mshv",
			       arg);
	((struct probe_args *)args)->expect = arg;
	return 0;
}

static int take_requirement(const struct option_row *o, const char *arg,
			    void *args, struct err *err)
{
	enum requirement *what = &((struct probe_args *)args)->requirement;

	(void)o;
	*what = requirement_parse(arg);
	return *what == REQUIRE_COUNT
		       ? err_set(err, -EINVAL,
				 "cannot require '%s'; there are l1vh, kvm and vfio",
				 arg)
		       : 0;
}

static int take_imds(const struct option_row *o, const char *arg, void *args,
		     struct err *err)
{
	(void)o;
	(void)arg;
	(void)err;
	((struct probe_args *)args)->imds_url = IMDS_URL;
	return 0;
}

/* What is wished for KubeVirt; check() says so where there is none. */
static int take_wished_release(const struct option_row *o, const char *arg,
			       void *args, struct err *err)
{
	((struct probe_args *)args)->wish_option = o->name;
	return take_release(o, arg, args, err);
}

static int take_wished_hypervisor(const struct option_row *o, const char *arg,
				  void *args, struct err *err)
{
	((struct probe_args *)args)->wish_option = o->name;
	return take_hypervisor(o, arg, args, err);
}

static int take_wished_flag(const struct option_row *o, const char *arg,
			    void *args, struct err *err)
{
	((struct probe_args *)args)->wish_option = o->name;
	return option_flag(o, arg, args, err);
}

static const struct option_row options[] = {
	{"kubevirt", NULL, "show KubeVirt's node requirements and their status",
	 OPTION_FLAG(struct probe_args, is_kubevirt)},
	{"release", "NAME", "v1.0 to v1.9, or main (main)",
	 .take = take_wished_release,
	 .offset = OPTION_FIELD(struct probe_args, wish.release,
				const struct kubevirt_release *)},
	{"gate", NULL, "ConfigurableHypervisor is on", .take = take_wished_flag,
	 .offset = OPTION_FIELD(struct probe_args, wish.is_gate_on, bool)},
	{"hypervisor", "NAME", "kvm or hyperv-direct (kvm)",
	 .take = take_wished_hypervisor,
	 .offset = OPTION_FIELD(struct probe_args, wish.hypervisor,
				enum hypervisor_kind)},
	{"allow-emulation", NULL,
	 "a guest without its device is emulated, not refused",
	 .take = take_wished_flag,
	 .offset = OPTION_FIELD(struct probe_args, wish.is_emulation_allowed,
				bool)},
	{"require", "WORD",
	 "print one line; exit status 0 if it holds, 1 if not",
	 .take = take_requirement},
	{"imds", NULL,
	 "ask Azure's metadata service for the VM's size and tags",
	 .take = take_imds},
	{"imds-url", "URL", NULL, OPTION_TEXT(struct probe_args, imds_url)},
	{"nfd", NULL,
	 "write labels for node-feature-discovery to FILE; - is the\n"
	 "standard output; without FILE, where that program looks:\n"
	 "/etc/kubernetes/node-feature-discovery/features.d/l1vh-bench",
	 OPTION_FLAG(struct probe_args, is_nfd)},
	{"npd", NULL, "print one line for node-problem-detector, with:",
	 OPTION_FLAG(struct probe_args, is_npd)},
	{"expect", "WORD", "the device that must work: kvm or mshv",
	 .take = take_expect},
	{"json", NULL, "print one JSON object",
	 OPTION_FLAG(struct probe_args, is_json)},
	{0},
};

/* Each of these is asked by an agent that wants nothing else. */
static int check_agents(const struct probe_args *a, struct err *err)
{
	if (a->is_nfd + a->is_npd + (a->requirement != REQUIRE_COUNT) > 1 ||
	    ((a->is_nfd || a->is_npd) &&
	     (a->is_json || a->is_kubevirt || a->wish_option || a->imds_url)))
		return err_set(err, -EINVAL, "--%s takes no other report",
			       a->is_nfd ? "nfd" : "npd");
	if (a->is_npd != (a->expect != NULL))
		return err_set(err, -EINVAL,
			       "--npd and --expect need each other");
	return 0;
}

static int check_arguments(const struct probe_args *a, struct err *err)
{
	if (a->requirement != REQUIRE_COUNT &&
	    (a->is_json || a->is_kubevirt || a->wish_option || a->imds_url))
		return err_set(err, -EINVAL, "--require takes no other option");
	if (a->imds_url && a->is_kubevirt)
		return err_set(err, -EINVAL, "--imds is not for --kubevirt");
	if (a->wish_option && !a->is_kubevirt)
		return err_set(err, -EINVAL, "--%s is for --kubevirt",
			       a->wish_option);
	return check_agents(a, err);
}

static int probe_run(int argc, char **argv)
{
	struct probe_args args = {.requirement = REQUIRE_COUNT,
				  .nfd_file = NODE_LABELS_FILE};
	struct err err = {0};
	int ret;

	args.wish = node_default_wish();
	ret = option_parse(argc, argv, options, &args, &err);
	if (!ret && args.is_nfd && optind < argc)
		args.nfd_file = argv[optind++];
	if (!ret && optind < argc)
		ret = err_set(&err, -EINVAL, "unexpected argument '%s'",
			      argv[optind]);
	if (!ret)
		ret = check_arguments(&args, &err);
	if (ret)
		return complain(STATUS_USAGE, "probe: %s", err.msg);
	if (args.is_nfd)
		return probe_nfd(&args);
	if (args.is_npd)
		return probe_npd(&args);
	if (args.requirement != REQUIRE_COUNT)
		return probe_require(args.requirement);
	return args.is_kubevirt ? probe_kubevirt(&args) : probe_host(&args);
}

const struct command cmd_probe = {
	.name = "probe",
	.summary = "show this host's hypervisors and what is missing",
	.usage =
		"usage: l1vh-bench probe [--imds] [--json]\n"
		"       l1vh-bench probe --kubevirt [options] [--json]\n"
		"       l1vh-bench probe --require l1vh|kvm|vfio\n"
		"       l1vh-bench probe --nfd [FILE]\n"
		"       l1vh-bench probe --npd --expect kvm|mshv\n"
		"Shows the hypervisors of this host and their grades, its type of Hyper-V\n"
		"partition, and the domain type that KubeVirt would choose on it.\n",
	.options = options,
	.help_column = 23,
	.notes =
		"Exit status: 0, 1 the requirement does not hold or the device does not work, 2\n"
		"--npd cannot tell, 64 usage, 70 --nfd cannot write.\n",
	.run = probe_run,
};
