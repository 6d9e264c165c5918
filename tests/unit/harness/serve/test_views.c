// SPDX-License-Identifier: GPL-3.0-or-later
/* views: what an address asks for, and what it may not ask. */
#include "tests/unit/test.h"

#include <errno.h>

#include "harness/base/strbuf.h"
#include "harness/serve/query.h"
#include "harness/serve/views.h"
#include "harness/store/store.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/harness/stored.h"

/* One run a day, from 25 to 28 February 2028, and the last on the 29th. */
static void fill(struct store *store)
{
	/* date -u -d 2028-02-25 +%s */
	static const uint64_t first_s = 1835049600;
	char sql[200], fingerprint[32];
	int i;

	for (i = 0; i < 5; i++) {
		int64_t id;

		snprintf(fingerprint, sizeof(fingerprint),
			 "{\"host\": \"h%d\"}", i % 2);
		id = stored_run(store, "r", fingerprint);
		stored_boot(store, id, 0, "native", "null", 1 + i);
		stored_boot(store, id, 1, "kvm", "null", 2 + i);
		/* The first at midnight, each other at the end of its day. */
		snprintf(sql, sizeof(sql),
			 "UPDATE run SET uuid = 'u%d', started_unix_ns = %llu"
			 " WHERE id = %d",
			 i + 1,
			 (unsigned long long)(first_s + 86400 * (uint64_t)i) *
					 NS_PER_S +
				 (i ? 86400 * NS_PER_S - 1 : 0),
			 i + 1);
		stored_sql(store, sql);
	}
}

static int setup(void **state)
{
	struct stored_place *f;

	if (stored_place_setup(state))
		return -1;
	f = *state;
	fill(f->store);
	return 0;
}

static void parse(const char *target, struct query *q)
{
	struct err err = {0};

	if (query_parse(target, q, &err))
		fail_msg("%s: %s", target, err.msg);
}

typedef int list_loader(struct store *store, const struct query *q,
			struct view_runs *v, struct err *err);

/* The last digits of the runs' UUIDs; NULL: it is refused. */
static void must_list(struct stored_place *f, list_loader *load,
		      const char *target, const char *want)
{
	struct strbuf got = {0};
	struct err err = {0};
	struct view_runs v;
	struct query q;
	size_t i;
	int ret;

	parse(target, &q);
	ret = load(f->store, &q, &v, &err);
	if (ret != (want ? 0 : -EINVAL))
		fail_msg("%s: %d, %s", target, ret, err.msg);
	if (!ret) {
		for (i = 0; i < v.list.count; i++)
			strbuf_puts(&got, v.list.lines[i].uuid + 1);
		if (strcmp(strbuf_str(&got), want) != 0)
			fail_msg("%s: %s", target, strbuf_str(&got));
		view_runs_release(&v);
	}
	strbuf_release(&got);
	query_release(&q);
}

static void runs_are_found_by_day_host_and_words(void **state)
{
	static const struct {
		const char *target, *want;
	} cases[] = {
		{"/", "54321"},
		{"/?from=&to=&q=&host=&page=", "54321"},
		{"/?from=2028-02-26", "5432"},
		{"/?to=2028-02-26", "21"}, /* that day included */
		{"/?from=2028-02-26&to=2028-02-26", "2"},
		{"/?from=2028-02-29&to=2028-02-29", "5"},
		{"/?from=2028-03-01", ""},
		{"/?to=2028-02-24", ""},
		{"/?from=2028-02-28&to=2028-02-26", ""},
		{"/?from=2027-02-29", NULL}, /* no leap year */
		{"/?from=2028-02-30", NULL},
		{"/?from=2028-13-01", NULL},
		{"/?from=2028-00-10", NULL},
		{"/?from=2028-2-26", NULL},
		{"/?from=28-02-26", NULL},
		{"/?from=2028-02-26x", NULL},
		{"/?from=2028-02-26+10:00", NULL},
		{"/?from=+2028-02-26", NULL},
		{"/?from=1970-01-01", NULL},
		{"/?from=1970-01-02", "54321"},
		{"/?to=1969-12-31", NULL},
		{"/?to=2200-01-01", "54321"},
		{"/?to=2201-01-01", NULL},
		{"/?to=99999-01-01", NULL},
		{"/?host=h1", "42"},
		{"/?host=h", ""},
		{"/?q=u3", "3"},
		{"/?runner=native&workload=null", "54321"},
		{"/?runner=qemu", ""},
		{"/?page=1", "54321"},
		{"/?page=2", ""},
		{"/?page=1000000", ""},
		{"/?page=1000001", NULL},
		{"/?page=0", NULL},
		{"/?page=-1", NULL},
		{"/?page=1.5", NULL},
		{"/?page=+1", NULL},
		{"/?page=18446744073709551617", NULL},
		{"/?Host=h1", NULL},
		{"/?uuid=u1", NULL},
		{"/?host=h1&skip=1", NULL},
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		must_list(*state, view_runs_load, cases[i].target,
			  cases[i].want);
}

static void hosts_have_their_latest_run(void **state)
{
	must_list(*state, view_hosts_load, "/", "54");
	must_list(*state, view_hosts_load, "/?page=2", "");
	must_list(*state, view_hosts_load, "/?page=0", NULL);
	must_list(*state, view_hosts_load, "/?host=h1", NULL);
}

/* Each page begins where the one before it ended. */
static void pages_have_no_gap(void **state)
{
	struct stored_place *f = *state;
	struct err err = {0};
	struct view_runs v;
	struct query q;
	char target[32], seen[130] = "";
	size_t i, page, total = 0;

	stored_sql(f->store,
		   "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1"
		   " FROM n WHERE i < 119) INSERT INTO run SELECT 1000 + i,"
		   " 'v' || i, 5, 1, 'complete', 1, 'r', 0, '{}', '{}', '{}',"
		   " '', NULL, NULL FROM n");
	for (page = 1; page <= 3; page++) {
		snprintf(target, sizeof(target), "/?page=%zu", page);
		parse(target, &q);
		assert_int_equal(view_runs_load(f->store, &q, &v, &err), 0);
		assert_int_equal(v.page, page);
		assert_int_equal(v.list.count, page < 3 ? 50 : 25);
		assert_int_equal(v.list.has_more, page < 3);
		for (i = 0; i < v.list.count; i++)
			if (v.list.lines[i].uuid[0] == 'v')
				seen[strtoul(v.list.lines[i].uuid + 1, NULL,
					     10)]++;
		total += v.list.count;
		view_runs_release(&v);
		query_release(&q);
	}
	assert_int_equal(total, 125);
	for (i = 0; i < 120; i++)
		assert_int_equal(seen[i], 1);
}

static void pairs_are_of_two_runs(void **state)
{
	static const struct {
		const char *target;
		int ret;
	} cases[] = {
		{"/?a=u1&b=u2", 0},       {"/?b=u2&a=u1", 0},
		{"/?a=u1&b=u1", -EINVAL}, {"/?a=u1", -EINVAL},
		{"/?b=u1", -EINVAL},      {"/?a=&b=u1", -EINVAL},
		{"/", -EINVAL},           {"/?a=u1&b=u2&c=u3", -EINVAL},
		{"/?a=u1&b=u9", -ENOENT}, {"/?a=u9&b=u1", -ENOENT},
	};
	struct stored_place *f = *state;
	struct err err = {0};
	struct view_pair v;
	struct query q;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		parse(cases[i].target, &q);
		if (view_pair_load(f->store, &q, &v, &err) != cases[i].ret)
			fail_msg("%s: %s", cases[i].target, err.msg);
		if (!cases[i].ret) {
			assert_string_equal(v.a.run.uuid, "u1");
			assert_string_equal(v.b.run.uuid, "u2");
			view_pair_release(&v);
		}
		query_release(&q);
	}
}

static void trends_are_of_a_series(void **state)
{
	static const struct {
		const char *target;
		int ret;
		size_t runs;
		const char *title;
	} cases[] = {
		{"/?workload=null&runner=kvm", 0, 5, "null under kvm"},
		{"/?workload=null&runner=kvm&point=&host=", 0, 5,
		 "null under kvm"},
		{"/?workload=null&runner=native&host=h1", 0, 2,
		 "null under native on h1"},
		{"/?workload=null&runner=kvm&point=x", -ENOENT, 0, NULL},
		{"/?workload=null&runner=kvm&host=h9", -ENOENT, 0, NULL},
		{"/?workload=null&runner=kvm&page=2", -ENOENT, 0, NULL},
		{"/?workload=null", -EINVAL, 0, NULL},
		{"/?runner=kvm", -EINVAL, 0, NULL},
		{"/?workload=null&runner=kvm&page=x", -EINVAL, 0, NULL},
		{"/?workload=null&runner=kvm&to=2028-02-30", -EINVAL, 0, NULL},
		{"/?workload=null&runner=kvm&from=1980-01-01&to=2199-01-01", 0,
		 5, "null under kvm"},
		{"/?workload=null&runner=kvm&from=2199-01-01", -ENOENT, 0,
		 NULL},
		{"/?workload=null&runner=kvm&to=1980-01-01", -ENOENT, 0, NULL},
	};
	struct stored_place *f = *state;
	struct err err = {0};
	struct view_trend v;
	struct query q;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		parse(cases[i].target, &q);
		if (view_trend_load(f->store, &q, &v, &err) != cases[i].ret)
			fail_msg("%s: %s", cases[i].target, err.msg);
		if (!cases[i].ret) {
			assert_int_equal(v.history.run_count, cases[i].runs);
			assert_string_equal(v.title, cases[i].title);
			view_trend_release(&v);
		}
		query_release(&q);
	}
}

static void one_run_is_loaded_or_named(void **state)
{
	struct stored_place *f = *state;
	struct view_figures figures;
	struct run_list all;
	struct err err = {0};
	struct view_run v;

	assert_int_equal(view_run_load(f->store, "u2", &v, &err), 0);
	assert_string_equal(v.run.uuid, "u2");
	assert_int_equal(v.run.boot_count, 2);
	view_run_release(&v);
	assert_int_equal(view_run_load(f->store, "u9", &v, &err), -ENOENT);
	assert_contains(err.msg, "'u9'");
	assert_int_equal(view_figures_load(f->store, "u2", &figures, &err), 0);
	view_figures_release(&figures);
	assert_int_equal(view_figures_load(f->store, "", &figures, &err),
			 -ENOENT);
	/* All hosts at once, however many there are. */
	assert_int_equal(view_all_hosts_load(f->store, &all, &err), 0);
	assert_int_equal(all.count, 2);
	assert_false(all.has_more);
	run_list_release(&all);
}

#define WITH_RUNS(t) \
	cmocka_unit_test_setup_teardown(t, setup, stored_place_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_RUNS(runs_are_found_by_day_host_and_words),
		WITH_RUNS(hosts_have_their_latest_run),
		WITH_RUNS(pages_have_no_gap),
		WITH_RUNS(pairs_are_of_two_runs),
		WITH_RUNS(trends_are_of_a_series),
		WITH_RUNS(one_run_is_loaded_or_named),
	};

	return RUN_TESTS(tests);
}
