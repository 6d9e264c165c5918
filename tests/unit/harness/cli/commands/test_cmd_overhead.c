// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * overhead: what each option adds. The amounts are the constants of KubeVirt's
 * GetMemoryOverhead() of v1.9, in MiB.
 */
#include "tests/unit/test.h"

#include <jansson.h>
#include <unistd.h>

#include "harness/cli/commands.h"
#include "tests/unit/fixture/cli/called.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/scratch.h"

/* FIELD of what --json says with these options; 0: null. */
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
	all = json_loads(called.out, 0, NULL);
	assert_string_equal(json_string_value(json_object_get(all, "release")),
			    "v1.9");
	bytes = json_integer_value(json_object_get(all, field));
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
		{{"--tpm"}, 53},
		{{"--downward-metrics"}, 1},
		{{"--dedicated-cpu"}, 100},
		/* 100 for having probes, 10 for each. */
		{{"--liveness-exec"}, 110},
		{{"--liveness-exec", "--readiness-exec"}, 120},
		{{"--arch=arm64"}, 128},
		{{"--arch=arm64", "--arch=amd64"}, 0},
		{{"--added-overhead=1Gi"}, 1024},
		{{"--overcommit-guest-overhead"}, 0},
	};
	int64_t plain = bytes_of("overhead_bytes", OPTIONS(NULL));
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		int64_t bytes = bytes_of("overhead_bytes", cases[i].options);

		if (bytes - plain != cases[i].mib * (int64_t)MIB)
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
	all = json_loads(called.out, 0, NULL);
	assert_int_equal(
		json_integer_value(json_object_get(all, "overhead_bytes")) -
			bytes_of("overhead_bytes", OPTIONS(NULL)),
		32 * MIB);
	json_decref(all);
}

static void a_pod_has_what_its_guest_has_and_more(void **state)
{
	int64_t overhead = bytes_of("overhead_bytes", OPTIONS(NULL));

	(void)state;
	assert_int_equal(bytes_of("pod_request_bytes", OPTIONS(NULL)),
			 256 * (int64_t)MIB + overhead);
	/* It has a limit where the guest has one, or CPUs of its own. */
	assert_int_equal(bytes_of("pod_limit_bytes", OPTIONS(NULL)), 0);
	assert_int_equal(
		bytes_of("pod_limit_bytes", OPTIONS("--memory-limit=1Gi")),
		1024 * (int64_t)MIB + overhead);
	assert_int_equal(
		bytes_of("pod_limit_bytes", OPTIONS("--dedicated-cpu")),
		256 * (int64_t)MIB + overhead + 100 * (int64_t)MIB);
	/* Left out of the request on demand. */
	assert_int_equal(bytes_of("pod_request_bytes",
				  OPTIONS("--overcommit-guest-overhead")),
			 256 * (int64_t)MIB);
	assert_int_equal(bytes_of("memlock_bytes", OPTIONS(NULL)), 0);
	assert_true(bytes_of("memlock_bytes", OPTIONS("--vfio=1")) >
		    1024 * (int64_t)MIB);
}

static void a_ratio_is_of_the_whole_overhead(void **state)
{
	int64_t plain = bytes_of("overhead_bytes", OPTIONS(NULL));
	int64_t twice = bytes_of("overhead_bytes", OPTIONS("--ratio=2"));

	(void)state;
	/* It is rounded in kB along the way. */
	assert_in_range(twice, 2 * plain - 2048, 2 * plain + 2048);
	/* KubeVirt goes on without one that it cannot read. */
	assert_int_equal(bytes_of("overhead_bytes", OPTIONS("--ratio=two")),
			 plain);
}

static void a_manifest_is_read(void **state)
{
	static const char vmi[] = "kind: VirtualMachineInstance\n"
				  "metadata:\n  name: small\n"
				  "spec:\n"
				  "  domain:\n"
				  "    cpu: {cores: 2, threads: 2}\n"
				  "    devices:\n"
				  "      autoattachGraphicsDevice: false\n"
				  "    resources:\n"
				  "      requests: {memory: 256Mi}\n";
	char path[SCRATCH_SIZE];
	int64_t by_options = bytes_of("overhead_bytes", OPTIONS("--vcpus=4"));
	json_t *all;

	(void)state;
	scratch_file(path, vmi, strlen(vmi));
	assert_int_equal(CALL(cmd_overhead, "--vmi", path, "--release=v1.9"),
			 STATUS_OK);
	assert_contains(called.out, "KubeVirt v1.9, amd64, kvm, small\n");
	assert_contains(called.out, "vCPUs");
	assert_int_equal(
		CALL(cmd_overhead, "--json", "--vmi", path, "--release=v1.9"),
		STATUS_OK);
	all = json_loads(called.out, 0, NULL);
	assert_int_equal(
		json_integer_value(json_object_get(all, "overhead_bytes")),
		by_options);
	json_decref(all);
	/* One that is larger than a MiB is refused, not cut. */
	assert_int_equal(truncate(path, MIB + 1), 0);
	assert_int_equal(CALL(cmd_overhead, "--vmi", path), STATUS_USAGE);
	assert_contains(called.err, "too large");
	assert_int_equal(truncate(path, (off_t)strlen(vmi)), 0);
	/* What stands behind it has the last word. */
	assert_int_equal(CALL(cmd_overhead, "--vmi", path, "--json",
			      "--release=v1.9", "--vcpus=5"),
			 STATUS_OK);
	all = json_loads(called.out, 0, NULL);
	assert_int_equal(
		json_integer_value(json_object_get(all, "overhead_bytes")),
		by_options + 8 * (int64_t)MIB);
	json_decref(all);
	unlink(path);
}

static void mistakes_are_of_usage(void **state)
{
	static const struct refused_call rows[] = {
		{{"more"}, "unexpected argument 'more'"},
		{{"--release=v0.1"}, "unknown release 'v0.1'; known are v1.0"},
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
		{{"--ratio=1e30", "--memory-request=1Gi"}, "1e30"},
		{{"--ratio=1.00000000000000000000000000000000000000000000"},
		 "is not a ratio"},
		{{"--vmi=/no/such/file"}, "manifest '/no/such/file': "},
		{{"--vmi=/dev/null"}, "manifest '/dev/null': "},
	};

	(void)state;
	expect_refused(&cmd_overhead, rows, ARRAY_SIZE(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_option_adds_its_amount),
		cmocka_unit_test(a_display_is_there_unless_it_is_taken_away),
		cmocka_unit_test(a_pod_has_what_its_guest_has_and_more),
		cmocka_unit_test(a_ratio_is_of_the_whole_overhead),
		cmocka_unit_test(a_manifest_is_read),
		cmocka_unit_test(mistakes_are_of_usage),
	};

	return RUN_TESTS(tests);
}
