// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * stats: what the command says of two columns. The expected figures are those
 * of R 4.2 for the data of its manual: t.test() and wilcox.test(); with ties
 * those of wilcox.exact() in package exactRankTests.
 */
#include "tests/unit/test.h"

#include <jansson.h>
#include <unistd.h>

#include "harness/cli/commands.h"
#include "tests/unit/fixture/cli/called.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/scratch.h"

/* Hours of more sleep by two drugs, ten patients (Student 1908). */
#define SLEEP_1 "0.7\n-1.6\n-0.2\n-1.2\n-0.1\n3.4\n3.7\n0.8\n0.0\n2.0\n"
#define SLEEP_2 "1.9\n0.8\n1.1\n0.1\n-0.1\n4.4\n5.5\n1.6\n4.6\n3.4\n"
/* Hamilton's depression scale before and after (Hollander and Wolfe 1973). */
#define BEFORE "1.83\n.5\n1.62\n2.48\n1.68\n1.88\n1.55\n3.06\n1.3\n"
#define AFTER ".878\n.647\n.598\n2.05\n1.06\n1.29\n1.06\n3.14\n1.29\n"
/* Permeability of membranes at two ages (the same book). */
#define TERM ".8\n.83\n1.89\n1.04\n1.45\n1.38\n1.91\n1.64\n.73\n1.46\n"
#define EARLIER "1.15\n.88\n.9\n.74\n1.21\n"

struct files {
	char a[SCRATCH_SIZE], b[SCRATCH_SIZE];
};

static void files_make(struct files *f, const char *a, const char *b)
{
	scratch_file(f->a, a, strlen(a));
	scratch_file(f->b, b, strlen(b));
}

static void files_remove(const struct files *f)
{
	unlink(f->a);
	unlink(f->b);
}

#define STATS(a, b, ...) call_stats(a, b, ##__VA_ARGS__, NULL, NULL)

/* Two options at most. */
static int call_stats(const char *a, const char *b, const char *option,
		      const char *value, ...)
{
	struct files f;
	int status;

	files_make(&f, a, b);
	status = option && value ? CALL(cmd_stats, f.a, f.b, option, value)
		 : option        ? CALL(cmd_stats, f.a, f.b, option)
				 : CALL(cmd_stats, f.a, f.b);
	files_remove(&f);
	return status;
}

/* What --json says of two columns; the caller owns it. */
static json_t *stats_json(const char *a, const char *b, const char *option)
{
	json_error_t bad;
	json_t *all;

	assert_int_equal(STATS(a, b, "--json", option), STATUS_OK);
	all = json_loads(called.out, 0, &bad);
	assert_non_null(all);
	assert_string_equal(called.out + strlen(called.out) - 2, "}\n");
	return all;
}

static double figure(const json_t *all, const char *table, const char *key)
{
	const json_t *value = json_object_get(json_object_get(all, table), key);

	if (!json_is_number(value))
		fail_msg("%s.%s is no number", table, key);
	return json_number_value(value);
}

static bool is_null(const json_t *all, const char *table, const char *key)
{
	return json_is_null(json_object_get(json_object_get(all, table), key));
}

static void two_samples_are_as_in_r(void **state)
{
	json_t *all = stats_json(SLEEP_1, SLEEP_2, NULL);

	(void)state;
	assert_close(figure(all, "baseline", "mean"), .75, 1e-9);
	assert_close(figure(all, "baseline", "sd"), 1.789010, 1e-6);
	assert_close(figure(all, "baseline", "median"), .35, 1e-9);
	assert_close(figure(all, "candidate", "mean"), 2.33, 1e-9);
	assert_close(figure(all, "t_test", "t"), -1.8608, 1e-4);
	assert_close(figure(all, "t_test", "df"), 17.776, 1e-3);
	assert_close(figure(all, "t_test", "p"), .07939, 1e-5);
	assert_close(figure(all, "t_test", "low"), -3.3654832, 1e-6);
	assert_close(figure(all, "t_test", "high"), .2054832, 1e-6);
	assert_close(figure(all, "mann_whitney", "u"), 25.5, 1e-9);
	assert_close(figure(all, "mann_whitney", "p"), .06582, 1e-5);
	/* Hours below zero have no logarithm. */
	assert_true(is_null(all, "log_ratio", "ratio"));
	assert_null(json_object_get(all, "signed_rank"));
	assert_null(json_object_get(all, "verdict"));
	json_decref(all);
}

static void pairs_are_as_in_r(void **state)
{
	json_t *all = stats_json(SLEEP_1, SLEEP_2, "--paired");

	(void)state;
	assert_close(figure(all, "t_test", "difference"), -1.58, 1e-9);
	assert_close(figure(all, "t_test", "t"), -4.0621, 1e-4);
	assert_close(figure(all, "t_test", "df"), 9, 1e-9);
	assert_close(figure(all, "t_test", "p"), .002833, 1e-6);
	assert_close(figure(all, "t_test", "low"), -2.4598858, 1e-6);
	assert_close(figure(all, "t_test", "high"), -.7001142, 1e-6);
	/* One pair is equal; the other nine all differ in one direction. */
	assert_close(figure(all, "signed_rank", "v"), 0, 1e-9);
	assert_close(figure(all, "signed_rank", "p"), 2. / 512, 1e-9);
	assert_null(json_object_get(all, "mann_whitney"));
	assert_null(json_object_get(all, "ratio_of_means"));
	json_decref(all);
}

static void rank_tests_without_ties_are_exact(void **state)
{
	json_t *pairs = stats_json(BEFORE, AFTER, "--paired");
	json_t *arms = stats_json(TERM, EARLIER, NULL);

	(void)state;
	assert_close(figure(pairs, "signed_rank", "v"), 40, 1e-9);
	assert_close(figure(pairs, "signed_rank", "p"), .0390625, 1e-9);
	assert_close(figure(pairs, "signed_rank", "p_greater"), .01953125,
		     1e-9);
	/* Of 2^9 sign patterns the most extreme two. */
	assert_close(figure(pairs, "signed_rank", "smallest_p"), 2. / 512,
		     1e-9);
	assert_close(figure(arms, "mann_whitney", "u"), 35, 1e-9);
	assert_close(figure(arms, "mann_whitney", "p"), .2544, 1e-4);
	assert_close(figure(arms, "mann_whitney", "p_greater"), .1272, 1e-4);
	json_decref(arms);
	json_decref(pairs);
}

/* Of each arm, the mean is 100 or 110 with a noise of 1. */
#define AT_100 "99\n100\n101\n99\n100\n101\n"
#define AT_110 "109\n110\n111\n109\n110\n111\n"
#define NOISY "40\n160\n60\n190\n50\n170\n"

static void the_status_is_that_of_the_verdict(void **state)
{
	static const struct {
		const char *a, *b, *option;
		int status;
		const char *says;
	} cases[] = {
		{AT_100, AT_100, NULL, STATUS_OK, "PASS"},
		{AT_100, AT_110, NULL, STATUS_WORSE, "FAIL"},
		{AT_110, AT_100, NULL, STATUS_OK, "PASS"},
		{AT_110, AT_100, "--equivalent", STATUS_WORSE, "equivalence"},
		{AT_100, AT_110, "--higher-is-better", STATUS_OK, "PASS"},
		{AT_110, AT_100, "--higher-is-better", STATUS_WORSE, "FAIL"},
		{AT_100, NOISY, NULL, STATUS_UNDECIDED, "values per arm"},
		{AT_100, NOISY, "--paired", STATUS_UNDECIDED, "pairs needed"},
		{SLEEP_1, SLEEP_2, NULL, STATUS_UNDECIDED, "NOT EVALUABLE"},
		/* The last of two that exclude each other counts. */
		{AT_100, AT_110, "--lower-is-better", STATUS_WORSE, "FAIL"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct files f;
		int status;

		files_make(&f, cases[i].a, cases[i].b);
		status = cases[i].option ? CALL(cmd_stats, "--margin", "0.05",
						f.a, cases[i].option, f.b)
					 : CALL(cmd_stats, "--margin", "0.05",
						f.a, f.b);
		files_remove(&f);
		if (status != cases[i].status)
			fail_msg("row %zu: %d\n%s", i, status, called.out);
		assert_contains(called.out, cases[i].says);
	}
}

static void a_verdict_has_both_sides_in_json(void **state)
{
	struct files f;
	json_t *all;

	(void)state;
	files_make(&f, AT_100, AT_100);
	assert_int_equal(CALL(cmd_stats, f.a, f.b, "--json", "--margin", ".02",
			      "--equivalent"),
			 STATUS_OK);
	files_remove(&f);
	all = json_loads(called.out, 0, NULL);
	assert_non_null(all);
	/* Two equal arms: the sides are as likely as each other. */
	assert_close(figure(all, "verdict", "p"),
		     figure(all, "verdict", "p_below"), 1e-9);
	assert_close(figure(all, "verdict", "margin"), .02, 1e-12);
	assert_close(figure(all, "log_ratio", "ratio"), 1, 1e-12);
	json_decref(all);
}

static void text_says_what_is_missing(void **state)
{
	(void)state;
	assert_int_equal(STATS("5\n", "5\n"), STATUS_OK);
	assert_contains(called.out, "too few values, or no noise");
	assert_int_equal(STATS("5\n5\n5\n", "5\n5\n5\n", "--paired"),
			 STATUS_OK);
	assert_contains(called.out, "nothing differs");
	/* Of two pairs and two, no p is below 1/3. */
	assert_int_equal(STATS("1\n2\n", "3\n4\n"), STATUS_OK);
	assert_contains(called.out, "p below 0.333");
	assert_contains(called.out, "n 2, mean 1.5, sd 0.707107");
	assert_int_equal(STATS(SLEEP_1, SLEEP_2, "--margin", "0.05"),
			 STATUS_UNDECIDED);
	assert_contains(called.out, "none\n");
	assert_int_equal(STATS(SLEEP_1, SLEEP_2, "--confidence", "0.9"),
			 STATUS_OK);
	assert_contains(called.out, "intervals of 90 %");
}

static void a_column_may_be_the_input(void **state)
{
	struct files f;

	(void)state;
	files_make(&f, AT_100, "1\n2\n");
	assert_int_equal(call_with_input(&cmd_stats, AT_110, f.a, "-", NULL),
			 STATUS_OK);
	assert_contains(called.out, "n 6, mean 110, sd 0.894427");
	files_remove(&f);
}

static void mistakes_are_of_usage(void **state)
{
	static const struct refused_call rows[] = {
		{{NULL}, "two files"},
		{{"/dev/null"}, "two files"},
		{{"/dev/null", "/dev/null", "/dev/null"}, "two files"},
		{{"/dev/null", "/dev/null"}, "no numbers"},
		{{"/no/a", "/no/b"}, "/no/a"},
		{{"-", "-"}, "only one column"},
		{{"a", "b", "--equivalent"}, "--equivalent needs --margin"},
		{{"--margin", "0", "a", "b"}, "--margin '0'"},
		{{"--margin", "-1", "a", "b"}, "--margin '-1'"},
		{{"--margin", "10", "a", "b"}, "--margin '10'"},
		{{"--margin", "nan", "a", "b"}, "--margin 'nan'"},
		{{"--margin", "5%", "a", "b"}, "--margin '5%'"},
		{{"--confidence", "0.49", "a", "b"}, "--confidence '0.49'"},
		{{"--confidence", "1", "a", "b"}, "--confidence '1'"},
		{{"--confidence", "95", "a", "b"}, "--confidence '95'"},
		{{"--what"}, "stats --help"},
	};

	(void)state;
	expect_refused(&cmd_stats, rows, ARRAY_SIZE(rows));
	assert_int_equal(STATS(AT_100, "1\n2\n", "--paired"), STATUS_USAGE);
	assert_contains(called.err, "6 and 2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_samples_are_as_in_r),
		cmocka_unit_test(pairs_are_as_in_r),
		cmocka_unit_test(rank_tests_without_ties_are_exact),
		cmocka_unit_test(the_status_is_that_of_the_verdict),
		cmocka_unit_test(a_verdict_has_both_sides_in_json),
		cmocka_unit_test(text_says_what_is_missing),
		cmocka_unit_test(a_column_may_be_the_input),
		cmocka_unit_test(mistakes_are_of_usage),
	};

	return RUN_TESTS(tests);
}
