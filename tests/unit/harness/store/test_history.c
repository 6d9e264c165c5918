// SPDX-License-Identifier: GPL-3.0-or-later
/* history: nights in a store, a slow-down in one of them, another machine. */
#include "tests/unit/test.h"

#include <errno.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <jansson.h>
#include <math.h>

#include "harness/base/strbuf.h"
#include "harness/core/bench_case.h"
#include "harness/core/result.h"
#include "harness/findings/runs/trend.h"
#include "harness/stats/changes.h"
#include "harness/store/history.h"
#include "harness/store/store.h"
#include "reports/data/trend_json.h"
#include "reports/html/pictures/trend_svg.h"
#include "reports/text/trend_text.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/harness/stored.h"

static const struct trend_change *regression(const struct trend *t,
					     double share, size_t recent)
{
	bool is_open;

	return trend_regression(t, share, recent, &is_open);
}

/* Eight boots of three samples, of which one is disturbed and far away. */
static void add_night(struct stored_place *f, double level,
		      const char *fingerprint)
{
	static const double noise[] = {1, 1.01, .99, 1.005, .995, 1.01, .99, 1};
	const struct run_info info = {.revision = "r",
				      .plan_json = "{}",
				      .fingerprint_json = fingerprint,
				      .probe_json = "{}",
				      .guest_manifest = ""};
	struct bench_case bc = {.runner = "kvm"};
	struct err err = {0};
	int64_t run_id;
	uint32_t i;
	int k;

	assert_int_equal(store_run_begin(f->store, &info, &run_id, &err), 0);
	for (i = 0; i < 8; i++) {
		struct result res;
		struct series *s;

		result_init(&res);
		s = result_add_series(&res, "mem_latency", "16KiB,4KiB-pages",
				      "ns");
		for (k = -1; k < 2; k++)
			series_add_sample(s)->value = level * noise[i] + k;
		s->samples[2].disturbances = DISTURBED_CPU;
		s->samples[2].value = 1e6;
		assert_int_equal(
			store_result_add(f->store, run_id, i, &bc, &res, &err),
			0);
		result_release(&res);
	}
}

static const struct history_query query = {.workload = "mem_latency",
					   .point = "16KiB,4KiB-pages",
					   .runner = "kvm"};

static void load(struct stored_place *f, struct history *h, struct trend *t)
{
	struct err err = {0};

	assert_int_equal(history_load(f->store, &query, h, &err), 0);
	trend_init(t, h, &change_defaults);
}

static void a_slow_night_is_found(void **state)
{
	struct stored_place *f = *state;
	struct history h;
	struct trend t;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	struct strbuf svg = {0};

	add_night(f, 100, "{\"host\": \"a\", \"kernel.release\": \"6.1\"}");
	add_night(f, 100, "{\"host\": \"a\", \"kernel.release\": \"6.1\"}");
	add_night(f, 110,
		  "{\"host\": \"a\", \"kernel.release\": \"6.2\\u001b[31m\"}");
	load(f, &h, &t);
	assert_int_equal(h.value_count, 24);
	assert_int_equal(h.run_count, 3);
	/* The median of the two samples that count. */
	assert_true(fabs(h.values[0] - 99.5) < 1e-9);
	assert_int_equal(t.change_count, 1);
	assert_int_equal(t.changes[0].c.index, 16);
	assert_int_equal(t.changes[0].run, 2);
	assert_true(t.changes[0].is_worse);
	assert_true(fabs(t.changes[0].c.magnitude - .1) < .01);
	assert_ptr_equal(regression(&t, .05, 1), &t.changes[0]);
	assert_null(regression(&t, .2, 1));
	assert_true(trend_stands_out(&t, &t.changes[0]));
	trend_text_write(&t, "title", out);
	fclose(out);
	assert_non_null(strstr(text, "+10.1 % WORSE"));
	assert_non_null(strstr(text, "kernel.release: 6.1 -> 6.2"));
	assert_null(strchr(text, '\033'));
	free(text);
	/* The mark, what it came to, and where the line begins. */
	trend_svg(&t, "a <title>", "kvm", &svg);
	assert_non_null(strstr(svg.str, "a &lt;title&gt;"));
	assert_non_null(strstr(svg.str, "<line class=\"change\""));
	assert_non_null(strstr(svg.str, "<title>+10.1 %</title>"));
	text = strstr(svg.str, "text-anchor=\"start\"");
	assert_non_null(text);
	assert_memory_equal(strchr(text, '>') + 1, "20", 2);
	strbuf_release(&svg);
	trend_release(&t);
	history_release(&h);
}

static void an_old_change_is_no_news(void **state)
{
	struct stored_place *f = *state;
	struct history h;
	struct trend t;
	int i;

	add_night(f, 100, "{}");
	for (i = 0; i < 4; i++)
		add_night(f, 110, "{}");
	load(f, &h, &t);
	assert_int_equal(t.change_count, 1);
	assert_null(regression(&t, .05, 3));
	assert_non_null(regression(&t, .05, 4));
	trend_release(&t);
	history_release(&h);
}

/* After a further night of LEVEL, which begins a change for the worse. */
static bool next_night_stands_out(struct stored_place *f, double level)
{
	const struct trend_change *c;
	struct history h;
	struct trend t;
	bool stands_out;

	add_night(f, level, "{}");
	load(f, &h, &t);
	c = regression(&t, .05, 1);
	assert_non_null(c);
	assert_int_equal(c->run, h.run_count - 1);
	stands_out = trend_stands_out(&t, c);
	trend_release(&t);
	history_release(&h);
	return stands_out;
}

/* As far as nights differ anyway, or nobody knows how far they do. */
static void what_nights_do_anyway_is_undecided(void **state)
{
	struct stored_place *f = *state;

	add_night(f, 100, "{}");
	assert_false(next_night_stands_out(f, 180));
	/* With nights of 100 and 180 anything up to 1020 may come next. */
	assert_false(next_night_stands_out(f, 300));
	assert_true(next_night_stands_out(f, 1e4));
}

/* Half as fast, and nobody's fault. */
static void another_machine_begins_anew(void **state)
{
	struct stored_place *f = *state;
	struct history h;
	struct trend t;
	json_t *json;

	add_night(f, 100, "{\"cpu.model\": \"1\", \"host\": \"a\"}");
	add_night(f, 200, "{\"cpu.model\": \"2\", \"host\": \"a\"}");
	add_night(f, 200, "damaged");
	load(f, &h, &t);
	assert_int_equal(t.change_count, 0);
	assert_int_equal(t.break_count, 2);
	assert_null(regression(&t, .01, 9));
	json = trend_json(&t);
	assert_int_equal(json_array_size(json_object_get(json, "breaks")), 2);
	json_decref(json);
	trend_release(&t);
	history_release(&h);
}

static void only_what_was_asked_for(void **state)
{
	struct stored_place *f = *state;
	struct history_query q = query;
	struct history h;
	struct err err = {0};

	add_night(f, 100, "{\"host\": \"a\"}");
	add_night(f, 100, "{\"host\": \"b\"}");
	add_night(f, 100, "damaged");
	q.host = "b";
	assert_int_equal(history_load(f->store, &q, &h, &err), 0);
	assert_int_equal(h.run_count, 1);
	history_release(&h);
	/* Samples that a series had before it failed are no figure. */
	stored_sql(f->store, "UPDATE series SET status = 'runner_failed' WHERE"
			     " boot_id IN (SELECT id FROM boot WHERE run_id ="
			     " 2)");
	assert_int_equal(history_load(f->store, &q, &h, &err), -ENOENT);
	q.host = "b' OR '1'='1";
	assert_int_equal(history_load(f->store, &q, &h, &err), -ENOENT);
	q = query;
	q.runner = "mshv";
	assert_int_equal(history_load(f->store, &q, &h, &err), -ENOENT);
	assert_non_null(strstr(err.msg, "no boot of mshv has"));
}

static size_t find(const double *v, size_t n, size_t *index)
{
	struct change *c;
	size_t count = changes_find(v, n, &change_defaults, &c);

	*index = count ? c[0].index : n;
	free(c);
	return count;
}

/* Those of the latest run alone, in the order of listings, and each once. */
static void names_are_of_the_latest_run(void **state)
{
	struct stored_place *f = *state;
	struct history_name *names = NULL;
	struct err err = {0};
	size_t count = 7;
	int64_t id;

	assert_int_equal(history_names(f->store, "kvm", &names, &count, &err),
			 -ENOENT);
	assert_int_equal(count, 0);
	add_night(f, 100, "{}");
	id = stored_run(f->store, "r", "{}");
	stored_boot(f->store, id, 0, "kvm", "null", 1);
	stored_boot(f->store, id, 1, "kvm", "delay", 1);
	stored_boot(f->store, id, 2, "kvm", "delay", 1);
	stored_boot(f->store, id, 3, "native", "cpu_aes", 1);
	stored_boot(f->store, id, 4, "kvm", "cpu_sha256", 1);
	stored_sql(f->store, "UPDATE series SET status = 'skipped'"
			     " WHERE workload = 'cpu_sha256';"
			     "UPDATE series SET list_rank = 1"
			     " WHERE workload = 'null';"
			     "UPDATE series SET list_rank = 2"
			     " WHERE workload = 'delay'");
	assert_int_equal(history_names(f->store, "kvm", &names, &count, &err),
			 0);
	assert_int_equal(count, 2);
	assert_string_equal(names[0].workload, "null");
	assert_string_equal(names[1].workload, "delay");
	assert_string_equal(names[1].point, "");
	free(names);
	assert_int_equal(history_names(f->store, "mshv", &names, &count, &err),
			 -ENOENT);
	assert_null(names);
	assert_contains(err.msg, "mshv");
	/* The earlier one began later, by its clock: it is the latest. */
	stored_sql(f->store, "UPDATE run SET started_unix_ns = 1 WHERE id = 2");
	assert_int_equal(history_names(f->store, "kvm", &names, &count, &err),
			 0);
	assert_int_equal(count, 1);
	assert_string_equal(names[0].workload, "mem_latency");
	free(names);
}

/* Levels just above the place's exact p, 1/210: none may depend on the draw. */
static void a_level_near_the_p_is_no_lottery(void **state)
{
	static const double v[] = {100,   100.4, 100.8, 100.1, 100.5,
				   100.9, 88,    88.1,  88.2,  88.3};
	static const double levels[] = {.015, .02, .025, .03};
	struct change_options opts = change_defaults;
	struct change *c;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(levels); i++)
		for (opts.seed = 1; opts.seed <= 5; opts.seed++) {
			opts.max_p = levels[i];
			assert_int_equal(
				changes_find(v, ARRAY_SIZE(v), &opts, &c), 1);
			assert_int_equal(c[0].index, 6);
			free(c);
		}
}

static void published_series_have_one_change(void **state)
{
	static const double otava[] = {1.02, .95,  .99, 1,   1.12, 1,   1.01,
				       .98,  1.01, .96, .5,  .51,  .48, .48,
				       .55,  .5,   .49, .51, .5,   .49};
	double v[30];
	size_t i, index;

	(void)state;
	assert_int_equal(find(otava, ARRAY_SIZE(otava), &index), 1);
	assert_int_equal(index, 10);
	for (i = 0; i < 30; i++)
		v[i] = i < 15 ? 50 : 100;
	assert_int_equal(find(v, 30, &index), 1);
	assert_int_equal(index, 15);
	/* One that sticks out is an outlier. */
	v[2] = 100;
	assert_int_equal(find(v, 30, &index), 1);
	assert_int_equal(index, 15);
	v[2] = 50;
	v[14] = 74;
	assert_int_equal(find(v, 30, &index), 1);
	assert_int_equal(index, 15);
	v[14] = 76;
	assert_int_equal(find(v, 30, &index), 1);
	assert_int_equal(index, 14);
}

/* Five hundred series of noise with heavy tails: 5 % is the most, a coin's own
 * noise aside. */
static void noise_raises_no_alarm(void **state)
{
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	size_t i, k, index, alarms = 0;
	double v[60];

	(void)state;
	gsl_rng_set(rng, 20261126);
	for (i = 0; i < 500; i++) {
		for (k = 0; k < ARRAY_SIZE(v); k++)
			v[k] = 100 + gsl_ran_tdist(rng, 3);
		alarms += find(v, ARRAY_SIZE(v), &index) > 0;
	}
	print_message("%zu alarms of 500\n", alarms);
	assert_true(alarms <= 25);
	gsl_rng_free(rng);
}

static void changes_are_found_where_they_are(void **state)
{
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	size_t i, k, hits = 0;
	double v[300];

	(void)state;
	gsl_rng_set(rng, 7);
	for (i = 0; i < 20; i++) {
		struct change *c;

		for (k = 0; k < ARRAY_SIZE(v); k++)
			v[k] = (k < 100   ? 100
				: k < 220 ? 110
					  : 95) +
			       gsl_ran_gaussian(rng, 2);
		hits += changes_find(v, ARRAY_SIZE(v), &change_defaults, &c) ==
				2 &&
			c[0].index >= 98 && c[0].index <= 102 &&
			c[1].index >= 218 && c[1].index <= 222;
		free(c);
	}
	assert_true(hits >= 18);
	gsl_rng_free(rng);
}

static void short_series_have_none(void **state)
{
	const double v[] = {1, 1, 100, 100, 100};
	size_t index, n;

	(void)state;
	for (n = 0; n <= ARRAY_SIZE(v); n++)
		assert_int_equal(find(v, n, &index), 0);
}

#define WITH_FIXTURE(t)                                        \
	cmocka_unit_test_setup_teardown(t, stored_place_setup, \
					stored_place_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FIXTURE(a_slow_night_is_found),
		WITH_FIXTURE(an_old_change_is_no_news),
		WITH_FIXTURE(what_nights_do_anyway_is_undecided),
		WITH_FIXTURE(another_machine_begins_anew),
		WITH_FIXTURE(only_what_was_asked_for),
		WITH_FIXTURE(names_are_of_the_latest_run),
		cmocka_unit_test(published_series_have_one_change),
		cmocka_unit_test(a_level_near_the_p_is_no_lottery),
		cmocka_unit_test(noise_raises_no_alarm),
		cmocka_unit_test(changes_are_found_where_they_are),
		cmocka_unit_test(short_series_have_none),
	};

	return RUN_TESTS(tests);
}
