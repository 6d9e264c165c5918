// SPDX-License-Identifier: GPL-3.0-or-later
/* run_pair_text: two runs side by side, and what of them reaches a terminal. */
#include "tests/unit/test.h"

#include "harness/base/portable.h"
#include "harness/findings/runs/run_pair.h"
#include "reports/text/run_pair_text.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/run/shown.h"

struct pair {
	struct shown *a, *b;
	struct run_pair pair;
	char *text; /* owned; the last that was shown */
};

static int setup(void **state)
{
	struct pair *p = calloc(1, sizeof(*p));

	shown_setup((void **)&p->a);
	shown_setup((void **)&p->b);
	p->b->run.id = 8;
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct pair *p = *state;

	run_pair_release(&p->pair);
	shown_teardown((void **)&p->a);
	shown_teardown((void **)&p->b);
	free(p->text);
	free(p);
	return 0;
}

static const char *text_of(struct pair *p, const struct run_pair_options *o)
{
	size_t size = 0;
	FILE *out;

	free(p->text);
	p->text = NULL;
	out = open_memstream(&p->text, &size);
	run_pair_release(&p->pair);
	run_pair_init(&p->pair, &shown_find(p->a)->model,
		      &shown_find(p->b)->model, o);
	run_pair_text_write(&p->pair, out);
	fclose(out);
	return p->text;
}

/* The guest takes RATIO of native's time in each of COUNT blocks. */
static void fill(struct shown *s, const char *runner, uint32_t count,
		 double ratio)
{
	uint32_t i;

	for (i = 0; i < count; i++) {
		double noise = i % 2 ? 1.001 : .999;

		shown_sample(s, "native", i, "cpu_integer", "", 10);
		shown_sample(s, runner, i, "cpu_integer", "",
			     10 * ratio * noise);
	}
}

static const struct run_pair_options plain;

/* Of native there are boots, of guests blocks; both too few. */
static void few_blocks_have_no_interval(void **state)
{
	struct pair *p = *state;
	const char *text;

	fill(p->a, "kvm", 3, 1.5);
	fill(p->b, "kvm", 2, 3);
	text = text_of(p, &plain);
	assert_contains(text, "native                  -        -"
			      "    1.000 2 boots ");
	assert_contains(text, "kvm                 1.499    3.000"
			      "    2.001 2 blocks ");
	assert_null(strstr(text, "nan"));
	/* Without a margin there is no verdict, and no word about one. */
	assert_null(strstr(text, "EXPLORATORY"));
	assert_null(strstr(text, "NOT EVALUABLE"));
}

static void many_blocks_have_one(void **state)
{
	struct pair *p = *state;
	const char *text, *row;
	double low, high;

	fill(p->a, "kvm", 4, 1.5);
	fill(p->b, "kvm", 5, 3);
	text = text_of(p, &plain);
	/* Native's boots are all alike. */
	assert_contains(text, "    1.000 no noise ");
	row = strstr(text, "cpu_integer                        kvm ");
	assert_non_null(row);
	assert_int_equal(
		sscanf(row, "%*s %*s %*f %*f %*f [%lf, %lf]", &low, &high), 2);
	assert_true(low > 1.99 && low < 2 && high > 2 && high < 2.01);
}

static void two_names_share_a_column(void **state)
{
	const struct run_pair_options o = {.runner_a = "kvm",
					   .runner_b = "mshv"};
	struct pair *p = *state;

	fill(p->a, "kvm", 2, 1.5);
	fill(p->b, "mshv", 2, 3);
	assert_contains(text_of(p, &o), " kvm|mshv ");
	assert_contains(p->text, " native ");
	/* Each with itself: the guests have no partner. */
	text_of(p, &plain);
	assert_null(strstr(p->text, "mshv "));
	assert_contains(p->text, " native ");
}

static void a_margin_gives_verdicts_and_reasons(void **state)
{
	static const struct {
		double ratio;
		const char *words;
	} cases[] = {
		{1.5, "  PASS\n"},
		{1.6, "  FAIL\n"},
		{1.575, "  UNDECIDED\n"},
	};
	const struct run_pair_options o = {.margin = .05};
	struct pair *p = *state;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		teardown(state);
		setup(state);
		p = *state;
		fill(p->a, "kvm", 6, 1.5);
		fill(p->b, "kvm", 6, cases[i].ratio);
		assert_contains(text_of(p, &o), cases[i].words);
		assert_contains(p->text,
				"  NOT EVALUABLE: it compares the hosts");
		assert_contains(p->text, "EXPLORATORY: the margin of 5 %");
	}
	teardown(state);
	setup(state);
	p = *state;
	fill(p->a, "kvm", 1, 1.5);
	fill(p->b, "kvm", 1, 1.5);
	assert_contains(text_of(p, &o), "  NOT EVALUABLE: too few blocks");
	p->b->run.boots[1].res.grade = GRADE_EMULATED;
	assert_contains(text_of(p, &o), "  NOT EVALUABLE: emulated\n");
}

static void every_run_is_named(void **state)
{
	struct pair *p = *state;

	fill(p->a, "kvm", 1, 2);
	fill(p->b, "kvm", 1, 2);
	p->b->run.boots[1].res.grade = GRADE_SOFTWARE;
	shown_set(&p->b->run.status, "stopped");
	text_of(p, &plain);
	assert_memory_equal(p->text,
			    "A: run 7, u-u, of abc, grade hardware, complete\n",
			    48);
	assert_contains(p->text, "\nB: run 8, u-u, of abc, "
				 "grade hardware, software, stopped\n");
}

/* What differs by its nature is counted, and not listed. */
static void harmless_differences_are_only_counted(void **state)
{
	struct pair *p = *state;

	shown_set(&p->a->run.fingerprint,
		  "{\"host\":\"earth\", \"thp\":\"never\"}");
	shown_set(&p->b->run.fingerprint, "{\"host\":\"mars\", \"ksm\":\"1\"}");
	text_of(p, &plain);
	assert_contains(p->text, "0 fatal, 2 marked and 1 harmless");
	assert_contains(p->text, "marked  ksm ");
	assert_contains(p->text, " absent | 1\n");
	assert_contains(p->text, " never | absent\n");
	assert_null(strstr(p->text, "mars"));
}

/* A bundle's fingerprint may say anything; a terminal would obey it. */
static void foreign_values_control_no_terminal(void **state)
{
	static const char *const locales[] = {"C", "C.UTF-8"};
	struct pair *p = *state;
	size_t i;

	shown_set(&p->b->run.fingerprint,
		  "{\"thp\":\"\\u001b]0;gone\\u0007\\nB: run 9\","
		  " \"k\\u001b[2Jey\":\"\\u009b31m\","
		  " \"euro\":\"\\u20ac\"}");
	for (i = 0; i < ARRAY_SIZE(locales); i++) {
		setenv("LC_ALL", locales[i], 1);
		text_of(p, &plain);
		assert_null(strpbrk(p->text, "\x1b\x07\x7f"));
		assert_true(portable_is_text(p->text));
		assert_contains(p->text, "]0;gone");
		assert_null(strstr(p->text, "\nB: run 9"));
		assert_contains(p->text, i ? "| \xe2\x82\xac\n" : "| ?\n");
	}
}

static void long_values_are_cut(void **state)
{
	struct pair *p = *state;
	char host[200];

	snprintf(host, sizeof(host), "{\"thp\": \"%0150d\"}", 0);
	shown_set(&p->b->run.fingerprint, host);
	text_of(p, &plain);
	assert_contains(p->text, "thp                              absent | 0");
	assert_int_equal(strcspn(strstr(p->text, "| 0") + 2, "~"), 59);
}

#define WITH_PAIR(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_PAIR(few_blocks_have_no_interval),
		WITH_PAIR(many_blocks_have_one),
		WITH_PAIR(two_names_share_a_column),
		WITH_PAIR(a_margin_gives_verdicts_and_reasons),
		WITH_PAIR(every_run_is_named),
		WITH_PAIR(harmless_differences_are_only_counted),
		WITH_PAIR(foreign_values_control_no_terminal),
		WITH_PAIR(long_values_are_cut),
	};

	return RUN_TESTS(tests);
}
