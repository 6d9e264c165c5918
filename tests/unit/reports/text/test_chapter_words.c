// SPDX-License-Identifier: GPL-3.0-or-later
/* chapter_words: sentences that agree with the figures they are made of. */
#include "tests/unit/test.h"

#include "harness/findings/highlights.h"
#include "reports/text/chapter_words.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/run/shown.h"

/* Of the first group that the run has. */
static void words_into(const struct findings *f, struct strbuf *out)
{
	struct highlight_row rows[HIGHLIGHTS_ALL];
	size_t count = highlights_all(&f->model, rows);

	if (count)
		chapter_words_add(&f->model, rows,
				  highlights_group(rows, count), out);
}

static const char *words(struct shown *s)
{
	return shown_write(s, words_into);
}

/* RATIO natively's time, in COUNT blocks, give or take NOISE. */
static void fill(struct shown *s, const char *runner, const char *workload,
		 uint32_t count, double ratio, double noise)
{
	uint32_t i;

	for (i = 0; i < count; i++) {
		shown_sample(s, "native", i, workload, "", 10);
		shown_sample(s, runner, i, workload, "",
			     10 * ratio * (1 + (i % 2 ? noise : -noise)));
	}
}

static void worse_is_said_with_its_interval(void **state)
{
	struct shown *s = *state;
	const char *text;

	fill(s, "kvm", "cpu_integer", 6, 1.5, .01);
	text = words(s);
	assert_contains(text, "Against native, kvm 1.50 times (95 %: 1.4");
	assert_contains(text, "; above 1 is worse.");
	assert_contains(text,
			"Furthest from native: integer code under kvm, 1.50 "
			"times (95 %: 1.4");
	/* One series is no mean. */
	assert_null(strstr(text, "mean of"));
}

static void several_series_have_a_mean(void **state)
{
	struct shown *s = *state;

	fill(s, "kvm", "cpu_integer", 1, 4, 0);
	fill(s, "kvm", "cpu_float", 1, 1, 0);
	assert_contains(words(s), "kvm 2.00 times (1 block, no interval), in "
				  "the mean of 2 series");
	assert_contains(words(s), "Furthest from native: integer code under "
				  "kvm, 4.00 times (1 block, no interval).");
}

/* As the chart above has it, without an interval. */
static void series_of_different_blocks_have_a_mean(void **state)
{
	struct shown *s = *state;

	shown_sample(s, "native", 0, "cpu_integer", "", 10);
	shown_sample(s, "kvm", 0, "cpu_integer", "", 20);
	shown_sample(s, "native", 1, "cpu_float", "", 10);
	shown_sample(s, "kvm", 1, "cpu_float", "", 80);
	assert_contains(words(s), "kvm 4.00 times (no block has all of them), "
				  "in the mean of 2 series");
}

static void the_worst_runner_is_named(void **state)
{
	struct shown *s = *state;

	fill(s, "kvm", "cpu_integer", 1, 1.2, 0);
	fill(s, "mshv", "cpu_integer", 1, 1.3, 0);
	assert_contains(words(s), "kvm 1.20 times");
	assert_contains(words(s), "mshv 1.30 times");
	assert_contains(words(s), "integer code under mshv, 1.30 times");
}

/* Better, and no worse than a hundredth: nothing stands out. */
static void better_is_not_called_furthest(void **state)
{
	struct shown *s = *state;

	fill(s, "kvm", "cpu_integer", 1, .9, 0);
	fill(s, "kvm", "cpu_float", 1, 1.005, 0);
	assert_contains(words(s), "No series is worse than native by more "
				  "than a hundredth.");
	assert_null(strstr(words(s), "Furthest"));
}

/* A rate that is halved is twice as bad. */
static void rates_are_turned(void **state)
{
	struct shown *s = *state;

	shown_sample(s, "native", 0, "cpu_aes", "", 400);
	shown_sample(s, "kvm", 0, "cpu_aes", "", 200);
	assert_contains(words(s), "kvm 2.00 times");
}

static void figures_without_native_are_said(void **state)
{
	struct shown *s = *state;
	const char *text;

	shown_sample(s, "native", 0, "boot", "agent_ready", 1e6);
	shown_sample(s, "kvm", 0, "boot", "agent_ready", 2e9);
	shown_sample(s, "qemu-kvm", 0, "boot", "agent_ready", 3e9);
	text = words(s);
	assert_contains(text, "'guest ready': 2.00 s under kvm, 3.00 s under "
			      "qemu-kvm; lower is better.");
	assert_contains(text, "qemu-kvm has 1.50 times that of kvm.");
	assert_null(strstr(text, "native"));
}

/* Skipped on the native side: no ratio is made up. */
static void without_a_baseline_there_is_no_ratio(void **state)
{
	struct shown *s = *state;

	shown_refuse(s, "native", 0, "cpu_integer", "", RUN_SKIPPED, "no");
	shown_sample(s, "kvm", 0, "cpu_integer", "", 10);
	assert_contains(words(s), "'integer code': 10.0 ns under kvm; lower is "
				  "better.");
	assert_null(strstr(words(s), "times"));
}

static void native_alone_has_its_figure(void **state)
{
	struct shown *s = *state;

	assert_string_equal(words(s), "");
	shown_sample(s, "native", 0, "cpu_integer", "", 10);
	assert_contains(words(s), "'integer code': 10.0 ns under native");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SHOWN(worse_is_said_with_its_interval),
		WITH_SHOWN(several_series_have_a_mean),
		WITH_SHOWN(series_of_different_blocks_have_a_mean),
		WITH_SHOWN(the_worst_runner_is_named),
		WITH_SHOWN(better_is_not_called_furthest),
		WITH_SHOWN(rates_are_turned),
		WITH_SHOWN(figures_without_native_are_said),
		WITH_SHOWN(without_a_baseline_there_is_no_ratio),
		WITH_SHOWN(native_alone_has_its_figure),
	};

	return RUN_TESTS(tests);
}
