// SPDX-License-Identifier: GPL-3.0-or-later
/* serve: a dashboard on a free port, and clients of all manners. */
#include "tests/unit/test.h"

#include <errno.h>
#include <jansson.h>
#include <pthread.h>
#include <sqlite3.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "harness/base/file.h"
#include "harness/base/strbuf.h"
#include "harness/core/bench_case.h"
#include "harness/core/result.h"
#include "harness/serve/dashboard.h"
#include "harness/serve/push.h"
#include "harness/serve/tokens.h"
#include "harness/store/bundle.h"
#include "harness/store/run_list.h"
#include "harness/store/store.h"
#include "tests/unit/fixture/harness/web.h"
#include "tests/unit/fixture/scratch.h"

#define SCRIPT "<script>alert(1)</script>"

struct fixture {
	char folder[SCRATCH_SIZE], db[64];
	struct dashboard *dashboard;
	char uuids[2][40];
};

/* One boot each of native and of a guest, with names that mean harm. */
static void begin_run(const char *db, const char *fingerprint,
		      const char *workload, bool is_to_end)
{
	const struct run_info info = {.revision = "r1" SCRIPT,
				      .plan_json = "{}",
				      .fingerprint_json = fingerprint,
				      .probe_json = "{}",
				      .guest_manifest = ""};
	static const char *const runners[] = {"native", "kvm"};
	static uint64_t size_of_last;
	struct store *store;
	struct err err = {0};
	int64_t run_id;
	uint32_t i;

	assert_int_equal(store_open(db, &store, &err), 0);
	assert_int_equal(store_run_begin(store, &info, &run_id, &err), 0);
	for (i = 0; i < 2; i++) {
		struct bench_case bc = {.vcpu_count = 1};
		struct series *series;
		struct result res;

		snprintf(bc.runner, sizeof(bc.runner), "%s", runners[i]);
		result_init(&res);
		series_add_sample(result_add_series(&res, "null", "", "ns"))
			->value = 5;
		series = result_add_series(&res, workload, "", "ns");
		series_add_sample(series)->value = 5;
		/* So that each run's curve is another one. */
		series->set_bytes = 4096 * ++size_of_last;
		series->page_bytes = 4096;
		assert_int_equal(store_schedule_add(store, run_id, i, 0,
						    runners[i], &err),
				 0);
		assert_int_equal(
			store_result_add(store, run_id, i, &bc, &res, &err), 0);
		result_release(&res);
	}
	if (is_to_end)
		assert_int_equal(store_run_end(store, run_id, "complete", &err),
				 0);
	store_close(store);
}

static void add_run(const char *db, const char *fingerprint,
		    const char *workload)
{
	begin_run(db, fingerprint, workload, true);
}

static void start(struct fixture *f)
{
	const struct dashboard_config cfg = {
		.db = f->db, .listen = "127.0.0.1:0", .timeout_s = 1};
	struct err err = {0};

	assert_int_equal(dashboard_start(&cfg, &f->dashboard, &err), 0);
}

static int get(const struct fixture *f, const char *target, struct strbuf *out);

/* The first pages tell so until all hosts were looked at. */
static void await_hosts(const struct fixture *f)
{
	uint64_t until_ns = clock_mono_ns() + 60 * NS_PER_S;
	struct strbuf out = {0};

	while (get(f, "/", &out) == 200 &&
	       strstr(out.str, "still being looked at") &&
	       clock_mono_ns() < until_ns)
		usleep(10000);
	assert_null(strstr(out.str, "still being looked at"));
	strbuf_release(&out);
}

static int setup(void **state)
{
	const struct run_filter all = {.max_count = 2};
	struct fixture *f = calloc(1, sizeof(*f));
	struct run_list list;
	struct store *store;
	struct err err = {0};
	size_t i;

	scratch_folder(f->folder, "serve");
	snprintf(f->db, sizeof(f->db), "%s/r.db", f->folder);
	add_run(f->db, "{\"host\": \"one" SCRIPT "\"}", "cpu");
	add_run(f->db, "{\"host\": \"two\"}", "<script>x</script>");
	if (store_open_readonly(f->db, &store, &err) ||
	    run_list_load(store, &all, &list, &err) || list.count != 2)
		return -1;
	for (i = 0; i < 2; i++)
		snprintf(f->uuids[i], sizeof(f->uuids[i]), "%s",
			 list.lines[i].uuid);
	run_list_release(&list);
	store_close(store);
	start(f);
	await_hosts(f);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	dashboard_stop(f->dashboard);
	scratch_remove(f->folder);
	free(f);
	return 0;
}

static int dial(const struct fixture *f)
{
	return web_dial(dashboard_url(f->dashboard));
}

static int raw(const struct fixture *f, const char *bytes, size_t len,
	       struct strbuf *out)
{
	return web_send(dashboard_url(f->dashboard), bytes, len, out);
}

static int ask(const struct fixture *f, const char *method, const char *target,
	       struct strbuf *out)
{
	return web_ask(dashboard_url(f->dashboard), method, target, out);
}

/* TARGET with the UUIDs for $1 and $2. */
static int get(const struct fixture *f, const char *target, struct strbuf *out)
{
	struct strbuf full = {0};
	int status;

	for (; *target; target++)
		if (target[0] == '$') {
			strbuf_puts(&full, f->uuids[target[1] - '1']);
			target++;
		} else {
			strbuf_add(&full, target, 1);
		}
	status = ask(f, "GET", full.str, out);
	strbuf_release(&full);
	return status;
}

static const struct {
	const char *target, *type, *words;
} good[] = {
	{"/", "text/html", "how the hosts stand"},
	{"/?host=two", "text/html", "What matters on"},
	{"/board", "text/html", "as of "},
	{"/host?name=two", "text/html", "Latest runs"},
	{"/claims", "text/html", "No stored run registered claims"},
	{"/search?q=two", "text/html", "<h2>Hosts</h2>"},
	{"/search?q=r1", "text/html", "<h2>Runs</h2>"},
	{"/search?q=nothing-like-it", "text/html", "Nothing stored has"},
	{"/search", "text/html", "Type part of"},
	{"/runs", "text/html", "Compare a with b"},
	{"/runs?host=two&runner=kvm&workload=null&from=2020-01-01&q=r1&page=1",
	 "text/html", "two"},
	{"/runs/$1", "text/html", "<h1>kvm against native</h1>"},
	{"/runs/$1.json", "application/json", "\"boots\""},
	{"/compare?a=$1&b=$2", "text/html", "The runs differ in"},
	{"/history", "text/html", "workload"},
	{"/history?workload=null&point=&runner=kvm", "text/html", "<polyline"},
	{"/history?workload=null&runner=kvm&from=2020-01-01", "text/html",
	 "Every boot"},
	{"/hosts", "text/html", "two"},
	{"/api/v1/runs", "application/json", "\"has_more\""},
	{"/api/v1/runs/$1", "application/json", "\"boots\""},
	{"/api/v1/compare?a=$1&b=$2", "application/json", "\"differences\""},
	{"/api/v1/history?workload=null&runner=kvm&host=two",
	 "application/json", "\"runs\""},
	{"/api/v1/hosts", "application/json", "\"host_run_count\""},
	{"/metrics", "application/openmetrics-text", "host=\"two\""},
	{"/metrics", "application/openmetrics-text",
	 "l1vh_serve_replies_total"},
	{"/live", "text/html", "no run is under way"},
	{"/api/v1/live", "text/event-stream", "data: {\"run\":null}\n\n"},
	{"/static/live.js", "text/javascript", "EventSource"},
	{"/healthz", "text/plain", "ok\n"},
};

static void every_route_answers(void **state)
{
	struct strbuf out = {0};
	char type[96];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(get(*state, good[i].target, &out), 200);
		snprintf(type, sizeof(type), "Content-Type: %s", good[i].type);
		assert_non_null(strstr(out.str, type));
		if (!strstr(out.str, good[i].words))
			print_error("%s: no %s\n", good[i].target,
				    good[i].words);
		assert_non_null(strstr(out.str, good[i].words));
		assert_non_null(
			strstr(out.str, "X-Content-Type-Options: nosniff"));
		assert_non_null(strstr(out.str, "default-src 'none'"));
		if (!strcmp(good[i].type, "application/json")) {
			json_t *json = json_loads(strstr(out.str, "\r\n\r\n"),
						  0, NULL);

			assert_non_null(json);
			json_decref(json);
		}
	}
	get(*state, "/metrics", &out);
	assert_string_equal(out.str + out.len - 6, "# EOF\n");
	strbuf_release(&out);
}

static const struct {
	const char *target;
	int status;
} bad[] = {
	{"/nothing", 404},
	{"/runs/", 404},
	{"/runs/00", 404},
	{"/api/v1/runs/00", 404},
	{"/runs/../../etc/passwd", 404},
	{"/runs/..%2f..%2fetc%2fpasswd", 404},
	{"/static/../r.db", 404},
	{"/runs/'%20OR%201=1", 404},
	{"/runs?host='%20OR%20'1'='1", 200},
	{"/runs?q=%25'%3B%20DROP%20TABLE%20run%3B--", 200},
	{"/history?workload='OR'1&runner=x", 404},
	{"/runs?x=1", 400},
	{"/?x=1", 400},
	{"/board?x=1", 400},
	{"/claims?host=two", 400},
	{"/search?x=1", 400},
	{"/host?name=nobody", 404},
	{"/host", 404},
	{"/history?workload=null&runner=kvm&from=2020-02-30", 400},
	{"/history?workload=null&runner=kvm&to=2020-01-01", 404},
	{"/runs?page=0", 400},
	{"/runs?page=-1", 400},
	{"/runs?page=99999999999999999999", 400},
	{"/runs?from=2026-02-30", 400},
	{"/runs?from=yesterday", 400},
	{"/runs?host=a&host=b", 400},
	{"/runs?host", 400},
	{"/runs?host=%", 400},
	{"/runs?host=%4", 400},
	{"/runs?host=%zz", 400},
	{"/runs?host=%00", 400},
	{"/runs?host=%ff", 400},
	{"/runs?host=%c0%af", 400},
	{"/runs?host=%1b", 400},
	{"/%ff", 400},
	{"/compare?a=$1", 400},
	{"/compare?a=$1&b=$1", 400},
	{"/compare?a=$1&b=00", 404},
	{"/api/v1/history", 400},
	{"/runs?a=1&b=1&c=1&d=1&e=1&f=1&g=1&h=1&i=1&j=1&k=1&l=1&m=1&n=1&o=1&p=1&q=1",
	 400},
};

static void what_is_wrong_is_refused(void **state)
{
	struct strbuf out = {0};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		int status = get(*state, bad[i].target, &out);

		if (status != bad[i].status)
			print_error("%s: %d\n", bad[i].target, status);
		assert_int_equal(status, bad[i].status);
	}
	/* And nothing was dropped or let through. */
	assert_int_equal(get(*state, "/runs?host='%20OR%20'1'='1", &out), 200);
	assert_non_null(strstr(out.str, "No stored run matches"));
	get(*state, "/api/v1/runs/00", &out);
	assert_non_null(strstr(out.str, "{\"error\":"));
	strbuf_release(&out);
}

static void markup_is_text(void **state)
{
	static const char *const targets[] = {
		"/",
		"/board",
		"/claims",
		"/search?q=script",
		"/host?name=one%3Cscript%3Ealert(1)%3C/script%3E",
		"/hosts",
		"/runs/$1",
		"/runs/$2",
		"/compare?a=$1&b=$2",
		"/history?workload=%3Cscript%3Ex%3C/script%3E&runner=kvm",
		"/runs?q=%22%3E%3Cscript%3E",
		"/%3Cscript%3E",
		"/history?workload=%3Cscript%3E&runner=%3Cscript%3E"};
	struct strbuf out = {0};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(targets); i++) {
		get(*state, targets[i], &out);
		assert_null(strstr(out.str, "<script>"));
	}
	get(*state, "/", &out);
	assert_non_null(strstr(out.str, "&lt;script&gt;alert"));
	strbuf_release(&out);
}

/* Who has a uuid in hand wants its run, and no list. */
static void a_uuid_leads_to_its_run(void **state)
{
	struct fixture *f = *state;
	struct strbuf out = {0};
	char want[80], target[80];

	snprintf(target, sizeof(target), "/search?q=%.12s", f->uuids[0]);
	snprintf(want, sizeof(want), "\r\nLocation: /runs/%s\r\n", f->uuids[0]);
	assert_int_equal(get(f, target, &out), 303);
	assert_non_null(strstr(out.str, want));
	/* Of what many have a list is made. */
	assert_int_equal(get(f, "/search?q=r1", &out), 200);
	assert_null(strstr(out.str, "\r\nLocation: "));
	strbuf_release(&out);
}

static void only_get_and_head(void **state)
{
	static const char *const methods[] = {"PUT", "DELETE", "POST"};
	struct strbuf out = {0};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(methods); i++) {
		assert_int_equal(ask(*state, methods[i], "/", &out), 405);
		assert_non_null(strstr(out.str, "Allow: GET, HEAD"));
		assert_int_equal(ask(*state, methods[i], "/no", &out), 404);
	}
	assert_int_equal(ask(*state, "XYZ", "/", &out), 501);
	assert_int_equal(ask(*state, "HEAD", "/", &out), 200);
	assert_string_equal(out.str + out.len - 4, "\r\n\r\n");
	assert_null(strstr(out.str, "Content-Length: 0\r"));
	assert_int_equal(ask(*state, "HEAD", "/nothing", &out), 404);
	strbuf_release(&out);
}

static void too_much_is_refused(void **state)
{
	struct strbuf rq = {0}, out = {0};
	size_t i;
	int status;

	strbuf_puts(&rq, "GET / HTTP/1.1\r\nHost: localhost\r\n");
	for (i = 0; i < 2000; i++)
		strbuf_printf(&rq, "X-%zu: 0123456789012345678901\r\n", i);
	strbuf_puts(&rq, "\r\n");
	status = raw(*state, rq.str, rq.len, &out);
	assert_true(status == 431 || status == 413 || status == -1);
	strbuf_release(&rq);
	strbuf_release(&out);
	strbuf_puts(&rq, "GET / HTTP/1.1\r\nHost: localhost\r\n"
			 "Content-Length: 99999999\r\n\r\n");
	assert_int_equal(raw(*state, rq.str, rq.len, &out), 413);
	assert_non_null(strstr(out.str, "Connection: close"));
	strbuf_release(&rq);
	strbuf_release(&out);
	strbuf_puts(&rq, "GET / HTTP/1.1\r\nHost: localhost\r\n"
			 "Transfer-Encoding: chunked\r\n\r\n");
	for (i = 0; i < 2000; i++)
		strbuf_printf(&rq, "100\r\n%0256d\r\n", 0);
	assert_int_equal(raw(*state, rq.str, rq.len, &out), -1);
	strbuf_release(&rq);
	strbuf_release(&out);
	assert_int_equal(get(*state, "/healthz", &out), 200);
	strbuf_release(&out);
}

static void who_says_nothing_is_hung_up_on(void **state)
{
	uint64_t start_ns = clock_mono_ns();
	struct strbuf out = {0};
	int silent = dial(*state), slow = dial(*state);

	assert_int_equal(send(slow, "GET / HT", 8, MSG_NOSIGNAL), 8);
	assert_int_equal(get(*state, "/healthz", &out), 200);
	web_read(silent, &out);
	web_read(slow, &out);
	assert_true(clock_mono_ns() - start_ns < 8 * NS_PER_S);
	strbuf_release(&out);
}

static void exec(const struct fixture *f, sqlite3 **db, const char *sql)
{
	assert_int_equal(sqlite3_open(f->db, db), SQLITE_OK);
	/* The server opens it at any moment. */
	sqlite3_busy_timeout(*db, 30000);
	assert_int_equal(sqlite3_exec(*db, sql, NULL, NULL, NULL), SQLITE_OK);
}

/* Whoever has it open keeps it from being locked so. */
static void a_locked_store_is_said_so(void **state)
{
	struct fixture *f = *state;
	struct strbuf out = {0};
	sqlite3 *db;

	dashboard_stop(f->dashboard);
	exec(f, &db, "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
	start(f);
	assert_int_equal(get(*state, "/", &out), 503);
	assert_non_null(strstr(out.str, "locked"));
	assert_int_equal(get(*state, "/api/v1/runs", &out), 503);
	assert_non_null(strstr(out.str, "{\"error\":"));
	assert_int_equal(get(*state, "/healthz", &out), 200);
	sqlite3_close(db);
	assert_int_equal(get(*state, "/", &out), 200);
	strbuf_release(&out);
}

static void another_schema_is_said_so(void **state)
{
	struct strbuf out = {0};
	sqlite3 *db;

	exec(*state, &db, "PRAGMA user_version = 99");
	sqlite3_close(db);
	assert_int_equal(get(*state, "/", &out), 503);
	assert_non_null(strstr(out.str, "schema 99"));
	strbuf_release(&out);
}

static void a_missing_store_is_said_so(void **state)
{
	struct fixture *f = *state;
	struct strbuf out = {0};

	assert_int_equal(unlink(f->db), 0);
	assert_int_equal(get(f, "/metrics", &out), 503);
	assert_non_null(strstr(out.str, "cannot open"));
	assert_int_equal(access(f->db, F_OK), -1);
	strbuf_release(&out);
}

static void an_address_that_is_taken_is_said_so(void **state)
{
	static const char *const wrong[] = {"127.0.0.1",   ":1",     "x:1",
					    "127.0.0.1:x", "::1:80", "[::1]"};
	struct fixture *f = *state;
	struct dashboard_config cfg = {.db = f->db, .timeout_s = 1};
	struct dashboard *d = NULL;
	char listen[64];
	struct err err = {0};
	size_t i;

	snprintf(listen, sizeof(listen), "%s",
		 dashboard_url(f->dashboard) + strlen("http://"));
	listen[strlen(listen) - 1] = '\0';
	cfg.listen = listen;
	assert_int_equal(dashboard_start(&cfg, &d, &err), -EADDRINUSE);
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		cfg.listen = wrong[i];
		assert_int_equal(dashboard_start(&cfg, &d, &err), -EINVAL);
	}
	assert_null(d);
	cfg.listen = "[::1]:0";
	if (!dashboard_start(&cfg, &d, &err))
		assert_non_null(strstr(dashboard_url(d), "http://[::1]:"));
	dashboard_stop(d);
}

static void what_is_under_way_is_seen(void **state)
{
	const struct run_info info = {.revision = "r",
				      .plan_json = "{}",
				      .fingerprint_json =
					      "{\"host\": \"" SCRIPT "\"}",
				      .probe_json = "{}",
				      .guest_manifest = ""};
	struct fixture *f = *state;
	struct strbuf out = {0};
	struct store *store;
	struct err err = {0};
	int64_t run_id;
	uint32_t i;

	assert_int_equal(store_open(f->db, &store, &err), 0);
	assert_int_equal(store_run_begin(store, &info, &run_id, &err), 0);
	for (i = 0; i < 3; i++)
		assert_int_equal(
			store_schedule_add(store, run_id, i, i, "native", &err),
			0);
	/* The writer still has it open, as a run does. */
	assert_int_equal(get(f, "/live", &out), 200);
	assert_non_null(strstr(out.str, "0 of 3 boots"));
	assert_non_null(strstr(out.str, "&lt;script&gt;"));
	assert_null(strstr(out.str, SCRIPT));
	assert_int_equal(get(f, "/api/v1/live", &out), 200);
	assert_non_null(strstr(out.str, "retry: 1000\ndata: {"));
	assert_non_null(strstr(out.str, "\"scheduled_count\":3"));
	assert_int_equal(store_run_end(store, run_id, "stopped", &err), 0);
	assert_int_equal(get(f, "/live", &out), 200);
	assert_non_null(strstr(out.str, "no run is under way"));
	store_close(store);
	strbuf_release(&out);
}

/* Nobody planned how many boots a search for a limit takes. */
static void boots_without_a_plan_have_no_end(void **state)
{
	struct run_line line = {.boot_count = 7, .scheduled_count = 10};
	char buf[48];

	(void)state;
	assert_string_equal(run_line_boots(&line, buf, sizeof(buf)), "7 of 10");
	line.scheduled_count = 1;
	assert_string_equal(run_line_boots(&line, buf, sizeof(buf)), "7");
}

static void pages_are_of_fifty(void **state)
{
	struct fixture *f = *state;
	struct strbuf out = {0};
	sqlite3 *db;

	exec(f, &db,
	     "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
	     " WHERE i < 60) INSERT INTO run SELECT NULL, 'u' || i, i, i,"
	     " 'complete', 1, 'r', 0, '{}', 'damaged', '{}', '', NULL, NULL FROM n");
	sqlite3_close(db);
	assert_int_equal(get(f, "/api/v1/runs", &out), 200);
	assert_non_null(strstr(out.str, "\"has_more\": true"));
	assert_non_null(strstr(out.str, "\"u60\""));
	assert_null(strstr(out.str, "\"u12\""));
	assert_int_equal(get(f, "/api/v1/runs?page=2", &out), 200);
	assert_non_null(strstr(out.str, "\"has_more\": false"));
	assert_non_null(strstr(out.str, "\"u12\""));
	assert_int_equal(get(f, "/runs?page=2", &out), 200);
	assert_non_null(strstr(out.str, ">newer<"));
	assert_int_equal(get(f, "/runs?to=1970-01-01", &out), 400);
	assert_int_equal(get(f, "/api/v1/runs?to=1970-01-02", &out), 200);
	assert_null(strstr(out.str, f->uuids[0]));
	strbuf_release(&out);
}

/* Answers are kept, and never for longer than they are true. */
static void what_is_written_is_seen_at_once(void **state)
{
	struct fixture *f = *state;
	struct strbuf out = {0};
	char sql[240], words[32], other[80];
	sqlite3 *db;
	int i;

	for (i = 0; i < 40; i++) {
		snprintf(sql, sizeof(sql),
			 "INSERT INTO run VALUES (NULL, 'new-%d', %d, NULL,"
			 " 'running', 1, 'r', 0, '{}', '{}', '{}', '',"
			 " NULL, NULL)",
			 i, i + 1);
		exec(f, &db, sql);
		sqlite3_close(db);
		snprintf(words, sizeof(words), "\"new-%d\"", i);
		assert_int_equal(get(f, "/api/v1/runs", &out), 200);
		assert_non_null(strstr(out.str, words));
		assert_int_equal(get(f, "/api/v1/runs", &out), 200);
		assert_non_null(strstr(out.str, words));
	}
	/* A run that goes on is another one than it was when it was seen. */
	assert_int_equal(get(f, "/runs/new-0.json", &out), 200);
	assert_non_null(strstr(out.str, "\"running\""));
	exec(f, &db, "UPDATE run SET status = 'failed', ended_unix_ns = 9");
	assert_int_equal(get(f, "/runs/new-0.json", &out), 200);
	assert_non_null(strstr(out.str, "\"failed\""));
	sqlite3_exec(db, "UPDATE run SET status = 'stopped'", NULL, NULL, NULL);
	sqlite3_close(db);
	assert_int_equal(get(f, "/runs/new-0.json", &out), 200);
	assert_non_null(strstr(out.str, "\"stopped\""));
	/* And another file is another store: what a writer of ours closed is in
	 * the file alone, so nothing of it is taken for the other's. */
	add_run(f->db, "{}", "cpu");
	snprintf(other, sizeof(other), "%s/other.db", f->folder);
	add_run(other, "{\"host\": \"other\"}", "cpu");
	assert_int_equal(rename(other, f->db), 0);
	assert_int_equal(get(f, "/api/v1/runs", &out), 200);
	assert_non_null(strstr(out.str, "\"other\""));
	assert_null(strstr(out.str, "\"new-1\""));
	strbuf_release(&out);
}

/* A run whose page nobody has seen; its page is TARGET. */
static void add_unseen(const struct fixture *f, bool is_to_end, char *target,
		       size_t size)
{
	const struct run_filter newest = {.max_count = 1};
	struct run_list list;
	struct store *store;
	struct err err = {0};

	begin_run(f->db, "{}", "mem_latency", is_to_end);
	assert_int_equal(store_open_readonly(f->db, &store, &err), 0);
	assert_int_equal(run_list_load(store, &newest, &list, &err), 0);
	snprintf(target, size, "/runs/%s", list.lines[0].uuid);
	run_list_release(&list);
	store_close(store);
}

/* Behind the head. */
static const char *body_of(const char *answer)
{
	const char *body = strstr(answer, "\r\n\r\n");

	assert_non_null(body);
	return body;
}

/* Under way, and its page is the same until it has another boot. */
static void a_page_is_made_once(void **state)
{
	struct fixture *f = *state;
	struct strbuf first = {0}, again = {0};
	char target[64];
	sqlite3 *db;

	add_unseen(f, false, target, sizeof(target));
	assert_int_equal(get(f, target, &first), 200);
	exec(f, &db, "UPDATE sample SET value = value * 3");
	sqlite3_close(db);
	assert_int_equal(get(f, target, &again), 200);
	assert_string_equal(body_of(again.str), body_of(first.str));
	strbuf_release(&first);
	strbuf_release(&again);
}

/* Pictures are drawn by the page itself: a host without any program has them. */
static void a_page_needs_no_program(void **state)
{
	struct fixture *f = *state;
	char *before = strdup(getenv("PATH"));
	struct strbuf out = {0};
	char target[64];

	assert_int_equal(setenv("PATH", "/nowhere", 1), 0);
	add_unseen(f, true, target, sizeof(target));
	assert_int_equal(get(f, target, &out), 200);
	assert_non_null(strstr(out.str, "<path class=\"curve r1\""));
	setenv("PATH", before, 1);
	free(before);
	strbuf_release(&out);
}

static void hosts_and_histories_have_pages(void **state)
{
	struct fixture *f = *state;
	struct strbuf out = {0};
	sqlite3 *db;

	/* 210 runs of as many hosts; each has one boot of the guest. */
	exec(f, &db,
	     "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
	     " WHERE i < 210) INSERT INTO run SELECT 1000 + i, 'u' || i,"
	     " 1000 * i, 1, 'complete', 1, 'r', 0, '{}',"
	     " '{\"host\": \"h' || i || '\"}', '{}', '', NULL, NULL FROM n;"
	     "INSERT INTO boot SELECT id, id, 0, 0, 'kvm', '', 1, 0, 'ok', '',"
	     " 'hardware', 1, 1, 1, NULL, '' FROM run WHERE id > 1000;"
	     "INSERT INTO series SELECT id, id, 'w', '', 'ns', 1, 0, 0, 0,"
	     " 'ok', '', 1 FROM boot WHERE id > 1000;"
	     "INSERT INTO figure SELECT id, 1, 1, 0, id, id, 0, id, id, 0, 0, 0"
	     " FROM series WHERE id > 1000");
	sqlite3_close(db);
	assert_int_equal(get(f, "/hosts", &out), 200);
	assert_non_null(strstr(out.str, ">older<"));
	assert_null(strstr(out.str, ">newer<"));
	assert_int_equal(get(f, "/api/v1/hosts?page=5", &out), 200);
	assert_non_null(strstr(out.str, "\"has_more\": false"));
	assert_non_null(strstr(out.str, "\"h1\""));
	assert_null(strstr(out.str, "\"h100\""));
	/* Without indexes it shows the same. */
	exec(f, &db,
	     "DROP INDEX run_by_host; DROP INDEX run_by_start;"
	     "DROP INDEX run_unfinished; DROP INDEX series_by_workload");
	sqlite3_close(db);
	assert_int_equal(get(f, "/api/v1/hosts?page=5", &out), 200);
	assert_non_null(strstr(out.str, "\"h1\""));
	assert_null(strstr(out.str, "\"h100\""));
	assert_int_equal(get(f, "/hosts?page=0", &out), 400);
	assert_int_equal(get(f, "/hosts?x=0", &out), 400);
	assert_int_equal(get(f, "/api/v1/history?workload=w&runner=kvm", &out),
			 200);
	assert_non_null(strstr(out.str, "\"has_more\": true"));
	assert_non_null(strstr(out.str, "\"run\": 1210"));
	assert_non_null(strstr(out.str, "\"run\": 1011"));
	assert_null(strstr(out.str, "\"run\": 1010"));
	assert_int_equal(get(f, "/history?workload=w&runner=kvm", &out), 200);
	assert_non_null(strstr(out.str, "200 boots of 200 runs"));
	assert_non_null(strstr(out.str, ">older<"));
	assert_int_equal(get(f, "/history?workload=w&runner=kvm&page=2", &out),
			 200);
	assert_non_null(strstr(out.str, "10 boots of 10 runs"));
	assert_non_null(strstr(out.str, ">newer<"));
	assert_null(strstr(out.str, ">older<"));
	assert_int_equal(get(f, "/history?workload=w&runner=kvm&page=3", &out),
			 404);
	assert_int_equal(get(f, "/history?workload=w&runner=kvm&page=x", &out),
			 400);
	strbuf_release(&out);
}

#define UPLOAD_BYTES (1 * MIB)

/* A second server over an empty store, whose tokens are these. */
struct target {
	struct fixture f; /* of the empty one */
	char tokens_path[64];
	struct strbuf read, write, bundle;
};

static void make_tokens(struct target *t)
{
	struct strbuf lines = {0};
	struct err err = {0};

	strbuf_puts(&lines, "# who may do what\n\n");
	assert_int_equal(tokens_make("read", "r", &t->read, &lines, &err), 0);
	strbuf_puts(&lines, "\n");
	assert_int_equal(tokens_make("write", "w", &t->write, &lines, &err), 0);
	assert_int_equal(file_write(t->tokens_path, lines.str, lines.len, &err),
			 0);
	assert_null(strstr(lines.str, t->write.str));
	strbuf_release(&lines);
}

static void target_start(struct target *t, bool has_tokens,
			 bool read_needs_token)
{
	const struct dashboard_config cfg = {
		.db = t->f.db,
		.listen = "127.0.0.1:0",
		.timeout_s = 1,
		.tokens = has_tokens ? t->tokens_path : NULL,
		.read_needs_token = read_needs_token,
		.max_upload_bytes = UPLOAD_BYTES};
	struct err err = {0};

	dashboard_stop(t->f.dashboard);
	assert_int_equal(dashboard_start(&cfg, &t->f.dashboard, &err), 0);
}

static void target_init(struct target *t, const struct fixture *from)
{
	struct store *store;
	struct err err = {0};
	char path[64];

	*t = (struct target){.tokens_path = ""};
	snprintf(t->f.db, sizeof(t->f.db), "%s/new/r.db", from->folder);
	snprintf(t->tokens_path, sizeof(t->tokens_path), "%s/tokens",
		 from->folder);
	snprintf(path, sizeof(path), "%s/bundle", from->folder);
	make_tokens(t);
	assert_int_equal(store_open_readonly(from->db, &store, &err), 0);
	assert_int_equal(bundle_export(store, 1, NULL, path, &err), 0);
	store_close(store);
	assert_int_equal(file_read(path, UPLOAD_BYTES, &t->bundle), 0);
	target_start(t, true, false);
}

static void target_release(struct target *t)
{
	dashboard_stop(t->f.dashboard);
	strbuf_release(&t->read);
	strbuf_release(&t->write);
	strbuf_release(&t->bundle);
}

static int send_bytes(const struct target *t, const char *token,
		      const char *bytes, size_t len, struct strbuf *out)
{
	struct strbuf rq = {0};
	int status;

	strbuf_release(out);
	strbuf_puts(&rq, "POST /api/v1/bundles HTTP/1.1\r\nHost: localhost\r\n"
			 "Connection: close\r\n");
	if (token)
		strbuf_printf(&rq, "Authorization: Bearer %s\r\n", token);
	strbuf_printf(&rq, "Content-Length: %zu\r\n\r\n", len);
	strbuf_add(&rq, bytes, len);
	status = raw(&t->f, rq.str, rq.len, out);
	strbuf_release(&rq);
	return status;
}

static void a_bundle_is_taken_once(void **state)
{
	struct strbuf out = {0};
	struct target t;

	target_init(&t, *state);
	assert_int_equal(
		send_bytes(&t, t.write.str, t.bundle.str, t.bundle.len, &out),
		201);
	assert_non_null(strstr(out.str, "\"new\""));
	assert_int_equal(
		send_bytes(&t, t.write.str, t.bundle.str, t.bundle.len, &out),
		200);
	assert_non_null(strstr(out.str, "\"already here\""));
	assert_int_equal(get(&t.f, "/api/v1/runs", &out), 200);
	assert_non_null(strstr(out.str, "r1<script>"));
	assert_int_equal(get(&t.f, "/api/v1/bundles", &out), 405);
	assert_non_null(strstr(out.str, "Allow: POST"));
	strbuf_release(&out);
	target_release(&t);
}

static void who_may_not_is_told_so(void **state)
{
	struct strbuf out = {0};
	struct target t;
	int i, status = 401;

	target_init(&t, *state);
	assert_int_equal(send_bytes(&t, NULL, "x", 1, &out), 401);
	assert_non_null(strstr(out.str, "WWW-Authenticate: Bearer"));
	assert_non_null(strstr(out.str, "{\"error\":"));
	assert_int_equal(send_bytes(&t, t.read.str, "x", 1, &out), 403);
	for (i = 0; i < 10; i++)
		assert_int_equal(send_bytes(&t, "wrong", "x", 1, &out), 401);
	status = send_bytes(&t, t.write.str, "x", 1, &out);
	assert_int_equal(status, 429);
	assert_non_null(strstr(out.str, "Retry-After: "));
	assert_int_equal(get(&t.f, "/healthz", &out), 200);
	target_start(&t, false, false);
	assert_int_equal(send_bytes(&t, t.write.str, "x", 1, &out), 403);
	strbuf_release(&out);
	target_release(&t);
}

static void readers_may_need_one_too(void **state)
{
	struct strbuf rq = {0}, out = {0};
	struct target t;

	target_init(&t, *state);
	target_start(&t, true, true);
	assert_int_equal(get(&t.f, "/", &out), 401);
	assert_int_equal(get(&t.f, "/metrics", &out), 401);
	assert_int_equal(get(&t.f, "/healthz", &out), 200);
	strbuf_release(&out);
	strbuf_printf(
		&rq,
		"GET /hosts HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
		"Authorization: Bearer %s\r\n\r\n",
		t.read.str);
	/* There is no store yet, which is told to who may know. */
	assert_int_equal(raw(&t.f, rq.str, rq.len, &out), 503);
	strbuf_release(&rq);
	strbuf_release(&out);
	target_release(&t);
}

static void what_is_no_bundle_is_refused(void **state)
{
	struct strbuf out = {0}, big = {0};
	struct target t;

	target_init(&t, *state);
	assert_int_equal(send_bytes(&t, t.write.str, t.bundle.str,
				    t.bundle.len / 2, &out),
			 400);
	assert_non_null(strstr(out.str, "truncated"));
	assert_int_equal(send_bytes(&t, t.write.str, "", 0, &out), 400);
	assert_int_equal(send_bytes(&t, t.write.str, "{}\n", 3, &out), 400);
	assert_non_null(strstr(out.str, "the file is not a bundle"));
	assert_null(strstr(out.str, "/tmp"));
	while (big.len <= UPLOAD_BYTES)
		strbuf_add(&big, t.bundle.str, t.bundle.len);
	/* The rest of it may meet a connection that is closed by then. */
	assert_int_not_equal(
		send_bytes(&t, t.write.str, big.str, big.len, &out), 201);
	strbuf_release(&big);
	strbuf_release(&out);
	strbuf_printf(&big,
		      "POST /api/v1/bundles HTTP/1.1\r\nHost: localhost\r\n"
		      "Authorization: Bearer %s\r\n",
		      t.write.str);
	strbuf_puts(&big, "Expect: 100-continue\r\n"
			  "Content-Length: 99999999\r\n\r\n");
	assert_int_equal(raw(&t.f, big.str, big.len, &out), 413);
	assert_int_equal(get(&t.f, "/api/v1/runs", &out), 200);
	assert_non_null(strstr(out.str, "\"runs\": []"));
	strbuf_release(&big);
	strbuf_release(&out);
	target_release(&t);
}

/* A length that nobody announced is found out on the way. */
static void chunks_are_counted(void **state)
{
	struct strbuf rq = {0}, out = {0};
	struct target t;
	int i;

	target_init(&t, *state);
	strbuf_printf(&rq,
		      "POST /api/v1/bundles HTTP/1.1\r\nHost: localhost\r\n"
		      "Connection: close\r\nAuthorization: Bearer %s\r\n"
		      "Transfer-Encoding: chunked\r\n\r\n",
		      t.write.str);
	for (i = 0; i < 1100; i++)
		strbuf_printf(&rq, "400\r\n%01024d\r\n", 0);
	strbuf_puts(&rq, "0\r\n\r\n");
	assert_int_equal(raw(&t.f, rq.str, rq.len, &out), 413);
	strbuf_release(&rq);
	strbuf_release(&out);
	target_release(&t);
}

/* Who is slow has a thread of its own, whether with its headers or its body. */
static void who_is_slow_holds_up_nobody(void **state)
{
	struct strbuf head = {0}, rest = {0}, out = {0};
	int slow[40];
	struct target t;
	struct dashboard_config cfg = {.listen = "127.0.0.1:0",
				       .timeout_s = 60,
				       .max_upload_bytes = UPLOAD_BYTES};
	struct err err = {0};
	size_t i;

	target_init(&t, *state);
	dashboard_stop(t.f.dashboard);
	cfg.db = t.f.db;
	cfg.tokens = t.tokens_path;
	assert_int_equal(dashboard_start(&cfg, &t.f.dashboard, &err), 0);
	strbuf_printf(&head,
		      "POST /api/v1/bundles HTTP/1.1\r\nHost: localhost\r\n"
		      "Connection: close\r\nAuthorization: Bearer %s\r\n"
		      "Content-Length: %zu\r\n\r\n",
		      t.write.str, t.bundle.len);
	strbuf_add(&head, t.bundle.str, t.bundle.len);
	for (i = 0; i < ARRAY_SIZE(slow); i++) {
		/* Half of them stop in their headers, half in the body. */
		size_t len = i % 2 ? 30 : head.len - 10;

		slow[i] = dial(&t.f);
		assert_int_equal(send(slow[i], head.str, len, MSG_NOSIGNAL),
				 len);
	}
	assert_int_equal(get(&t.f, "/healthz", &out), 200);
	assert_int_equal(
		send_bytes(&t, t.write.str, t.bundle.str, t.bundle.len, &out),
		201);
	assert_int_equal(get(&t.f, "/", &out), 200);
	/* One of each goes on; the others leave. */
	for (i = 0; i < ARRAY_SIZE(slow); i++) {
		size_t sent = i % 2 ? 30 : head.len - 10;

		if (i > 1) {
			close(slow[i]);
			continue;
		}
		send(slow[i], head.str + sent, head.len - sent, MSG_NOSIGNAL);
		strbuf_release(&rest);
		web_read(slow[i], &rest);
		assert_non_null(strstr(rest.str, "200 OK"));
		assert_non_null(strstr(rest.str, "already here"));
	}
	strbuf_release(&head);
	strbuf_release(&rest);
	strbuf_release(&out);
	target_release(&t);
}

/* LEN bytes announced, and fewer sent. */
static void who_leaves_in_the_middle_leaves_nothing(void **state)
{
	struct strbuf rq = {0}, out = {0};
	struct target t;
	int fd;

	target_init(&t, *state);
	strbuf_printf(&rq,
		      "POST /api/v1/bundles HTTP/1.1\r\nHost: localhost\r\n"
		      "Authorization: Bearer %s\r\nContent-Length: %zu\r\n\r\n",
		      t.write.str, t.bundle.len);
	strbuf_add(&rq, t.bundle.str, t.bundle.len - 1);
	fd = dial(&t.f);
	assert_int_equal(send(fd, rq.str, rq.len, MSG_NOSIGNAL), rq.len);
	shutdown(fd, SHUT_WR);
	web_read(fd, &out);
	assert_null(out.len ? strstr(out.str, "201") : NULL);
	/* No store was made for it, and then one without runs. */
	assert_int_equal(get(&t.f, "/", &out), 503);
	send_bytes(&t, t.write.str, "", 0, &out);
	assert_int_equal(get(&t.f, "/api/v1/runs", &out), 200);
	assert_non_null(strstr(out.str, "\"runs\": []"));
	strbuf_release(&rq);
	strbuf_release(&out);
	target_release(&t);
}

/* Bundles that are right but for what stands in one place of them. */
static void a_bundle_of_harm_is_refused_or_shown_as_text(void **state)
{
	static const char format[] =
		"{\"l1vh_bundle\": 1, \"run\": {\"uuid\": \"%s\", \"status\":"
		" \"complete\", \"started_unix_ns\": 1, \"ended_unix_ns\": 1,"
		" \"seed\": 1, \"revision\": \"%s\", \"is_lab\": false,"
		" \"plan\": {}, \"fingerprint\": {\"host\": \"%s\"}, \"probe\":"
		" {}, \"guest_manifest\": \"\", \"schedule\": %s}}\n";
	static const char id[] = "00000000000000000000000000000000";
	static const struct {
		const char *uuid, *revision, *host, *schedule;
	} wrong[] = {
		{"../../../../../../../../etc/passw", "r", "h", "[]"},
		{"' OR 1=1; DROP TABLE run; -- 0000", "r", "h", "[]"},
		{"<script>alert(1)</script>0000000", "r", "h", "[]"},
		{id, "\xff\xfe", "h", "[]"},
		{id, "r", "\xc0\xaf", "[]"},
		{id, "r", "\xed\xa0\x80", "[]"},
		{id, "r", "h\", \"host\": \"i", "[]"},
		{id, "r", "h", "[[0, 0, \"<script>\"]]"},
		{id, "r", "h", "[[0, -1, \"kvm\"]]"},
		{id, "r", "h", "{}"},
		{id, "r", "h", "[]"}, /* it has no end */
	};
	struct strbuf out = {0};
	struct target t;
	char text[1024];
	size_t i;

	target_init(&t, *state);
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		snprintf(text, sizeof(text), format, wrong[i].uuid,
			 wrong[i].revision, wrong[i].host, wrong[i].schedule);
		assert_int_equal(
			send_bytes(&t, t.write.str, text, strlen(text), &out),
			400);
		assert_null(strstr(out.str, "<script"));
	}
	assert_int_equal(get(&t.f, "/api/v1/runs", &out), 200);
	assert_non_null(strstr(out.str, "\"runs\": []"));
	/* What has markup for its revision and its host is shown, as text. */
	assert_int_equal(
		send_bytes(&t, t.write.str, t.bundle.str, t.bundle.len, &out),
		201);
	assert_int_equal(get(&t.f, "/runs", &out), 200);
	assert_null(strstr(out.str, "<script"));
	assert_non_null(strstr(out.str, "&lt;script&gt;"));
	strbuf_release(&out);
	target_release(&t);
}

/* Each sees what the other was sent, and one run is there once. */
static void two_servers_share_a_store(void **state)
{
	struct strbuf out = {0};
	struct target t;
	struct target other;
	const struct dashboard_config cfg = {.db = t.f.db,
					     .listen = "127.0.0.1:0",
					     .timeout_s = 1,
					     .tokens = t.tokens_path,
					     .max_upload_bytes = UPLOAD_BYTES};
	struct err err = {0};

	target_init(&t, *state);
	other = t;
	assert_int_equal(dashboard_start(&cfg, &other.f.dashboard, &err), 0);
	assert_int_equal(
		send_bytes(&t, t.write.str, t.bundle.str, t.bundle.len, &out),
		201);
	assert_int_equal(get(&other.f, "/api/v1/runs", &out), 200);
	assert_non_null(strstr(out.str, "r1<script>"));
	assert_int_equal(send_bytes(&other, t.write.str, t.bundle.str,
				    t.bundle.len, &out),
			 200);
	assert_non_null(strstr(out.str, "already here"));
	add_run(t.f.db, "{\"host\": \"third\"}", "cpu");
	assert_int_equal(get(&t.f, "/runs", &out), 200);
	assert_non_null(strstr(out.str, "third"));
	assert_int_equal(get(&other.f, "/runs", &out), 200);
	assert_non_null(strstr(out.str, "third"));
	dashboard_stop(other.f.dashboard);
	assert_int_equal(get(&t.f, "/", &out), 200);
	strbuf_release(&out);
	target_release(&t);
}

static void a_store_that_cannot_be_written_takes_nothing(void **state)
{
	struct strbuf out = {0};
	struct target t;
	sqlite3 *db;

	target_init(&t, *state);
	/* No bundle, but it makes a store. */
	assert_int_equal(send_bytes(&t, t.write.str, "", 0, &out), 400);
	exec(&t.f, &db, "BEGIN IMMEDIATE");
	assert_int_equal(
		send_bytes(&t, t.write.str, t.bundle.str, t.bundle.len, &out),
		503);
	assert_non_null(strstr(out.str, "locked"));
	/* Who reads does not wait for who writes. */
	assert_int_equal(get(&t.f, "/api/v1/runs", &out), 200);
	sqlite3_exec(db, "ROLLBACK; PRAGMA user_version = 99", NULL, NULL,
		     NULL);
	assert_int_equal(
		send_bytes(&t, t.write.str, t.bundle.str, t.bundle.len, &out),
		503);
	assert_non_null(strstr(out.str, "schema 99"));
	sqlite3_exec(db, "PRAGMA user_version = 5", NULL, NULL, NULL);
	sqlite3_close(db);
	assert_int_equal(
		send_bytes(&t, t.write.str, t.bundle.str, t.bundle.len, &out),
		201);
	strbuf_release(&out);
	target_release(&t);
}

static void *upload_in_thread(void *arg)
{
	const struct target *t = arg;
	struct strbuf out = {0};
	int status =
		send_bytes(t, t->write.str, t->bundle.str, t->bundle.len, &out);

	strbuf_release(&out);
	return (void *)(intptr_t)status;
}

static void of_two_at_once_one_is_new(void **state)
{
	pthread_t threads[2];
	intptr_t sum = 0;
	struct target t;
	size_t i;

	target_init(&t, *state);
	for (i = 0; i < ARRAY_SIZE(threads); i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, upload_in_thread, &t),
			0);
	for (i = 0; i < ARRAY_SIZE(threads); i++) {
		void *status;

		pthread_join(threads[i], &status);
		sum += (intptr_t)status;
	}
	assert_int_equal(sum, 200 + 201);
	target_release(&t);
}

static void write_token(char path[64], const char *folder, const char *name,
			const struct strbuf *token)
{
	struct err err;

	snprintf(path, 64, "%s/token-%s", folder, name);
	assert_int_equal(file_write(path, token->str, token->len, &err), 0);
}

static void a_run_is_pushed(void **state)
{
	const struct fixture *f = *state;
	struct target t;
	struct push p = {.retry_ms = 1};
	struct err err = {0};
	char path[64], write[64], read[64];
	struct push_reply reply;

	target_init(&t, f);
	snprintf(path, sizeof(path), "%s/bundle", f->folder);
	write_token(write, f->folder, "write", &t.write);
	write_token(read, f->folder, "read", &t.read);
	p.path = path;
	p.url = dashboard_url(t.f.dashboard);
	p.token_file = write;
	assert_int_equal(push_bundle(&p, &reply, &err), 0);
	assert_true(reply.is_new);
	assert_int_equal(push_bundle(&p, &reply, &err), 0);
	assert_false(reply.is_new);
	p.token_file = read;
	assert_int_equal(push_bundle(&p, &reply, &err), -EPROTO);
	assert_non_null(strstr(err.msg, "403: the token allows only reading"));
	p.token_file = NULL;
	assert_int_equal(push_bundle(&p, &reply, &err), -EPROTO);
	p.url = "http://127.0.0.1:1";
	assert_int_equal(push_bundle(&p, &reply, &err), -EHOSTUNREACH);
	p.url = "file:///tmp/";
	assert_int_equal(push_bundle(&p, &reply, &err), -EINVAL);
	p.path = "/nonexistent";
	assert_int_equal(push_bundle(&p, &reply, &err), -ENOENT);
	target_release(&t);
}

static void who_asks_too_often_is_told_to_wait(void **state)
{
	struct fixture *f = *state;
	const struct dashboard_config cfg = {.db = f->db,
					     .listen = "127.0.0.1:0",
					     .timeout_s = 1,
					     .max_per_s = 1};
	struct strbuf out = {0};
	struct err err = {0};
	int i, status = 200;

	dashboard_stop(f->dashboard);
	assert_int_equal(dashboard_start(&cfg, &f->dashboard, &err), 0);
	/* One a second comes back meanwhile, and a hundred take less. */
	for (i = 0; i < 1000 && status == 200; i++)
		status = get(f, "/static/live.js", &out);
	assert_int_equal(status, 429);
	assert_true(i > 10);
	assert_non_null(strstr(out.str, "Retry-After: 1\r\n"));
	assert_int_equal(get(f, "/healthz", &out), 200);
	strbuf_release(&out);
}

#define WITH_FIXTURE(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FIXTURE(every_route_answers),
		WITH_FIXTURE(what_is_wrong_is_refused),
		WITH_FIXTURE(markup_is_text),
		WITH_FIXTURE(a_uuid_leads_to_its_run),
		WITH_FIXTURE(only_get_and_head),
		WITH_FIXTURE(too_much_is_refused),
		WITH_FIXTURE(who_says_nothing_is_hung_up_on),
		WITH_FIXTURE(a_locked_store_is_said_so),
		WITH_FIXTURE(another_schema_is_said_so),
		WITH_FIXTURE(a_missing_store_is_said_so),
		WITH_FIXTURE(an_address_that_is_taken_is_said_so),
		WITH_FIXTURE(what_is_under_way_is_seen),
		cmocka_unit_test(boots_without_a_plan_have_no_end),
		WITH_FIXTURE(pages_are_of_fifty),
		WITH_FIXTURE(hosts_and_histories_have_pages),
		WITH_FIXTURE(what_is_written_is_seen_at_once),
		WITH_FIXTURE(a_page_is_made_once),
		WITH_FIXTURE(a_page_needs_no_program),
		WITH_FIXTURE(a_bundle_is_taken_once),
		WITH_FIXTURE(who_may_not_is_told_so),
		WITH_FIXTURE(readers_may_need_one_too),
		WITH_FIXTURE(what_is_no_bundle_is_refused),
		WITH_FIXTURE(chunks_are_counted),
		WITH_FIXTURE(who_is_slow_holds_up_nobody),
		WITH_FIXTURE(who_leaves_in_the_middle_leaves_nothing),
		WITH_FIXTURE(a_bundle_of_harm_is_refused_or_shown_as_text),
		WITH_FIXTURE(two_servers_share_a_store),
		WITH_FIXTURE(a_store_that_cannot_be_written_takes_nothing),
		WITH_FIXTURE(of_two_at_once_one_is_new),
		WITH_FIXTURE(a_run_is_pushed),
		WITH_FIXTURE(who_asks_too_often_is_told_to_wait),
	};

	return RUN_TESTS(tests);
}
