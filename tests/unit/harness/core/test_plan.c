// SPDX-License-Identifier: GPL-3.0-or-later
/* plan: whatever it is made of, each runner measures each series as often as
 * the plan says, on a machine that has what the series needs. */
#include "tests/unit/test.h"

#include <errno.h>
#include <stdbool.h>

#include "harness/core/plan.h"
#include "harness/core/runner.h"
#include "tests/unit/fixture/expect.h"
#include "workloads/workload.h"

#define MAX_RUNNERS 4

static const struct {
	const char *runners[MAX_RUNNERS];
	const char *workloads;
	uint32_t blocks, io_blocks, vcpus;
} plans[] = {
	{{"native"}, "cpu", 3, UINT32_MAX, 1},
	{{"native", "kvm"}, "cpu,storage,network,micro", 4, 2, 1},
	{{"native", "qemu-kvm"}, "null,micro,footprint", 3, 1, 2},
	{{"native", "kvm", "qemu-kvm"}, "micro,storage_verify", 2, 2, 4},
	{{"kvm", "mshv-emu", "qemu-kvm", "qemu-tcg"}, "all", 2, 1, 16},
	{{"qemu-kvm", "libvirt-kvm"}, "micro", 5, 5, 1},
	{{"native"}, "footprint", 2, 2, 1},
	{{"native", "kvm"}, "mem_latency", 1, 0, 1},
	{{"native", "kvm"}, "storage,null", 3, 0, 1},
	{{"native", "kvm"}, "passthrough", 3, 2, 2},
	{{"native", "kvm", "qemu-kvm"}, "passthrough_host", 2, 2, 1},
	{{"native", "qemu-kvm"},
	 "passthrough_virtio,passthrough_host",
	 2,
	 1,
	 1},
	{{"kvm"}, "passthrough,storage,footprint_vfio", 2, 2, 16},
};

static void make_plan(struct plan *plan, size_t row)
{
	struct err err = {0};

	plan_init_quick(plan);
	while (plan->runner_count < MAX_RUNNERS &&
	       plans[row].runners[plan->runner_count]) {
		plan->runners[plan->runner_count] =
			plans[row].runners[plan->runner_count];
		plan->runner_count++;
	}
	plan->block_count = plans[row].blocks;
	plan->io_block_count = plans[row].io_blocks;
	plan->vcpu_count = plans[row].vcpus;
	plan->seed = row;
	if (plan_add_workloads(plan, plans[row].workloads, &err))
		fail_msg("%s", err.msg);
}

/* Whether such a boot can be had under RUNNER. */
static bool can_boot(const char *runner, enum boot_kind kind)
{
	if (kind == BOOT_MICRO)
		return !strstr(runner, "qemu") && !strstr(runner, "libvirt");
	return kind != BOOT_SHAPE || strcmp(runner, "native") != 0;
}

/* What the host does for a device is the same for all guests. */
static bool is_measured(const char *runner, const char *workload)
{
	return strcmp(workload, "passthrough_host") ||
	       !strcmp(runner, "native");
}

/* Whether RUNNER boots for any series of that kind. */
static bool has_boots(const struct plan *plan, const char *runner,
		      enum boot_kind kind)
{
	size_t i;

	for (i = 0; i < plan->series.item_count; i++)
		if (plan_boot_kind(plan->series.items[i].workload) == kind &&
		    is_measured(runner, plan->series.items[i].workload))
			return can_boot(runner, kind);
	return false;
}

/* Of two runners each boots twice in a block, A B B A; else once. */
static unsigned int wanted_count(const struct plan *plan, uint32_t block,
				 const char *runner, const char *workload)
{
	enum boot_kind kind = plan_boot_kind(workload);
	unsigned int others = 0;
	size_t i;

	if (!can_boot(runner, kind) || !is_measured(runner, workload) ||
	    (kind != BOOT_PLAIN && block >= plan->io_block_count))
		return 0;
	for (i = 0; i < plan->runner_count; i++)
		others += has_boots(plan, plan->runners[i], kind);
	return others == 2 && kind != BOOT_SHAPE ? 2 : 1;
}

static unsigned int count_cases(const struct schedule *sched, uint32_t block,
				const char *runner,
				const struct case_item *item)
{
	unsigned int count = 0;
	size_t i, k;

	for (i = 0; i < sched->count; i++) {
		const struct bench_case *bc = &sched->cases[i];

		if (bc->block != block || strcmp(bc->runner, runner) != 0)
			continue;
		for (k = 0; k < bc->item_count; k++)
			count += !strcmp(bc->items[k].workload,
					 item->workload) &&
				 !strcmp(bc->items[k].point, item->point);
	}
	return count;
}

static void each_series_is_measured_as_often_as_planned(void **state)
{
	struct schedule sched;
	struct plan plan;
	size_t row, i, r;
	uint32_t block;

	(void)state;
	for (row = 0; row < ARRAY_SIZE(plans); row++) {
		make_plan(&plan, row);
		schedule_init(&sched, &plan);
		for (i = 0; i < plan.series.item_count; i++)
			for (r = 0; r < plan.runner_count; r++)
				for (block = 0; block < plan.block_count;
				     block++)
					assert_int_equal(
						count_cases(
							&sched, block,
							plan.runners[r],
							&plan.series.items[i]),
						wanted_count(
							&plan, block,
							plan.runners[r],
							plan.series.items[i]
								.workload));
		schedule_release(&sched);
		plan_release(&plan);
	}
}

static void check_case(const struct bench_case *bc, const struct plan *plan)
{
	enum boot_kind kind = plan_boot_kind(bc->items[0].workload);
	uint32_t vcpus = bc->vcpu_count;
	size_t i;

	for (i = 1; i < bc->item_count; i++)
		assert_int_equal(plan_boot_kind(bc->items[i].workload), kind);
	if (kind == BOOT_SHAPE)
		assert_int_equal(bc->item_count, 1);
	else if (kind == BOOT_MICRO)
		assert_true(vcpus >= 2);
	else
		assert_int_equal(vcpus, plan->vcpu_count);
	/* A queue for each vCPU, and never more than a card can have. */
	assert_in_range(bc->io.queue_count, 1, 8);
	if (kind != BOOT_MICRO)
		assert_int_equal(bc->io.queue_count, vcpus < 8 ? vcpus : 8);
	/* Programs run for their own time, which the plan's does not know. */
	assert_true(bc->timeout_ns >= plan->timeout_ns);
	if (kind == BOOT_IO || kind == BOOT_DEVICE || kind == BOOT_DEVICE_DISK)
		assert_true(bc->timeout_ns - plan->timeout_ns >=
			    bc->item_count * plan->io.io_ns);
}

static void no_boot_lacks_what_its_series_need(void **state)
{
	struct schedule sched;
	struct plan plan;
	size_t row, i;

	(void)state;
	for (row = 0; row < ARRAY_SIZE(plans); row++) {
		make_plan(&plan, row);
		schedule_init(&sched, &plan);
		for (i = 0; i < sched.count; i++) {
			/* Blocks are in order: a run may stop behind any. */
			assert_true(!i || sched.cases[i].block >=
						  sched.cases[i - 1].block);
			assert_int_not_equal(sched.cases[i].item_count, 0);
			check_case(&sched.cases[i], &plan);
		}
		schedule_release(&sched);
		plan_release(&plan);
	}
}

static void nothing_to_measure_is_still_a_boot(void **state)
{
	struct schedule sched;
	struct plan plan;
	size_t i;

	(void)state;
	plan_init_quick(&plan);
	plan.runners[0] = "kvm";
	plan.runner_count = 1;
	plan.block_count = 3;
	schedule_init(&sched, &plan);
	assert_int_equal(sched.count, 3);
	for (i = 0; i < sched.count; i++)
		assert_int_equal(sched.cases[i].item_count, 0);
	schedule_release(&sched);
	assert_null(sched.cases);
	plan_release(&plan);
}

static void only_the_named_runner_is_stretched(void **state)
{
	struct schedule sched;
	struct plan plan;
	size_t i, stretched = 0;

	(void)state;
	make_plan(&plan, 1);
	plan.stretched_runner = "kvm";
	plan.stretch_ppm = 50000;
	plan.io.queue_count = 3;
	schedule_init(&sched, &plan);
	for (i = 0; i < sched.count; i++) {
		bool is_kvm = !strcmp(sched.cases[i].runner, "kvm");

		assert_int_equal(sched.cases[i].stretch_ppm,
				 is_kvm ? 50000 : 0);
		assert_int_equal(sched.cases[i].io.queue_count, 3);
		stretched += is_kvm;
	}
	assert_int_equal(stretched * 2, sched.count);
	schedule_release(&sched);
	plan_release(&plan);
}

/* Another seed gives another order of the same. */
static void the_seed_is_the_order(void **state)
{
	struct schedule a, b;
	struct plan plan;
	size_t i, differing = 0;

	(void)state;
	make_plan(&plan, 4);
	schedule_init(&a, &plan);
	plan.seed++;
	schedule_init(&b, &plan);
	assert_int_equal(a.count, b.count);
	for (i = 0; i < a.count; i++)
		differing += strcmp(a.cases[i].runner, b.cases[i].runner) ||
			     strcmp(a.cases[i].items[0].point,
				    b.cases[i].items[0].point);
	assert_true(differing > a.count / 4);
	schedule_release(&a);
	schedule_release(&b);
	plan_release(&plan);
}

/* A function of the host has boots of its own, with its driver or for a guest. */
static void each_series_has_its_kind_of_boot(void **state)
{
	static const struct {
		const char *workload;
		enum boot_kind kind;
	} rows[] = {
		{"null", BOOT_PLAIN},
		{"storage", BOOT_IO},
		{"network_rr", BOOT_IO},
		{"micro_exit", BOOT_MICRO},
		{"footprint", BOOT_SHAPE},
		{"footprint_vfio", BOOT_SHAPE},
		{"passthrough", BOOT_DEVICE},
		{"passthrough_mmio", BOOT_DEVICE},
		{"passthrough_host", BOOT_DEVICE},
		{"passthrough_start", BOOT_DEVICE},
		{"passthrough_virtio", BOOT_DEVICE_DISK},
		{"unheard of", BOOT_PLAIN},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		if (plan_boot_kind(rows[i].workload) != rows[i].kind)
			fail_msg("%s", rows[i].workload);
}

/* Groups and "all" take no device from a host whose owner named none. */
static void what_needs_a_device_is_asked_for(void **state)
{
	static const char *const with_device[] = {
		"passthrough", "passthrough_virtio", "passthrough_mmio",
		"passthrough_host", "passthrough_start"};
	struct err err = {0};
	struct plan plan;
	size_t i, points = 0;

	(void)state;
	plan_init_quick(&plan);
	assert_int_equal(
		plan_add_workloads(&plan, "all,footprint,storage", &err), 0);
	for (i = 0; i < ARRAY_SIZE(with_device); i++)
		assert_false(bench_case_has(&plan.series, with_device[i]));
	plan_release(&plan);
	plan_init_quick(&plan);
	assert_int_equal(plan_add_workloads(&plan, "passthrough", &err), 0);
	for (i = 0; i < ARRAY_SIZE(with_device); i++) {
		const struct workload *wl = workload_find(with_device[i]);

		assert_true(bench_case_has(&plan.series, with_device[i]));
		/* What the host measures is asked for once. */
		points += wl->flags & WL_BY_HOST ? 1 : wl->point_count;
	}
	/* And nothing else; footprints, which may need two, by their full name. */
	assert_int_equal(plan.series.item_count, points);
	plan_release(&plan);
}

static void what_is_on_request_is_asked_for(void **state)
{
	const struct workload *const *wl;
	struct plan plan, named;
	struct err err = {0};
	size_t i;

	(void)state;
	plan_init_quick(&plan);
	assert_int_equal(plan_add_workloads(&plan, "all", &err), 0);
	for (wl = workloads; *wl; wl++) {
		bool is_hidden = (*wl)->flags & (WL_SELFTEST | WL_ON_REQUEST |
						 WL_NEEDS_DEVICE);

		assert_int_not_equal(bench_case_has(&plan.series, (*wl)->name),
				     is_hidden);
		/* By its full name it can always be had, and once. */
		plan_init_quick(&named);
		assert_int_equal(plan_add_workloads(&named, (*wl)->name, &err),
				 0);
		assert_true(bench_case_has(&named.series, (*wl)->name));
		i = named.series.item_count;
		assert_int_equal(plan_add_workloads(&named, (*wl)->name, &err),
				 0);
		assert_int_equal(named.series.item_count, i);
		plan_release(&named);
	}
	plan_release(&plan);
}

static void lists_must_be_of_names(void **state)
{
	static const struct {
		const char *list, *says;
	} bad[] = {
		{"", "''"},
		{",", "''"},
		{"null,", "''"},
		{"null,,cpu", "''"},
		{" null", "' null'"},
		{"NULL", "'NULL'"},
		{":null", "':null'"},
		{"storage:",
		 "'storage' has no point ''; it has: randread-4k-qd1, "},
		{"storage:nothing", "has no point 'nothing'; it has: "},
		{"null:nothing", "'null' has no point 'nothing'"},
		{"nothing:storage", "unknown workload 'nothing:storage'"},
		{"al", "'al'"},
	};
	struct plan plan;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		struct err err = {0};

		plan_init_quick(&plan);
		if (!plan_add_workloads(&plan, bad[i].list, &err))
			fail_msg("taken: '%s'", bad[i].list);
		assert_contains(err.msg, bad[i].says);
		plan_release(&plan);
	}
}

static void plans_are_written_down(void **state)
{
	struct plan plan;
	json_t *json;

	(void)state;
	make_plan(&plan, 2);
	json = plan_to_json(&plan);
#define NUMBER(key) json_integer_value(json_object_get(json, key))
#define TEXT(key) json_string_value(json_object_get(json, key))
	assert_string_equal(TEXT("name"), "quick");
	assert_int_equal(NUMBER("block_count"), 3);
	assert_int_equal(NUMBER("io_block_count"), 1);
	assert_int_equal(NUMBER("seed"), 2);
	assert_string_equal(TEXT("stretched_runner"), "");
	assert_int_equal(json_array_size(json_object_get(json, "runners")), 2);
	assert_int_equal(json_array_size(json_object_get(json, "series")),
			 plan.series.item_count);
	assert_int_equal(json_integer_value(json_object_get(
				 json_object_get(json, "io"), "disk_bytes")),
			 1 << 30);
	json_decref(json);
	/* All blocks are as many as there are, and no more. */
	plan.io_block_count = UINT32_MAX;
	plan.stretched_runner = "kvm";
	json = plan_to_json(&plan);
	assert_int_equal(NUMBER("io_block_count"), 3);
	assert_string_equal(TEXT("stretched_runner"), "kvm");
	json_decref(json);
#undef NUMBER
#undef TEXT
	plan_release(&plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_series_is_measured_as_often_as_planned),
		cmocka_unit_test(no_boot_lacks_what_its_series_need),
		cmocka_unit_test(nothing_to_measure_is_still_a_boot),
		cmocka_unit_test(only_the_named_runner_is_stretched),
		cmocka_unit_test(the_seed_is_the_order),
		cmocka_unit_test(each_series_has_its_kind_of_boot),
		cmocka_unit_test(what_needs_a_device_is_asked_for),
		cmocka_unit_test(what_is_on_request_is_asked_for),
		cmocka_unit_test(lists_must_be_of_names),
		cmocka_unit_test(plans_are_written_down),
	};

	return RUN_TESTS(tests);
}
