// SPDX-License-Identifier: GPL-3.0-or-later
/* The page's first screen: the sentence, the plot, and the questions. */
#include "tests/unit/test.h"

#include <math.h>

#include "harness/base/strbuf.h"
#include "harness/findings/findings.h"
#include "harness/findings/headline.h"
#include "harness/verdict/claims.h"
#include "reports/html/pictures/forest.h"
#include "reports/html/html_questions.h"
#include "tests/unit/fixture/expect.h"

#define COUNT 3

struct fixture {
	struct run_data run;
	struct findings findings;
	struct claim claims[COUNT];
	struct claims all;
	struct claim_verdict v[COUNT];
	char sentence[HEADLINE_SIZE];
};

/* All hold: 1 % worse, give or take 1 %, where 5 % are claimed. */
static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	size_t i;

	f->all = (struct claims){.name = (char *)"near-native",
				 .claims = f->claims,
				 .claims_count = COUNT};
	for (i = 0; i < COUNT; i++) {
		f->claims[i] = (struct claim){
			.text = (char *)(i ? "Flushes are as soon"
					   : "Code is as fast"),
			.metric = (char *)"cpu_integer",
			.candidate = (char *)"mshv",
			.baseline = (char *)"native",
			.kind = MARGIN_NON_INFERIOR,
			.margin = .05,
			.confidence = .95};
		f->v[i] = (struct claim_verdict){
			.claim = &f->claims[i],
			.verdict = VERDICT_PASS,
			.lower_is_better = true,
			.ratio = {.ratio = exp(.01),
				  .low = 1,
				  .high = exp(.02),
				  .log = {.difference = .01, .high = .02}}};
	}
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	findings_release(&f->findings);
	run_data_release(&f->run);
	free(f);
	return 0;
}

static const char *sentence(struct fixture *f)
{
	struct judgement j = {
		.claims = &f->all, .v = f->v, .count = f->all.claims_count};

	j.together = verdicts_together(j.v, j.count);
	return headline(&f->findings.model, &j, f->sentence, HEADLINE_SIZE);
}

static void each_verdict_has_its_sentence(void **state)
{
	static const struct judgement nothing;
	static const struct judgement damaged = {
		.unreadable = "its claims are damaged"};
	struct fixture *f = *state;

	assert_string_equal(
		sentence(f),
		"Yes: all 3 claims of 'near-native' hold here, each within its margin.");
	f->v[1].verdict = VERDICT_UNDECIDED;
	f->v[1].test.n_needed = 24;
	assert_string_equal(
		sentence(f),
		"Not decided: of the 3 claims of 'near-native' 2 hold, and 1 needs more blocks than this run has (about 24).");
	f->v[1].test.n_needed = NAN;
	assert_non_null(strstr(sentence(f), "than this run has."));
	snprintf(f->v[1].reason, sizeof(f->v[1].reason), "it was stopped");
	assert_non_null(
		strstr(sentence(f), "is open because: it was stopped."));
	f->v[1].reason[0] = '\0';
	f->v[1].verdict = VERDICT_NOT_EVALUABLE;
	snprintf(f->v[1].reason, sizeof(f->v[1].reason),
		 "mshv was not measured");
	assert_string_equal(
		sentence(f),
		"This run cannot say: 1 of the 3 claims of 'near-native' could not be judged, "
		"'Flushes are as soon' because: mshv was not measured.");
	f->findings.model.has_grade[GRADE_EMULATED] = true;
	assert_non_null(strstr(sentence(f), "measured on an emulated host"));
	headline(&f->findings.model, &nothing, f->sentence, HEADLINE_SIZE);
	assert_non_null(strstr(f->sentence, "nothing is judged"));
	/* What was claimed and cannot be read is not nothing. */
	headline(&f->findings.model, &damaged, f->sentence, HEADLINE_SIZE);
	assert_string_equal(f->sentence,
			    "This run cannot say: its claims are damaged.");
}

/* One that fails is enough, and it is the worst that is named. */
static void no_names_the_worst(void **state)
{
	struct fixture *f = *state;

	f->v[0].verdict = f->v[2].verdict = VERDICT_FAIL;
	f->v[0].ratio.log.difference = .1;
	/* Half as many of what is better the more there is. */
	f->v[2].ratio.ratio = .5;
	f->v[2].ratio.log.difference = log(.5);
	f->v[2].lower_is_better = false;
	assert_string_equal(
		sentence(f),
		"No: 2 of the 3 claims of 'near-native' do not hold here. Furthest from its margin is 'Flushes are as soon': "
		"cpu_integer is 0.500 times native, where not worse by 5.0 % was claimed.");
	f->claims[2].kind = MARGIN_SUPERIOR;
	assert_non_null(strstr(sentence(f), "better by 5.0 %"));
	f->v[2].lower_is_better = true;
	f->claims[2].kind = MARGIN_EQUIVALENT;
	assert_non_null(strstr(sentence(f), "equal within 5.0 %"));
	f->v[2].verdict = VERDICT_PASS;
	assert_non_null(strstr(sentence(f),
			       "1 of the 3 claims of 'near-native' does not"));
}

/* Whatever a file calls its claims. */
static void long_names_are_cut(void **state)
{
	struct fixture *f = *state;
	static char name[2000];

	memset(name, 'x', sizeof(name) - 1);
	f->all.name = name;
	assert_int_equal(strlen(sentence(f)), HEADLINE_SIZE - 1);
	f->v[0].verdict = VERDICT_UNDECIDED;
	assert_int_equal(strlen(sentence(f)), HEADLINE_SIZE - 1);
	f->v[0].verdict = VERDICT_FAIL;
	assert_int_equal(strlen(sentence(f)), HEADLINE_SIZE - 1);
}

/* Of a strip of 260, PART of the way from its middle to an end. */
static double x_of_part(double part)
{
	return 130 * (1 + fmax(-1, fmin(1, part)));
}

static double x_of(const struct strbuf *svg, const char *before)
{
	const char *at = strstr(strbuf_str(svg), before);

	assert_non_null(at);
	return strtod(at + strlen(before), NULL);
}

/* Worse is to the right, whatever way the metric counts. */
static void the_plot_has_one_direction(void **state)
{
	struct fixture *f = *state;
	struct strbuf lower = {0}, higher = {0};
	struct forest forest;
	double middle = x_of_part(0);

	forest = forest_of(f->v, COUNT);
	assert_true(forest.extent > log(1.05));
	forest_strip(&forest, &f->v[0], "pass", &lower);
	f->v[0].lower_is_better = false;
	forest_strip(&forest, &f->v[0], "pass", &higher);
	assert_true(x_of(&lower, "cx=\"") > middle);
	assert_true(fabs(x_of(&lower, "cx=\"") - middle -
			 (middle - x_of(&higher, "cx=\""))) < .2);
	/* Said as well as drawn. */
	assert_non_null(strstr(lower.str, "aria-label=\"1.010 times worse, "
					  "interval 1.000 to 1.020, "));
	assert_non_null(strstr(lower.str, " blocks; claimed: not worse by 5.0 "
					  "percent</title>"));
	strbuf_release(&lower);
	strbuf_release(&higher);
}

/* The shade is where the claim holds. */
static void the_shade_ends_at_the_margin(void **state)
{
	static const struct {
		enum margin_kind kind;
		double from, to; /* of the logarithm */
	} cases[] = {
		{MARGIN_NON_INFERIOR, -HUGE_VAL, 1},
		{MARGIN_EQUIVALENT, -1, 1},
		{MARGIN_SUPERIOR, -HUGE_VAL, -1},
	};
	struct fixture *f = *state;
	struct forest forest = {2 * log(1.05)};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct strbuf svg = {0};
		double from = x_of_part(cases[i].from / 2);

		f->claims[0].kind = cases[i].kind;
		forest_strip(&forest, &f->v[0], "pass", &svg);
		assert_true(fabs(x_of(&svg, "<rect x=\"") - from) < .1);
		assert_true(fabs(x_of(&svg, "y=\"0\" width=\"") -
				 (x_of_part(cases[i].to / 2) - from)) < .2);
		strbuf_release(&svg);
	}
}

/* No estimate, no interval, one that is far away, or none of them a number. */
static void what_is_not_there_is_not_drawn(void **state)
{
	struct fixture *f = *state;
	struct forest forest;
	struct strbuf svg = {0};

	f->v[0].ratio = (struct ratio){
		NAN, NAN, NAN, {.difference = NAN, .low = NAN, .high = NAN}};
	f->v[1].ratio.low = f->v[1].ratio.log.low = NAN;
	f->v[2].ratio.log.high = HUGE_VAL;
	f->v[2].ratio.log.difference = 5;
	forest = forest_of(f->v, COUNT);
	assert_true(forest.extent > 0 && forest.extent < 1);
	forest_strip(&forest, &f->v[0], "open", &svg);
	assert_null(strstr(svg.str, "<circle"));
	assert_null(strstr(svg.str, "nan"));
	assert_non_null(strstr(svg.str, "no figure"));
	forest_strip(&forest, &f->v[1], "open", &svg);
	assert_non_null(strstr(svg.str, "<circle"));
	strbuf_consume(&svg, svg.len);
	/* Not the dot, but that the interval goes on. */
	forest_strip(&forest, &f->v[2], "fail", &svg);
	assert_null(strstr(svg.str, "<circle"));
	assert_non_null(strstr(svg.str, "M253.0 6L260.0 11L253.0 16"));
	forest_axis(&forest, &svg);
	assert_null(strstr(svg.str, "inf"));
	strbuf_release(&svg);
}

static void questions_are_answered_or_not_measured(void **state)
{
	struct fixture *f = *state;
	struct strbuf html = {0};

	f->run.plan = strdup("{}");
	f->run.probe = strdup("not json");
	findings_init(&f->findings, &f->run, NULL);
	html_questions_write(&f->findings, &html);
	/* Passthrough too: the formula is no measurement. */
	assert_int_equal(count_of(html.str, "<h3 id="), 7);
	assert_int_equal(count_of(html.str, "Not measured"), 7);
	strbuf_consume(&html, html.len);
	free(f->run.probe);
	f->run.probe = strdup(
		"{\"kubevirt\": {\"devices\": {\"/dev/mshv\": {\"finding\": \"unavailable: <no> such device\"}, \"x\": 1},"
		" \"kernel\": {\"release\": {\"finding\": \"7.0: fine\"}, \"CONFIG_KVM\": {\"finding\": \"y\"}}}}");
	html_questions_write(&f->findings, &html);
	assert_int_equal(count_of(html.str, "Not measured"), 5);
	assert_non_null(strstr(
		html.str,
		"<b>/dev/mshv</b>: unavailable: &lt;no&gt; such device"));
	assert_non_null(strstr(html.str, "<b>release</b>: 7.0: fine"));
	assert_null(strstr(html.str, "CONFIG_KVM"));
	strbuf_release(&html);
}

#define WITH_FIXTURE(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FIXTURE(each_verdict_has_its_sentence),
		WITH_FIXTURE(no_names_the_worst),
		WITH_FIXTURE(long_names_are_cut),
		WITH_FIXTURE(the_plot_has_one_direction),
		WITH_FIXTURE(the_shade_ends_at_the_margin),
		WITH_FIXTURE(what_is_not_there_is_not_drawn),
		WITH_FIXTURE(questions_are_answered_or_not_measured),
	};

	return RUN_TESTS(tests);
}
