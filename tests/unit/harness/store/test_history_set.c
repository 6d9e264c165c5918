// SPDX-License-Identifier: GPL-3.0-or-later
/* history_set: what one pass finds is what is found of each series by itself. */
#include "harness/store/history_set.h"
#include "tests/unit/test.h"

#include <errno.h>

#include "harness/findings/runs/trend.h"
#include "harness/store/history.h"
#include "harness/store/sql.h"
#include "harness/store/store.h"
#include "tests/unit/fixture/harness/stored.h"

#define NIGHTS 30

/* Three series, of which one is not in every night and one becomes slower; two boots
 * of a runner in a night, two hosts, and a third that becomes another machine. */
static void add_nights(struct store *store)
{
	static const char *const hosts[] = {
		"{\"host\": \"a\"}", "{\"host\": \"b\", \"cpu.model\": \"1\"}",
		"{\"host\": \"b\", \"cpu.model\": \"2\"}"};
	uint32_t i;

	for (i = 0; i < NIGHTS; i++) {
		int64_t id = stored_run(store, i % 2 ? "r" : "s",
					hosts[i < 20 ? i % 2 : 2]);
		double noise = .1 * (i * 7 % 5);

		stored_boot(store, id, 0, "kvm", "null", 20 + noise);
		stored_boot(store, id, 1, "kvm", "cpu_integer",
			    (i < 12 ? 100 : 110) + noise);
		stored_boot(store, id, 2, "native", "null", 10);
		stored_boot(store, id, 3, "kvm", "null", 21 + noise);
		if (i % 3)
			stored_boot(store, id, 4, "kvm", "delay", 5 + noise);
	}
	/* The clock went back, a grade changed, one has no figure, and one failed. */
	stored_sql(store, "UPDATE run SET started_unix_ns = 1 WHERE id = 9;"
			  "UPDATE boot SET grade = 'software' WHERE run_id = 5;"
			  "UPDATE figure SET median = NULL WHERE series_id = 3;"
			  "UPDATE series SET status = 'timeout' WHERE id = 22");
}

static void same_run(const struct history_run *a, const struct history_run *b)
{
	assert_int_equal(a->id, b->id);
	assert_string_equal(a->uuid, b->uuid);
	assert_int_equal(a->started_unix_ns, b->started_unix_ns);
	assert_string_equal(a->revision, b->revision);
	assert_string_equal(a->grade, b->grade);
	assert_string_equal(a->fingerprint, b->fingerprint);
	assert_int_equal(a->first, b->first);
	assert_int_equal(a->count, b->count);
}

static void same_history(const struct history *a, const struct history *b)
{
	size_t i;

	assert_string_equal(a->unit, b->unit);
	assert_int_equal(a->lower_is_better, b->lower_is_better);
	assert_int_equal(a->value_count, b->value_count);
	assert_memory_equal(a->values, b->values,
			    a->value_count * sizeof(*a->values));
	assert_int_equal(a->run_count, b->run_count);
	for (i = 0; i < a->run_count; i++)
		same_run(&a->runs[i], &b->runs[i]);
}

/* Also by a memo that other series have filled. */
static void same_trend(const struct history *h, struct trend_memo *memo)
{
	struct trend a, b;
	size_t i;

	trend_init(&a, h, &change_defaults);
	trend_init_by(&b, h, &change_defaults, memo);
	assert_int_equal(a.break_count, b.break_count);
	for (i = 0; i < a.break_count; i++)
		assert_int_equal(a.breaks[i], b.breaks[i]);
	assert_int_equal(a.change_count, b.change_count);
	for (i = 0; i < a.change_count; i++)
		assert_true(a.changes[i].c.index == b.changes[i].c.index &&
			    a.changes[i].c.p == b.changes[i].c.p);
	trend_release(&a);
	trend_release(&b);
}

static const struct history_name names[] = {
	{"null", ""}, {"cpu_integer", ""}, {"delay", ""}, {"cpu_aes", ""}};

/* How many series have a history. */
static size_t same_as_alone(struct store *store, const char *host)
{
	struct trend_memo memo = {.count = 0};
	struct history_set *set;
	struct err err = {0};
	size_t i, count = 0;

	assert_int_equal(history_set_load(store, "kvm", host, names,
					  ARRAY_SIZE(names), &set, &err),
			 0);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		const struct history_query q = {.workload = names[i].workload,
						.point = names[i].point,
						.runner = "kvm",
						.host = host};
		struct history alone, of_set;
		int ret = history_load(store, &q, &alone, &err);

		history_set_get(set, i, &of_set);
		if (!ret) {
			same_history(&alone, &of_set);
			same_trend(&of_set, &memo);
			history_release(&alone);
			count++;
		} else {
			assert_int_equal(ret, -ENOENT);
			assert_int_equal(of_set.value_count, 0);
		}
		history_release(&of_set);
	}
	trend_memo_release(&memo);
	history_set_destroy(set);
	return count;
}

static void one_pass_finds_what_each_query_does(void **state)
{
	struct stored_place *p = *state;

	add_nights(p->store);
	assert_int_equal(same_as_alone(p->store, NULL), 3);
	assert_int_equal(same_as_alone(p->store, "a"), 3);
	assert_int_equal(same_as_alone(p->store, "b"), 3);
	assert_int_equal(same_as_alone(p->store, "c' OR '1'='1"), 0);
}

static void a_store_that_cannot_be_read_says_so(void **state)
{
	struct stored_place *p = *state;
	struct history_set *set;
	struct err err = {0};

	stored_sql(p->store, "DROP TABLE figure");
	assert_int_equal(history_set_load(p->store, "kvm", NULL, names,
					  ARRAY_SIZE(names), &set, &err),
			 -EIO);
	assert_null(set);
	assert_false(sql_is_in_transaction(store_handle(p->store)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			one_pass_finds_what_each_query_does, stored_place_setup,
			stored_place_teardown),
		cmocka_unit_test_setup_teardown(
			a_store_that_cannot_be_read_says_so, stored_place_setup,
			stored_place_teardown),
	};

	return RUN_TESTS(tests);
}
