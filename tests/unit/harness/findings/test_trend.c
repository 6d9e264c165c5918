// SPDX-License-Identifier: GPL-3.0-or-later
/* trend: which change is news, and which runs it is held against. */
#include "tests/unit/test.h"

#include "harness/verdict/comparable.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/run/made_history.h"

#define ONE "{\"cpu.model\":\"1\"}"
#define TWO "{\"cpu.model\":\"2\"}"

static bool is_open; /* of the last regression() */

static const struct trend_change *regression(const struct trend *t,
					     double share, size_t recent)
{
	return trend_regression(t, share, recent, &is_open);
}

static void add_runs(struct made_history *m, const char *host, double level,
		     size_t count)
{
	while (count--)
		made_history_add(m, host, level, 8);
}

static void only_a_change_for_the_worse_is_news(void **state)
{
	struct made_history *m = *state;
	const struct trend *t;

	assert_null(regression(made_history_find(m), .05, 9));
	add_runs(m, ONE, 100, 2);
	assert_null(regression(made_history_find(m), .05, 9));
	add_runs(m, ONE, 120, 1);
	t = made_history_find(m);
	assert_int_equal(t->change_count, 1);
	assert_ptr_equal(regression(t, .05, 1), &t->changes[0]);
	assert_ptr_equal(regression(t, .19, 1), &t->changes[0]);
	assert_null(regression(t, .21, 1));
	m->h.lower_is_better = false;
	assert_null(regression(made_history_find(m), .05, 1));
}

/* The last one alone: a change that was taken back is none any more. */
static void a_change_taken_back_is_no_news(void **state)
{
	struct made_history *m = *state;
	const struct trend *t;

	add_runs(m, ONE, 100, 2);
	add_runs(m, ONE, 120, 2);
	add_runs(m, ONE, 100, 2);
	t = made_history_find(m);
	assert_int_equal(t->change_count, 2);
	assert_true(t->changes[0].is_worse);
	assert_false(t->changes[1].is_worse);
	assert_int_equal(t->changes[0].run, 2);
	assert_int_equal(t->changes[1].run, 4);
	assert_null(regression(t, .05, 9));
}

/* What permutations leave open is no regression, and takes none back. */
static void an_undecided_change_stays_open(void **state)
{
	struct made_history *m = *state;
	const struct trend *t;

	add_runs(m, ONE, 100, 2);
	add_runs(m, ONE, 120, 2);
	add_runs(m, ONE, 100, 2);
	t = made_history_find(m);
	m->t.changes[1].c.is_undecided = true;
	assert_ptr_equal(regression(t, .05, 9), &t->changes[0]);
	assert_true(is_open);
	m->t.change_count = 1;
	assert_ptr_equal(regression(t, .05, 9), &t->changes[0]);
	assert_false(is_open);
	m->t.changes[0].c.is_undecided = true;
	assert_ptr_equal(regression(t, .05, 9), &t->changes[0]);
	assert_true(is_open);
	m->t.changes[0].is_worse = false;
	assert_null(regression(t, .05, 9));
}

/* A regression that may have become worse still is one, whatever is decided. */
static void a_regression_behind_an_open_one_is_decided(void **state)
{
	struct made_history *m = *state;
	const struct trend *t;

	add_runs(m, ONE, 100, 2);
	add_runs(m, ONE, 120, 2);
	add_runs(m, ONE, 140, 2);
	t = made_history_find(m);
	assert_int_equal(t->change_count, 2);
	m->t.changes[1].c.is_undecided = true;
	assert_ptr_equal(regression(t, .05, 9), &t->changes[0]);
	assert_false(is_open);
	/* Where the first is not one by itself, it hangs on the second. */
	assert_ptr_equal(regression(t, .05, 3), &t->changes[1]);
	assert_true(is_open);
}

/* Figures before a break say nothing about figures after it. */
static void a_change_before_a_break_is_no_news(void **state)
{
	struct made_history *m = *state;
	const struct trend *t;

	add_runs(m, ONE, 100, 2);
	add_runs(m, ONE, 120, 2);
	assert_non_null(regression(made_history_find(m), .05, 9));
	add_runs(m, TWO, 120, 1);
	t = made_history_find(m);
	assert_int_equal(t->change_count, 1);
	assert_int_equal(t->break_count, 1);
	assert_int_equal(t->breaks[0], 4);
	assert_null(regression(t, .05, 9));
	/* One behind the break is. */
	add_runs(m, TWO, 150, 1);
	t = made_history_find(m);
	assert_int_equal(t->change_count, 2);
	assert_int_equal(t->changes[1].run, 5);
	assert_ptr_equal(regression(t, .05, 1), &t->changes[1]);
}

static bool stands_out(struct made_history *m, size_t run, double before,
		       double after)
{
	const struct trend_change c = {.c = {.before = before, .after = after},
				       .run = run};

	return trend_stands_out(made_history_find(m), &c);
}

/* By Student's interval for one more value: of 100, 102 and 104 it goes from
 * 102 - 9.94 to 102 + 9.94 (4.303 * 2 * sqrt(4/3)). */
static void the_interval_is_of_one_more_run(void **state)
{
	struct made_history *m = *state;

	made_history_add(m, ONE, 100, 1);
	made_history_add(m, ONE, 102, 1);
	made_history_add(m, ONE, 104, 1);
	made_history_add(m, ONE, 150, 1);
	assert_true(stands_out(m, 3, 102, 112));
	assert_false(stands_out(m, 3, 102, 111.9));
	assert_true(stands_out(m, 3, 102, 92));
	assert_false(stands_out(m, 3, 102, 92.1));
	/* One run before, and none, show no difference between runs. */
	assert_false(stands_out(m, 1, 100, 1e6));
	assert_false(stands_out(m, 0, 100, 1e6));
}

static void runs_that_are_alike_allow_nothing(void **state)
{
	struct made_history *m = *state;

	made_history_add(m, ONE, 100, 1);
	made_history_add(m, ONE, 100, 1);
	made_history_add(m, ONE, 101, 1);
	assert_true(stands_out(m, 2, 100, 101));
	assert_false(stands_out(m, 2, 100, 100));
}

/* Wild runs on another machine make no change on this one ordinary. */
static void only_runs_of_its_machine_count(void **state)
{
	struct made_history *m = *state;

	made_history_add(m, TWO, 10, 1);
	made_history_add(m, TWO, 1000, 1);
	made_history_add(m, ONE, 100, 1);
	assert_false(stands_out(m, 2, 100, 150));
	made_history_add(m, ONE, 101, 1);
	made_history_add(m, ONE, 150, 1);
	assert_true(stands_out(m, 4, 100, 150));
}

static void eleven_runs_ago_is_long_ago(void **state)
{
	struct made_history *m = *state;
	size_t i;

	made_history_add(m, ONE, 100000, 1);
	for (i = 0; i < 10; i++)
		made_history_add(m, ONE, 100 + (double)(i % 2), 1);
	made_history_add(m, ONE, 150, 1);
	assert_true(stands_out(m, 11, 100, 150));
	/* From one run earlier on, it is the tenth before. */
	assert_false(stands_out(m, 10, 100, 150));
}

/* Neither one of long ago nor one that came later. */
static void other_breaks_do_not_matter(void **state)
{
	struct made_history *m = *state;
	size_t i;

	made_history_add(m, TWO, 100, 1);
	for (i = 0; i < 14; i++)
		made_history_add(m, ONE, i < 3 ? 1e5 : 100 + (double)(i % 2),
				 1);
	made_history_add(m, TWO, 100, 1);
	/* Those of 1e5 are more than ten runs before. */
	assert_true(stands_out(m, 14, 100, 150));
	assert_false(stands_out(m, 13, 100, 150));
	/* The first of another machine has none before it. */
	assert_false(stands_out(m, 15, 100, 150));
}

static void differences_are_of_neighbours(void **state)
{
	struct made_history *m = *state;
	const struct trend *t;
	struct differences d;

	add_runs(m, "{\"thp\":\"a\"}", 100, 1);
	add_runs(m, "{\"thp\":\"b\"}", 100, 2);
	add_runs(m, "damaged", 100, 1);
	t = made_history_find(m);
	trend_differences(t, 1, &d);
	assert_int_equal(d.count, 1);
	assert_string_equal(d.rows[0].a, "a");
	assert_string_equal(d.rows[0].b, "b");
	differences_release(&d);
	trend_differences(t, 2, &d);
	assert_int_equal(d.count, 0);
	differences_release(&d);
	trend_differences(t, 3, &d);
	assert_int_equal(d.count, 1);
	assert_string_equal(d.rows[0].b, "absent");
	differences_release(&d);
}

static void a_run_has_the_median_of_its_boots(void **state)
{
	struct made_history *m = *state;

	made_history_add(m, ONE, 1, 1);
	made_history_add(m, ONE, 100, 4);
	m->h.values[1] = 1e9;
	m->h.values[2] = 0;
	/* What is left are 99 and 100.5. */
	assert_close(trend_run_median(&m->h, 1), 99.75, 1e-9);
	assert_close(trend_run_median(&m->h, 0), 1, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_HISTORY(only_a_change_for_the_worse_is_news),
		WITH_HISTORY(a_change_taken_back_is_no_news),
		WITH_HISTORY(an_undecided_change_stays_open),
		WITH_HISTORY(a_regression_behind_an_open_one_is_decided),
		WITH_HISTORY(a_change_before_a_break_is_no_news),
		WITH_HISTORY(the_interval_is_of_one_more_run),
		WITH_HISTORY(runs_that_are_alike_allow_nothing),
		WITH_HISTORY(only_runs_of_its_machine_count),
		WITH_HISTORY(eleven_runs_ago_is_long_ago),
		WITH_HISTORY(other_breaks_do_not_matter),
		WITH_HISTORY(differences_are_of_neighbours),
		WITH_HISTORY(a_run_has_the_median_of_its_boots),
	};

	return RUN_TESTS(tests);
}
