// SPDX-License-Identifier: GPL-3.0-or-later
/* model: its rows, groups and runners, and what stands for a missing figure. */
#include "tests/unit/test.h"

#include <math.h>

#include "harness/findings/refusals.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/run/shown.h"

static const struct model *model_of(struct shown *s)
{
	return &shown_find(s)->model;
}

/* Native is first, whatever ran first and whatever its name sorts after. */
static void runners_stand_in_one_order(void **state)
{
	struct shown *s = *state;
	const struct model *m;

	shown_boot(s, "qemu", 0);
	shown_boot(s, "kvm", 0);
	m = model_of(s);
	assert_false(model_has_base(m));
	assert_string_equal(m->runners[0], "kvm");
	shown_boot(s, "native", 0);
	shown_boot(s, "aaa", 0);
	m = model_of(s);
	assert_true(model_has_base(m));
	assert_int_equal(m->runner_count, 4);
	assert_string_equal(m->runners[0], "native");
	assert_string_equal(m->runners[1], "aaa");
	assert_string_equal(m->runners[3], "qemu");
}

/* A run from elsewhere may have any number of them. */
static void a_ninth_runner_is_left_out(void **state)
{
	struct shown *s = *state;
	const struct model *m;
	char name[8];
	uint32_t i;

	for (i = 0; i < MODEL_MAX_RUNNERS + 2; i++) {
		snprintf(name, sizeof(name), "r%u", i);
		shown_sample(s, name, 0, "cpu_integer", "", 1 + i);
		result_fail(&shown_boot(s, name, 0)->res, RUN_TIMEOUT, "late");
	}
	m = model_of(s);
	assert_int_equal(m->runner_count, MODEL_MAX_RUNNERS);
	assert_int_equal(m->row_count, 1);
	assert_close(m->rows[0].cells[7].median, 8, 0);
	/* Its failure is a failure all the same. */
	assert_int_equal(m->failed_boot_count, MODEL_MAX_RUNNERS + 2);
}

static void grades_are_of_boots_with_series(void **state)
{
	struct shown *s = *state;
	const struct model *m = model_of(s);
	char text[64];

	assert_string_equal(model_grades(m, text, sizeof(text)), "");
	shown_boot(s, "kvm", 0)->res.grade = GRADE_EMULATED;
	assert_string_equal(model_grades(model_of(s), text, sizeof(text)), "");
	shown_sample(s, "kvm", 1, "cpu_integer", "", 1);
	shown_sample(s, "qemu", 0, "cpu_integer", "", 1);
	shown_boot(s, "qemu", 0)->res.grade = GRADE_SOFTWARE;
	m = model_of(s);
	assert_string_equal(model_grades(m, text, sizeof(text)),
			    "hardware, software");
	assert_int_equal(model_row_grade(m, &m->rows[0]), GRADE_SOFTWARE);
	assert_int_equal(m->rows[0].cells[0].grade, GRADE_HARDWARE);
	model_grades(m, text, 6);
	assert_string_equal(text, "hardw");
	/* The first runner's counts like any other. */
	shown_boot(s, "kvm", 1)->res.grade = GRADE_EMULATED;
	m = model_of(s);
	assert_int_equal(model_row_grade(m, &m->rows[0]), GRADE_EMULATED);
}

static void a_row_is_of_one_kind(void **state)
{
	static const struct {
		const char *workload, *point;
		bool is_summary, is_micro, is_footprint;
	} cases[] = {
		{"cpu_integer", "", true, false, false},
		{"mem_latency", "16KiB,4KiB-pages", true, false, false},
		{"storage", "randread-4k-qd1/iops", true, false, false},
		{"storage", "randread-4k-qd1/p50", true, false, false},
		{"storage", "randread-4k-qd1/p999", false, false, false},
		{"storage", "randread-4k-qd1/exits", false, false, false},
		/* Streams are told by bandwidth, requests by their number. */
		{"storage", "read-128k-qd8/bandwidth", false, false, false},
		{"network", "tcp-1/bandwidth", true, false, false},
		{"network_rr", "tcp-1B/cpu_per_gib", false, false, false},
		{"network", "tcp-1/cpu_per_gib", true, false, false},
		{"micro_exit", "cpuid,ring0/p50", true, true, false},
		{"micro_exit", "cpuid,ring0/p99", false, true, false},
		{"micro_start", "64MiB/agent_ready", true, true, false},
		{"micro_start", "64MiB/vm_created", false, true, false},
		{"footprint", "256M-1cpu/charged", true, false, true},
		{"footprint", "256M-1cpu/beside_rss", false, false, true},
		/* What this version does not know is shown. */
		{"storage", "randread-4k-qd1/unheard", true, false, false},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct model_row row = {.list_rank = 0};

		snprintf(row.workload, sizeof(row.workload), "%s",
			 cases[i].workload);
		snprintf(row.point, sizeof(row.point), "%s", cases[i].point);
		if (model_row_is_summary(&row) != cases[i].is_summary ||
		    model_row_is_micro(&row) != cases[i].is_micro ||
		    model_row_is_footprint(&row) != cases[i].is_footprint)
			fail_msg("%s %s", row.workload, row.point);
	}
}

/* A cell's status in a word for tables, and in full for programs. */
static void a_missing_figure_has_a_word(void **state)
{
	static const struct {
		enum run_status status;
		const char *word, *outcome;
	} cases[] = {
		{RUN_SKIPPED, "skipped", "skipped"},
		{RUN_TIMEOUT, "failed", "timeout"},
		{RUN_VOID, "void", "void"},
		{RUN_WORKLOAD_FAILED, "failed", "workload_failed"},
		{RUN_RUNNER_FAILED, "failed", "runner_failed"},
	};
	struct shown *s = *state;
	const struct model *m;
	struct model_outcome o;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		shown_refuse(s, "kvm", 0, "cpu_integer", "", cases[i].status,
			     "because");
		m = model_of(s);
		o = model_outcome(m, &m->rows[0], 0);
		assert_string_equal(model_cell_word(&m->rows[0].cells[0]),
				    cases[i].word);
		assert_string_equal(o.status, cases[i].outcome);
		assert_string_equal(o.reason, "because");
		assert_true(isnan(m->rows[0].cells[0].median));
	}
	/* Another block measured it: there is a figure, in part. */
	shown_sample(s, "kvm", 1, "cpu_integer", "", 5);
	m = model_of(s);
	o = model_outcome(m, &m->rows[0], 0);
	assert_string_equal(o.status, "partial");
	assert_string_equal(o.reason, "because");
}

static void what_never_began_has_the_boots_outcome(void **state)
{
	struct shown *s = *state;
	const struct model *m;
	struct model_outcome o;

	shown_sample(s, "native", 0, "cpu_integer", "", 5);
	shown_sample(s, "kvm", 0, "cpu_float", "", 5)->disturbances =
		DISTURBED_CPU;
	m = model_of(s);
	assert_string_equal(model_outcome(m, &m->rows[0], 0).status, "ok");
	assert_string_equal(model_outcome(m, &m->rows[0], 1).status,
			    "not measured");
	assert_false(model_cell_is_measured(&m->rows[0].cells[1]));
	assert_string_equal(model_cell_word(&m->rows[0].cells[1]), "-");
	assert_string_equal(model_outcome(m, &m->rows[1], 1).status,
			    "disturbed");
	assert_string_equal(model_cell_word(&m->rows[1].cells[1]), "disturbed");
	result_fail(&shown_boot(s, "kvm", 1)->res, RUN_RUNNER_FAILED, "died");
	m = model_of(s);
	o = model_outcome(m, &m->rows[0], 1);
	assert_string_equal(o.status, "runner_failed");
	assert_string_equal(o.reason, "died");
	/* It is no outcome of native's. */
	assert_string_equal(model_outcome(m, &m->rows[1], 0).status,
			    "not measured");
}

/* A boot's figure is its median; two boots of a block have one mean. */
static void blocks_pair_boots(void **state)
{
	struct shown *s = *state;
	const struct model_cell *c;
	double logs[9];
	uint32_t blocks[9];

	shown_sample(s, "native", 0, "cpu_integer", "", 2);
	shown_sample(s, "kvm", 0, "cpu_integer", "", 4);
	shown_sample(s, "native", 3, "cpu_integer", "", 2);
	shown_sample(s, "kvm", 4, "cpu_integer", "", 4);
	shown_sample(s, "native", 5, "cpu_integer", "", 2);
	shown_sample(s, "kvm", 5, "cpu_integer", "", 2);
	/* A second boot of the guest in the last block. */
	shown_sample(s, "kvm", 6, "cpu_integer", "", 32);
	shown_boot(s, "kvm", 6)->bc.block = 5;
	c = &model_of(s)->rows[0].cells[1];
	assert_int_equal(c->boot_count, 4);
	assert_int_equal(c->ratio_count, 2);
	assert_int_equal(model_block_logs(&s->findings.model.rows[0].cells[0],
					  c, logs, blocks),
			 2);
	assert_int_equal(blocks[0], 0);
	assert_int_equal(blocks[1], 5);
	assert_close(logs[0], log(2), 1e-12);
	assert_close(logs[1], log(4), 1e-12); /* sqrt(2 * 32) / 2 */
	assert_int_equal(model_block_logs(NULL, c, logs, NULL), 0);
	assert_false(model_cell_has_zero(c));
}

/* To lose packets in 4 blocks of 20 is not to lose them in each of these 4. */
static void a_figure_of_zero_leaves_no_ratio(void **state)
{
	struct shown *s = *state;
	const struct model_cell *c;
	uint32_t block;

	for (block = 0; block < 6; block++) {
		shown_sample(s, "native", block, "cpu_integer", "", block > 0);
		shown_sample(s, "kvm", block, "cpu_integer", "", 1.01 + block);
	}
	c = model_of(s)->rows[0].cells;
	assert_int_equal(c[1].boot_count, 6);
	assert_int_equal(c[1].ratio_count, 0);
	assert_true(isnan(c[1].ratio.ratio));
	assert_true(model_cell_has_zero(&c[0]));
	assert_false(model_cell_has_zero(&c[1]));
}

/* A job's metrics stand together; what is no metric belongs to no group. */
static void groups_are_jobs(void **state)
{
	struct shown *s = *state;
	const struct model *m;
	struct model_group g;
	size_t at = 0;

	assert_false(model_next_group(model_of(s), &at, &g));
	shown_sample(s, "kvm", 0, "cpu_integer", "", 1);
	shown_sample(s, "kvm", 0, "storage", "randread-4k-qd1/iops", 1);
	shown_sample(s, "kvm", 0, "storage", "randread-4k-qd1/p50", 2);
	shown_sample(s, "kvm", 0, "storage", "randread-4k-qd32/iops", 3);
	shown_sample(s, "kvm", 0, "storage", "randread-4k-qd32/unheard", 4);
	m = model_of(s);
	at = 0;
	assert_true(model_next_group(m, &at, &g));
	assert_string_equal(g.point, "randread-4k-qd1");
	assert_int_equal(g.count, 2);
	assert_close(model_group_row(&g, "p50")->cells[0].median, 2, 0);
	assert_null(model_group_row(&g, "p99"));
	assert_true(model_next_group(m, &at, &g));
	assert_string_equal(g.point, "randread-4k-qd32");
	assert_close(model_group_row(&g, "iops")->cells[0].median, 3, 0);
	assert_false(model_next_group(m, &at, &g));
}

static void too_few_blocks_hide_the_interval(void **state)
{
	static const struct {
		size_t count;
		const char *why;
		bool is_shown;
	} cases[] = {
		{0, "0 blocks", false}, {1, "1 block", false},
		{3, "3 blocks", false}, {4, "no noise", true},
		{9, "no noise", true},
	};
	char buf[32];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ratio r = {2, 1, 3, {.low = .5, .high = .7}};

		model_hide_interval(&r, cases[i].count);
		assert_int_equal(isfinite(r.low), cases[i].is_shown);
		assert_int_equal(isfinite(r.high), cases[i].is_shown);
		/* The estimate and the logarithm stay. */
		assert_close(r.ratio, 2, 0);
		assert_close(r.log.low, .5, 0);
		assert_string_equal(
			model_no_interval(cases[i].count, buf, sizeof(buf)),
			cases[i].why);
	}
}

/* Each reason once, with the number of rows that have it. */
static void reasons_are_listed_once(void **state)
{
	static const char *const points[] = {
		"16KiB,4KiB-pages", "64MiB,4KiB-pages", "64MiB,2MiB-pages"};
	struct shown *s = *state;
	struct refusal r;
	char subject[160];
	size_t i, at = 0;

	assert_false(refusals_next(model_of(s), &at, &r));
	for (i = 0; i < ARRAY_SIZE(points); i++)
		shown_refuse(s, "kvm", 0, "mem_latency", points[i], RUN_SKIPPED,
			     i == 2 ? "no huge pages" : "no memory");
	/* The same words about another workload, and of another runner. */
	shown_refuse(s, "kvm", 0, "mem_bandwidth", "triad,3x64MiB", RUN_SKIPPED,
		     "no memory");
	shown_refuse(s, "qemu", 0, "mem_latency", points[0], RUN_SKIPPED,
		     "no memory");
	model_of(s);
	for (i = 0, at = 0; refusals_next(&s->findings.model, &at, &r); i++) {
		refusal_subject(&r, subject, sizeof(subject));
		if (!strcmp(r.row->workload, "mem_bandwidth") ||
		    !strcmp(r.cell->reason, "no huge pages") ||
		    !strcmp(r.runner, "qemu"))
			assert_int_equal(r.alike_count, 1);
		else
			assert_string_equal(subject,
					    "mem_latency 16KiB,4KiB-pages and "
					    "1 more under kvm");
	}
	assert_int_equal(i, 4);
	at = 0;
	assert_false(notes_next(&s->findings.model, &at, &r));
}

/* Notes are of figures, and of those that a table of the run shows. */
static void notes_are_listed_like_reasons(void **state)
{
	struct shown *s = *state;
	const struct model *m;
	struct refusal r;
	size_t at = 0;

	shown_sample(s, "kvm", 0, "storage", "randread-4k-qd1/iops", 1);
	shown_sample(s, "kvm", 0, "storage", "randread-4k-qd1/p999", 1);
	snprintf(shown_series(s, "kvm", 0, "storage", "randread-4k-qd1/iops")
			 ->reason,
		 200, "by the cache");
	snprintf(shown_series(s, "kvm", 0, "storage", "randread-4k-qd1/p999")
			 ->reason,
		 200, "by the cache");
	m = model_of(s);
	assert_true(notes_next(m, &at, &r));
	assert_string_equal(r.cell->note, "by the cache");
	assert_string_equal(r.row->point, "randread-4k-qd1/iops");
	assert_int_equal(r.alike_count, 1);
	assert_false(notes_next(m, &at, &r));
	at = 0;
	assert_false(refusals_next(m, &at, &r));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SHOWN(runners_stand_in_one_order),
		WITH_SHOWN(a_ninth_runner_is_left_out),
		WITH_SHOWN(grades_are_of_boots_with_series),
		cmocka_unit_test(a_row_is_of_one_kind),
		WITH_SHOWN(a_missing_figure_has_a_word),
		WITH_SHOWN(what_never_began_has_the_boots_outcome),
		WITH_SHOWN(blocks_pair_boots),
		WITH_SHOWN(a_figure_of_zero_leaves_no_ratio),
		WITH_SHOWN(groups_are_jobs),
		cmocka_unit_test(too_few_blocks_hide_the_interval),
		WITH_SHOWN(reasons_are_listed_once),
		WITH_SHOWN(notes_are_listed_like_reasons),
	};

	return RUN_TESTS(tests);
}
