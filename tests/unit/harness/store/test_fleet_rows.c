// SPDX-License-Identifier: GPL-3.0-or-later
/* fleet_rows: runs by fleet and node, and their figures. */
#include "tests/unit/test.h"

#include "harness/store/fleet_rows.h"
#include "harness/store/samples_drop.h"
#include "harness/store/store.h"
#include "tests/unit/fixture/harness/stored.h"

static struct store *store_of(void **state)
{
	struct stored_place *p = *state;

	return p->store;
}

/* One of FLEET ("": none) on NODE; the Nth run starts in second N. */
static int64_t add_run(struct store *store, const char *fleet, const char *node,
		       const char *more)
{
	char fingerprint[256], sql[96];
	int64_t id;

	snprintf(fingerprint, sizeof(fingerprint),
		 "{\"host\": \"h\", \"fleet.name\": \"%s\","
		 " \"fleet.node\": \"%s\"%s}",
		 fleet, node, more);
	id = stored_run(store, "r", *fleet ? fingerprint : "{\"host\": \"h\"}");
	snprintf(sql, sizeof(sql),
		 "UPDATE run SET started_unix_ns = %d WHERE id = %d", (int)id,
		 (int)id);
	stored_sql(store, sql);
	return id;
}

static void fill(struct store *store)
{
	add_run(store, "west", "n1",
		", \"fleet.arm\": \"l1vh\", \"fleet.index\": \"0\","
		" \"fleet.attempt\": \"pod-7\","
		" \"fleet.engine\": \"kubernetes\"");
	add_run(store, "west", "n2", ", \"fleet.index\": \"-3\"");
	add_run(store, "east", "n1", ", \"fleet.index\": \"9x\"");
	add_run(store, "west", "n1", ", \"fleet.index\": \"12\"");
	add_run(store, "", "", "");
	stored_run(store, "r", "damaged");
}

static void fleets_are_counted(void **state)
{
	struct store *store = store_of(state);
	struct fleet_names names;
	struct err err = {0};

	assert_int_equal(fleet_names_load(store, &names, &err), 0);
	assert_int_equal(names.count, 0);
	fill(store);
	if (fleet_names_load(store, &names, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(names.count, 2);
	assert_string_equal(names.rows[0].name, "west");
	assert_int_equal(names.rows[0].run_count, 3);
	assert_int_equal(names.rows[0].node_count, 2);
	assert_int_equal(names.rows[0].last_started_unix_ns, 4);
	assert_string_equal(names.rows[1].name, "east");
	assert_int_equal(names.rows[1].node_count, 1);
	fleet_names_release(&names);
}

static void a_fleet_has_its_runs(void **state)
{
	struct store *store = store_of(state);
	struct fleet_runs runs;
	struct err err = {0};
	size_t earlier;

	fill(store);
	assert_int_equal(
		fleet_recent_load(store, "west", 0, &runs, &earlier, &err), 0);
	assert_int_equal(runs.count, 3);
	assert_false(runs.has_more);
	assert_int_equal(runs.rows[0].id, 4);
	assert_int_equal(runs.rows[0].index, 12);
	assert_int_equal(runs.rows[1].id, 2);
	assert_string_equal(runs.rows[1].node, "n2");
	assert_int_equal(runs.rows[1].index, -1);
	assert_string_equal(runs.rows[1].arm, "");
	assert_int_equal(runs.rows[2].id, 1);
	assert_string_equal(runs.rows[2].fleet, "west");
	assert_string_equal(runs.rows[2].arm, "l1vh");
	assert_int_equal(runs.rows[2].index, 0);
	assert_string_equal(runs.rows[2].attempt, "pod-7");
	assert_string_equal(runs.rows[2].engine, "kubernetes");
	assert_string_equal(runs.rows[2].status, "running");
	assert_int_equal(runs.rows[2].ended_unix_ns, 0);
	assert_string_equal(runs.rows[2].plan, "{}");
	assert_int_equal(strlen(runs.rows[2].uuid), 32);
	fleet_runs_release(&runs);
	assert_int_equal(
		fleet_recent_load(store, "north", 0, &runs, &earlier, &err), 0);
	assert_int_equal(runs.count, 0);
}

static void a_node_is_in_several_fleets(void **state)
{
	struct fleet_span span = {.max_count = 2};
	struct store *store = store_of(state);
	struct fleet_runs runs;
	struct err err = {0};

	fill(store);
	assert_int_equal(node_runs_load(store, "n1", &span, &runs, &err), 0);
	assert_int_equal(runs.count, 2);
	assert_true(runs.has_more);
	assert_int_equal(runs.rows[0].id, 4);
	assert_string_equal(runs.rows[1].fleet, "east");
	assert_int_equal(runs.rows[1].index, -1);
	assert_string_equal(runs.rows[0].attempt, "");
	assert_string_equal(runs.rows[0].plan, "");
	fleet_runs_release(&runs);
	span.skip_count = 2;
	assert_int_equal(node_runs_load(store, "n1", &span, &runs, &err), 0);
	assert_int_equal(runs.count, 1);
	assert_false(runs.has_more);
	assert_int_equal(runs.rows[0].id, 1);
	fleet_runs_release(&runs);
	span = (struct fleet_span){.from_unix_ns = 3, .to_unix_ns = 4};
	assert_int_equal(node_runs_load(store, "n1", &span, &runs, &err), 0);
	assert_int_equal(runs.count, 1);
	assert_int_equal(runs.rows[0].id, 3);
	fleet_runs_release(&runs);
}

/* Nights of 200 nodes, of which the last has six runs. In the last night that node's
 * clock is a week ahead, and six, in a row, are a week behind. */
static void the_last_night_is_recent(void **state)
{
	static const uint64_t day_ns = 86400 * NS_PER_S;
	struct store *store = store_of(state);
	struct fleet_runs runs;
	struct err err = {0};
	size_t earlier;
	char sql[128];
	int night, i;

	for (night = 20; night < 23; night++)
		for (i = 0; i < 205; i++) {
			uint64_t start_ns = (uint64_t)night * day_ns +
					    (uint64_t)i * NS_PER_S;
			char node[16];
			int64_t id;

			snprintf(node, sizeof(node), "n%d", i < 199 ? i : 199);
			id = add_run(store, "west", node, "");
			if (night == 22 && i >= 190 && i < 196)
				start_ns -= 7 * day_ns;
			if (night == 22 && i >= 199)
				start_ns += 7 * day_ns;
			snprintf(sql, sizeof(sql),
				 "UPDATE run SET started_unix_ns = %llu"
				 " WHERE id = %d",
				 (unsigned long long)start_ns, (int)id);
			stored_sql(store, sql);
		}
	/* Less than a day, since a night is not over when the next begins. */
	assert_int_equal(
		fleet_recent_load(store, "west", 1, &runs, &earlier, &err), 0);
	assert_true(runs.count >= 205 && runs.count < 410);
	assert_int_equal(runs.count + earlier, 615);
	assert_int_equal(runs.rows[0].id, 615);
	fleet_runs_release(&runs);
	assert_int_equal(
		fleet_recent_load(store, "west", 0, &runs, &earlier, &err), 0);
	assert_int_equal(runs.count, 615);
	assert_int_equal(earlier, 0);
	fleet_runs_release(&runs);
	assert_int_equal(
		fleet_recent_load(store, "moon", 1, &runs, &earlier, &err), 0);
	assert_int_equal(runs.count + earlier, 0);
	fleet_runs_release(&runs);
}

static void values_need_no_samples(void **state)
{
	struct store *store = store_of(state);
	struct fleet_figures values;
	struct fleet_reader reader;
	struct err err = {0};
	int64_t id;

	fill(store);
	id = add_run(store, "west", "n3", "");
	stored_boot(store, id, 0, "native", "null", 3);
	stored_boot(store, id, 2, "kvm", "delay", 5);
	assert_int_equal(store_run_end(store, id, "complete", &err), 0);
	assert_int_equal(samples_drop(store, INT64_MAX, NULL, NULL, &err), 0);
	assert_int_equal(fleet_reader_begin(store, &reader, &err), 0);
	assert_int_equal(fleet_reader_load(&reader, id, &values, &err), 0);
	assert_int_equal(values.count, 2);
	assert_string_equal(values.rows[0].runner, "native");
	assert_string_equal(values.rows[0].workload, "null");
	assert_string_equal(values.rows[0].unit, "ns");
	assert_string_equal(values.rows[0].grade, "hardware");
	assert_true(values.rows[0].lower_is_better);
	assert_int_equal(values.rows[0].block, 0);
	assert_true(values.rows[0].median == 3);
	assert_string_equal(values.rows[1].workload, "delay");
	assert_int_equal(values.rows[1].block, 1);
	assert_true(values.rows[1].median == 5);
	fleet_figures_release(&values);
	assert_int_equal(fleet_reader_load(&reader, 1, &values, &err), 0);
	assert_int_equal(values.count, 0);
	fleet_reader_end(&reader);
}

#define WITH_STORE(test)                                          \
	cmocka_unit_test_setup_teardown(test, stored_place_setup, \
					stored_place_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORE(fleets_are_counted),
		WITH_STORE(a_fleet_has_its_runs),
		WITH_STORE(a_node_is_in_several_fleets),
		WITH_STORE(the_last_night_is_recent),
		WITH_STORE(values_need_no_samples),
	};

	return RUN_TESTS(tests);
}
