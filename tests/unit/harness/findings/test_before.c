// SPDX-License-Identifier: GPL-3.0-or-later
/* Claims over the host before: equivalence of a ratio to 1, on known answers. */
#include "tests/unit/test.h"

#include <math.h>

#include "harness/findings/findings.h"
#include "harness/findings/verdicts.h"
#include "harness/verdict/claims.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/made_run.h"

#define BLOCKS 6

static const char no_leak[] = "name: c\n"
			      "claims:\n"
			      "  - id: memory\n"
			      "    text: t\n"
			      "    metric: churn guests/memory_growth\n"
			      "    candidate: kvm\n"
			      "    baseline: before\n"
			      "    kind: equivalent\n"
			      "    margin: 0.02\n"
			      "    confidence: 0.95\n"
			      "    reason: r\n";

/* Blocks whose growth is MEAN, give or take 0.5 %. */
static void make(struct run_data *run, double mean, enum grade grade)
{
	uint32_t i;

	made_run_init(run, "{}");
	for (i = 0; i < BLOCKS; i++) {
		struct boot_data *b = made_run_boot(run, "kvm", i);

		b->res.grade = grade;
		series_add_sample(result_add_series(&b->res, "churn",
						    "guests/memory_growth",
						    "ratio"))
			->value = mean * (i % 2 ? 1.005 : 0.995);
	}
}

static struct claim_verdict judge(struct run_data *run, const char *text)
{
	struct findings f;
	struct claims *claims;
	struct claim_verdict v;
	struct err err = {0};

	assert_int_equal(claims_parse(text, strlen(text), &claims, &err), 0);
	findings_init(&f, run, &(struct findings_options){.claims = claims});
	v = f.judgement.v[0];
	findings_release(&f);
	claims_free(claims);
	return v;
}

static void growth_is_judged_against_none(void **state)
{
	static const struct {
		double mean;
		enum grade grade;
		enum verdict verdict;
	} cases[] = {
		{1.000, GRADE_HARDWARE, VERDICT_PASS},
		{1.100, GRADE_HARDWARE, VERDICT_FAIL},
		{0.900, GRADE_HARDWARE, VERDICT_FAIL},
		{1.020, GRADE_HARDWARE, VERDICT_UNDECIDED},
		{1.000, GRADE_EMULATED, VERDICT_NOT_EVALUABLE},
		{1.000, GRADE_SOFTWARE, VERDICT_NOT_EVALUABLE},
	};
	struct run_data run;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct claim_verdict v;

		make(&run, cases[i].mean, cases[i].grade);
		v = judge(&run, no_leak);
		assert_int_equal(v.verdict, cases[i].verdict);
		assert_int_equal(v.block_count, BLOCKS);
		assert_close(v.ratio.ratio, cases[i].mean, 1e-4);
		assert_string_equal(v.measured, "kvm");
		run_data_release(&run);
	}
}

/* log(50000) is hugely better than before, and means nothing. */
static void what_is_no_growth_gets_no_verdict(void **state)
{
	char text[sizeof(no_leak) + 40];
	struct claim_verdict v;
	struct run_data run;
	uint32_t i;

	(void)state;
	made_run_init(&run, "{}");
	for (i = 0; i < BLOCKS; i++)
		series_add_sample(
			result_add_series(&made_run_boot(&run, "kvm", i)->res,
					  "churn", "guests/teardown_p50", "ns"))
			->value = 50000 + i;
	snprintf(text, sizeof(text), "%s", no_leak);
	memcpy(strstr(text, "memory_growth"), "teardown_p50 ", 13);
	v = judge(&run, text);
	assert_int_equal(v.verdict, VERDICT_NOT_EVALUABLE);
	assert_contains(v.reason, "no ratio to what was before");
	run_data_release(&run);
}

static void without_churn_there_is_no_verdict(void **state)
{
	struct run_data run;
	struct claim_verdict v;

	(void)state;
	made_run_init(&run, "{}");
	made_run_boot(&run, "kvm", 0);
	v = judge(&run, no_leak);
	assert_int_equal(v.verdict, VERDICT_NOT_EVALUABLE);
	assert_contains(v.reason, "the run has no 'churn");
	run_data_release(&run);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(growth_is_judged_against_none),
		cmocka_unit_test(what_is_no_growth_gets_no_verdict),
		cmocka_unit_test(without_churn_there_is_no_verdict),
	};

	return RUN_TESTS(tests);
}
