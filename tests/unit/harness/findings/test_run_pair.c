// SPDX-License-Identifier: GPL-3.0-or-later
/* run_pair, comparable: which runs are held against each other, and how. */
#include "tests/unit/test.h"

#include <math.h>

#include "harness/findings/model.h"
#include "harness/findings/runs/run_pair.h"
#include "harness/verdict/comparable.h"
#include "reports/data/run_pair_json.h"
#include "reports/text/run_pair_text.h"
#include "tests/unit/fixture/made_run.h"

static void add_boot(struct run_data *run, const char *runner, uint32_t block,
		     double value)
{
	struct boot_data *b = made_run_boot(run, runner, block);

	b->res.grade = GRADE_HARDWARE;
	series_add_sample(result_add_series(&b->res, "cpu_integer", "", "ns"))
		->value = value;
}

/* Four blocks in which the guest takes RATIO of native's time. */
static void make_run(struct run_data *run, const char *uuid, double native,
		     double ratio, const char *fingerprint)
{
	static const double noise[] = {1, 1.002, .999, 1.001};
	uint32_t i;

	memset(run, 0, sizeof(*run));
	snprintf(run->uuid, sizeof(run->uuid), "%s", uuid);
	run->status = strdup("complete");
	run->revision = strdup("r");
	run->plan = strdup("{\"vcpu_count\": 1, \"seed\": 7}");
	run->fingerprint = strdup(fingerprint);
	run->probe = strdup("{}");
	run->guest_manifest = strdup("guest");
	for (i = 0; i < 4; i++) {
		add_boot(run, "native", i, native * noise[3 - i]);
		add_boot(run, "kvm", i, native * ratio * noise[i]);
	}
}

struct pair {
	struct run_data run_a, run_b;
	struct model a, b;
	struct run_pair pair;
};

static void make_pair(struct pair *p, const char *host_a, const char *host_b,
		      const struct run_pair_options *o)
{
	make_run(&p->run_a, "a", 10, 1.02, host_a);
	make_run(&p->run_b, "b", 14, 1.20, host_b);
	model_init(&p->a, &p->run_a);
	model_init(&p->b, &p->run_b);
	run_pair_init(&p->pair, &p->a, &p->b, o);
}

static void end_pair(struct pair *p)
{
	run_pair_release(&p->pair);
	model_release(&p->b);
	model_release(&p->a);
	run_data_release(&p->run_b);
	run_data_release(&p->run_a);
}

static char *as_text(const struct run_pair *p)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	run_pair_text_write(p, out);
	fclose(out);
	return text;
}

static void every_key_has_its_class(void **state)
{
	static const struct {
		const char *key;
		enum difference_class class;
	} keys[] = {
		{"cpu.model", DIFFERENCE_FATAL},
		{"cpu.microcode", DIFFERENCE_MARKED},
		{"kernel.release", DIFFERENCE_MARKED},
		{"module.kvm.tdp_mmu", DIFFERENCE_MARKED},
		{"mitigation.mds", DIFFERENCE_MARKED},
		{"hyperv.partition", DIFFERENCE_MARKED},
		{"hypervisor", DIFFERENCE_FATAL},
		{"host", DIFFERENCE_HARMLESS},
		{"fleet.node", DIFFERENCE_HARMLESS},
		{"fleet.attempt", DIFFERENCE_HARMLESS},
		{"node.boot_id", DIFFERENCE_HARMLESS},
		{"node.instance_type", DIFFERENCE_FATAL},
		{"node.zone", DIFFERENCE_MARKED},
		{"clock.synchronised", DIFFERENCE_HARMLESS},
		{"clocksource", DIFFERENCE_MARKED},
		{"azure.vm_size", DIFFERENCE_FATAL},
		{"azure.tag.kind", DIFFERENCE_MARKED},
		{"loadavg", DIFFERENCE_HARMLESS},
		{"memory.available", DIFFERENCE_HARMLESS},
		{"memory.total_bytes", DIFFERENCE_MARKED},
		{"plan.seed", DIFFERENCE_HARMLESS},
		{"plan.ram_bytes", DIFFERENCE_FATAL},
		{"plan.sample_count", DIFFERENCE_MARKED},
		{"guest", DIFFERENCE_FATAL},
		{"what nobody has heard of", DIFFERENCE_MARKED},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(keys); i++)
		if (difference_class_of(keys[i].key) != keys[i].class)
			fail_msg("%s", keys[i].key);
}

static void differences_are_sorted_and_counted(void **state)
{
	json_t *a = json_pack("{s:s, s:s, s:s, s:i}", "host", "x", "cpu.model",
			      "1", "thp", "never", "same", 4);
	json_t *b = json_pack("{s:s, s:s, s:i, s:s}", "host", "y", "cpu.model",
			      "2", "same", 4, "ksm", "1");
	struct differences d;

	(void)state;
	differences_init(&d, a, b);
	assert_int_equal(differences_are_fatal(a, b),
			 d.counts[DIFFERENCE_FATAL] > 0);
	assert_false(differences_are_fatal(a, a));
	assert_int_equal(d.count, 4);
	assert_string_equal(d.rows[0].key, "cpu.model");
	assert_string_equal(d.rows[1].key, "ksm");
	assert_string_equal(d.rows[1].a, "absent");
	assert_string_equal(d.rows[2].b, "absent");
	assert_string_equal(d.rows[3].key, "host");
	assert_int_equal(d.counts[DIFFERENCE_FATAL], 1);
	assert_int_equal(d.counts[DIFFERENCE_MARKED], 2);
	differences_release(&d);
	/* Of nothing. */
	assert_false(differences_are_fatal(NULL, NULL));
	differences_init(&d, NULL, NULL);
	assert_int_equal(d.count, 0);
	differences_release(&d);
	json_decref(a);
	json_decref(b);
}

/* The host became slower by 1.4, which is not the guest's doing. */
static void guests_are_compared_by_native(void **state)
{
	const struct run_pair_options o = {.margin = .05};
	const struct run_pair_row *native, *kvm;
	struct pair p;
	char *text;

	(void)state;
	make_pair(&p, "{\"host\":\"x\"}", "{\"host\":\"y\"}", &o);
	assert_false(p.pair.is_refused);
	assert_int_equal(p.pair.row_count, 2);
	native = &p.pair.rows[0];
	kvm = &p.pair.rows[1];
	assert_true(fabs(native->ratio.ratio - 1.4) < 1e-9);
	assert_true(isnan(native->a.ratio));
	assert_true(fabs(kvm->ratio.ratio - 1.20 / 1.02) < 1e-9);
	assert_true(kvm->ratio.low > 1.16 && kvm->ratio.high < 1.19);
	assert_int_equal(kvm->verdict, VERDICT_FAIL);
	assert_true(kvm->p < .001 && kvm->p >= kvm->ratio.log.p);
	assert_int_equal(run_pair_verdict(&p.pair), VERDICT_FAIL);
	text = as_text(&p.pair);
	assert_non_null(strstr(text, "EXPLORATORY"));
	free(text);
	end_pair(&p);
}

static void fatal_differences_refuse(void **state)
{
	struct run_pair_options o = {.margin = .05};
	struct pair p;
	char *text;
	json_t *json;

	(void)state;
	make_pair(&p, "{\"cpu.model\":\"1\"}", "{\"cpu.model\":\"2\"}", &o);
	assert_true(p.pair.is_refused);
	assert_int_equal(p.pair.row_count, 0);
	text = as_text(&p.pair);
	assert_non_null(strstr(text, "fatal   cpu.model"));
	assert_non_null(strstr(text, "The runs are not comparable"));
	free(text);
	end_pair(&p);
	/* By force there are numbers, and still no verdict. */
	o.is_forced = true;
	make_pair(&p, "{\"cpu.model\":\"1\"}", "{\"cpu.model\":\"2\"}", &o);
	assert_int_equal(p.pair.row_count, 2);
	assert_int_equal(p.pair.rows[1].verdict, VERDICT_NOT_EVALUABLE);
	assert_string_equal(p.pair.rows[1].reason, "not comparable");
	assert_int_equal(run_pair_verdict(&p.pair), VERDICT_NOT_EVALUABLE);
	json = run_pair_json(&p.pair);
	assert_false(json_is_true(json_object_get(json, "comparable")));
	assert_int_equal(json_array_size(json_object_get(json, "rows")), 2);
	json_decref(json);
	end_pair(&p);
}

static void emulated_runs_get_no_verdict(void **state)
{
	const struct run_pair_options o = {.margin = .5};
	struct pair p;

	(void)state;
	make_pair(&p, "{}", "{}", &o);
	assert_int_equal(run_pair_verdict(&p.pair), VERDICT_PASS);
	run_pair_release(&p.pair);
	p.b.rows[0].cells[1].grade = GRADE_EMULATED;
	run_pair_init(&p.pair, &p.a, &p.b, &o);
	assert_int_equal(run_pair_verdict(&p.pair), VERDICT_NOT_EVALUABLE);
	assert_string_equal(p.pair.rows[1].reason, "emulated");
	end_pair(&p);
}

/* Half the rate in B, of one that is better the more there is of it. */
static void a_lower_rate_is_worse(void **state)
{
	const struct run_pair_options o = {.margin = .2};
	struct pair p;

	(void)state;
	make_pair(&p, "{}", "{}", &o);
	assert_int_equal(run_pair_verdict(&p.pair), VERDICT_PASS);
	run_pair_release(&p.pair);
	/* The same figures, as rates: 1.18 times as many are no fault. */
	p.a.rows[0].lower_is_better = p.b.rows[0].lower_is_better = false;
	run_pair_init(&p.pair, &p.a, &p.b, &o);
	assert_int_equal(p.pair.rows[1].verdict, VERDICT_PASS);
	run_pair_release(&p.pair);
	run_pair_init(&p.pair, &p.b, &p.a, &o);
	assert_true(fabs(p.pair.rows[1].ratio.ratio - 1.02 / 1.20) < 1e-9);
	assert_int_equal(p.pair.rows[1].verdict, VERDICT_PASS);
	run_pair_release(&p.pair);
	run_pair_init(&p.pair, &p.b, &p.a,
		      &(struct run_pair_options){.margin = .1});
	assert_int_equal(run_pair_verdict(&p.pair), VERDICT_FAIL);
	end_pair(&p);
}

/* FAIL before UNDECIDED before NOT EVALUABLE, and native is never judged. */
static void the_worst_row_is_the_verdict(void **state)
{
	static const struct {
		enum verdict native, kvm, mshv, all;
	} cases[] = {
		{VERDICT_FAIL, VERDICT_PASS, VERDICT_PASS, VERDICT_PASS},
		{VERDICT_PASS, VERDICT_PASS, VERDICT_UNDECIDED,
		 VERDICT_UNDECIDED},
		{VERDICT_PASS, VERDICT_NOT_EVALUABLE, VERDICT_UNDECIDED,
		 VERDICT_UNDECIDED},
		{VERDICT_PASS, VERDICT_UNDECIDED, VERDICT_FAIL, VERDICT_FAIL},
		{VERDICT_PASS, VERDICT_PASS, VERDICT_NOT_EVALUABLE,
		 VERDICT_NOT_EVALUABLE},
	};
	struct run_pair_row rows[] = {
		{.runner_a = "native", .runner_b = "native"},
		{.runner_a = "kvm", .runner_b = "kvm"},
		{.runner_a = "mshv", .runner_b = "mshv"}};
	struct run_pair p = {.rows = rows, .row_count = ARRAY_SIZE(rows)};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		rows[0].verdict = cases[i].native;
		rows[1].verdict = cases[i].kvm;
		rows[2].verdict = cases[i].mshv;
		assert_int_equal(run_pair_verdict(&p), cases[i].all);
	}
	/* Where native has no row, the first is a guest's. */
	rows[0].runner_a = "qemu";
	rows[0].verdict = VERDICT_FAIL;
	assert_int_equal(run_pair_verdict(&p), VERDICT_FAIL);
	rows[0].runner_a = "native";
	/* Of native alone there is none. */
	p.row_count = 1;
	rows[0].runner_b = "native";
	assert_int_equal(run_pair_verdict(&p), VERDICT_NOT_EVALUABLE);
	/* As a baseline of something else it counts. */
	rows[0].runner_b = "kvm";
	assert_int_equal(run_pair_verdict(&p), VERDICT_FAIL);
}

/* A's guest against B's own host: 1.02 times native to native itself. */
static void a_guest_is_compared_with_native_by_ratios(void **state)
{
	const struct run_pair_options o = {.runner_a = "kvm",
					   .runner_b = "native"};
	struct pair p;

	(void)state;
	make_pair(&p, "{}", "{}", &o);
	assert_int_equal(p.pair.row_count, 2);
	assert_string_equal(p.pair.rows[1].runner_a, "kvm");
	assert_string_equal(p.pair.rows[1].runner_b, "native");
	assert_true(fabs(p.pair.rows[1].ratio.ratio - 1 / 1.02) < 1e-9);
	assert_int_equal(p.pair.rows[1].count_a, 4);
	end_pair(&p);
}

/* A guest that B has not, or has no figure of, has no row. */
static void what_one_run_lacks_has_no_row(void **state)
{
	const struct run_pair_options o = {.margin = .5};
	struct pair p;

	(void)state;
	make_pair(&p, "{}", "{}", &o);
	assert_int_equal(p.pair.row_count, 2);
	run_pair_release(&p.pair);
	p.b.rows[0].cells[1].boot_count = 0;
	run_pair_init(&p.pair, &p.a, &p.b, &o);
	assert_int_equal(p.pair.row_count, 1);
	run_pair_release(&p.pair);
	p.b.runners[1] = "mshv";
	run_pair_init(&p.pair, &p.a, &p.b, &o);
	assert_int_equal(p.pair.row_count, 1);
	assert_string_equal(p.pair.rows[0].runner_a, "native");
	end_pair(&p);
}

/* A fingerprint that is none, and runs that share no series. */
static void odd_runs_are_no_harm(void **state)
{
	const struct run_pair_options o = {.runner_a = "xen",
					   .runner_b = "xen"};
	struct pair p;
	char *text;

	(void)state;
	make_pair(&p, "not json", "[1]", &o);
	assert_int_equal(p.pair.row_count, 1); /* native alone */
	run_pair_release(&p.pair);
	snprintf(p.b.rows[0].unit, sizeof(p.b.rows[0].unit), "s");
	run_pair_init(&p.pair, &p.a, &p.b, &o);
	assert_int_equal(p.pair.row_count, 0);
	text = as_text(&p.pair);
	assert_non_null(strstr(text, "no series in common"));
	free(text);
	end_pair(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_has_its_class),
		cmocka_unit_test(differences_are_sorted_and_counted),
		cmocka_unit_test(guests_are_compared_by_native),
		cmocka_unit_test(fatal_differences_refuse),
		cmocka_unit_test(emulated_runs_get_no_verdict),
		cmocka_unit_test(a_lower_rate_is_worse),
		cmocka_unit_test(the_worst_row_is_the_verdict),
		cmocka_unit_test(a_guest_is_compared_with_native_by_ratios),
		cmocka_unit_test(what_one_run_lacks_has_no_row),
		cmocka_unit_test(odd_runs_are_no_harm),
	};

	return RUN_TESTS(tests);
}
