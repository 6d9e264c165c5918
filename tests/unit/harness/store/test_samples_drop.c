// SPDX-License-Identifier: GPL-3.0-or-later
/* samples_drop: raw samples go, and everything that was made of them stays. */
#include "tests/unit/fixture/run/json_path.h"
#include "tests/unit/test.h"

#include <jansson.h>
#include <math.h>

#include "harness/base/xmalloc.h"
#include "harness/core/bench_case.h"
#include "harness/core/result.h"
#include "harness/findings/findings.h"
#include "harness/store/bundle.h"
#include "harness/store/history.h"
#include "harness/store/run_data.h"
#include "harness/store/samples_drop.h"
#include "harness/store/store.h"
#include "harness/store/store_priv.h"
#include "tests/unit/fixture/harness/stored.h"

#define BOOTS 16
#define ALL UINT64_MAX / 2
#define PLAN                                                                  \
	"{\"claims\": {\"name\": \"made up\", \"text\": \"name: made up\\n"   \
	"claims:\\n  - {id: a, text: Integers hold, metric: cpu_integer, "    \
	"candidate: kvm, baseline: native, kind: non-inferior, margin: 0.5, " \
	"confidence: 0.95, reason: r}\\n\"}}"

/* Odd and even counts, some samples disturbed, and some long ones that the host's
 * clock takes for longer: a drift. */
static void add_samples(struct result *res, uint32_t boot)
{
	struct series *s = result_add_series(res, "cpu_integer", "", "ns");
	uint32_t i;

	for (i = 0; i < 5 + boot % 2; i++) {
		struct sample *p = series_add_sample(s);

		p->value = 100 + 10 * (boot % 2) + 0.37 * i + 0.01 * boot;
		p->elapsed_ns = 60000000 + i;
		p->host_elapsed_ns = boot % 2 ? 60100000 : 60000000 + i;
		if (i == boot % 5)
			p->disturbances = DISTURBED_CPU;
	}
}

static void add_boot(struct store *store, int64_t run_id, uint32_t i)
{
	static const char *const runners[] = {"native", "kvm"};
	struct bench_case bc = {.block = i / 2, .vcpu_count = 1};
	struct err err = {0};
	struct result res;
	struct series *s;

	snprintf(bc.runner, sizeof(bc.runner), "%s", runners[i % 2]);
	result_init(&res);
	res.grade = GRADE_HARDWARE;
	add_samples(&res, i);
	s = result_add_series(&res, "null", "", "ns");
	if (i < 2)
		series_add_sample(s)->disturbances = DISTURBED_STEAL;
	else
		series_refuse(s, RUN_SKIPPED, "no room");
	result_add_document(&res, "null", "", "{}");
	res.console = xstrdup("hello\n");
	assert_int_equal(
		store_schedule_add(store, run_id, i, bc.block, bc.runner, &err),
		0);
	if (store_result_add(store, run_id, i, &bc, &res, &err))
		fail_msg("%s", err.msg);
	result_release(&res);
}

static int64_t add_run(struct store *store, const char *status)
{
	const struct run_info info = {.seed = 1,
				      .revision = "r",
				      .plan_json = PLAN,
				      .fingerprint_json = "{\"host\": \"h\"}",
				      .probe_json = "{}",
				      .guest_manifest = ""};
	struct err err = {0};
	int64_t id;
	uint32_t i;

	assert_int_equal(store_run_begin(store, &info, &id, &err), 0);
	for (i = 0; i < BOOTS; i++)
		add_boot(store, id, i);
	if (status)
		assert_int_equal(store_run_end(store, id, status, &err), 0);
	return id;
}

static struct store *store_of(void **state)
{
	struct stored_place *p = *state;

	return p->store;
}

/* All of a report but the samples. */
static json_t *judge(struct store *store, int64_t id)
{
	struct run_data run;
	struct findings f;
	struct err err = {0};
	json_t *report;

	if (run_data_load(store, id, &run, &err))
		fail_msg("%s", err.msg);
	findings_init(&f, &run, NULL);
	report = json_report(&f);
	json_object_del(report, "samples");
	json_object_del(json_object_get(report, "run"),
			"samples_dropped_unix_ns");
	json_object_del(json_object_get(report, "run"), "id");
	findings_release(&f);
	run_data_release(&run);
	return report;
}

static void must_be_equal(json_t *a, json_t *b)
{
	char *x = json_dumps(a, JSON_SORT_KEYS), *y;

	y = json_dumps(b, JSON_SORT_KEYS);
	assert_string_equal(x, y);
	free(x);
	free(y);
}

static int64_t count(struct store *store, const char *table)
{
	char sql[160];

	snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s", table);
	return store_scalar(store, sql, -1);
}

static void the_judgement_stays(void **state)
{
	struct store *store = store_of(state);
	int64_t id = add_run(store, "complete");
	json_t *before = judge(store, id), *after;
	struct err err = {0};
	char *text;

	assert_int_not_equal(count(store, "sample"), 0);
	if (samples_drop(store, ALL, NULL, NULL, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(count(store, "sample"), 0);
	assert_int_equal(count(store, "document"), BOOTS);
	after = judge(store, id);
	must_be_equal(before, after);
	/* It was worth judging: the drift of the clocks blocks the claim. */
	text = json_dumps(json_object_get(after, "claims"), 0);
	if (!strstr(text, "its clock drifts"))
		fail_msg("%s", text);
	free(text);
	json_decref(before);
	json_decref(after);
}

static void reports_say_since_when(void **state)
{
	struct store *store = store_of(state);
	int64_t id = add_run(store, "complete");
	struct run_data run;
	struct err err = {0};
	char text[96];

	assert_int_equal(run_data_load(store, id, &run, &err), 0);
	assert_string_equal(run_data_removal(&run, text, sizeof(text)), "");
	run_data_release(&run);
	assert_int_equal(samples_drop(store, ALL, NULL, NULL, &err), 0);
	stored_sql(store, "UPDATE run SET ended_unix_ns = 1000000000,"
			  " samples_dropped_unix_ns = 7776000000000001");
	assert_int_equal(run_data_load(store, id, &run, &err), 0);
	assert_string_equal(
		run_data_removal(&run, text, sizeof(text)),
		"raw samples were removed on 1970-04-01 00:00, after 89 days");
	run_data_release(&run);
}

static struct history history_of(struct store *store)
{
	const struct history_query q = {
		.workload = "cpu_integer", .point = "", .runner = "kvm"};
	struct history h;
	struct err err = {0};

	if (history_load(store, &q, &h, &err))
		fail_msg("%s", err.msg);
	return h;
}

static void the_history_stays(void **state)
{
	struct store *store = store_of(state);
	struct history before, after;
	struct err err = {0};

	add_run(store, "complete");
	before = history_of(store);
	assert_int_equal(samples_drop(store, ALL, NULL, NULL, &err), 0);
	after = history_of(store);
	assert_int_equal(before.value_count, BOOTS / 2);
	assert_int_equal(after.value_count, BOOTS / 2);
	assert_memory_equal(before.values, after.values,
			    BOOTS / 2 * sizeof(*before.values));
	history_release(&before);
	history_release(&after);
}

static int note(void *arg, const struct samples_dropped *run)
{
	struct samples_dropped *last = arg;

	*last = *run;
	return 0;
}

static int stop_at_once(void *arg, const struct samples_dropped *run)
{
	(void)run;
	++*(int *)arg;
	return 1;
}

/* Nor one that was killed: it has no end. */
static void a_run_under_way_keeps_its_samples(void **state)
{
	struct store *store = store_of(state);
	struct samples_dropped last = {.run_id = 0};
	struct err err = {0};
	int64_t done, open;

	done = add_run(store, "stopped");
	open = add_run(store, NULL);
	assert_int_equal(samples_drop(store, ALL, note, &last, &err), 0);
	assert_int_equal(last.run_id, done);
	assert_int_equal(strlen(last.uuid), 32);
	/* Five or six of each boot, and one of the first two. */
	assert_int_equal(last.sample_count, BOOTS * 11 / 2 + 2);
	assert_int_equal(count(store, "sample"), BOOTS * 11 / 2 + 2);
	assert_int_equal(store_scalar(store,
				      "SELECT id FROM run WHERE"
				      " samples_dropped_unix_ns IS NULL",
				      0),
			 open);
}

static void only_old_runs_lose_theirs(void **state)
{
	struct store *store = store_of(state);
	struct err err = {0};
	int runs = 0;

	add_run(store, "complete");
	add_run(store, "complete");
	stored_sql(store, "UPDATE run SET ended_unix_ns = 10 * id");
	assert_int_equal(samples_drop(store, 10, NULL, NULL, &err), 0);
	assert_int_equal(count(store, "run WHERE samples_dropped_unix_ns"
				      " IS NOT NULL"),
			 0);
	assert_int_equal(samples_drop(store, 11, NULL, NULL, &err), 0);
	assert_int_equal(count(store, "run WHERE samples_dropped_unix_ns"
				      " IS NOT NULL"),
			 1);
	stored_sql(store, "UPDATE run SET samples_dropped_unix_ns = NULL");
	assert_int_equal(samples_drop(store, ALL, stop_at_once, &runs, &err),
			 0);
	assert_int_equal(runs, 1);
}

/* Out of one store and into another, twice. */
static void a_bundle_carries_the_figures(void **state)
{
	struct stored_place *p = *state;
	int64_t id = add_run(p->store, "complete"), there = 0;
	char bundle[80], path[80];
	struct store *other;
	struct err err = {0};
	json_t *before, *after;
	bool is_new = false;

	snprintf(bundle, sizeof(bundle), "%s/b.json.gz", p->folder);
	snprintf(path, sizeof(path), "%s/other.db", p->folder);
	before = judge(p->store, id);
	assert_int_equal(samples_drop(p->store, ALL, NULL, NULL, &err), 0);
	assert_int_equal(bundle_export(p->store, id, NULL, bundle, &err), 0);
	assert_int_equal(store_open(path, &other, &err), 0);
	if (bundle_import(other, bundle, &there, &is_new, &err))
		fail_msg("%s", err.msg);
	assert_true(is_new);
	assert_int_equal(count(other, "sample"), 0);
	after = judge(other, there);
	must_be_equal(before, after);
	assert_int_equal(
		store_scalar(other, "SELECT samples_dropped_unix_ns FROM run",
			     0),
		store_scalar(p->store,
			     "SELECT samples_dropped_unix_ns FROM run", 1));
	json_decref(before);
	json_decref(after);
	store_close(other);
}

static void figures_are_those_of_the_samples(void **state)
{
	struct store *store = store_of(state);
	struct run_data run;
	const struct figure *f;
	struct err err = {0};
	int64_t id = add_run(store, "complete");

	assert_int_equal(samples_drop(store, ALL, NULL, NULL, &err), 0);
	assert_int_equal(run_data_load(store, id, &run, &err), 0);
	assert_int_not_equal(run.samples_dropped_unix_ns, 0);
	/* 100.37, 100.74, 101.11, 101.48; the first one was disturbed. */
	f = run.boots[0].res.series[0].figure;
	assert_int_equal(run.boots[0].res.series[0].sample_count, 0);
	assert_int_equal(f->sample_count, 5);
	assert_int_equal(f->used_count, 4);
	assert_int_equal(f->disturbances, DISTURBED_CPU);
	assert_true(fabs(f->median - 100.925) < 1e-9);
	assert_true(fabs(f->mean - 100.925) < 1e-9);
	/* 0.37 * sqrt(5 / 3), of 1.5, 0.5, -0.5 and -1.5 steps */
	assert_true(fabs(f->stddev - 0.47767) < 1e-4);
	assert_true(f->low == 100 + 0.37 && f->high == 100 + 0.37 * 4);
	assert_int_equal(f->long_count, 4);
	assert_int_equal(f->long_elapsed_ns, 4 * 60000000 + 10);
	assert_int_equal(f->long_host_ns, 4 * 60000000 + 10);
	/* Every sample was disturbed; and a series that was skipped. */
	f = run.boots[0].res.series[1].figure;
	assert_int_equal(f->sample_count, 1);
	assert_int_equal(f->used_count, 0);
	assert_true(f->median == 0);
	assert_null(run.boots[2].res.series[1].figure);
	run_data_release(&run);
	assert_int_equal(count(store, "figure WHERE median IS NULL"), 2);
}

/* Of a program of an earlier version, which went on while the store was brought up. */
static void no_samples_go_without_their_figures(void **state)
{
	struct store *store = store_of(state);
	struct err err = {0};
	json_t *before, *after;
	int64_t id = add_run(store, "complete");

	before = judge(store, id);
	assert_int_equal(store_exec(store,
				    "DELETE FROM figure WHERE series_id > 3",
				    &err),
			 0);
	assert_int_equal(samples_drop(store, ALL, NULL, NULL, &err), 0);
	assert_int_equal(count(store, "sample"), 0);
	after = judge(store, id);
	assert_true(json_equal(before, after));
	json_decref(before);
	json_decref(after);
}

#define WITH_STORE(test)                                          \
	cmocka_unit_test_setup_teardown(test, stored_place_setup, \
					stored_place_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORE(the_judgement_stays),
		WITH_STORE(reports_say_since_when),
		WITH_STORE(the_history_stays),
		WITH_STORE(a_run_under_way_keeps_its_samples),
		WITH_STORE(only_old_runs_lose_theirs),
		WITH_STORE(a_bundle_carries_the_figures),
		WITH_STORE(figures_are_those_of_the_samples),
		WITH_STORE(no_samples_go_without_their_figures),
	};

	return RUN_TESTS(tests);
}
