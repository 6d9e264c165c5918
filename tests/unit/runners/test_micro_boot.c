// SPDX-License-Identifier: GPL-3.0-or-later
/* A boot of the micro guest whose guests stop, hang or die, played by a fake
 * one that answers a case item by item. */
#include "tests/unit/test.h"

#include "harness/base/xmalloc.h"
#include "harness/core/bench_case.h"
#include "harness/core/result.h"
#include "runners/machine/machine.h"
#include "runners/machine/micro_boot.h"

struct fake {
	const char *bad_point;  /* "*": each; "": none */
	enum machine_end end;   /* of the guest that comes to it */
	bool has_begun;         /* the point's series */
	bool is_mute;           /* it never says hello */
	uint32_t mute_from;     /* guests from this number on; 0: none */
	uint32_t other_from;    /* the same, for another identity */
	uint32_t guest_count;   /* how many there were */
	size_t first_counts[4]; /* items that each of them was given */
};

static struct bench_case micro_case(void)
{
	static const char *const points[] = {"null,ring3", "cpuid,ring0",
					     "xsetbv,ring0", "self-ipi,ring0"};
	struct bench_case bc = {.timeout_ns = 60 * NS_PER_S};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(points); i++)
		bench_case_add(&bc, "micro_exit", points[i]);
	return bc;
}

static void add_series(struct result *res, const struct case_item *item,
		       enum run_status status)
{
	char point[64];
	struct series *s;

	snprintf(point, sizeof(point), "%s/p50", item->point);
	s = result_add_series(res, item->workload, point, "ns");
	s->status = status;
	if (status == RUN_OK)
		series_add_sample(s)->value = 7;
	else
		snprintf(s->reason, sizeof(s->reason), "the machine ended");
}

static void say_hello(const struct fake *f, struct result *res)
{
	bool is_other = f->other_from && f->guest_count >= f->other_from;

	result_add_phase(res, "hello", 100 * f->guest_count);
	res->identity = xstrdup(is_other ? "vcpus=3\n" : "vcpus=2\n");
	res->exit_cost_ns = 1000 * f->guest_count;
	*result_add_exit(res) = (struct exit_row){
		.vcpu = 0, .kind = "pio", .count = 10, .handled_ns = 500};
}

static void fake_guest(void *arg, const struct bench_case *bc,
		       struct machine_outcome *out, struct result *res)
{
	struct fake *f = arg;
	size_t i;

	if (f->guest_count < ARRAY_SIZE(f->first_counts))
		f->first_counts[f->guest_count] = bc->item_count;
	f->guest_count++;
	*out = (struct machine_outcome){.end = f->end,
					.item = bc->item_count,
					.detail = "error 1 at rip 0x10"};
	if (f->is_mute || (f->mute_from && f->guest_count >= f->mute_from)) {
		out->end = MACHINE_END_DIED;
		result_fail(res, RUN_RUNNER_FAILED, "no hello");
		return;
	}
	say_hello(f, res);
	for (i = 0; i < bc->item_count; i++) {
		const struct case_item *item = &bc->items[i];

		if (!strcmp(f->bad_point, "*") ||
		    !strcmp(f->bad_point, item->point)) {
			if (f->has_begun)
				add_series(res, item, RUN_RUNNER_FAILED);
			out->item = i;
			result_fail(res, RUN_RUNNER_FAILED, "the VMM ended");
			return;
		}
		add_series(res, item, RUN_OK);
	}
	out->end = MACHINE_END_DONE;
}

static const struct series *series_at(const struct result *res,
				      const char *point)
{
	size_t i;

	for (i = 0; i < res->series_count; i++)
		if (!strcmp(res->series[i].point, point))
			return &res->series[i];
	fail_msg("no series %s", point);
	return NULL;
}

static void run(struct fake *f, const struct bench_case *bc, struct result *res)
{
	result_init(res);
	res->grade = GRADE_SOFTWARE;
	micro_boot_run(fake_guest, f, bc, res);
}

static void release(struct bench_case *bc, struct result *res)
{
	bench_case_release(bc);
	result_release(res);
}

/* Of the four points, the third is the bad one. */
static void expect_one_lost(const struct result *res, enum run_status status,
			    const char *words)
{
	const struct series *bad = series_at(res, "xsetbv,ring0/p50");

	assert_int_equal(res->status, RUN_OK);
	assert_string_equal(res->reason, "");
	assert_int_equal(res->series_count, 4);
	assert_string_equal(res->series[0].point, "null,ring3/p50");
	assert_string_equal(res->series[1].point, "cpuid,ring0/p50");
	assert_string_equal(res->series[3].point, "self-ipi,ring0/p50");
	assert_int_equal(res->series[3].status, RUN_OK);
	assert_int_equal(res->series[3].sample_count, 1);
	assert_int_equal(bad->status, status);
	assert_int_equal(bad->sample_count, 0);
	assert_non_null(strstr(bad->reason, words));
	assert_non_null(strstr(bad->reason, "error 1 at rip 0x10"));
	assert_int_equal(res->grade, GRADE_SOFTWARE);
}

static void a_point_that_stops_the_guest_costs_itself(void **state)
{
	struct bench_case bc = micro_case();
	struct fake f = {.bad_point = "xsetbv,ring0",
			 .end = MACHINE_END_HYPERVISOR};
	struct result res;
	int begun;

	(void)state;
	for (begun = 0; begun < 2; begun++) {
		f.has_begun = begun;
		f.guest_count = 0;
		run(&f, &bc, &res);
		expect_one_lost(&res, RUN_SKIPPED,
				"the hypervisor stopped the guest here: ");
		assert_int_equal(f.guest_count, 2);
		assert_int_equal(f.first_counts[0], 4);
		assert_int_equal(f.first_counts[1], 1);
		result_release(&res);
	}
	bench_case_release(&bc);
}

static void a_point_that_hangs_costs_itself(void **state)
{
	struct bench_case bc = micro_case();
	struct fake f = {.bad_point = "xsetbv,ring0",
			 .end = MACHINE_END_POINT_LATE,
			 .has_begun = true};
	struct result res;

	(void)state;
	run(&f, &bc, &res);
	expect_one_lost(&res, RUN_TIMEOUT, "no answer within 10 s");
	release(&bc, &res);
}

static void a_guest_that_dies_costs_a_point(void **state)
{
	struct bench_case bc = micro_case();
	struct fake f = {.bad_point = "xsetbv,ring0", .end = MACHINE_END_DIED};
	struct result res;

	(void)state;
	run(&f, &bc, &res);
	expect_one_lost(&res, RUN_RUNNER_FAILED, "the guest ended here");
	release(&bc, &res);
}

/* The last point has no successor, so there is no third guest. */
static void the_last_point_needs_no_fresh_guest(void **state)
{
	struct bench_case bc = micro_case();
	struct fake f = {.bad_point = "self-ipi,ring0",
			 .end = MACHINE_END_HYPERVISOR};
	struct result res;

	(void)state;
	/* Nor has what the harness measures by itself. */
	bench_case_add(&bc, "micro_start", "");
	run(&f, &bc, &res);
	assert_int_equal(res.status, RUN_OK);
	assert_int_equal(f.guest_count, 1);
	assert_int_equal(series_at(&res, "self-ipi,ring0/p50")->status,
			 RUN_SKIPPED);
	release(&bc, &res);
}

static void exits_add_up_and_phases_stay(void **state)
{
	struct bench_case bc = micro_case();
	struct fake f = {.bad_point = "cpuid,ring0",
			 .end = MACHINE_END_HYPERVISOR};
	struct result res;

	(void)state;
	run(&f, &bc, &res);
	assert_int_equal(f.guest_count, 2);
	assert_int_equal(res.exit_count, 1);
	assert_int_equal(res.exits[0].count, 20);
	assert_int_equal(res.exits[0].handled_ns, 1000);
	assert_int_equal(res.exit_cost_ns, 2000);
	assert_int_equal(result_phase_ns(&res, "hello"), 100);
	assert_int_equal(result_phase_ns(&res, "fresh_guest"), 200);
	assert_string_equal(res.identity, "vcpus=2\n");
	release(&bc, &res);
}

static void guests_are_bounded(void **state)
{
	struct bench_case bc = {.timeout_ns = 60 * NS_PER_S};
	struct fake f = {.bad_point = "*", .end = MACHINE_END_HYPERVISOR};
	struct result res;
	char point[32];
	size_t i;

	(void)state;
	for (i = 0; i < 40; i++) {
		snprintf(point, sizeof(point), "p%zu", i);
		bench_case_add(&bc, "micro_exit", point);
	}
	run(&f, &bc, &res);
	assert_int_equal(f.guest_count, 16);
	/* Each has a reason, in the order of the case. */
	assert_int_equal(res.series_count, 40);
	assert_string_equal(res.series[15].point, "p15/p50");
	assert_int_equal(res.series[15].status, RUN_SKIPPED);
	assert_int_equal(res.series[16].status, RUN_RUNNER_FAILED);
	assert_non_null(strstr(res.series[39].reason, "too many guests"));
	release(&bc, &res);
}

static void another_machine_is_not_taken_for_the_first(void **state)
{
	struct bench_case bc = micro_case();
	struct fake f = {.bad_point = "cpuid,ring0",
			 .end = MACHINE_END_HYPERVISOR,
			 .other_from = 2};
	struct result res;

	(void)state;
	run(&f, &bc, &res);
	assert_int_equal(res.status, RUN_RUNNER_FAILED);
	assert_non_null(strstr(res.reason, "sees another machine"));
	assert_int_equal(res.series_count, 2);
	assert_string_equal(res.identity, "vcpus=2\n");
	release(&bc, &res);
}

static void without_hello_a_boot_has_failed(void **state)
{
	struct bench_case bc = micro_case();
	struct fake mute = {.bad_point = "", .is_mute = true};
	struct fake later = {.bad_point = "cpuid,ring0",
			     .end = MACHINE_END_HYPERVISOR,
			     .mute_from = 2};
	struct result res;

	(void)state;
	run(&mute, &bc, &res);
	assert_int_equal(mute.guest_count, 1);
	assert_int_equal(res.status, RUN_RUNNER_FAILED);
	assert_string_equal(res.reason, "no hello");
	result_release(&res);
	run(&later, &bc, &res);
	assert_int_equal(later.guest_count, 2);
	assert_int_equal(res.status, RUN_RUNNER_FAILED);
	assert_string_equal(res.reason, "guest 2 of this boot: no hello");
	assert_int_equal(res.series_count, 2);
	release(&bc, &res);
}

static void a_broken_channel_and_the_case_s_end_fail_the_boot(void **state)
{
	static const enum machine_end ends[] = {MACHINE_END_BROKEN,
						MACHINE_END_LATE};
	struct bench_case bc = micro_case();
	struct result res;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		struct fake f = {.bad_point = "cpuid,ring0", .end = ends[i]};

		run(&f, &bc, &res);
		assert_int_equal(f.guest_count, 1);
		assert_int_equal(res.status, RUN_RUNNER_FAILED);
		assert_string_equal(res.reason, "the VMM ended");
		result_release(&res);
	}
	bench_case_release(&bc);
}

static void what_fails_on_purpose_ends_the_boot(void **state)
{
	struct bench_case bc = {.timeout_ns = 60 * NS_PER_S};
	struct fake f = {.bad_point = "triple-fault,ring0",
			 .end = MACHINE_END_DIED,
			 .has_begun = true};
	struct result res;

	(void)state;
	bench_case_add(&bc, "micro_fault", "triple-fault,ring0");
	bench_case_add(&bc, "micro_exit", "null,ring3");
	run(&f, &bc, &res);
	assert_int_equal(f.guest_count, 1);
	assert_int_equal(res.status, RUN_RUNNER_FAILED);
	assert_string_equal(res.reason, "the VMM ended");
	release(&bc, &res);
}

static void no_guest_begins_after_the_boot_s_time(void **state)
{
	struct bench_case bc = micro_case();
	struct fake f = {.bad_point = "cpuid,ring0",
			 .end = MACHINE_END_HYPERVISOR};
	struct result res;

	(void)state;
	bc.timeout_ns = 0;
	run(&f, &bc, &res);
	assert_int_equal(f.guest_count, 1);
	assert_int_equal(res.status, RUN_TIMEOUT);
	assert_non_null(strstr(res.reason, "guest 2"));
	/* What was measured is kept. */
	assert_int_equal(series_at(&res, "null,ring3/p50")->status, RUN_OK);
	release(&bc, &res);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_point_that_stops_the_guest_costs_itself),
		cmocka_unit_test(a_point_that_hangs_costs_itself),
		cmocka_unit_test(a_guest_that_dies_costs_a_point),
		cmocka_unit_test(the_last_point_needs_no_fresh_guest),
		cmocka_unit_test(exits_add_up_and_phases_stay),
		cmocka_unit_test(guests_are_bounded),
		cmocka_unit_test(another_machine_is_not_taken_for_the_first),
		cmocka_unit_test(without_hello_a_boot_has_failed),
		cmocka_unit_test(
			a_broken_channel_and_the_case_s_end_fail_the_boot),
		cmocka_unit_test(what_fails_on_purpose_ends_the_boot),
		cmocka_unit_test(no_guest_begins_after_the_boot_s_time),
	};

	return RUN_TESTS(tests);
}
