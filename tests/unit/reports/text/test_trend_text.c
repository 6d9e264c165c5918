// SPDX-License-Identifier: GPL-3.0-or-later
/* trend_text: a history on a terminal: its curve, its changes and causes. */
#include "tests/unit/test.h"

#include "reports/text/trend_text.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/run/made_history.h"

/* Valid until the next call. */
static const char *text_of(struct made_history *m)
{
	size_t size;
	FILE *out;

	free(m->text);
	m->text = NULL;
	out = open_memstream(&m->text, &size);
	trend_text_write(made_history_find(m), "series", out);
	fclose(out);
	return m->text;
}

static void one_boot_is_a_history(void **state)
{
	struct made_history *m = *state;

	made_history_add(m, "{}", 250, 1);
	assert_contains(text_of(m),
			"series: 1 boots of 1 runs, 2023-11-14 22:13 to "
			"2023-11-14 22:13, grade hardware\nno change\n");
}

/* By the medians of runs, whatever single boots do: 16 half lines from the least to
 * the largest. */
static void marks_tell_the_runs(void **state)
{
	struct made_history *m = *state;

	made_history_add(m, "{}", 100, 3);
	made_history_add(m, "{}", 151, 3);
	made_history_add(m, "{}", 200, 3);
	m->h.values[0] = 1;
	m->h.values[8] = 999;
	/* 100 * 1.01 is the median of what is left of the first. */
	setenv("LC_ALL", "C.UTF-8", 1);
	assert_contains(text_of(m), "\n 202 ns   \u2580\n\n\n");
	assert_contains(m->text, "\n         \u2584\n");
	assert_contains(m->text, "\n99.0 ns \u2584\n        2023-11-14 to "
				 "2023-11-16\n");
	setenv("LC_ALL", "C", 1);
	assert_contains(text_of(m), "\n 202 ns   '\n\n\n");
	assert_contains(m->text, "\n99.0 ns .\n");
}

/* As many as there is room for, and noise of a thousandth stays flat. */
static void the_latest_have_marks(void **state)
{
	struct made_history *m = *state;
	size_t i;
	const char *text;

	setenv("LC_ALL", "C", 1);
	made_history_add(m, "{}", 9000, 1);
	for (i = 0; i < 89; i++)
		made_history_add(m, "{}", i % 2 ? 100 : 100.1, 1);
	text = text_of(m);
	assert_contains(text, "90 boots of 90 runs");
	assert_contains(text, "\n 100 ns ''''''''''");
	assert_contains(text, "\n90.1 ns\n");
	assert_contains(text, "        2023-11-19  ");
}

/* A line in front of the first run after it. */
static void changes_and_breaks_are_lines(void **state)
{
	struct made_history *m = *state;

	setenv("LC_ALL", "C", 1);
	made_history_add(m, "{\"cpu.model\":\"1\"}", 100, 10);
	made_history_add(m, "{\"cpu.model\":\"1\"}", 120, 10);
	made_history_add(m, "{\"cpu.model\":\"2\"}", 120, 10);
	assert_contains(text_of(m), " |':'\n");
	assert_contains(m->text, ".| :\n");
}

/* Two runs on one host, then a slower one on a host of NEW. */
static struct history_run *add_change(struct made_history *m, const char *new)
{
	made_history_add(m, "{\"thp\":\"never\"}", 100, 10);
	return made_history_add(m, new, 120, 10);
}

static void a_change_says_its_size_and_way(void **state)
{
	struct made_history *m = *state;

	add_change(m, "{\"thp\":\"always\"}");
	assert_contains(text_of(m),
			"\n2023-11-15 22:13  run 101  +20.0 % WORSE: "
			"100 ns -> 120 ns, confidence ");
	assert_contains(text_of(m), "    thp: never -> always\n");
	assert_null(strstr(text_of(m), "l1vh-bench:"));
	assert_null(strstr(text_of(m), "no change\n"));
	m->h.lower_is_better = false;
	assert_contains(text_of(m), "  run 101  +20.0 % better: ");
}

static void what_always_differs_is_no_cause(void **state)
{
	struct made_history *m = *state;

	add_change(m, "{\"thp\":\"never\", \"host\":\"mars\","
		      " \"loadavg\": 3, \"l1vh.revision\": \"x\"}");
	assert_contains(text_of(m), "fingerprint did not change");
	assert_null(strstr(text_of(m), "mars"));
	assert_null(strstr(text_of(m), "loadavg"));
	assert_null(strstr(text_of(m), "l1vh.revision"));
}

static void a_new_revision_is_a_cause(void **state)
{
	struct made_history *m = *state;
	struct history_run *run = add_change(m, "{\"thp\":\"never\"}");

	snprintf(run->revision, sizeof(run->revision), "def");
	assert_contains(text_of(m), "    l1vh-bench: abc -> def\n");
}

static void eight_causes_are_enough(void **state)
{
	struct made_history *m = *state;
	const char *text;

	add_change(m, "{\"k1\":1,\"k2\":1,\"k3\":1,\"k4\":1,\"k5\":1,"
		      "\"k6\":1,\"k7\":1,\"k8\":1,\"k9\":1}");
	text = text_of(m);
	assert_int_equal(count_of(text, ": absent -> 1\n"), 8);
	assert_contains(text, "    k8: absent");
	assert_null(strstr(text, "k9"));
}

static void another_machine_is_a_break(void **state)
{
	struct made_history *m = *state;

	made_history_add(m, "{\"cpu.model\":\"1\"}", 100, 10);
	made_history_add(m, "{\"cpu.model\":\"2\"}", 200, 10);
	assert_contains(text_of(m),
			"2023-11-15 22:13  run 101  another machine");
	assert_contains(text_of(m), "    cpu.model: 1 -> 2\nno change\n");
	/* So is another grade, with which no key changes. */
	snprintf(m->h.runs[1].fingerprint, 18, "{\"cpu.model\":\"1\"}");
	assert_null(strstr(text_of(m), "another machine"));
	snprintf(m->h.runs[1].grade, sizeof(m->h.runs[1].grade), "emulated");
	assert_contains(text_of(m), "  run 101  another machine");
	assert_contains(text_of(m), "fingerprint did not change");
	assert_contains(text_of(m), ", grade hardware, emulated\n");
}

/* A bundle's fingerprint may say anything; a terminal would obey it. */
static void foreign_values_control_no_terminal(void **state)
{
	struct made_history *m = *state;
	const char *text;

	setenv("LC_ALL", "C", 1);
	add_change(m, "{\"thp\":\"\\u001b[2J\\nno change\\n\","
		      " \"k\\nno change\\n\\u0007\": \"\\u20ac\"}");
	text = text_of(m);
	assert_null(strpbrk(text, "\x1b\x07"));
	assert_null(strstr(text, "\nno change"));
	assert_contains(text, ": absent -> ?\n");
	assert_contains(text, "    thp: never -> ?[2J no change ");
}

static void long_values_are_cut(void **state)
{
	struct made_history *m = *state;
	const char *text;
	char host[200];

	snprintf(host, sizeof(host), "{\"thp\": \"%0150d\"}", 0);
	add_change(m, host);
	text = text_of(m);
	assert_int_equal(strcspn(strstr(text, "-> 0") + 3, "\n"), 60);
}

static void what_permutations_leave_open_is_told(void **state)
{
	static const struct change open = {.p = .00047,
					   .p_low = .0003,
					   .p_high = .0007,
					   .is_undecided = true};
	static const struct change clear = {.p = .0048};
	struct made_history *m = *state;
	char buf[64];
	FILE *out;
	size_t size;

	assert_string_equal(change_p_text(&open, buf, sizeof(buf)),
			    "undecided, p 0.00047 (0.0003 to 0.0007)");
	assert_string_equal(change_p_text(&clear, buf, sizeof(buf)),
			    "p 0.0048");
	made_history_add(m, "{}", 100, 8);
	made_history_add(m, "{}", 120, 8);
	assert_contains(text_of(m), "WORSE");
	m->t.changes[0].c.is_undecided = true;
	free(m->text);
	out = open_memstream(&m->text, &size);
	trend_text_write(&m->t, "series", out);
	fclose(out);
	assert_contains(m->text, "% UNDECIDED: ");
	assert_contains(m->text, ", undecided, p ");
	assert_null(strstr(m->text, "WORSE"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_HISTORY(one_boot_is_a_history),
		WITH_HISTORY(marks_tell_the_runs),
		WITH_HISTORY(the_latest_have_marks),
		WITH_HISTORY(what_permutations_leave_open_is_told),
		WITH_HISTORY(changes_and_breaks_are_lines),
		WITH_HISTORY(a_change_says_its_size_and_way),
		WITH_HISTORY(what_always_differs_is_no_cause),
		WITH_HISTORY(a_new_revision_is_a_cause),
		WITH_HISTORY(eight_causes_are_enough),
		WITH_HISTORY(another_machine_is_a_break),
		WITH_HISTORY(foreign_values_control_no_terminal),
		WITH_HISTORY(long_values_are_cut),
	};

	return RUN_TESTS(tests);
}
