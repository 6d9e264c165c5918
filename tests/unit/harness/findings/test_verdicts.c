// SPDX-License-Identifier: GPL-3.0-or-later
/* verdicts: why a claim gets none, whom it judges, and what settles a run. */
#include "tests/unit/test.h"

#include <math.h>

#include "harness/verdict/claims.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/run/shown.h"

/* In each block the guest takes RATIO of native's time, or has RATIO of its
 * rate, give or take NOISE. */
static void fill(struct shown *s, const char *runner, const char *workload,
		 uint32_t count, double ratio, double noise)
{
	uint32_t i;

	for (i = 0; i < count; i++) {
		double sign = i % 2 ? 1 : -1;

		shown_sample(s, "native", i, workload, "", 10);
		shown_sample(s, runner, i, workload, "",
			     10 * ratio * (1 + sign * noise));
	}
}

static struct claim claim_of(const char *metric, const char *candidate)
{
	return (struct claim){.id = (char *)"c",
			      .text = (char *)"text",
			      .metric = (char *)metric,
			      .candidate = (char *)candidate,
			      .baseline = (char *)"native",
			      .margin = .1,
			      .confidence = .95};
}

static const char two_claims[] =
	"name: two\nclaims:\n"
	"  - {id: a, text: t, metric: cpu_integer, candidate: kvm,"
	" baseline: native, kind: non-inferior, margin: 0.1,"
	" confidence: 0.95, reason: r}\n"
	"  - {id: b, text: t, metric: cpu_float, candidate: kvm,"
	" baseline: native, kind: non-inferior, margin: 0.1,"
	" confidence: 0.95, reason: r}\n";

static struct claim_verdict judge(struct shown *s, const struct claim *c)
{
	const struct findings *f = shown_find(s);

	return verdict_of(&f->model, &f->plan, c, false);
}

static void assert_refused(struct shown *s, const struct claim *c,
			   enum verdict verdict, const char *reason)
{
	struct claim_verdict v = judge(s, c);

	assert_int_equal(v.verdict, verdict);
	assert_string_equal(v.reason, reason);
}

/* A figure that one side lacks, and what is said of it. */
static void a_missing_figure_has_its_reason(void **state)
{
	struct shown *s = *state;
	struct claim c = claim_of("cpu_integer", "kvm");

	shown_sample(s, "native", 0, "cpu_integer", "", 10);
	shown_sample(s, "kvm", 0, "cpu_float", "", 10);
	assert_refused(s, &c, VERDICT_NOT_EVALUABLE,
		       "kvm: it was not measured");
	shown_sample(s, "kvm", 0, "cpu_integer", "", 9)->disturbances =
		DISTURBED_STEAL;
	assert_refused(s, &c, VERDICT_NOT_EVALUABLE,
		       "kvm: every sample was disturbed");
	shown_refuse(s, "kvm", 1, "cpu_integer", "", RUN_SKIPPED, "no CPU");
	assert_refused(s, &c, VERDICT_NOT_EVALUABLE, "kvm: no CPU");
	shown_refuse(s, "native", 1, "cpu_float", "", RUN_TIMEOUT, "too long");
	c.metric = (char *)"cpu_float";
	assert_refused(s, &c, VERDICT_NOT_EVALUABLE, "native: too long");
	/* Nothing was moved: the figure of either side is void. */
	shown_refuse(s, "native", 2, "cpu_float", "", RUN_VOID, "no bytes");
	assert_refused(s, &c, VERDICT_VOID, "no bytes");
}

/* Of the blocks that are left it would be another claim. */
static void a_figure_of_zero_is_not_judged(void **state)
{
	struct shown *s = *state;
	struct claim c = claim_of("cpu_integer", "kvm");

	fill(s, "kvm", "cpu_integer", 6, 1.01, .01);
	assert_int_equal(judge(s, &c).verdict, VERDICT_PASS);
	shown_sample(s, "native", 7, "cpu_integer", "", 0);
	shown_sample(s, "kvm", 7, "cpu_integer", "", 10);
	assert_refused(s, &c, VERDICT_NOT_EVALUABLE,
		       "a ratio needs values above zero");
}

/* Who ends it at a PASS has looked after each block. */
static void a_run_that_was_stopped_is_not_decided(void **state)
{
	static const char *const statuses[] = {"stopped", "running", "failed"};
	struct shown *s = *state;
	const struct judgement *j;
	size_t i;

	fill(s, "kvm", "cpu_integer", 6, 1.01, .01);
	fill(s, "kvm", "cpu_float", 6, 1.5, .01);
	shown_claim(s, two_claims);
	j = &shown_find(s)->judgement;
	assert_int_equal(j->v[0].verdict, VERDICT_PASS);
	assert_int_equal(j->v[1].verdict, VERDICT_FAIL);
	for (i = 0; i < ARRAY_SIZE(statuses); i++) {
		shown_set(&s->run.status, statuses[i]);
		j = &shown_find(s)->judgement;
		assert_int_equal(j->v[0].verdict, VERDICT_UNDECIDED);
		assert_int_equal(j->v[1].verdict, VERDICT_UNDECIDED);
		assert_string_equal(j->v[1].reason,
				    "the run did not end by itself");
		assert_close(j->v[1].ratio.ratio, 1.5, .1); /* still shown */
	}
}

static void noise_is_needed_to_judge(void **state)
{
	struct shown *s = *state;
	struct claim c = claim_of("cpu_integer", "kvm");

	fill(s, "kvm", "cpu_integer", 1, 1.05, 0);
	assert_refused(s, &c, VERDICT_NOT_EVALUABLE,
		       "one block does not show the noise");
	fill(s, "kvm", "cpu_integer", 2, 1.05, 0);
	assert_refused(s, &c, VERDICT_NOT_EVALUABLE,
		       "no block differs: there is no noise to judge with");
	fill(s, "kvm", "cpu_integer", 6, 1.05, 0);
	assert_refused(s, &c, VERDICT_NOT_EVALUABLE,
		       "no block differs: there is no noise to judge with");
	/* The numbers are there all the same. */
	assert_close(judge(s, &c).ratio.ratio, 1.05, 1e-12);
	assert_int_equal(judge(s, &c).block_count, 6);
}

/* The one that was measured stands for the other, and gets no verdict. */
static void an_emulation_stands_in(void **state)
{
	struct shown *s = *state;
	struct claim c = claim_of("cpu_integer", "mshv");
	struct claim_verdict v;
	size_t i;

	fill(s, "mshv-emu", "cpu_integer", 6, 1.05, .01);
	for (i = 0; i < s->run.boot_count; i++)
		if (!strcmp(s->run.boots[i].bc.runner, "mshv-emu"))
			s->run.boots[i].res.grade = GRADE_EMULATED;
	v = judge(s, &c);
	assert_string_equal(v.measured, "mshv-emu");
	assert_int_equal(v.verdict, VERDICT_NOT_EVALUABLE);
	assert_string_equal(v.reason, "emulated");
	assert_close(v.ratio.ratio, 1.05, .001);
	/* The real one comes first, wherever it stands. */
	fill(s, "mshv", "cpu_integer", 6, 1.02, .01);
	v = judge(s, &c);
	assert_string_equal(v.measured, "mshv");
	assert_int_equal(v.verdict, VERDICT_PASS);
	/* It stands in for nobody else. */
	c.candidate = (char *)"kvm";
	assert_null(judge(s, &c).measured);
}

static void the_worse_grade_of_both_counts(void **state)
{
	static const struct {
		enum grade native, guest;
		const char *reason;
	} cases[] = {
		{GRADE_HARDWARE, GRADE_HARDWARE, ""},
		{GRADE_SOFTWARE, GRADE_HARDWARE, "software"},
		{GRADE_HARDWARE, GRADE_SOFTWARE, "software"},
		{GRADE_SOFTWARE, GRADE_EMULATED, "emulated"},
	};
	struct shown *s = *state;
	struct claim c = claim_of("cpu_integer", "kvm");
	size_t i, k;

	fill(s, "kvm", "cpu_integer", 6, 1.05, .01);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct claim_verdict v;

		for (k = 0; k < s->run.boot_count; k++)
			s->run.boots[k].res.grade =
				strcmp(s->run.boots[k].bc.runner, "kvm")
					? cases[i].native
					: cases[i].guest;
		v = judge(s, &c);
		assert_string_equal(v.reason, cases[i].reason);
		assert_int_equal(v.verdict,
				 i ? VERDICT_NOT_EVALUABLE : VERDICT_PASS);
	}
}

/* Of a rate more is better: the sign turns, and so do the bounds. */
static void worse_has_one_sign(void **state)
{
	struct shown *s = *state;
	struct claim time = claim_of("cpu_integer", "kvm");
	struct claim rate = claim_of("cpu_aes", "kvm");
	struct claim_verdict v;
	struct worse w;

	fill(s, "kvm", "cpu_integer", 6, 1.25, .01);
	fill(s, "kvm", "cpu_aes", 6, .8, .01);
	v = judge(s, &time);
	w = verdict_worse(&v);
	assert_int_equal(v.verdict, VERDICT_FAIL);
	assert_close(w.estimate, log(1.25), 1e-3);
	assert_true(w.low < w.estimate && w.estimate < w.high);
	v = judge(s, &rate);
	w = verdict_worse(&v);
	assert_int_equal(v.verdict, VERDICT_FAIL);
	assert_close(w.estimate, log(1.25), 1e-3);
	assert_true(w.low < w.estimate && w.estimate < w.high);
	/* A guest with more than native's rate is no result. */
	fill(s, "qemu", "cpu_aes", 6, 1.25, -.01);
	rate.candidate = (char *)"qemu";
	v = judge(s, &rate);
	assert_int_equal(v.verdict, VERDICT_NOT_EVALUABLE);
	assert_contains(v.reason, "beats native");
	/* Of two guests one may be as fast as it likes. */
	rate.baseline = (char *)"kvm";
	assert_int_equal(judge(s, &rate).verdict, VERDICT_PASS);
}

/* Either side's: 50 ms by the guest's clock were 60 by the host's. */
static void no_pass_rests_on_a_wrong_clock(void **state)
{
	static const char *const runners[] = {"kvm", "native"};
	struct shown *s = *state;
	const struct judgement *j;
	struct sample *p;
	size_t i;

	fill(s, "kvm", "cpu_integer", 6, 1.05, .01);
	fill(s, "kvm", "cpu_float", 6, 1.5, .01);
	shown_claim(s, two_claims);
	j = &shown_find(s)->judgement;
	assert_int_equal(j->v[0].verdict, VERDICT_PASS);
	for (i = 0; i < ARRAY_SIZE(runners); i++) {
		p = shown_series(s, runners[i], 0, "cpu_integer", "")->samples;
		p->elapsed_ns = 50 * NS_PER_MS;
		p->host_elapsed_ns = 60 * NS_PER_MS;
		j = &shown_find(s)->judgement;
		assert_int_equal(j->v[0].verdict, VERDICT_NOT_EVALUABLE);
		assert_contains(j->v[0].reason, "implausible: ");
		assert_contains(j->v[0].reason, runners[i]);
		/* A FAIL needs no such doubt. */
		assert_int_equal(j->v[1].verdict, VERDICT_FAIL);
		p->host_elapsed_ns = 0;
	}
	/* The first is no longer judged: the second's p stands alone. */
	assert_close(j->v[1].holm_p, margin_p(&j->v[1].test), 1e-12);
	assert_true(isnan(j->v[0].holm_p));
}

/* Without a look there is no p, and none to correct others by. */
static void without_a_look_there_is_no_p(void **state)
{
	struct shown *s = *state;
	const struct judgement *j;

	fill(s, "kvm", "cpu_integer", 2, 1.05, .01);
	fill(s, "kvm", "cpu_float", 2, 1.05, .01);
	shown_set(&s->run.status, "stopped");
	shown_set(&s->run.plan, "{\"block_count\": 6, \"look_count\": 4}");
	s->run.done_block_count = 2;
	shown_claim(s, two_claims);
	j = &shown_find(s)->judgement;
	assert_int_equal(j->v[0].verdict, VERDICT_UNDECIDED);
	assert_contains(j->v[0].reason, "before its first look");
	assert_true(isnan(j->v[0].test.p));
	assert_true(isnan(j->v[0].holm_p));
	assert_int_equal(j->together, VERDICT_UNDECIDED);
	assert_false(judgement_is_settled(j));
}

static void all_together_is_the_least_of_each(void **state)
{
	static const struct {
		enum verdict v[3], together;
	} cases[] = {
		{{VERDICT_PASS, VERDICT_PASS, VERDICT_PASS}, VERDICT_PASS},
		{{VERDICT_PASS, VERDICT_VOID, VERDICT_PASS},
		 VERDICT_NOT_EVALUABLE},
		{{VERDICT_NOT_EVALUABLE, VERDICT_PASS, VERDICT_PASS},
		 VERDICT_NOT_EVALUABLE},
		{{VERDICT_VOID, VERDICT_UNDECIDED, VERDICT_PASS},
		 VERDICT_UNDECIDED},
		{{VERDICT_UNDECIDED, VERDICT_VOID, VERDICT_FAIL}, VERDICT_FAIL},
	};
	size_t i, k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct claim_verdict v[3] = {{.verdict = VERDICT_PASS}};

		for (k = 0; k < ARRAY_SIZE(v); k++)
			v[k].verdict = cases[i].v[k];
		assert_int_equal(verdicts_together(v, ARRAY_SIZE(v)),
				 cases[i].together);
	}
}

/* More blocks may decide what is open, or what has only one block. */
static void what_more_blocks_decide_is_not_settled(void **state)
{
	static const struct {
		enum verdict verdict;
		const char *measured;
		size_t block_count;
		bool is_settled;
	} cases[] = {
		{VERDICT_PASS, "kvm", 2, true},
		{VERDICT_FAIL, "kvm", 2, true},
		{VERDICT_UNDECIDED, "kvm", 9, false},
		{VERDICT_NOT_EVALUABLE, "kvm", 1, false},
		{VERDICT_NOT_EVALUABLE, "kvm", 2, true},
		/* No block will bring a runner that is not there. */
		{VERDICT_NOT_EVALUABLE, NULL, 0, true},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct claim_verdict v = {.verdict = cases[i].verdict,
					  .measured = cases[i].measured,
					  .block_count = cases[i].block_count};
		const struct judgement j = {.v = &v, .count = 1};

		assert_int_equal(judgement_is_settled(&j), cases[i].is_settled);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SHOWN(a_missing_figure_has_its_reason),
		WITH_SHOWN(a_figure_of_zero_is_not_judged),
		WITH_SHOWN(a_run_that_was_stopped_is_not_decided),
		WITH_SHOWN(noise_is_needed_to_judge),
		WITH_SHOWN(an_emulation_stands_in),
		WITH_SHOWN(the_worse_grade_of_both_counts),
		WITH_SHOWN(worse_has_one_sign),
		WITH_SHOWN(no_pass_rests_on_a_wrong_clock),
		WITH_SHOWN(without_a_look_there_is_no_p),
		cmocka_unit_test(all_together_is_the_least_of_each),
		cmocka_unit_test(what_more_blocks_decide_is_not_settled),
	};

	return RUN_TESTS(tests);
}
