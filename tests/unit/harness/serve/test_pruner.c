// SPDX-License-Identifier: GPL-3.0-or-later
/* pruner: old samples go while others have the store open. */
#include "tests/unit/test.h"

#include "harness/base/base.h"
#include "harness/serve/pruner.h"
#include "harness/store/store.h"
#include "harness/store/store_priv.h"
#include "tests/unit/fixture/harness/stored.h"

#define DAY_NS (86400 * NS_PER_S)

static void it_looks_at_once(void **state)
{
	struct stored_place *p = *state;
	struct pruner *pruner;
	struct err err = {0};
	int64_t old, new;

	old = stored_run(p->store, "r", "{}");
	stored_boot(p->store, old, 0, "kvm", "null", 3);
	new = stored_run(p->store, "r", "{}");
	stored_boot(p->store, new, 0, "kvm", "null", 5);
	assert_int_equal(store_run_end(p->store, old, "complete", &err), 0);
	assert_int_equal(store_run_end(p->store, new, "complete", &err), 0);
	stored_sql(p->store, "UPDATE run SET ended_unix_ns = 1 WHERE id = 1");
	assert_int_equal(pruner_start(p->place, DAY_NS, &pruner, &err), 0);
	assert_int_equal(pruner_wait(pruner, 0), 1);
	pruner_stop(pruner);
	assert_int_equal(
		store_scalar(p->store, "SELECT count(*) FROM sample", 0), 1);
	assert_int_equal(store_scalar(p->store,
				      "SELECT id FROM run WHERE"
				      " samples_dropped_unix_ns IS NOT NULL",
				      0),
			 old);
}

/* The page of a dashboard whose disk is away says so; this goes on. */
static void a_store_that_cannot_be_written_is_no_end(void **state)
{
	struct pruner *pruner;
	struct err err = {0};

	(void)state;
	assert_int_equal(
		pruner_start("/proc/nowhere/r.db", DAY_NS, &pruner, &err), 0);
	assert_int_equal(pruner_wait(pruner, 0), 1);
	pruner_stop(pruner);
	pruner_stop(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(it_looks_at_once,
						stored_place_setup,
						stored_place_teardown),
		cmocka_unit_test(a_store_that_cannot_be_written_is_no_end),
	};

	return RUN_TESTS(tests);
}
