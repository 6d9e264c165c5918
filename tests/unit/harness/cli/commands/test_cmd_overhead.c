// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * overhead: what each option adds, and what manifests say, from files and from
 * standard input, of one guest and of a cluster. The amounts are the constants
 * of KubeVirt's GetMemoryOverhead() of v1.9, in MiB.
 */
#include "tests/unit/test.h"

#include <jansson.h>
#include <unistd.h>

#include "harness/cli/commands.h"
#include "tests/unit/fixture/cli/called.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/run/json_path.h"
#include "tests/unit/fixture/scratch.h"

#define MI ((int64_t)MIB)
#define CONSOLE_LOG 35000000 /* what guest-console-log requests */
#define CONSOLE_LOG_LIMIT 60000000

/* What the last call printed; the caller owns it. */
static json_t *printed(void)
{
	json_error_t error;
	json_t *all = json_loads(called.out, 0, &error);

	if (!all)
		fail_msg("%s:\n%s", error.text, called.out);
	return all;
}

/* FIELD of the only guest, with these options; 0: null. */
static int64_t bytes_of(const char *field, const char *const *options)
{
	const char *o[4] = {NULL};
	int64_t bytes;
	json_t *all;
	size_t i;

	for (i = 0; i < 3 && options[i]; i++)
		o[i] = options[i];
	assert_int_equal(CALL(cmd_overhead, "--json", "--release=v1.9",
			      "--memory-request=256Mi", "--no-graphics", o[0],
			      o[1], o[2]),
			 STATUS_OK);
	all = printed();
	assert_json_text(all, "release", "v1.9.0");
	assert_int_equal(json_array_size(json_at(all, "guests")), 1);
	bytes = json_integer_value(
		json_object_get(json_at(all, "guests.0"), field));
	json_decref(all);
	return bytes;
}

#define OPTIONS(...) ((const char *const[4]){__VA_ARGS__})

static void each_option_adds_its_amount(void **state)
{
	static const struct {
		const char *options[3];
		int64_t mib;
	} cases[] = {
		{{NULL}, 0},
		{{"--vcpus=4"}, 3 * 8},
		{{"--vfio=1"}, 1024},
		{{"--vfio=2"}, 1024}, /* once for all of them */
		{{"--sev"}, 256},
		{{"--snp"}, 256},
		{{"--tpm"}, 53},
		{{"--downward-metrics"}, 1},
		{{"--dedicated-cpu"}, 100},
		/* 100 for having probes, 10 for each. */
		{{"--liveness-exec"}, 110},
		{{"--liveness-exec", "--readiness-exec"}, 120},
		{{"--arch=arm64"}, 128},
		{{"--arch=s390x"}, 0},
		{{"--arch=arm64", "--arch=amd64"}, 0},
		{{"--added-overhead=1Gi"}, 1024},
		{{"--overcommit-guest-overhead"}, 0},
		{{"--hypervisor=hyperv-direct"}, 0},
	};
	int64_t plain = bytes_of("overhead_bytes", OPTIONS(NULL));
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		int64_t bytes = bytes_of("overhead_bytes", cases[i].options);

		if (bytes - plain != cases[i].mib * MI)
			fail_msg("row %zu: %lld bytes more", i,
				 (long long)(bytes - plain));
	}
}

static void a_display_is_there_unless_it_is_taken_away(void **state)
{
	json_t *all;

	(void)state;
	assert_int_equal(CALL(cmd_overhead, "--json", "--release=v1.9",
			      "--memory-request=256Mi"),
			 STATUS_OK);
	all = printed();
	assert_json_number(
		all, "guests.0.overhead_bytes",
		(double)(bytes_of("overhead_bytes", OPTIONS(NULL)) + 32 * MI));
	json_decref(all);
}

static void a_container_has_what_its_guest_has_and_more(void **state)
{
	int64_t overhead = bytes_of("overhead_bytes", OPTIONS(NULL));

	(void)state;
	assert_int_equal(bytes_of("compute_request_bytes", OPTIONS(NULL)),
			 256 * MI + overhead);
	/* It has a limit where the guest has one, or CPUs of its own. */
	assert_int_equal(bytes_of("compute_limit_bytes", OPTIONS(NULL)), 0);
	assert_int_equal(
		bytes_of("compute_limit_bytes", OPTIONS("--memory-limit=1Gi")),
		1024 * MI + overhead);
	assert_int_equal(
		bytes_of("compute_limit_bytes", OPTIONS("--dedicated-cpu")),
		256 * MI + overhead + 100 * MI);
	/* Left out of the request on demand. */
	assert_int_equal(bytes_of("compute_request_bytes",
				  OPTIONS("--overcommit-guest-overhead")),
			 256 * MI);
}

static void a_pod_has_more_than_the_container(void **state)
{
	int64_t request = bytes_of("compute_request_bytes", OPTIONS(NULL));
	int64_t limit =
		bytes_of("compute_limit_bytes", OPTIONS("--memory-limit=1Gi"));

	(void)state;
	assert_int_equal(bytes_of("pod_request_bytes", OPTIONS(NULL)),
			 request + CONSOLE_LOG);
	assert_int_equal(
		bytes_of("pod_request_bytes", OPTIONS("--no-console-log")),
		request);
	assert_int_equal(bytes_of("pod_limit_bytes", OPTIONS(NULL)), 0);
	assert_int_equal(
		bytes_of("pod_limit_bytes", OPTIONS("--memory-limit=1Gi")),
		limit + CONSOLE_LOG_LIMIT);
	assert_int_equal(bytes_of("compute_limit_bytes",
				  OPTIONS("--quota=limits.memory")),
			 2 * request);
}

static void options_of_the_cluster_count(void **state)
{
	static const struct {
		const char *field, *options[3];
		int64_t mib;
	} cases[] = {
		{"guest_bytes", {"--guest-memory=512Mi"}, 512},
		{"guest_bytes", {NULL}, 256},
		{"max_guest_bytes", {"--guest-memory=2Gi"}, 8192},
		{"max_guest_bytes",
		 {"--guest-memory=2Gi", "--max-hotplug-ratio=2"},
		 4096},
		{"max_guest_bytes",
		 {"--guest-memory=2Gi", "--rollout=Stage"},
		 0},
		{"max_guest_bytes",
		 {"--max-guest=3Gi", "--rollout=Stage"},
		 3072},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		if (bytes_of(cases[i].field, cases[i].options) !=
		    cases[i].mib * MI)
			fail_msg("row %zu", i);
	assert_int_equal(bytes_of("memlock_bytes", OPTIONS(NULL)), 0);
	assert_true(bytes_of("memlock_bytes", OPTIONS("--vfio=1")) > 1024 * MI);
	assert_true(bytes_of("memlock_bytes", OPTIONS("--memlock-required")) >
		    256 * MI);
}

static void a_ratio_is_of_the_whole_overhead(void **state)
{
	int64_t plain = bytes_of("overhead_bytes", OPTIONS(NULL));
	int64_t twice = bytes_of("overhead_bytes", OPTIONS("--ratio=2"));

	(void)state;
	/* It is rounded in kB along the way. */
	assert_in_range(twice, 2 * plain - 2048, 2 * plain + 2048);
}

/* KubeVirt goes on without a ratio that it cannot read; an option is asked for. */
static void options_are_read_strictly(void **state)
{
	static const char *const bad[] = {
		"--ratio=two",   "--ratio=0x1p1",
		"--ratio=1.2.3", "--quota=limits.memoryfoo",
		"--gates=A B",   "--release=v1.x",
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		if (CALL(cmd_overhead, bad[i]) != STATUS_USAGE)
			fail_msg("taken: %s", bad[i]);
	assert_int_equal(CALL(cmd_overhead, "--hypervisor=hyperv-direct",
			      "--release=v1.4.1"),
			 STATUS_USAGE);
	assert_contains(called.err, "KubeVirt v1.4.1 has no hyperv-direct");
	assert_int_equal(CALL(cmd_overhead, "--gates=NoSuch"),
			 STATUS_UNDECIDED);
	assert_contains(called.err, "feature gate 'NoSuch' is not known");
}

/* Each release's own defaults are named. */
static void settings_are_of_their_release(void **state)
{
	(void)state;
	assert_int_equal(CALL(cmd_overhead, "--guest-memory=1Gi",
			      "--release=v1.4.1", "--versus=v1.9.0"),
			 STATUS_OK);
	assert_contains(called.out, "cluster, v1.4.1: ");
	assert_contains(called.out, "vmRolloutStrategy Stage");
	assert_contains(called.out, "cluster, from v1.9.0: ");
	assert_contains(called.out, "vmRolloutStrategy LiveUpdate");
	assert_int_equal(CALL(cmd_overhead, "--release=v1.99.0"), STATUS_OK);
	assert_contains(called.err, "note: release v1.99.0 is not known: ");
}

/* --- manifests --- */

static const char small[] = "kind: VirtualMachineInstance\n"
			    "metadata: {name: small, namespace: here}\n"
			    "spec:\n"
			    "  domain:\n"
			    "    cpu: {cores: 2, threads: 2}\n"
			    "    devices:\n"
			    "      autoattachGraphicsDevice: false\n"
			    "    resources:\n"
			    "      requests: {memory: 256Mi}\n";

static const char set[] = "kind: VirtualMachineInstanceReplicaSet\n"
			  "metadata: {name: many}\n"
			  "spec: {replicas: 3, template: {spec: {domain:"
			  " {memory: {guest: 1Gi}}}}}\n";

static void a_manifest_is_read(void **state)
{
	char path[SCRATCH_SIZE];
	int64_t by_options = bytes_of("overhead_bytes", OPTIONS("--vcpus=4"));
	json_t *all;

	(void)state;
	scratch_file(path, small, strlen(small));
	assert_int_equal(CALL(cmd_overhead, "--vmi", path, "--release=v1.9"),
			 STATUS_OK);
	assert_contains(called.out, "KubeVirt v1.9.0, amd64, kvm, small\n");
	assert_contains(called.out, "vCPUs");
	assert_contains(called.out, "guest-console-log");
	assert_contains(called.out, "Burstable");
	assert_int_equal(CALL(cmd_overhead, "--json", path, "--release=v1.9"),
			 STATUS_OK);
	all = printed();
	assert_json_number(all, "guests.0.overhead_bytes", (double)by_options);
	assert_json_text(all, "guests.0.name", "small");
	assert_json_text(all, "guests.0.namespace", "here");
	assert_json_text(all, "guests.0.kind", "VirtualMachineInstance");
	assert_json_text(all, "guests.0.containers.0.name", "compute");
	assert_json_text(all, "release_asked.asked", "v1.9");
	assert_json_number(all, "sums.0.overhead_bytes", (double)by_options);
	assert_json_text(all, "settings.hypervisor", "kvm");
	json_decref(all);
	unlink(path);
}

/* A manifest wins over options, which fill what it leaves open. */
static void options_fill_what_a_manifest_leaves_open(void **state)
{
	static const struct {
		const char *options[2];
		double mib; /* more */
		int status; /* KubeVirt refuses devices without their gate */
	} cases[] = {
		{{"--memory-request=1Ti"}, 0, STATUS_OK},
		{{"--tpm"}, 53, STATUS_OK},
		{{"--vfio=3"}, 1024, STATUS_UNDECIDED},
		{{"--vfio=3", "--gates=HostDevices"}, 1024, STATUS_OK},
		{{"--tpm", "--sev"}, 53 + 256, STATUS_UNDECIDED},
	};
	double plain;
	json_t *all;
	size_t i;

	(void)state;
	assert_int_equal(call_with_input(&cmd_overhead, small, "--json", "-",
					 "--release=v1.9", NULL),
			 STATUS_OK);
	all = printed();
	plain = json_number_value(json_at(all, "guests.0.overhead_bytes"));
	json_decref(all);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(call_with_input(&cmd_overhead, small, "--json",
						 "--vmi=-", "--release=v1.9",
						 cases[i].options[0],
						 cases[i].options[1], NULL),
				 cases[i].status);
		all = printed();
		assert_json_number(all, "guests.0.overhead_bytes",
				   plain + cases[i].mib * MIB);
		json_decref(all);
	}
}

static const struct {
	const char *option, *domain;
} options_and_fields[] = {
	{"--sev", "launchSecurity: {sev: {}}"},
	{"--snp", "launchSecurity: {snp: {}}"},
	{"--realtime", "cpu: {realtime: {}}"},
	{"--vfio=2", "devices: {hostDevices: [{}, {}]}"},
	{"--hugepages=2Mi", "memory: {hugepages: {pageSize: 2Mi}}"},
	{"--vcpus=4", "cpu: {sockets: 4}"},
	{"--dedicated-cpu", "cpu: {dedicatedCpuPlacement: true}"},
};

/* Whether KubeVirt accepts it or not. */
static json_t *figures_with(const char *option, const char *domain)
{
	char text[300];
	int status;

	if (option)
		status = CALL(cmd_overhead, "--json", "--release=v1.9",
			      "--memory-request=2Gi", option);
	else {
		snprintf(text, sizeof(text),
			 "kind: VirtualMachineInstance\nspec: {domain: {%s}}",
			 domain);
		status = call_with_input(&cmd_overhead, text, "-", "--json",
					 "--release=v1.9",
					 "--memory-request=2Gi", NULL);
	}
	assert_int_not_equal(status, STATUS_USAGE);
	return printed();
}

/* An option is its field: what the manifest has, and no more. */
static void an_option_is_as_its_field(void **state)
{
	static const char *const keys[] = {
		"guests.0.overhead_bytes", "guests.0.memlock_bytes",
		"guests.0.max_guest_bytes", "guests.0.compute_request_bytes"};
	size_t i, k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(options_and_fields); i++) {
		const char *option = options_and_fields[i].option;
		json_t *a = figures_with(option, NULL);
		json_t *b = figures_with(NULL, options_and_fields[i].domain);

		for (k = 0; k < ARRAY_SIZE(keys); k++)
			if (!json_equal(json_at(a, keys[k]),
					json_at(b, keys[k])))
				fail_msg("%s: %s", option, keys[k]);
		json_decref(a);
		json_decref(b);
	}
}

static void several_files_are_one_survey(void **state)
{
	char first[SCRATCH_SIZE], second[SCRATCH_SIZE];
	json_t *all;

	(void)state;
	scratch_file(first, small, strlen(small));
	scratch_file(second, set, strlen(set));
	assert_int_equal(
		CALL(cmd_overhead, first, second, "--release=v1.9", "--json"),
		STATUS_OK);
	all = printed();
	assert_int_equal(json_array_size(json_at(all, "guests")), 2);
	assert_json_text(all, "guests.1.name", "many");
	assert_json_number(all, "guests.1.replicas", 3);
	assert_json_number(all, "guest_count", 4);
	assert_json_number(
		all, "sums.0.pod_request_bytes",
		json_number_value(json_at(all, "guests.0.pod_request_bytes")) +
			3 * json_number_value(json_at(
				    all, "guests.1.pod_request_bytes")));
	json_decref(all);
	assert_int_equal(CALL(cmd_overhead, first, second, "--release=v1.9"),
			 STATUS_OK);
	assert_contains(called.out, "small ");
	assert_contains(called.out, "many ");
	assert_contains(called.out, "4 guests");
	unlink(first);
	unlink(second);
}

static void two_releases_are_compared(void **state)
{
	json_t *all;

	(void)state;
	assert_int_equal(call_with_input(&cmd_overhead, small, "-",
					 "--release=v1.9", "--versus=main",
					 NULL),
			 STATUS_OK);
	assert_contains(called.out, "from v1.9.0 to main:");
	assert_contains(called.out, "+20.00 MiB");
	assert_int_equal(call_with_input(&cmd_overhead, small, "-", "--json",
					 "--release=v1.9", "--versus=main",
					 NULL),
			 STATUS_OK);
	all = printed();
	assert_json_number(
		all, "guests.0.versus.overhead_bytes",
		json_number_value(json_at(all, "guests.0.overhead_bytes")) +
			20 * MIB);
	assert_int_equal(json_array_size(json_at(all, "sums")), 2);
	assert_json_text(all, "versus.tag", "main");
	json_decref(all);
}

static void a_cluster_is_summed_for_each_release(void **state)
{
	json_t *all;

	(void)state;
	assert_int_equal(call_with_input(&cmd_overhead, set, "--nodes=-", NULL),
			 STATUS_OK);
	assert_contains(called.out, "3 guests");
	assert_contains(called.out, "\nv1.0.0 ");
	assert_contains(called.out, "\nmain ");
	assert_int_equal(call_with_input(&cmd_overhead, set, "--nodes=-",
					 "--json", NULL),
			 STATUS_OK);
	all = printed();
	assert_int_equal(json_array_size(json_at(all, "sums")), 34);
	assert_json_text(all, "sums.33.release", "main");
	assert_json_number(all, "guest_count", 3);
	/* Nobody asked for one of them. */
	assert_null(json_object_get(all, "release_asked"));
	json_decref(all);
}

static void parameters_fill_templates(void **state)
{
	static const char text[] =
		"kind: Template\n"
		"parameters: [{name: NAME, value: plain}, {name: MEMORY}]\n"
		"objects: [{kind: VirtualMachine, metadata: {name: '${NAME}'},"
		" spec: {template: {spec: {domain: {memory:"
		" {guest: '${MEMORY}'}}}}}}]\n";
	json_t *all;

	(void)state;
	assert_int_equal(call_with_input(&cmd_overhead, text, "-", "--json",
					 "--param=MEMORY=3Gi", NULL),
			 STATUS_OK);
	all = printed();
	assert_json_text(all, "guests.0.name", "plain");
	assert_json_number(all, "guests.0.guest_bytes", 3.0 * GIB);
	json_decref(all);
	assert_int_equal(call_with_input(&cmd_overhead, text, "-", NULL),
			 STATUS_USAGE);
	assert_contains(called.err, "${MEMORY}");
}

/* More than a MiB, which is no limit. */
static void long_streams_are_read(void **state)
{
	size_t count = 5000, i, len = 0, size = count * (sizeof(small) + 4);
	char *text = malloc(size), path[SCRATCH_SIZE];
	json_t *all;

	(void)state;
	for (i = 0; i < count; i++)
		len += (size_t)snprintf(text + len, size - len, "---\n%s",
					small);
	scratch_file(path, text, len);
	assert_int_equal(
		CALL(cmd_overhead, "--nodes", path, "--json", "--release=v1.9"),
		STATUS_OK);
	all = printed();
	assert_json_number(all, "guest_count", (double)count);
	json_decref(all);
	unlink(path);
	free(text);
}

/* --- what is not looked at, and what is wrong --- */

static void what_is_not_looked_at_is_told(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{"kind: VirtualMachine\nmetadata: {name: a}\n"
		 "spec: {instancetype: {name: no-such-type}, template:"
		 " {spec: {domain: {}}}}\n",
		 "no-such-type"},
		{"kind: VirtualMachine\nmetadata: {name: a}\n"
		 "spec: {preference: {name: no-such-preference}, template:"
		 " {spec: {domain: {}}}}\n",
		 "no-such-preference"},
		{"kind: Machine\n---\nkind: VirtualMachineInstance\n"
		 "spec: {domain: {}}\n",
		 "kind 'Machine' is not known"},
		{"kind: VirtualMachineInstance\n"
		 "spec: {domain: {memroy: {guest: 1Gi}}}\n",
		 "spec.domain.memroy"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(call_with_input(&cmd_overhead, cases[i].text,
						 "-", NULL),
				 STATUS_UNDECIDED);
		assert_contains(called.err, cases[i].says);
		assert_int_equal(call_with_input(&cmd_overhead, cases[i].text,
						 "--json", "-", NULL),
				 STATUS_UNDECIDED);
		assert_contains(called.out, cases[i].says);
		json_decref(printed());
	}
}

/* One guest has no figures; the other has, and both are told. */
static void a_guest_without_figures_is_an_error(void **state)
{
	static const char broken[] =
		"---\nkind: VirtualMachineInstance\nmetadata: {name: odd}\n"
		"spec: {domain: {cpu: {cores: many}}}\n---\n";
	char text[1000];
	json_t *all;

	(void)state;
	snprintf(text, sizeof(text), "%s%s", broken, small);
	assert_int_equal(call_with_input(&cmd_overhead, text, "-", NULL),
			 STATUS_USAGE);
	assert_contains(called.err, "odd: line 4: 'domain.cpu.cores'");
	assert_contains(called.err, "guests without figures, in no sum: 1");
	assert_contains(called.out, "small");
	assert_int_equal(
		call_with_input(&cmd_overhead, text, "--json", "-", NULL),
		STATUS_USAGE);
	all = printed();
	assert_json_number(all, "error_count", 1);
	assert_json_number(all, "guest_count", 1);
	assert_contains(json_string_value(json_at(all, "guests.0.error")),
			"domain.cpu.cores");
	json_decref(all);
}

/* JSON stays whole, with what came before and the mistake. */
static void a_stream_may_end_in_a_mistake(void **state)
{
	char text[1000];
	json_t *all;

	(void)state;
	snprintf(text, sizeof(text), "%s---\na: [\n", small);
	assert_int_equal(
		call_with_input(&cmd_overhead, text, "--json", "-", NULL),
		STATUS_USAGE);
	all = printed();
	assert_json_text(all, "guests.0.name", "small");
	assert_contains(json_string_value(json_at(all, "error")),
			"manifest '-': document 2: line ");
	json_decref(all);
	assert_contains(called.err, "manifest '-': document 2: line ");
}

static void mistakes_are_of_usage(void **state)
{
	static const struct refused_call rows[] = {
		{{"/no/such/manifest"}, "manifest '/no/such/manifest': "},
		{{"--release=v0.1"}, "unknown release 'v0.1'; known are v1.0"},
		{{"--versus=v0.1"}, "unknown release 'v0.1'"},
		{{"--hypervisor=xen"}, "unknown hypervisor 'xen'"},
		{{"--arch=riscv"}, "unknown architecture 'riscv'"},
		{{"--memory-request=256MB"}, "256MB"},
		{{"--memory-request=-1Gi"}, "-1Gi"},
		{{"--memory-request="}, ""},
		{{"--hugepages=much"}, "much"},
		{{"--vcpus=-1"}, "'-1'"},
		{{"--vcpus=1000001"}, "'1000001'"},
		{{"--vfio=1025"}, "'1025'"},
		{{"--overcommit-percent=x"}, "'x'"},
		{{"--rollout=Live"}, "unknown strategy 'Live'"},
		{{"--quota=pods"}, "unknown quota 'pods'"},
		{{"--param=A"}, "'A' is not NAME=VALUE"},
		{{"--param==A"}, "'=A' is not NAME=VALUE"},
		{{"--ratio=1e30", "--memory-request=1Gi"}, "1e30"},
		{{"--ratio=1.00000000000000000000000000000000000000000000"},
		 "is not a ratio"},
		{{"--vmi=/no/such/file"}, "manifest '/no/such/file': "},
		{{"--vmi=/"}, "manifest '/': "},
		{{"--vmi=/dev/null"}, "there is no guest in it"},
	};

	(void)state;
	expect_refused(&cmd_overhead, rows, ARRAY_SIZE(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_option_adds_its_amount),
		cmocka_unit_test(a_display_is_there_unless_it_is_taken_away),
		cmocka_unit_test(a_container_has_what_its_guest_has_and_more),
		cmocka_unit_test(a_pod_has_more_than_the_container),
		cmocka_unit_test(options_of_the_cluster_count),
		cmocka_unit_test(a_ratio_is_of_the_whole_overhead),
		cmocka_unit_test(options_are_read_strictly),
		cmocka_unit_test(settings_are_of_their_release),
		cmocka_unit_test(a_manifest_is_read),
		cmocka_unit_test(options_fill_what_a_manifest_leaves_open),
		cmocka_unit_test(an_option_is_as_its_field),
		cmocka_unit_test(several_files_are_one_survey),
		cmocka_unit_test(two_releases_are_compared),
		cmocka_unit_test(a_cluster_is_summed_for_each_release),
		cmocka_unit_test(parameters_fill_templates),
		cmocka_unit_test(long_streams_are_read),
		cmocka_unit_test(what_is_not_looked_at_is_told),
		cmocka_unit_test(a_guest_without_figures_is_an_error),
		cmocka_unit_test(a_stream_may_end_in_a_mistake),
		cmocka_unit_test(mistakes_are_of_usage),
	};

	return RUN_TESTS(tests);
}
