// SPDX-License-Identifier: GPL-3.0-or-later
/* power_text: the blocks that a margin needs, by a noise that is known. */
#include "tests/unit/test.h"

#include <math.h>

#include "reports/text/power_text.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/run/shown.h"

/* COUNT blocks, half of which are worse by AMOUNT and half better, on the
 * logarithm: a standard deviation of AMOUNT * sqrt(COUNT / (COUNT - 1)). */
static void fill(struct shown *s, const char *workload, uint32_t count,
		 double amount)
{
	uint32_t i;

	for (i = 0; i < count; i++) {
		shown_sample(s, "native", i, workload, "", 10);
		shown_sample(s, "kvm", i, workload, "",
			     10 * exp(i % 2 ? amount : -amount));
	}
}

static const char *text_of(struct shown *s)
{
	return shown_print(s, power_text_write);
}

/* A deviation of 0.05. By tables of t, (t.95 + t.90) * 0.05 / sqrt(n) is at
 * most log(1.03) from n = 27 on (3.021 * 0.05 / 5.196), log(1.05) from 11 on
 * (3.184 * 0.05 / 3.317) and log(1.1) from 5 on (3.665 * 0.05 / 2.236). */
static void blocks_follow_from_the_noise(void **state)
{
	struct shown *s = *state;
	const char *text;

	fill(s, "cpu_integer", 4, .05 * sqrt(.75));
	text = text_of(s);
	assert_contains(text, "in 90 % of cases");
	assert_contains(text, "noise of run 7 (one-sided 95 %)");
	assert_contains(text, "     3 %     5 %    10 %\n");
	assert_contains(text,
			"\ncpu_integer                              kvm "
			"            4     5.1 %      27      11       5\n");
	assert_contains(text, "three times as high");
	assert_null(strstr(text, "unknown"));
}

static void hopeless_noise_is_never_enough(void **state)
{
	struct shown *s = *state;

	fill(s, "cpu_integer", 4, 40);
	assert_contains(text_of(s), "   never   never   never\n");
	assert_null(strstr(s->out.str, "inf"));
}

/* Two blocks may be alike by chance, and equal ones show no noise. */
static void unknown_noise_is_counted(void **state)
{
	struct shown *s = *state;
	const char *text;

	fill(s, "cpu_integer", 2, .05);
	text = text_of(s);
	assert_contains(text, "\n1 more have fewer than three blocks");
	assert_null(strstr(text, "\ncpu_integer"));
	assert_null(strstr(text, "three times as high"));
	fill(s, "cpu_float", 4, .05);
	fill(s, "cpu_branch", 1, .05);
	assert_contains(text_of(s), "\n2 more have fewer than three blocks");
	assert_contains(s->out.str, "\ncpu_float ");
	fill(s, "kernel_fault", 4, 0);
	assert_contains(text_of(s), "\n3 more have ");
	assert_null(strstr(s->out.str, "\nkernel_fault"));
}

/* Details, and what has no partner, are no rows and are not counted. */
static void only_summaries_with_ratios_are_shown(void **state)
{
	struct shown *s = *state;
	const char *text;
	uint32_t i;

	for (i = 0; i < 4; i++) {
		double noise = i % 2 ? 1.01 : .99;

		shown_sample(s, "native", i, "storage", "randread-4k-qd1/p999",
			     10);
		shown_sample(s, "kvm", i, "storage", "randread-4k-qd1/p999",
			     10 * noise);
		shown_sample(s, "kvm", i, "cpu_integer", "", 10 * noise);
	}
	text = text_of(s);
	assert_null(strstr(text, "p999"));
	assert_null(strstr(text, "cpu_integer"));
	assert_null(strstr(text, "more have"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SHOWN(blocks_follow_from_the_noise),
		WITH_SHOWN(hopeless_noise_is_never_enough),
		WITH_SHOWN(unknown_noise_is_counted),
		WITH_SHOWN(only_summaries_with_ratios_are_shown),
	};

	return RUN_TESTS(tests);
}
