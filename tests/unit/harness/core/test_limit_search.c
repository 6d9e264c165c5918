// SPDX-License-Identifier: GPL-3.0-or-later
/* limit_search: the edge is found, and chance near it is not believed. */
#include "tests/unit/test.h"

#include <errno.h>

#include "harness/core/limit_search.h"
#include "tests/unit/fixture/expect.h"

struct edge {
	uint64_t dies_below, lives_from; /* between them by turns */
	unsigned int turn;
	size_t fails_at; /* the try that ends in an error; 0: none */
	size_t tries;
};

static int survives(void *arg, uint64_t bytes, struct err *err)
{
	struct edge *e = arg;

	if (++e->tries == e->fails_at)
		return err_set(err, -EIO, "no answer");
	if (bytes < e->dies_below)
		return 0;
	return bytes >= e->lives_from ? 1 : e->turn++ % 2;
}

static struct limit_search search_of(struct edge *e, uint64_t high)
{
	return (struct limit_search){.survives = survives,
				     .arg = e,
				     .step_bytes = MIB,
				     .high_bytes = high,
				     .max_bytes = GIB};
}

static void a_sharp_edge_is_found(void **state)
{
	struct edge e = {.dies_below = 236 * MIB + 5,
			 .lives_from = 236 * MIB + 5};
	struct limit_search s = search_of(&e, 512 * MIB);
	struct err err;

	(void)state;
	assert_int_equal(limit_search_run(&s, &err), 0);
	assert_int_equal(s.high_bytes, 237 * MIB);
	assert_int_equal(s.low_bytes, 236 * MIB);
	assert_int_equal(s.try_count, e.tries);
	/* Both ends were tried as often as it takes. */
	assert_true(e.tries >= 9 + 2 * (LIMIT_SEARCH_CONFIRM - 1));
}

static void what_is_expected_may_be_too_little(void **state)
{
	struct edge e = {.dies_below = 700 * MIB, .lives_from = 700 * MIB};
	struct limit_search s = search_of(&e, 64 * MIB);
	struct err err;

	(void)state;
	assert_int_equal(limit_search_run(&s, &err), 0);
	assert_int_equal(s.high_bytes, 700 * MIB);
}

static void chance_widens_the_bracket(void **state)
{
	struct edge e = {.dies_below = 230 * MIB, .lives_from = 240 * MIB};
	struct limit_search s = search_of(&e, 512 * MIB);
	struct err err;

	(void)state;
	assert_int_equal(limit_search_run(&s, &err), 0);
	assert_true(s.high_bytes >= 231 * MIB && s.high_bytes <= 240 * MIB);
	assert_true(s.low_bytes < 240 * MIB);
	assert_true(s.low_bytes < s.high_bytes);
}

static void nothing_is_enough(void **state)
{
	struct edge e = {.dies_below = 2 * GIB, .lives_from = 2 * GIB};
	struct limit_search s = search_of(&e, 64 * MIB);
	struct err err;

	(void)state;
	assert_int_equal(limit_search_run(&s, &err), -ERANGE);
	assert_non_null(strstr(err.msg, "1024 MiB"));
}

/* Doubling does not step over the limit of what may be tried. */
static void the_last_try_is_at_the_limit(void **state)
{
	struct edge e = {.dies_below = 800 * MIB, .lives_from = 800 * MIB};
	struct limit_search s = search_of(&e, 700 * MIB);
	struct err err;

	(void)state;
	s.max_bytes = 900 * MIB;
	assert_int_equal(limit_search_run(&s, &err), 0);
	assert_int_equal(s.high_bytes, 800 * MIB);
	assert_int_equal(s.low_bytes, 799 * MIB);
	/* Nor is what is never reached tried again and again. */
	e = (struct edge){.dies_below = 901 * MIB, .lives_from = 901 * MIB};
	s = search_of(&e, 700 * MIB);
	s.max_bytes = 900 * MIB;
	assert_int_equal(limit_search_run(&s, &err), -ERANGE);
	assert_int_equal(s.try_count, 2);
	assert_contains(err.msg, "900 MiB");
}

/* It survives every other time, however much it has. */
static void chance_up_to_the_limit_is_no_answer(void **state)
{
	struct edge e = {.lives_from = UINT64_MAX, .turn = 1};
	struct limit_search s = search_of(&e, 8 * MIB);
	struct err err;

	(void)state;
	s.max_bytes = 16 * MIB;
	assert_int_equal(limit_search_run(&s, &err), -ERANGE);
	assert_contains(err.msg, "random");
	assert_true(s.high_bytes >= 16 * MIB);
	assert_true(e.tries < 100);
}

/* What survives even the smallest step has no lower end but none at all. */
static void nothing_fails(void **state)
{
	struct edge e = {.lives_from = 0};
	struct limit_search s = search_of(&e, 64 * MIB);
	struct err err;

	(void)state;
	assert_int_equal(limit_search_run(&s, &err), 0);
	assert_int_equal(s.low_bytes, 0);
	assert_int_equal(s.high_bytes, MIB);
}

static void an_error_ends_it_wherever_it_comes(void **state)
{
	size_t i;

	(void)state;
	for (i = 1; i < 14; i++) {
		struct edge e = {.dies_below = 236 * MIB + 5,
				 .lives_from = 236 * MIB + 5,
				 .fails_at = i};
		struct limit_search s = search_of(&e, 512 * MIB);
		struct err err;

		assert_int_equal(limit_search_run(&s, &err), -EIO);
		assert_int_equal(e.tries, i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sharp_edge_is_found),
		cmocka_unit_test(what_is_expected_may_be_too_little),
		cmocka_unit_test(chance_widens_the_bracket),
		cmocka_unit_test(nothing_is_enough),
		cmocka_unit_test(the_last_try_is_at_the_limit),
		cmocka_unit_test(chance_up_to_the_limit_is_no_answer),
		cmocka_unit_test(nothing_fails),
		cmocka_unit_test(an_error_ends_it_wherever_it_comes),
	};

	return RUN_TESTS(tests);
}
