// SPDX-License-Identifier: GPL-3.0-or-later
/* readings: populations of ratios, and what is known of each. */
#include "tests/unit/test.h"

#include <math.h>

#include "harness/findings/readings.h"
#include "tests/unit/fixture/expect.h"

struct made {
	struct readings readings;
	struct populations populations;
};

static int setup(void **state)
{
	static const struct {
		const char *name;
		double ratio;
	} rows[] = {
		{"a", 1},  {"b", .5}, {"a", 3},   {"none", NAN},
		{"b", .5}, {"a", 2},  {"b", NAN}, {"one", 7},
	};
	struct made *m = calloc(1, sizeof(*m));
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		readings_add(&m->readings, rows[i].name, rows[i].ratio);
	populations_init(&m->populations, &m->readings);
	*state = m;
	return 0;
}

static int teardown(void **state)
{
	struct made *m = *state;

	populations_release(&m->populations);
	readings_release(&m->readings);
	free(m);
	return 0;
}

static void names_are_populations_in_their_order(void **state)
{
	const struct made *m = *state;
	const struct population *p = m->populations.rows;

	assert_int_equal(m->populations.count, 4);
	assert_int_equal(m->populations.judged_count, 2);
	assert_string_equal(p[0].name, "a");
	assert_int_equal(p[0].count, 3);
	assert_close(p[0].mean, 2, 1e-12);
	assert_close(p[0].sd, 1, 1e-12);
	assert_close(p[0].most, 3, 0);
	/* What was not read does not count, and has its name all the same. */
	assert_string_equal(p[1].name, "b");
	assert_int_equal(p[1].count, 2);
	assert_close(p[1].sd, 0, 0);
	assert_string_equal(p[2].name, "none");
	assert_int_equal(p[2].count, 0);
	assert_true(isnan(p[2].mean) && isnan(p[2].sd));
	assert_int_equal(p[3].count, 1);
	assert_true(isnan(p[3].sd));
}

/* The factor for three, 90 % of all and 95 % confidence is 6.155, as
 * tables of one-sided normal tolerance limits have it. */
static void limits_are_those_of_the_tables(void **state)
{
	const struct made *m = *state;
	const struct population *p = m->populations.rows;

	assert_close(population_limit(&p[0], .9, .95), 2 + 6.155, .01);
	assert_close(population_limit(&p[1], .999, .95), .5, 1e-12);
	assert_true(isnan(population_limit(&p[2], .9, .95)));
	assert_true(isnan(population_limit(&p[3], .9, .95)));
}

/* The mean is 2, its error 1/sqrt(3): t is 1.732, with two degrees at 95 %
 * 2.920, at 80 % 1.061, at 90 % (80 % for two) 1.886. */
static void the_mean_is_tested_for_all_together(void **state)
{
	const struct made *m = *state;
	const struct population *p = m->populations.rows;

	assert_false(population_is_beyond(&p[0], .95, 1));
	assert_true(population_is_beyond(&p[0], .8, 1));
	assert_false(population_is_beyond(&p[0], .8, 2));
	assert_false(population_is_beyond(&p[1], .95, 1));
	assert_false(population_is_beyond(&p[3], .95, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			names_are_populations_in_their_order, setup, teardown),
		cmocka_unit_test_setup_teardown(limits_are_those_of_the_tables,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			the_mean_is_tested_for_all_together, setup, teardown),
	};

	return RUN_TESTS(tests);
}
