// SPDX-License-Identifier: GPL-3.0-or-later
/* run_plan: what findings read of a stored plan, whatever it says. */
#include "tests/unit/test.h"

#include "harness/findings/run_plan.h"
#include "harness/verdict/claims.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/run/shown.h"

#define CLAIMS                                                             \
	"name: mine\\nclaims:\\n  - {id: a, text: t, metric: cpu_integer," \
	" candidate: kvm, baseline: native, kind: non-inferior,"           \
	" margin: 0.2, confidence: 0.95, reason: r}\\n"

static void counts_are_positive_integers(void **state)
{
	static const struct {
		const char *text;
		uint64_t want;
	} cases[] = {
		{NULL, 0},
		{"", 0},
		{"[]", 0},
		{"{}", 0},
		{"{\"block_count\": 12}", 12},
		{"{\"block_count\": -1}", 0},
		{"{\"block_count\": 1.5}", 0},
		{"{\"block_count\": \"12\"}", 0},
		{"{\"block_count\": 9223372036854775807}", INT64_MAX},
		/* Beyond what JSON's integers hold here: none of it is read. */
		{"{\"block_count\": 9223372036854775808}", 0},
	};
	struct run_plan p;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		run_plan_init(&p, cases[i].text);
		assert_int_equal(p.block_count, cases[i].want);
		assert_int_equal(p.io_block_count, 0);
		assert_null(p.claims);
		run_plan_release(&p);
		/* Again does no harm. */
		run_plan_release(&p);
	}
}

static void each_field_is_its_own(void **state)
{
	struct run_plan p;

	(void)state;
	run_plan_init(&p, "{\"block_count\": 1, \"io_block_count\": 2,"
			  " \"look_count\": 3, \"command\": \"run it\","
			  " \"claims\": {\"text\": \"" CLAIMS "\"}}");
	assert_int_equal(p.block_count, 1);
	assert_int_equal(p.io_block_count, 2);
	assert_int_equal(p.look_count, 3);
	assert_string_equal(p.command, "run it");
	assert_string_equal(p.claims->name, "mine");
	assert_int_equal(p.claims->claims_count, 1);
	run_plan_release(&p);
}

static void damaged_claims_are_none(void **state)
{
	static const char *const texts[] = {
		"{\"claims\": 5}",
		"{\"claims\": {\"text\": 5}}",
		"{\"claims\": {\"text\": \"\"}}",
		"{\"claims\": {\"text\": \"name: x\"}}",
		"{\"claims\": {\"text\": \"name: x\\nclaims: []\\n\"}}",
		"{\"claims\": \"name: mine\", \"command\": 7}",
	};
	struct run_plan p;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		run_plan_init(&p, texts[i]);
		assert_null(p.claims);
		assert_null(p.command);
		run_plan_release(&p);
	}
}

/* A bundle's plan may promise any number of blocks and looks. */
static void absurd_plans_are_judged_by_what_was_done(void **state)
{
	static const struct {
		const char *counts;
		enum verdict verdict;
	} cases[] = {
		{"\"block_count\": 4, \"look_count\": 1", VERDICT_PASS},
		/* More looks than there can be are none. */
		{"\"block_count\": 4, \"look_count\": 9223372036854775807",
		 VERDICT_PASS},
		{"\"block_count\": 0, \"look_count\": 4", VERDICT_PASS},
		/* The first look is far away, and the run has ended. */
		{"\"block_count\": 9223372036854775807, \"look_count\": 2",
		 VERDICT_PASS},
	};
	struct shown *s = *state;
	char plan[600];
	size_t i;

	for (i = 0; i < 4; i++) {
		shown_sample(s, "native", (uint32_t)i, "cpu_integer", "", 10);
		shown_sample(s, "kvm", (uint32_t)i, "cpu_integer", "",
			     i % 2 ? 10.99 : 11.01);
	}
	s->run.done_block_count = 4;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		snprintf(plan, sizeof(plan),
			 "{%s, \"claims\": {\"text\": \"" CLAIMS "\"}}",
			 cases[i].counts);
		shown_set(&s->run.plan, plan);
		assert_int_equal(shown_find(s)->judgement.count, 1);
		assert_true(s->findings.judgement.is_registered);
		assert_int_equal(s->findings.judgement.v[0].verdict,
				 cases[i].verdict);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_are_positive_integers),
		cmocka_unit_test(each_field_is_its_own),
		cmocka_unit_test(damaged_claims_are_none),
		WITH_SHOWN(absurd_plans_are_judged_by_what_was_done),
	};

	return RUN_TESTS(tests);
}
