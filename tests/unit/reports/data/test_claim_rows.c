// SPDX-License-Identifier: GPL-3.0-or-later
/* The same claims in every format: their numbers, intervals and reasons. */
#include "tests/unit/test.h"

#include "harness/verdict/claims.h"
#include "reports/data/csv.h"
#include "reports/data/junit.h"
#include "reports/data/markdown.h"
#include "reports/data/openmetrics.h"
#include "reports/html/html.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/run/shown.h"

#define CLAIM(id, metric, candidate, margin, more)                            \
	"  - {id: " id ", text: t, metric: " metric ", candidate: " candidate \
	", baseline: native, kind: non-inferior, margin: " margin             \
	", confidence: 0.95, reason: why" more "}\n"

static const char claims[] = "name: mine\nclaims:\n" CLAIM(
	"pass", "cpu_integer", "kvm", "0.25", ", scope: \"<all>\"")
	CLAIM("open", "cpu_integer", "kvm", "0.205", "")
		CLAIM("none", "cpu_integer", "mshv", "0.25", "")
			CLAIM("few", "cpu_float", "kvm", "0.25", "");

/* Six blocks of 1.2 times native's time, give or take 2 %; and two. */
static int setup(void **state)
{
	static const double noise[] = {.98, 1.02, .99, 1.01, 1, 1};
	struct shown *s;
	uint32_t i;

	shown_setup(state);
	s = *state;
	for (i = 0; i < ARRAY_SIZE(noise); i++) {
		shown_sample(s, "native", i, "cpu_integer", "", 10);
		shown_sample(s, "kvm", i, "cpu_integer", "", 12 * noise[i]);
	}
	for (i = 0; i < 2; i++) {
		shown_sample(s, "native", i, "cpu_float", "", 10);
		shown_sample(s, "kvm", i, "cpu_float", "", 12 * noise[i]);
	}
	shown_claim(s, claims);
	return 0;
}

static const struct claim_verdict *verdict(struct shown *s, size_t i)
{
	return &s->findings.judgement.v[i];
}

static void they_are_judged_as_they_should(void **state)
{
	struct shown *s = *state;

	shown_find(s);
	assert_int_equal(verdict(s, 0)->verdict, VERDICT_PASS);
	assert_int_equal(verdict(s, 1)->verdict, VERDICT_UNDECIDED);
	assert_int_equal(verdict(s, 2)->verdict, VERDICT_NOT_EVALUABLE);
	assert_int_equal(verdict(s, 3)->verdict, VERDICT_UNDECIDED);
	assert_int_equal(verdict(s, 3)->block_count, 2);
}

/* "1.200 [1.183, 1.217]", between whatever the format has. */
static void interval_of(const struct claim_verdict *v, const char *between,
			const char *end, char *buf, size_t size)
{
	snprintf(buf, size, "%.3f%s%.3f, %.3f%s", v->ratio.ratio, between,
		 v->ratio.low, v->ratio.high, end);
}

static void markdown_has_a_row_per_claim(void **state)
{
	struct shown *s = *state;
	const char *text = shown_write(s, markdown_write);
	char want[120], interval[60];

	interval_of(verdict(s, 0), " [", "]", interval, sizeof(interval));
	snprintf(want, sizeof(want),
		 "| pass | **PASS** | %s | not worse by 25.0 %% | 6 |",
		 interval);
	assert_contains(text, want);
	assert_contains(text, "| cpu\\_integer | kvm | native |  |\n");
	assert_contains(text, "| none | **NOT EVALUABLE** | - | not worse by "
			      "25.0 % | 0 | cpu\\_integer | mshv | native | "
			      "mshv was not measured |\n");
	assert_contains(text, "| few | **UNDECIDED** | 1.200 (2 blocks) |");
	assert_null(strstr(text, "nan"));
}

static void junit_says_what_would_decide(void **state)
{
	struct shown *s = *state;
	const char *text = shown_write(s, junit_write);
	char want[160], interval[60];

	interval_of(verdict(s, 1), " [", "]", interval, sizeof(interval));
	snprintf(want, sizeof(want),
		 "claimed to be not worse by 20.5 %%; ratio %s; "
		 "6 blocks, %.0f needed for a decision\"/>",
		 interval, verdict(s, 1)->test.n_needed);
	assert_true(verdict(s, 1)->test.n_needed > 6);
	assert_contains(text, want);
	assert_contains(text, "NOT EVALUABLE: cpu_integer of mshv over native, "
			      "claimed to be not worse by 25 %; "
			      "mshv was not measured\"/>");
	assert_contains(text, "; ratio 1.200 (2 blocks); 2 blocks, ");
	/* A PASS has no message. */
	assert_contains(text, "<testcase name=\"pass\" classname=\"l1vh-bench."
			      "claims\" time=\"0.000\">\n<system-out>t\n"
			      "EXPLORATORY: ");
}

static void csv_has_a_line_per_claim(void **state)
{
	struct shown *s = *state;
	const char *text = shown_write(s, csv_write), *line;
	const struct claim_verdict *v = verdict(s, 0);
	double ratio, low, high, smallest;

	line = strstr(text, "u-u,false,pass,cpu_integer,kvm,native,kvm,not "
			    "worse by,0.25,0.95,PASS,");
	assert_non_null(line);
	assert_int_equal(sscanf(strstr(line, "PASS,"), "PASS,%lf,%lf,%lf,%lf,",
				&ratio, &low, &high, &smallest),
			 4);
	/* To the last digit. */
	assert_close(ratio, v->ratio.ratio, 0);
	assert_close(low, v->ratio.low, 0);
	assert_close(high, v->ratio.high, 0);
	assert_close(smallest, v->test.smallest, 0);
	assert_contains(text, "u-u,false,none,cpu_integer,mshv,native,,not "
			      "worse by,0.25,0.95,NOT EVALUABLE,,,,,,0,,,"
			      "mshv was not measured\r\n");
	assert_int_equal(count_of(text, "\r\n"), 5);
}

static void openmetrics_leaves_absent_numbers_out(void **state)
{
	const char *text = shown_write(*state, openmetrics_write);

	assert_int_equal(count_of(text, "\nl1vh_claim_verdict{"), 4);
	assert_int_equal(count_of(text, "\nl1vh_claim_ratio{"), 3);
	assert_int_equal(count_of(text, "\nl1vh_claim_ratio_low{"), 2);
	assert_int_equal(count_of(text, "\nl1vh_claim_ratio_high{"), 2);
	assert_contains(text, "claim=\"none\",registered=\"false\","
			      "verdict=\"NOT EVALUABLE\"} 1\n");
	assert_null(strstr(text, "NaN"));
	assert_string_equal(text + strlen(text) - 6, "# EOF\n");
}

static void the_page_has_a_row_per_claim(void **state)
{
	struct shown *s = *state;
	const char *text = shown_write(s, html_write), *row;
	char want[60];

	row = strstr(text,
		     "</td><td><span class=\"verdict pass\">PASS</span></td>");
	assert_non_null(row);
	snprintf(want, sizeof(want), "&times;%.3f, %.3f to %.3f</td>",
		 verdict(s, 0)->ratio.ratio, verdict(s, 0)->ratio.low,
		 verdict(s, 0)->ratio.high);
	assert_contains(row, want);
	assert_contains(row, " <span class=\"note\">mshv was not measured"
			     "</span>");
	assert_contains(row, "; of &lt;all&gt;</span></td>");
	/* Neither a margin that passes nor a difference, blocks or p. */
	assert_contains(row, "<td class=\"n\"></td><td class=\"n\"></td>"
			     "<td class=\"n\">0</td><td class=\"n\"></td>"
			     "<td class=\"n\"></td></tr>");
	assert_contains(row, "&times;1.200, 2 blocks</td>");
	assert_contains(row, s->claims->sha256);
	assert_null(strstr(text, "nan"));
}

/* A boot of a shape is named by it; one that never began has the run's time. */
static void junit_names_boots_by_their_shape(void **state)
{
	struct shown *s = *state;

	s->run.started_unix_ns = 1700000000 * NS_PER_S;
	shown_sample(s, "qemu", 3, "footprint", "256M-2cpu/charged", 1);
	assert_contains(shown_write(s, junit_write),
			"<testcase name=\"block 3, first of qemu, 256M-2cpu\"");
	assert_contains(s->out.str, "timestamp=\"2023-11-14T22:13:20\"");
	assert_null(strstr(s->out.str, "timestamp=\"1970"));
}

/* Whatever order the seed gave a block, and however many boots like it there are. */
static void junit_names_do_not_depend_on_the_seed(void **state)
{
	static const char *const orders[2][6] = {
		{"native", "kvm", "kvm", "native", "kvm", "kvm"},
		{"kvm", "native", "kvm", "kvm", "kvm", "native"},
	};
	static const char *const names[] = {
		"\"block 1, first of native\"", "\"block 1, second of native\"",
		"\"block 1, first of kvm\"",    "\"block 1, second of kvm\"",
		"\"block 1, third of kvm\"",    "\"block 1, fourth of kvm\"",
	};
	struct shown *s = *state;
	size_t i, k;

	for (i = 0; i < ARRAY_SIZE(orders); i++) {
		/* The fixture has one boot per runner and block: they become one
		 * block. */
		for (k = 0; k < ARRAY_SIZE(orders[i]); k++)
			shown_sample(s, orders[i][k], (uint32_t)(10 + k),
				     "cpu_integer", "", 1);
		for (k = 0; k < s->run.boot_count; k++)
			s->run.boots[k].bc.block = 1;
		shown_write(s, junit_write);
		for (k = 0; k < ARRAY_SIZE(names); k++)
			assert_int_equal(count_of(s->out.str, names[k]), 1);
		assert_null(strstr(s->out.str, ", boot "));
		shown_teardown(state);
		shown_setup(state);
		s = *state;
	}
}

#define WITH_CLAIMS(test) \
	cmocka_unit_test_setup_teardown(test, setup, shown_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SHOWN(junit_names_do_not_depend_on_the_seed),
		WITH_CLAIMS(they_are_judged_as_they_should),
		WITH_CLAIMS(markdown_has_a_row_per_claim),
		WITH_CLAIMS(junit_says_what_would_decide),
		WITH_CLAIMS(csv_has_a_line_per_claim),
		WITH_CLAIMS(openmetrics_leaves_absent_numbers_out),
		WITH_CLAIMS(the_page_has_a_row_per_claim),
		WITH_CLAIMS(junit_names_boots_by_their_shape),
	};

	return RUN_TESTS(tests);
}
