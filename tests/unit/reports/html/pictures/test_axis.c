// SPDX-License-Identifier: GPL-3.0-or-later
/* axis: where values stand along a picture's side, and its round steps. */
#include "tests/unit/test.h"

#include <math.h>

#include "harness/base/strbuf.h"
#include "reports/html/pictures/axis.h"
#include "tests/unit/fixture/expect.h"

static void values_stand_between_the_ends(void **state)
{
	static const struct {
		struct axis axis;
		double value, want;
	} cases[] = {
		{{0, 10, 100, 200, false}, 0, 100},
		{{0, 10, 100, 200, false}, 2.5, 125},
		{{0, 10, 100, 200, false}, 10, 200},
		/* Beyond an end it stands at the end. */
		{{0, 10, 100, 200, false}, -5, 100},
		{{0, 10, 100, 200, false}, 1e300, 200},
		{{0, 10, 100, 200, false}, HUGE_VAL, 200},
		{{0, 10, 100, 200, false}, -HUGE_VAL, 100},
		/* Upwards on the screen is towards 0. */
		{{0, 10, 200, 100, false}, 2.5, 175},
		{{0, 10, 200, 100, false}, 99, 100},
		/* By ratio: 10 is half way from 1 to 100. */
		{{1, 100, 0, 300, true}, 10, 150},
		{{1, 100, 0, 300, true}, 1, 0},
		{{1, 100, 0, 300, true}, 0, 0},
		{{1, 100, 0, 300, true}, 1e9, 300},
		{{.25, 4, 0, 400, true}, 1, 200},
		{{.25, 4, 0, 400, true}, 2, 300},
		/* Without a span, and with ends that are no numbers. */
		{{5, 5, 100, 200, false}, 5, 150},
		{{7, 3, 100, 200, false}, 5, 150},
		{{NAN, NAN, 100, 200, false}, 5, 150},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		assert_close(axis_at(&cases[i].axis, cases[i].value),
			     cases[i].want, 1e-9);
}

/* 1, 2 or 5 times a power of ten, the least that has few enough ticks. */
static void steps_are_round(void **state)
{
	static const struct {
		double span;
		unsigned int most;
		double want;
	} cases[] = {
		{10, 10, 1}, {11, 10, 2},     {20, 10, 2},
		{21, 10, 5}, {51, 10, 10},    {99, 10, 10},
		{1, 4, .5},  {.03, 10, .005}, {1e6, 7, 200000},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		double step = axis_step(cases[i].span, cases[i].most);

		assert_close(step, cases[i].want, 1e-9 * cases[i].want);
		assert_true(cases[i].span / step <= cases[i].most * 1.000001);
	}
}

static void a_tick_is_a_line_and_a_number(void **state)
{
	const struct axis a = {0, 10, 100, 200, false};
	struct strbuf out = {0};

	(void)state;
	axis_tick_write(&a, 5, "one", 10, 90, "5 ns", &out);
	assert_contains(out.str, "<path class=\"one\" d=\"M150.0 10V90\"/>");
	/* The number is below the line. */
	assert_contains(out.str, " x=\"150.0\" y=\"102\" ");
	assert_contains(out.str, ">5 ns</text>");
	strbuf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_stand_between_the_ends),
		cmocka_unit_test(steps_are_round),
		cmocka_unit_test(a_tick_is_a_line_and_a_number),
	};

	return RUN_TESTS(tests);
}
