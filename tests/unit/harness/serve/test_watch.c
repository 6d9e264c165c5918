// SPDX-License-Identifier: GPL-3.0-or-later
/* standing, watch, overview: what is known of hosts, and when it is known anew. */
#include "tests/unit/test.h"

#include <errno.h>
#include <sqlite3.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/clock.h"
#include "harness/base/err.h"
#include "harness/core/bench_case.h"
#include "harness/core/result.h"
#include "harness/serve/http.h"
#include "harness/serve/overview.h"
#include "harness/serve/host_pages.h"
#include "harness/serve/query.h"
#include "harness/serve/search.h"
#include "harness/serve/standing.h"
#include "harness/serve/stores.h"
#include "harness/serve/watch.h"
#include "harness/serve/parts.h"
#include "harness/store/run_list.h"
#include "harness/store/store.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/scratch.h"

#define DAY_NS (86400 * NS_PER_S)

#define CLAIMS                                                                \
	"{\"claims\": {\"name\": \"made up\", \"text\": \"name: made up\\n"   \
	"claims:\\n  - {id: a, text: Integers hold, metric: cpu_integer, "    \
	"candidate: kvm, baseline: native, kind: non-inferior, margin: 0.5, " \
	"confidence: 0.95, reason: r}\\n\"}}"

struct fixture {
	char folder[SCRATCH_SIZE], db[64];
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	scratch_folder(f->folder, "watch");
	snprintf(f->db, sizeof(f->db), "%s/r.db", f->folder);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	scratch_remove(f->folder);
	free(f);
	return 0;
}

/* A night of HOST, BACK days ago, in which integers take KVM_NS under kvm. */
struct night {
	const char *host;
	int back;
	double kvm_ns;
	const char *plan; /* "{}" claims nothing */
	enum grade grade;
};

static void add_boots(struct store *store, int64_t run_id,
		      const struct night *n)
{
	static const char *const runners[] = {"native", "kvm"};
	struct err err = {0};
	uint32_t i;

	for (i = 0; i < 8; i++) {
		struct bench_case bc = {.block = i / 2, .vcpu_count = 1};
		struct result res;
		struct sample *p;

		snprintf(bc.runner, sizeof(bc.runner), "%s", runners[i % 2]);
		result_init(&res);
		res.grade = n->grade;
		p = series_add_sample(
			result_add_series(&res, "cpu_integer", "", "ns"));
		p->value = (i % 2 ? n->kvm_ns : 100) *
			   (1 + .001 * ((i + n->back) % 3));
		assert_int_equal(store_schedule_add(store, run_id, i, bc.block,
						    bc.runner, &err),
				 0);
		assert_int_equal(
			store_import_boot(store, run_id, i, &bc, &res, &err),
			0);
		result_release(&res);
	}
}

static void add_night(const struct fixture *f, const struct night *n)
{
	static unsigned int count;
	char fingerprint[96], uuid[40];
	const struct run_info info = {.seed = 1,
				      .revision = "made-up",
				      .plan_json = n->plan ? n->plan : "{}",
				      .fingerprint_json = fingerprint,
				      .probe_json = "{}",
				      .guest_manifest = ""};
	int64_t at = (int64_t)clock_unix_ns() - n->back * (int64_t)DAY_NS;
	struct store *store;
	struct err err = {0};
	int64_t run_id;

	snprintf(fingerprint, sizeof(fingerprint), "{\"host\": \"%s\"}",
		 n->host);
	snprintf(uuid, sizeof(uuid), "%032x", ++count);
	assert_int_equal(store_open(f->db, &store, &err), 0);
	assert_int_equal(store_import_begin(store, &info, uuid, "complete", at,
					    at + 1, &run_id, &err),
			 0);
	add_boots(store, run_id, n);
	assert_int_equal(store_end(store, 0, &err), 0);
	store_close(store);
}

static void add_nights(const struct fixture *f, const char *host, int last)
{
	int back;

	for (back = 20; back >= last; back--)
		add_night(f, &(struct night){host, back, back < 5 ? 130 : 110,
					     NULL, GRADE_HARDWARE});
}

static struct standing load(const struct fixture *f, const char *host,
			    const struct standing *before)
{
	const struct run_filter filter = {.host = host, .max_count = 1};
	struct run_list list;
	struct standing s;
	struct store *store;
	struct err err = {0};

	assert_int_equal(store_open_readonly(f->db, &store, &err), 0);
	assert_int_equal(run_list_load(store, &filter, &list, &err), 0);
	assert_int_equal(list.count, 1);
	assert_int_equal(standing_load(store, &list.lines[0], before, &s, &err),
			 0);
	run_list_release(&list);
	store_close(store);
	return s;
}

static void a_host_stands_by_its_runs_and_series(void **state)
{
	struct fixture *f = *state;
	uint64_t now_ns = clock_unix_ns();
	const struct standing_series *series;
	struct standing s;

	add_nights(f, "beta", 0);
	s = load(f, "beta", NULL);
	assert_string_equal(s.host, "beta");
	assert_string_equal(s.runner, "kvm");
	assert_int_equal(s.run_count, 21);
	assert_int_equal(s.shown_count, STANDING_RUNS);
	assert_true(s.runs[0].started_unix_ns > s.runs[1].started_unix_ns);
	assert_null(standing_judged(&s));
	assert_int_equal(s.series_count, 1);
	series = &s.series[0];
	assert_string_equal(series->label, "integer code");
	assert_int_equal(series->count, 21);
	assert_close(series->medians[0], 110, .5);
	assert_close(series->medians[20], 130, .5);
	assert_true(series->has_change && series->is_worse);
	assert_int_equal(series->change, 16);
	assert_close(series->magnitude, 20. / 110, .01);
	assert_true(standing_is_regression(series, part_recent_ns(now_ns)));
	assert_false(standing_is_regression(series, now_ns));
	standing_release(&s);
}

/* Neither its values nor its changes. */
static void what_was_before_a_break_is_another_history(void **state)
{
	struct fixture *f = *state;
	struct standing s;

	add_nights(f, "beta", 2);
	add_night(f, &(struct night){"beta", 1, 110, NULL, GRADE_EMULATED});
	add_night(f, &(struct night){"beta", 0, 110, NULL, GRADE_EMULATED});
	s = load(f, "beta", NULL);
	assert_int_equal(s.series_count, 1);
	assert_int_equal(s.series[0].count, 2);
	assert_string_equal(s.series[0].grade, "emulated");
	assert_false(s.series[0].has_change);
	standing_release(&s);
}

static void what_ended_is_not_read_again(void **state)
{
	struct fixture *f = *state;
	struct standing first, second;
	sqlite3 *db;

	add_night(f, &(struct night){"a", 2, 110, CLAIMS, GRADE_HARDWARE});
	first = load(f, "a", NULL);
	assert_int_equal(first.shown_count, 1);
	/* Changed behind its back: nobody does, so nobody looks. */
	assert_int_equal(sqlite3_open(f->db, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "UPDATE run SET plan = '{}'", NULL,
				      NULL, NULL),
			 SQLITE_OK);
	sqlite3_close(db);
	second = load(f, "a", &first);
	assert_string_equal(second.runs[0].sentence, first.runs[0].sentence);
	standing_release(&first);
	standing_release(&second);
}

static void nothing_to_follow_is_no_fault(void **state)
{
	struct fixture *f = *state;
	const struct run_info info = {.revision = "r",
				      .plan_json = "{}",
				      .fingerprint_json = "{}",
				      .probe_json = "{}",
				      .guest_manifest = ""};
	struct store *store;
	struct standing s;
	struct err err = {0};
	int64_t run_id;

	assert_int_equal(store_open(f->db, &store, &err), 0);
	assert_int_equal(store_run_begin(store, &info, &run_id, &err), 0);
	store_close(store);
	s = load(f, "", NULL);
	assert_int_equal(s.series_count, 0);
	assert_int_equal(s.shown_count, 1);
	assert_string_equal(s.runs[0].grades, "");
	assert_string_equal(s.runner, "");
	standing_release(&s);
}

/* Until COUNT hosts are known, of which the latest has RUNS. */
static void await(struct watch *w, size_t count, uint64_t runs)
{
	uint64_t until_ns = clock_mono_ns() + 30 * NS_PER_S;
	bool is_known = false;

	while (!is_known && clock_mono_ns() < until_ns) {
		struct watch_view v;

		watch_look(w, &v);
		is_known = v.count == count && watch_is_whole(&v) &&
			   (!count || v.hosts[0].run_count == runs);
		watch_leave(w);
		usleep(20000);
	}
	assert_true(is_known);
}

static void new_runs_and_hosts_are_seen(void **state)
{
	struct fixture *f = *state;
	struct stores *stores = stores_create(f->db);
	struct watch *w = watch_create(stores);
	struct watch_view v;
	struct err err = {0};
	struct store *store;

	/* There is no such file yet. */
	watch_look(w, &v);
	assert_int_equal(v.count, 0);
	watch_leave(w);
	assert_int_equal(store_open(f->db, &store, &err), 0);
	store_close(store);
	watch_destroy(w);
	w = watch_create(stores);
	await(w, 0, 0);
	add_night(f, &(struct night){"a", 3, 110, NULL, GRADE_HARDWARE});
	await(w, 1, 1);
	add_night(f, &(struct night){"b", 2, 110, NULL, GRADE_HARDWARE});
	await(w, 2, 1);
	add_night(f, &(struct night){"a", 1, 110, NULL, GRADE_HARDWARE});
	await(w, 2, 2);
	watch_look(w, &v);
	assert_string_equal(v.hosts[0].host, "a");
	assert_non_null(watch_find(&v, "b"));
	assert_null(watch_find(&v, "c"));
	watch_leave(w);
	watch_destroy(w);
	watch_destroy(NULL);
	stores_destroy(stores);
}

/* --- pages --- */

typedef int page(struct watch *w, struct store *store,
		 const struct http_request *rq, struct http_reply *re,
		 struct err *err);

static int host(struct watch *w, struct store *store,
		const struct http_request *rq, struct http_reply *re,
		struct err *err)
{
	(void)store;
	return host_page(w, rq, re, err);
}

static int claims(struct watch *w, struct store *store,
		  const struct http_request *rq, struct http_reply *re,
		  struct err *err)
{
	(void)store;
	return host_claims_page(w, rq, re, err);
}

/* The caller frees it. */
static char *shown(const struct fixture *f, page *show, const char *target)
{
	struct stores *stores = stores_create(f->db);
	struct watch *w = watch_create(stores);
	struct http_reply re = {.status = 0};
	struct store *store;
	struct err err = {0};
	struct query q;
	struct http_request rq = {.query = &q};
	struct run_list list;
	const struct run_filter all = {.is_latest_of_host = true};

	assert_int_equal(query_parse(target, &q, &err), 0);
	assert_int_equal(store_open_readonly(f->db, &store, &err), 0);
	assert_int_equal(run_list_load(store, &all, &list, &err), 0);
	await(w, list.count, list.count ? list.lines[0].host_run_count : 0);
	run_list_release(&list);
	assert_int_equal(show(w, store, &rq, &re, &err), 0);
	store_close(store);
	query_release(&q);
	watch_destroy(w);
	stores_destroy(stores);
	return re.body.str;
}

static void the_first_page_has_verdicts_and_what_became_worse(void **state)
{
	struct fixture *f = *state;
	char *html;

	add_nights(f, "beta", 1);
	add_night(f, &(struct night){"alpha", 3, 110, CLAIMS, GRADE_HARDWARE});
	add_night(f, &(struct night){"lab", 0, 110, CLAIMS, GRADE_EMULATED});
	html = shown(f, overview_page, "/");
	assert_int_equal(count_of(html, "<li class=\"card\">"), 3);
	assert_contains(html, "<span class=\"verdict pass\">PASS</span> "
			      "<span class=\"grade\">hardware</span>");
	assert_contains(html, "NOT EVALUABLE</span> <span class=\"grade "
			      "emulated\">emulated</span>");
	assert_contains(html, "NO CLAIM</span>");
	/* A night was missed. */
	assert_contains(html, "<span class=\"age late\"");
	assert_contains(html, "3 days ago</span>");
	assert_contains(html, "less than an hour ago</span>");
	assert_contains(html, "Worse in the last 14 days");
	assert_contains(html, "<b class=\"fail\">+18");
	assert_contains(html, "/history?workload=cpu_integer&amp;runner=kvm"
			      "&amp;host=beta\">integer code</a>");
	free(html);
	html = shown(f, overview_page, "/?host=beta");
	assert_contains(html, "What matters on <a href=\"/host?name=beta\">");
	assert_contains(html, " worse</b> since 20");
	free(html);
	html = shown(f, overview_board, "/board");
	assert_contains(html, "<p class=\"fail\">integer code +18");
	assert_contains(html, "<body class=\"board\">");
	free(html);
	html = shown(f, claims, "/claims");
	assert_int_equal(count_of(html, ">&#10003;</a>"), 1);
	assert_int_equal(count_of(html, ">&#8211;</a>"), 1);
	assert_contains(html, "Integers hold");
	free(html);
	html = shown(f, host, "/host?name=alpha");
	assert_contains(html, "<td>kvm, native</td><td>complete</td>");
	free(html);
}

static void names_of_any_kind_are_text(void **state)
{
	struct fixture *f = *state;
	char name[200] = "<b>\u202e&amp;?";
	char *html;

	memset(name + strlen(name), 'x', 60);
	add_night(f, &(struct night){name, 0, 110, NULL, GRADE_HARDWARE});
	html = shown(f, overview_page, "/");
	assert_null(strstr(html, "<b>\u202e"));
	assert_null(strstr(html, "\u202e"));
	assert_contains(html, "&lt;b&gt;[U+202E]&amp;amp;?xxx");
	assert_contains(html, "/host?name=%3Cb%3E%E2%80%AE%26amp%3B%3Fxxx");
	free(html);
}

/* All readers of the store are lent, so that the hosts cannot be looked at. */
static void what_is_not_known_yet_is_not_denied(void **state)
{
	static const struct {
		page *show;
		const char *target;
	} pages[] = {{overview_page, "/"},
		     {overview_board, "/board"},
		     {claims, "/claims"},
		     {search_page, "/search?q=no-such-name"},
		     {host, "/host?name=a"}};
	struct fixture *f = *state;
	struct stores *stores = stores_create(f->db);
	struct lease leases[8];
	struct watch *w;
	struct err err = {0};
	size_t i;

	add_night(f, &(struct night){"a", 0, 110, NULL, GRADE_HARDWARE});
	for (i = 0; i < ARRAY_SIZE(leases); i++)
		assert_int_equal(stores_take(stores, &leases[i], &err), 0);
	w = watch_create(stores);
	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		struct http_reply re = {.status = 0};
		struct query q;
		struct http_request rq = {.query = &q};
		int ret;

		assert_int_equal(query_parse(pages[i].target, &q, &err), 0);
		ret = pages[i].show(w, leases[0].store, &rq, &re, &err);
		query_release(&q);
		if (pages[i].show == host) {
			assert_int_equal(ret, -EBUSY);
			continue;
		}
		assert_int_equal(ret, 0);
		assert_contains(re.body.str, "The hosts are still being");
		assert_null(strstr(re.body.str, "Nothing stored"));
		assert_null(strstr(re.body.str, "Nothing is stored"));
		assert_null(strstr(re.body.str, "No stored run"));
		strbuf_release(&re.body);
	}
	for (i = 0; i < ARRAY_SIZE(leases); i++)
		stores_give(stores, &leases[i], true);
	await(w, 1, 1);
	watch_destroy(w);
	stores_destroy(stores);
}

static void a_clock_that_is_ahead_is_said(void **state)
{
	struct fixture *f = *state;
	char *html;

	add_night(f, &(struct night){"ahead", -4, 110, NULL, GRADE_HARDWARE});
	html = shown(f, overview_page, "/");
	assert_contains(html, "clock ahead by 3 days</span>");
	free(html);
}

static void an_empty_store_says_what_to_do(void **state)
{
	struct fixture *f = *state;
	struct store *store;
	struct err err = {0};
	char *html;

	assert_int_equal(store_open(f->db, &store, &err), 0);
	store_close(store);
	html = shown(f, overview_page, "/");
	assert_contains(html, "Nothing is stored yet.");
	assert_contains(html, "l1vh-bench run");
	free(html);
	html = shown(f, overview_board, "/board");
	assert_contains(html, "Nothing is stored yet.");
	free(html);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORE(a_host_stands_by_its_runs_and_series),
		WITH_STORE(what_was_before_a_break_is_another_history),
		WITH_STORE(what_ended_is_not_read_again),
		WITH_STORE(nothing_to_follow_is_no_fault),
		WITH_STORE(new_runs_and_hosts_are_seen),
		WITH_STORE(the_first_page_has_verdicts_and_what_became_worse),
		WITH_STORE(names_of_any_kind_are_text),
		WITH_STORE(what_is_not_known_yet_is_not_denied),
		WITH_STORE(a_clock_that_is_ahead_is_said),
		WITH_STORE(an_empty_store_says_what_to_do),
	};

	return RUN_TESTS(tests);
}
