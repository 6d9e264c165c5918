// SPDX-License-Identifier: GPL-3.0-or-later
/* probe: what it prints of this host agrees with itself, whatever host it is. */
#include "tests/unit/test.h"

#include <jansson.h>
#include <unistd.h>

#include "harness/cli/commands.h"
#include "harness/core/grade.h"
#include "tests/unit/fixture/cli/called.h"
#include "tests/unit/fixture/expect.h"

static json_t *parsed(void)
{
	json_t *all = json_loads(called.out, 0, NULL);

	assert_true(json_is_object(all));
	return all;
}

/* The text below the keys of PATH, which slashes part. */
static const char *text_at(const json_t *all, const char *path)
{
	char copy[128], *rest = copy, *key;

	snprintf(copy, sizeof(copy), "%s", path);
	while ((key = strsep(&rest, "/")))
		all = json_object_get(all, key);
	return json_string_value(all);
}

static void text_and_json_say_the_same(void **state)
{
	static const struct {
		const char *path, *line;
	} cases[] = {
		{"probe/grade", "grade of this host     %s\n"},
		{"probe/clocksource", "clock source           %s\n"},
		{"probe/memory/cgroup", "cgroup                 %s\n"},
		{"probe/hypervisor/partition",
		 "Hyper-V partition      by CPUID: %s; "},
		{"probe/kubevirt_domain_type/gate_off",
		 "KubeVirt would choose  %s; "},
	};
	json_t *all;
	size_t i;

	(void)state;
	assert_int_equal(CALL(cmd_probe, "--json"), STATUS_OK);
	all = parsed();
	assert_int_equal(
		json_integer_value(json_object_get(all, "schema_version")), 1);
	assert_int_equal(CALL(cmd_probe), STATUS_OK);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *value = text_at(all, cases[i].path);
		char line[256];

		assert_non_null(value);
		snprintf(line, sizeof(line), cases[i].line, value);
		assert_contains(called.out, line);
	}
	assert_string_equal(text_at(all, "probe/grade"),
			    grade_name(grade_of_host()));
	json_decref(all);
}

static void devices_are_as_the_folder_has_them(void **state)
{
	static const char *const devices[] = {"/dev/kvm", "/dev/mshv"};
	size_t i;

	(void)state;
	assert_int_equal(CALL(cmd_probe), STATUS_OK);
	for (i = 0; i < ARRAY_SIZE(devices); i++) {
		char absent[64];

		snprintf(absent, sizeof(absent), "%-22s absent", devices[i]);
		if (access(devices[i], F_OK))
			assert_contains(called.out, absent);
		else
			assert_null(strstr(called.out, absent));
	}
	/* Each on a line of its own. */
	assert_contains(called.out, "\n/dev/kvm ");
	assert_contains(called.out, "\n/dev/mshv ");
	assert_contains(called.out, "\nhypervisor below ");
}

static void a_requirement_is_one_line_and_a_status(void **state)
{
	json_t *all;
	bool is_usable;

	(void)state;
	assert_int_equal(CALL(cmd_probe, "--json"), STATUS_OK);
	all = parsed();
	is_usable = json_is_true(json_object_get(
		json_object_get(json_object_get(all, "probe"), "kvm"),
		"usable"));
	json_decref(all);
	assert_int_equal(CALL(cmd_probe, "--require=kvm"),
			 is_usable ? STATUS_OK : STATUS_WORSE);
	assert_memory_equal(called.out, is_usable ? "yes:" : "no: ", 4);
	assert_int_equal(count_of(called.out, "\n"), 1);
	if (access("/dev/vfio/vfio", F_OK)) {
		assert_int_equal(CALL(cmd_probe, "--require=vfio"),
				 STATUS_WORSE);
		assert_memory_equal(called.out, "no: ", 4);
	}
	assert_in_range(CALL(cmd_probe, "--require=l1vh"), STATUS_OK,
			STATUS_WORSE);
	assert_int_equal(count_of(called.out, "\n"), 1);
}

/* For agents that run on every node of a cluster. */
static void labels_and_a_condition(void **state)
{
	json_t *all;
	bool is_usable;
	int status;

	(void)state;
	assert_int_equal(CALL(cmd_probe, "--json"), STATUS_OK);
	all = parsed();
	is_usable = json_is_true(json_object_get(
		json_object_get(json_object_get(all, "probe"), "kvm"),
		"usable"));
	json_decref(all);
	assert_int_equal(CALL(cmd_probe, "--nfd", "-"), STATUS_OK);
	assert_contains(called.out, is_usable ? "l1vh-bench/kvm=true\n"
					      : "l1vh-bench/kvm=false\n");
	assert_contains(called.out, "l1vh-bench/grade=");
	assert_int_equal(CALL(cmd_probe, "--nfd", "/dev/null/x"),
			 STATUS_INTERNAL);
	status = CALL(cmd_probe, "--npd", "--expect=kvm");
	assert_int_equal(status == STATUS_OK, is_usable);
	assert_contains(called.out, "/dev/kvm");
	assert_int_equal(count_of(called.out, "\n"), 1);
}

/* What is wished changes what is required of the node. */
static void a_node_of_kubevirt_is_judged_by_the_wish(void **state)
{
	json_t *plain, *wished;

	(void)state;
	assert_int_equal(CALL(cmd_probe, "--kubevirt", "--json"), STATUS_OK);
	plain = parsed();
	assert_int_equal(CALL(cmd_probe, "--kubevirt", "--json",
			      "--release=v1.9", "--gate",
			      "--hypervisor=hyperv-direct",
			      "--allow-emulation"),
			 STATUS_OK);
	wished = parsed();
	assert_false(json_equal(plain, wished));
	json_decref(plain);
	json_decref(wished);
	assert_int_equal(CALL(cmd_probe, "--kubevirt"), STATUS_OK);
	assert_contains(called.out, "/dev/kvm");
}

static void mistakes_are_of_usage(void **state)
{
	static const struct refused_call rows[] = {
		{{"more"}, "unexpected argument 'more'"},
		{{"--require=xen"}, "cannot require 'xen'"},
		{{"--require=kvm", "--json"}, "no other option"},
		{{"--kubevirt", "--require=kvm"}, "no other option"},
		{{"--require=kvm", "--gate"}, "no other option"},
		{{"--gate"}, "--gate is for --kubevirt"},
		{{"--release=v1.9"}, "--release is for --kubevirt"},
		{{"--hypervisor=kvm", "--json"}, "--hypervisor is for"},
		{{"--allow-emulation"}, "--allow-emulation is for"},
		{{"--kubevirt", "--release=v0"}, "unknown release 'v0'"},
		{{"--kubevirt", "--hypervisor=x"}, "unknown hypervisor 'x'"},
		{{"--verbose"}, "probe --help"},
		{{"--npd"}, "need each other"},
		{{"--expect=kvm"}, "need each other"},
		{{"--npd", "--expect=vfio"}, "cannot expect 'vfio'"},
		{{"--npd", "--expect=kvm", "--json"}, "no other report"},
		{{"--nfd", "--kubevirt"}, "no other report"},
		{{"--nfd", "--npd", "--expect=kvm"}, "no other report"},
		{{"--nfd", "a", "b"}, "unexpected argument 'b'"},
	};

	(void)state;
	expect_refused(&cmd_probe, rows, ARRAY_SIZE(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_and_json_say_the_same),
		cmocka_unit_test(devices_are_as_the_folder_has_them),
		cmocka_unit_test(a_requirement_is_one_line_and_a_status),
		cmocka_unit_test(labels_and_a_condition),
		cmocka_unit_test(a_node_of_kubevirt_is_judged_by_the_wish),
		cmocka_unit_test(mistakes_are_of_usage),
	};

	return RUN_TESTS(tests);
}
