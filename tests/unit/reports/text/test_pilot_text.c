// SPDX-License-Identifier: GPL-3.0-or-later
/* pilot and its text: how many samples of a boot are worth their time. */
#include "tests/unit/test.h"

#include <math.h>

#include "harness/findings/pilot.h"
#include "reports/text/pilot_text.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/run/shown.h"

#define SAMPLE_NS 1000

/* A boot of these samples, which costs as much as BOOT_SAMPLES of them. */
static void add(struct shown *s, const char *workload, uint32_t block,
		const double *values, size_t count, uint64_t boot_samples)
{
	struct boot_data *b;
	size_t i;

	for (i = 0; i < count; i++)
		shown_sample(s, "kvm", block, workload, "", values[i])
			->elapsed_ns = SAMPLE_NS;
	b = shown_boot(s, "kvm", block);
	b->res.elapsed_ns = (boot_samples + count) * SAMPLE_NS;
}

/* Kalibera and Jones' toy example, as three boots of four samples. */
static void add_example(struct shown *s, const char *workload,
			uint64_t boot_samples)
{
	static const double values[3][4] = {
		{10, 12, 11, 13}, {14, 15, 13, 16}, {9, 10, 11, 10}};
	uint32_t i;

	for (i = 0; i < 3; i++)
		add(s, workload, i, values[i], 4, boot_samples);
}

static void an_example_from_the_literature(void **state)
{
	struct shown *s = *state;
	const char *text;

	add_example(s, "cpu_integer", 3600);
	text = shown_print(s, pilot_text_write);
	assert_contains(text, "boots add to run 7, ");
	/* Of the mean, 12: the roots of 4/3 and of 5.25 - 1/3; of all variance
	 * 4.917/6.25 is between boots; sqrt(3600 * 1.3333 / 4.9167) is 31.2. */
	assert_contains(text,
			"\ncpu_integer                        kvm         "
			"     3       4     9.62 %    18.48 %   0.79"
			"      32\n");
	assert_contains(text, "need at most 32: l1vh-bench run --samples 32\n");
}

/* Boots so cheap, or so dear, that the formula leaves 3 to 50. */
static void the_number_stays_within_reason(void **state)
{
	static const struct {
		uint64_t boot_samples;
		const char *words;
	} cases[] = {
		{1, "at most 3: "},
		{100, "at most 6: "}, /* sqrt(100 * 0.2712) is 5.2 */
		{1000000, "at most 50: "},
	};
	struct shown *s = *state;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		shown_teardown(state);
		shown_setup(state);
		s = *state;
		add_example(s, "cpu_integer", cases[i].boot_samples);
		assert_contains(shown_print(s, pilot_text_write),
				cases[i].words);
	}
}

/* What a boot measures once is part of what it costs. */
static void phases_are_part_of_a_boot(void **state)
{
	struct shown *s = *state;
	uint32_t i;

	add_example(s, "cpu_integer", 100);
	for (i = 0; i < 3; i++)
		shown_sample(s, "kvm", i, "boot", "agent_ready", 1)
			->elapsed_ns = 100 * SAMPLE_NS;
	assert_contains(shown_print(s, pilot_text_write), "at most 6: ");
}

/* As many of each boot as the one has that has fewest. */
static void disturbed_samples_do_not_count(void **state)
{
	struct shown *s = *state;
	struct series *first;
	struct pilot p;

	add_example(s, "cpu_integer", 3600);
	first = shown_series(s, "kvm", 0, "cpu_integer", "");
	first->samples[1].disturbances = DISTURBED_CPU;
	pilot_init(&p, &shown_find(s)->model);
	assert_int_equal(p.count, 1);
	assert_int_equal(p.rows[0].boot_count, 3);
	assert_int_equal(p.rows[0].sample_count, 3);
	/* (10 + 11 + 13 + 14 + 15 + 13 + 9 + 10 + 11) / 9 */
	assert_close(p.rows[0].levels.mean, 106. / 9, 1e-12);
	pilot_release(&p);
	/* With one sample left, that boot says nothing of samples. */
	first->samples[0].disturbances = DISTURBED_CPU;
	first->samples[2].disturbances = DISTURBED_CPU;
	pilot_init(&p, &shown_find(s)->model);
	assert_int_equal(p.rows[0].boot_count, 2);
	assert_int_equal(p.rows[0].sample_count, 4);
	pilot_release(&p);
}

static void assert_no_row(struct shown *s)
{
	struct pilot p;

	pilot_init(&p, &shown_find(s)->model);
	assert_int_equal(p.count, 0);
	assert_int_equal(p.best_samples, 0);
	pilot_release(&p);
	assert_contains(shown_print(s, pilot_text_write),
			"\nNo series has two boots of two undisturbed "
			"samples.\n");
	assert_null(strstr(s->out.str, "--samples"));
}

static void without_two_boots_of_two_there_is_none(void **state)
{
	static const double alike[] = {5, 5}, one[] = {5};
	struct shown *s = *state;

	assert_no_row(s);
	add(s, "cpu_integer", 0, alike, 2, 10);
	assert_no_row(s);
	add(s, "cpu_integer", 1, one, 1, 10);
	assert_no_row(s);
	shown_refuse(s, "kvm", 2, "cpu_integer", "", RUN_SKIPPED, "no");
	assert_no_row(s);
	/* Two, but without any noise. */
	add(s, "cpu_integer", 3, alike, 2, 10);
	assert_no_row(s);
}

/* The middle of 6, 6 and what noise of samples alone asks for. */
static void half_of_the_series_have_enough(void **state)
{
	static const double noise[] = {5, 7, 6, 8};
	struct shown *s = *state;
	struct pilot p;
	uint32_t i;

	add_example(s, "cpu_integer", 100);
	add_example(s, "cpu_float", 100);
	for (i = 0; i < 3; i++)
		add(s, "cpu_branch", i, noise, 4, 100);
	pilot_init(&p, &shown_find(s)->model);
	assert_int_equal(p.count, 3);
	/* Boots are all alike: they add nothing, and more of them is a waste. */
	assert_close(p.rows[2].wanted, 50, 0);
	assert_true(p.rows[0].wanted < 10);
	assert_int_equal(p.best_samples, (uint32_t)ceil(p.rows[0].wanted));
	pilot_release(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SHOWN(an_example_from_the_literature),
		WITH_SHOWN(the_number_stays_within_reason),
		WITH_SHOWN(phases_are_part_of_a_boot),
		WITH_SHOWN(disturbed_samples_do_not_count),
		WITH_SHOWN(without_two_boots_of_two_there_is_none),
		WITH_SHOWN(half_of_the_series_have_enough),
	};

	return RUN_TESTS(tests);
}
