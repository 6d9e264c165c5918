// SPDX-License-Identifier: GPL-3.0-or-later
/* serve: every route over a store that lost a part, and uploads that have no
 * place; who asks is told, and all is well again afterwards. */
#include "tests/unit/test.h"

#include <jansson.h>
#include <sqlite3.h>

#include "harness/base/file.h"
#include "harness/base/strbuf.h"
#include "harness/serve/dashboard.h"
#include "harness/serve/tokens.h"
#include "harness/store/store.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/harness/stored.h"
#include "tests/unit/fixture/harness/web.h"
#include "tests/unit/fixture/scratch.h"

struct fixture {
	char folder[SCRATCH_SIZE], db[320], tokens[64];
	struct strbuf token;
	struct dashboard *dashboard;
};

static void server_start(struct fixture *f)
{
	const struct dashboard_config cfg = {.db = f->db,
					     .listen = "127.0.0.1:0",
					     .timeout_s = 2,
					     .tokens = f->tokens,
					     .max_upload_bytes = MIB};
	struct err err = {0};

	if (dashboard_start(&cfg, &f->dashboard, &err))
		fail_msg("%s", err.msg);
}

static void make_store(const struct fixture *f)
{
	struct store *store;
	struct err err = {0};
	int64_t id;
	int i;

	assert_int_equal(store_open(f->db, &store, &err), 0);
	for (i = 0; i < 2; i++) {
		id = stored_run(store, "r", "{\"host\": \"h\"}");
		stored_boot(store, id, 0, "native", "null", 3);
		stored_boot(store, id, 1, "kvm", "null", 4);
	}
	stored_sql(store, "UPDATE run SET uuid = 'u' || id");
	store_close(store);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct strbuf line = {0};
	struct err err = {0};

	scratch_folder(f->folder, "faults");
	snprintf(f->db, sizeof(f->db), "%s/r.db", f->folder);
	snprintf(f->tokens, sizeof(f->tokens), "%s/tokens", f->folder);
	if (tokens_make("write", "w", &f->token, &line, &err) ||
	    file_write(f->tokens, line.str, line.len, &err))
		return -1;
	strbuf_release(&line);
	make_store(f);
	server_start(f);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	dashboard_stop(f->dashboard);
	strbuf_release(&f->token);
	scratch_remove(f->folder);
	free(f);
	return 0;
}

/* Without a look at whether it is one of ours. */
static void change_store(const struct fixture *f, const char *sql)
{
	char *why = NULL;
	sqlite3 *db;

	assert_int_equal(sqlite3_open(f->db, &db), SQLITE_OK);
	/* The server opens it at any moment. */
	sqlite3_busy_timeout(db, 30000);
	/* A table that is renamed keeps its name where others refer to it. */
	if (sqlite3_exec(db, "PRAGMA legacy_alter_table = ON", NULL, NULL,
			 NULL) ||
	    sqlite3_exec(db, sql, NULL, NULL, &why))
		fail_msg("%s: %s", sql, why);
	sqlite3_close(db);
}

static int get(const struct fixture *f, const char *target, struct strbuf *out)
{
	return web_ask(dashboard_url(f->dashboard), "GET", target, out);
}

/* Which tables a route reads: one letter each, of those below. */
static const struct {
	const char *target, *reads;
} routes[] = {
	{"/", "bc"},
	{"/board", "bc"},
	{"/runs", "bc"},
	{"/api/v1/runs", "bc"},
	{"/runs/u1", "bscf"},
	{"/runs/u1.json", "bscf"},
	{"/api/v1/runs/u1", "bscf"},
	{"/compare?a=u1&b=u2", "bscf"},
	{"/api/v1/compare?a=u1&b=u2", "bscf"},
	{"/history?workload=null&runner=kvm", "bf"},
	{"/api/v1/history?workload=null&runner=kvm", "bf"},
	{"/hosts", "bc"},
	{"/api/v1/hosts", "bc"},
	{"/live", "bc"},
	{"/api/v1/live", "bc"},
	{"/metrics", "bscf"},
	{"/healthz", ""},
	{"/static/live.js", ""},
};

static const struct {
	char letter;
	const char *lose, *regain;
} tables[] = {
	{'b', "ALTER TABLE boot RENAME TO gone",
	 "ALTER TABLE gone RENAME TO boot"},
	{'s', "ALTER TABLE sample RENAME TO gone",
	 "ALTER TABLE gone RENAME TO sample"},
	{'f', "ALTER TABLE figure RENAME TO gone",
	 "ALTER TABLE gone RENAME TO figure"},
	{'c', "ALTER TABLE schedule RENAME TO gone",
	 "ALTER TABLE gone RENAME TO schedule"},
};

/* An answer that was made before may still be shown: it was right. */
static void a_lost_table_is_told_by_who_needs_it(void **state)
{
	struct fixture *f = *state;
	struct strbuf out = {0};
	size_t i, k;

	for (i = 0; i < ARRAY_SIZE(tables); i++) {
		dashboard_stop(f->dashboard);
		server_start(f);
		change_store(f, tables[i].lose);
		for (k = 0; k < ARRAY_SIZE(routes); k++) {
			int want = strchr(routes[k].reads, tables[i].letter)
					   ? 503
					   : 200;
			int status = get(f, routes[k].target, &out);

			if (status != want)
				fail_msg("%s without %c: %d", routes[k].target,
					 tables[i].letter, status);
			if (want == 503)
				assert_null(strstr(web_body(&out), f->folder));
		}
		change_store(f, tables[i].regain);
		for (k = 0; k < ARRAY_SIZE(routes); k++)
			if (get(f, routes[k].target, &out) != 200)
				fail_msg("%s", routes[k].target);
	}
	strbuf_release(&out);
}

/* Programs get JSON, people a page, and neither is kept. */
static void failures_are_told_in_kind(void **state)
{
	struct fixture *f = *state;
	struct strbuf out = {0};
	json_t *json;

	change_store(f, "DROP TABLE schedule");
	assert_int_equal(get(f, "/api/v1/runs", &out), 503);
	json = json_loads(web_body(&out), 0, NULL);
	assert_contains(json_string_value(json_object_get(json, "error")),
			"schedule");
	json_decref(json);
	assert_int_equal(get(f, "/hosts", &out), 503);
	assert_contains(out.str, "Content-Type: text/html");
	assert_contains(web_body(&out), "schedule");
	change_store(f, "CREATE TABLE schedule (run_id, position, block,"
			" runner)");
	assert_int_equal(get(f, "/api/v1/runs", &out), 200);
	assert_contains(web_body(&out), "\"scheduled_count\": 0");
	strbuf_release(&out);
}

static int upload_as(const struct fixture *f, const char *headers,
		     struct strbuf *out)
{
	struct strbuf rq = {0};
	int status;

	strbuf_release(out);
	strbuf_printf(&rq,
		      "POST /api/v1/bundles HTTP/1.1\r\nHost: localhost\r\n"
		      "Connection: close\r\nAuthorization: Bearer %s\r\n"
		      "%sContent-Length: 2\r\n\r\n{}",
		      f->token.str, headers);
	status = web_send(dashboard_url(f->dashboard), rq.str, rq.len, out);
	strbuf_release(&rq);
	return status;
}

static int upload(const struct fixture *f, struct strbuf *out)
{
	return upload_as(f, "", out);
}

/* 400: it was read, and is none. */
static void a_bundle_has_the_type_of_one(void **state)
{
	static const struct {
		const char *headers;
		int status;
	} cases[] = {
		{"Content-Type: application/gzip\r\n", 400},
		{"Content-Type: APPLICATION/JSON ; charset=utf-8\r\n", 400},
		{"Content-Type: application/octet-stream\r\n", 400},
		{"Content-Type: application/x-www-form-urlencoded\r\n", 400},
		{"Content-Encoding: gzip\r\n", 400},
		{"Content-Type: text/plain\r\n", 415},
		{"Content-Type: multipart/form-data; boundary=x\r\n", 415},
		{"Content-Type: application/jsonx\r\n", 415},
		{"Content-Type:\r\n", 415},
		{"Content-Encoding: br\r\n", 415},
		{"Content-Encoding: gzip, gzip\r\n", 415},
		{"Origin: http://evil.example\r\n", 403},
		{"Sec-Fetch-Site: cross-site\r\n", 403},
	};
	struct fixture *f = *state;
	struct strbuf out = {0};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		int status = upload_as(f, cases[i].headers, &out);

		if (status != cases[i].status)
			fail_msg("%s: %d", cases[i].headers, status);
		assert_contains(web_body(&out), "{\"error\":");
		if (status == 415)
			assert_contains(out.str, "\r\nAccept-Encoding: gzip");
	}
	strbuf_release(&out);
}

/* Another name is told what to do; the icon is there for who has no page. */
static void another_name_is_told_of_the_option(void **state)
{
	static const char rq[] =
		"GET /api/v1/runs HTTP/1.1\r\nHost: evil.example:80\r\n"
		"Connection: close\r\n\r\n";
	struct fixture *f = *state;
	struct strbuf out = {0};

	assert_int_equal(
		web_send(dashboard_url(f->dashboard), rq, sizeof(rq) - 1, &out),
		421);
	assert_contains(web_body(&out), "serve --host evil.example");
	assert_contains(out.str, "Content-Type: application/json");
	assert_int_equal(get(f, "/favicon.ico", &out), 200);
	assert_contains(out.str, "Content-Type: image/svg+xml\r\n");
	strbuf_release(&out);
}

/* Below a file, and under a name that leaves no room for another's end. */
static void uploads_without_a_place_are_refused(void **state)
{
	struct fixture *f = *state;
	struct strbuf out = {0};
	char name[251];

	assert_int_equal(upload(f, &out), 400);
	dashboard_stop(f->dashboard);
	snprintf(f->db, sizeof(f->db), "%s/below/r.db", f->tokens);
	server_start(f);
	assert_int_equal(upload(f, &out), 503);
	assert_contains(web_body(&out), "{\"error\":");
	dashboard_stop(f->dashboard);
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	snprintf(f->db, sizeof(f->db), "%s/%s", f->folder, name);
	server_start(f);
	assert_int_equal(upload(f, &out), 503);
	assert_contains(web_body(&out), "cannot store");
	/* Who may not is not told of the server's disk. */
	f->token.str[0] = 'x';
	assert_int_equal(upload(f, &out), 401);
	strbuf_release(&out);
}

#define SERVED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SERVED(a_lost_table_is_told_by_who_needs_it),
		SERVED(failures_are_told_in_kind),
		SERVED(a_bundle_has_the_type_of_one),
		SERVED(another_name_is_told_of_the_option),
		SERVED(uploads_without_a_place_are_refused),
	};

	return RUN_TESTS(tests);
}
