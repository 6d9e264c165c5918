// SPDX-License-Identifier: GPL-3.0-or-later
/* ordered: what many threads make is taken in order, and nothing is lost. */
#include "harness/base/ordered.h"
#include "tests/unit/test.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

#define ITEMS 500

static struct fixture {
	atomic_int made[ITEMS];
	atomic_int alive;
	atomic_bool at_work[ORDERED_MAX_THREADS]; /* by the thread's number */
	atomic_bool is_wrong;
	size_t taken;
	size_t stop_at; /* the item after which no more is wanted */
} f;

static void *make(void *arg, size_t at, unsigned int thread)
{
	size_t *made = malloc(sizeof(*made));

	/* Only the thread of a test may fail it. */
	if (arg != &f || thread >= ORDERED_MAX_THREADS ||
	    atomic_exchange(&f.at_work[thread], true))
		f.is_wrong = true;
	/* Later items are often there sooner. */
	if (at % 7 == 0)
		usleep(200);
	*made = at;
	atomic_fetch_add(&f.made[at], 1);
	atomic_fetch_add(&f.alive, 1);
	if (!f.is_wrong)
		atomic_store(&f.at_work[thread], false);
	return made;
}

static void drop(void *made)
{
	atomic_fetch_sub(&f.alive, 1);
	free(made);
}

static int take(void *arg, size_t at, void *made)
{
	assert_ptr_equal(arg, &f);
	assert_int_equal(at, f.taken);
	assert_int_equal(*(size_t *)made, at);
	f.taken++;
	drop(made);
	return at == f.stop_at ? -5 : 0;
}

static int run(size_t count, unsigned int thread_count, size_t stop_at)
{
	const struct ordered o = {.count = count,
				  .make = make,
				  .take = take,
				  .drop = drop,
				  .arg = &f};

	int ret;

	memset(&f, 0, sizeof(f));
	f.stop_at = stop_at;
	ret = ordered_run(&o, thread_count);
	assert_false(f.is_wrong);
	assert_int_equal(f.alive, 0);
	return ret;
}

static const unsigned int threads[] = {0, 1, 2, 3, ORDERED_MAX_THREADS, 1000};

static void each_is_made_once_and_taken_in_order(void **state)
{
	size_t i, k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(threads); i++) {
		assert_int_equal(run(ITEMS, threads[i], ITEMS), 0);
		assert_int_equal(f.taken, ITEMS);
		for (k = 0; k < ITEMS; k++)
			assert_int_equal(f.made[k], 1);
	}
}

static void nothing_is_left_of_what_is_not_wanted(void **state)
{
	static const size_t stops[] = {0, 1, 63, 64, 65, ITEMS - 1};
	size_t i, k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(threads); i++)
		for (k = 0; k < ARRAY_SIZE(stops); k++) {
			assert_int_equal(run(ITEMS, threads[i], stops[k]), -5);
			assert_int_equal(f.taken, stops[k] + 1);
		}
}

static void no_items_are_no_work(void **state)
{
	(void)state;
	assert_int_equal(run(0, 4, 0), 0);
	assert_int_equal(f.taken, 0);
	assert_in_range(ordered_threads(), 1, ORDERED_MAX_THREADS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_made_once_and_taken_in_order),
		cmocka_unit_test(nothing_is_left_of_what_is_not_wanted),
		cmocka_unit_test(no_items_are_no_work),
	};

	return RUN_TESTS(tests);
}
