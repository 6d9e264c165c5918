// SPDX-License-Identifier: GPL-3.0-or-later
/* harness/core: plan and schedule, results as JSON, the probe. */
#include "tests/unit/test.h"

#include <errno.h>

#include "harness/base/xmalloc.h"
#include "harness/core/hostprobe.h"
#include "harness/core/plan.h"
#include "harness/core/result.h"
#include "harness/core/runner.h"
#include "workloads/workload.h"

static void plan_names_workloads_and_groups(void **state)
{
	struct plan plan;
	struct err err = {0};

	(void)state;
	plan_init_quick(&plan);
	assert_int_equal(plan_add_workloads(&plan, "null,cpu,null", &err), 0);
	assert_int_equal(plan.series.item_count, 7);
	assert_int_equal(plan_add_workloads(&plan, "nul", &err), -EINVAL);
	assert_non_null(strstr(err.msg, "unknown workload 'nul'"));
	plan_release(&plan);
}

static void all_leaves_selftests_out(void **state)
{
	struct plan plan;
	struct err err = {0};
	size_t i;

	(void)state;
	plan_init_quick(&plan);
	assert_int_equal(plan_add_workloads(&plan, "all", &err), 0);
	for (i = 0; i < plan.series.item_count; i++)
		assert_null(strstr(plan.series.items[i].workload, "selftest"));
	assert_int_equal(plan_add_workloads(&plan, "selftest_hang", &err), 0);
	plan_release(&plan);
}

static void schedule_is_complete_and_repeatable(void **state)
{
	struct plan plan;
	struct schedule a, b;
	struct err err = {0};
	unsigned int native_first = 0;
	size_t i;

	(void)state;
	plan_init_quick(&plan);
	plan_add_workloads(&plan, "cpu", &err);
	plan.block_count = 64;
	plan.seed = 5;
	plan.runners[0] = "native";
	plan.runners[1] = "kvm";
	plan.runner_count = 2;
	schedule_init(&a, &plan);
	schedule_init(&b, &plan);
	assert_int_equal(a.count, 256);
	for (i = 0; i < a.count; i++) {
		assert_int_equal(a.cases[i].block, i / 4);
		assert_string_equal(a.cases[i].runner, b.cases[i].runner);
		assert_memory_equal(a.cases[i].items, b.cases[i].items,
				    a.cases[i].item_count *
					    sizeof(*a.cases[i].items));
		assert_int_equal(a.cases[i].item_count, 6);
	}
	for (i = 0; i < a.count; i += 4) {
		/* A B B A, and by a coin which of them is A. */
		assert_string_not_equal(a.cases[i].runner,
					a.cases[i + 1].runner);
		assert_string_equal(a.cases[i].runner, a.cases[i + 3].runner);
		assert_string_equal(a.cases[i + 1].runner,
				    a.cases[i + 2].runner);
		native_first += !strcmp(a.cases[i].runner, "native");
	}
	assert_in_range(native_first, 16, 48);
	schedule_release(&a);
	schedule_release(&b);
	plan_release(&plan);
}

/* Of three each boots once a block, wherever. */
static void three_runners_are_shuffled(void **state)
{
	struct plan plan;
	struct schedule a;
	struct err err = {0};
	unsigned int native_at[3] = {0};
	size_t i;

	(void)state;
	plan_init_quick(&plan);
	plan_add_workloads(&plan, "cpu", &err);
	plan.block_count = 60;
	plan.seed = 5;
	plan.runners[0] = "native";
	plan.runners[1] = "kvm";
	plan.runners[2] = "mshv";
	plan.runner_count = 3;
	schedule_init(&a, &plan);
	assert_int_equal(a.count, 180);
	for (i = 0; i < a.count; i++)
		native_at[i % 3] += !strcmp(a.cases[i].runner, "native");
	assert_int_equal(native_at[0] + native_at[1] + native_at[2], 60);
	for (i = 0; i < 3; i++)
		assert_in_range(native_at[i], 8, 32);
	schedule_release(&a);
	plan_release(&plan);
}

static void add_exit(struct result *res, uint32_t vcpu, uint64_t count)
{
	*result_add_exit(res) = (struct exit_row){.vcpu = vcpu,
						  .kind = "pio",
						  .count = count,
						  .handled_ns = 10 * count};
}

/* Two machines of one boot: what they did adds up, what they are does not. */
static void a_result_absorbs_another(void **state)
{
	struct result res, part;

	(void)state;
	result_init(&res);
	result_init(&part);
	res.identity = xstrdup("vcpus=1\n");
	res.console = xstrdup("first");
	res.exit_cost_ns = 9;
	result_add_series(&res, "null", "", "ns");
	add_exit(&res, 0, 3);
	part.identity = xstrdup("vcpus=2\n");
	part.console = xstrdup("");
	part.exit_cost_ns = 5;
	result_fail(&part, RUN_TIMEOUT, "late");
	series_add_sample(result_add_series(&part, "delay", "", "ns"))->value =
		4;
	result_add_document(&part, "delay", "", "{}");
	add_exit(&part, 0, 4);
	add_exit(&part, 1, 1);
	result_absorb(&res, &part);
	assert_int_equal(part.series_count, 0);
	assert_int_equal(res.status, RUN_OK);
	assert_string_equal(res.identity, "vcpus=1\n");
	assert_string_equal(res.console, "first");
	assert_int_equal(res.exit_cost_ns, 9);
	assert_int_equal(res.series_count, 2);
	assert_true(res.series[1].samples[0].value == 4);
	assert_string_equal(res.documents[0].text, "{}");
	assert_int_equal(res.exit_count, 2);
	assert_int_equal(res.exits[0].count, 7);
	assert_int_equal(res.exits[0].handled_ns, 70);
	assert_int_equal(res.exits[1].count, 1);
	result_release(&res);
}

static void result_survives_json(void **state)
{
	struct result res, back;
	struct err err = {0};
	struct sample *p;
	json_t *json;

	(void)state;
	result_init(&res);
	p = series_add_sample(result_add_series(&res, "null", "", "ns"));
	*p = (struct sample){.section = 4,
			     .elapsed_ns = 5,
			     .host_elapsed_ns = 6,
			     .value = 1.0 / 3,
			     .waited_ns = 9,
			     .disturbances = DISTURBED_STEAL};
	result_add_phase(&res, "init", 77);
	snprintf(result_add_exit(&res)->kind, 16, "pio");
	res.grade = GRADE_SOFTWARE;
	result_fail(&res, RUN_TIMEOUT, "first");
	result_fail(&res, RUN_RUNNER_FAILED, "second");
	json = result_to_json(&res);
	assert_int_equal(result_from_json(json, &back, &err), 0);
	assert_int_equal(back.status, RUN_TIMEOUT);
	assert_string_equal(back.reason, "first");
	assert_int_equal(back.grade, GRADE_SOFTWARE);
	assert_true(back.series[0].samples[0].value == 1.0 / 3);
	assert_int_equal(back.series[0].samples[0].disturbances,
			 DISTURBED_STEAL);
	assert_int_equal(back.series[0].samples[0].waited_ns, 9);
	assert_int_equal(result_phase_ns(&back, "init"), 77);
	assert_string_equal(back.exits[0].kind, "pio");
	json_object_set_new(json, "series", json_pack("[{s:i}]", "bad", 1));
	result_release(&back);
	assert_int_equal(result_from_json(json, &back, &err), -EPROTO);
	json_decref(json);
	result_release(&res);
}

/* A damaged or future word must never read as a better one. */
static void unknown_words_mean_the_worst(void **state)
{
	(void)state;
	assert_int_equal(grade_parse("brand-new"), GRADE_EMULATED);
	assert_int_equal(grade_parse(NULL), GRADE_EMULATED);
	assert_int_equal(run_status_parse("brand-new"), RUN_RUNNER_FAILED);
}

/* What others ask of a runner, and of one that is not known here. */
static void runners_have_their_facts(void **state)
{
	static const struct {
		const char *name, *device;
		bool is_guest, boots_micro;
	} cases[] = {
		{"native", NULL, false, true},
		{"native-again", NULL, false, true},
		{"kvm", "/dev/kvm", true, true},
		{"mshv", "/dev/mshv", true, true},
		{"mshv-emu", "/dev/kvm", true, true},
		{"qemu-kvm", "/dev/kvm", true, false},
		{"qemu-mshv", "/dev/mshv", true, false},
		{"qemu-mshv-emu", "/dev/kvm", true, false},
		{"qemu-tcg", NULL, true, false},
		{"libvirt-kvm", "/dev/kvm", true, false},
		{"libvirt-hyperv", "/dev/mshv", true, false},
		{"cloud-hypervisor", "/dev/kvm", true, false},
		{"cloud-hypervisor-mshv", "/dev/mshv", true, false},
		{"cloud-hypervisor-mshv-emu", "/dev/kvm", true, false},
		{"firecracker", "/dev/kvm", true, false},
		{"crosvm", "/dev/kvm", true, false},
		{"kvmtool", "/dev/kvm", true, false},
		{"xen", NULL, true, true},
	};
	const char *device;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(runner_is_guest(cases[i].name),
				 cases[i].is_guest);
		assert_int_equal(runner_boots_micro(cases[i].name),
				 cases[i].boots_micro);
		device = runner_device(cases[i].name);
		assert_int_equal(!device, !cases[i].device);
		if (device)
			assert_string_equal(device, cases[i].device);
		assert_int_equal(runner_stands_in_for(cases[i].name, "mshv"),
				 !strcmp(cases[i].name, "mshv-emu"));
	}
	/* Every one of the table is above, but for the last. */
	for (i = 0; runners[i]; i++)
		;
	assert_int_equal(i, ARRAY_SIZE(cases) - 1);
}

static void partition_follows_the_kernels_rule(void **state)
{
	const uint32_t hv = 1u << 31, create = 1, manage = 1u << 12,
		       isolated = 1u << 22;
	const char ms[12] = {'M', 'i', 'c', 'r', 'o', 's',
			     'o', 'f', 't', ' ', 'H', 'v'};

	(void)state;
	assert_int_equal(partition_classify(0, ms, create), PARTITION_NONE);
	assert_int_equal(partition_classify(hv, "KVMKVMKVM\0\0", create),
			 PARTITION_NONE);
	assert_int_equal(partition_classify(hv, ms, 0), PARTITION_GUEST);
	assert_int_equal(partition_classify(hv, ms, manage), PARTITION_GUEST);
	assert_int_equal(partition_classify(hv, ms, create | isolated),
			 PARTITION_GUEST);
	assert_int_equal(partition_classify(hv, ms, create | manage),
			 PARTITION_ROOT);
	assert_int_equal(partition_classify(hv, ms, create), PARTITION_L1VH);
}

static void hardware_needs_the_hardware(void **state)
{
	const enum grade hw = GRADE_HARDWARE;

	(void)state;
	assert_int_equal(grade_classify_kvm(hw, "kvm_amd", 1), hw);
	assert_int_equal(grade_classify_kvm(hw, "kvm_intel", 1), hw);
	assert_int_equal(grade_classify_kvm(hw, "kvm_intel", 0),
			 GRADE_SOFTWARE);
	assert_int_equal(grade_classify_kvm(hw, "kvm_pvm", 1), GRADE_SOFTWARE);
	assert_int_equal(grade_classify_kvm(hw, "", 1), GRADE_SOFTWARE);
	assert_int_equal(grade_classify_kvm(GRADE_EMULATED, "kvm_amd", 1),
			 GRADE_EMULATED);
}

/* Whatever a guest says must survive the way into the store. */
static void bytes_of_a_guest_are_not_lost(void **state)
{
	struct result res, back;
	struct err err = {0};
	json_t *json;

	(void)state;
	result_init(&res);
	result_fail(&res, RUN_RUNNER_FAILED, "panic: \xff\xfe\x1b[31m");
	assert_string_equal(res.reason, "panic: ???[31m");
	json = result_to_json(&res);
	assert_int_equal(result_from_json(json, &back, &err), 0);
	assert_string_equal(back.reason, res.reason);
	json_decref(json);
	result_release(&back);
	result_release(&res);
}

static void kubevirt_needs_its_gate_for_mshv(void **state)
{
	(void)state;
	assert_string_equal(kubevirt_choice(1, 1, 0), "kvm");
	assert_string_equal(kubevirt_choice(1, 1, 1), "hyperv");
	assert_string_equal(kubevirt_choice(0, 1, 0), "qemu");
	assert_string_equal(kubevirt_choice(1, 0, 1), "qemu");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plan_names_workloads_and_groups),
		cmocka_unit_test(all_leaves_selftests_out),
		cmocka_unit_test(schedule_is_complete_and_repeatable),
		cmocka_unit_test(three_runners_are_shuffled),
		cmocka_unit_test(a_result_absorbs_another),
		cmocka_unit_test(result_survives_json),
		cmocka_unit_test(unknown_words_mean_the_worst),
		cmocka_unit_test(runners_have_their_facts),
		cmocka_unit_test(partition_follows_the_kernels_rule),
		cmocka_unit_test(hardware_needs_the_hardware),
		cmocka_unit_test(bytes_of_a_guest_are_not_lost),
		cmocka_unit_test(kubevirt_needs_its_gate_for_mshv),
	};

	return RUN_TESTS(tests);
}
