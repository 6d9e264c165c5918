// SPDX-License-Identifier: GPL-3.0-or-later
/* metrics: the format that a client asks for, and which runs it has room for. */
#include "tests/unit/test.h"

#include <inttypes.h>

#include "harness/base/strbuf.h"
#include "harness/core/bench_case.h"
#include "harness/core/result.h"
#include "harness/serve/dashboard.h"
#include "harness/serve/metrics.h"
#include "harness/store/store.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/harness/stored.h"
#include "tests/unit/fixture/harness/web.h"

struct fixture {
	struct stored_place *place;
	struct dashboard *dashboard;
	struct strbuf out;
	char db[SCRATCH_SIZE + 8];
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (stored_place_setup((void **)&f->place))
		return -1;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	dashboard_stop(f->dashboard);
	strbuf_release(&f->out);
	stored_place_teardown((void **)&f->place);
	free(f);
	return 0;
}

static void start(struct fixture *f)
{
	struct dashboard_config cfg = {
		.db = f->db, .listen = "127.0.0.1:0", .timeout_s = 10};
	struct err err = {0};

	snprintf(f->db, sizeof(f->db), "%s/r.db", f->place->folder);
	if (dashboard_start(&cfg, &f->dashboard, &err))
		fail_msg("%s", err.msg);
}

/* HEADERS end in "\r\n" each. */
static const char *scrape(struct fixture *f, const char *headers)
{
	struct strbuf rq = {0};

	strbuf_printf(&rq,
		      "GET /metrics HTTP/1.1\r\nHost: localhost\r\n"
		      "Connection: close\r\n%s\r\n",
		      headers);
	strbuf_release(&f->out);
	assert_int_equal(
		web_send(dashboard_url(f->dashboard), rq.str, rq.len, &f->out),
		200);
	strbuf_release(&rq);
	return f->out.str;
}

static void add_run(struct fixture *f, const char *fingerprint, double value)
{
	int64_t id = stored_run(f->place->store, "r1", fingerprint);

	stored_boot(f->place->store, id, 0, "native", "null", value);
}

/* What is counted is counted in both, under the names of each. */
static void each_client_gets_its_format(void **state)
{
	static const struct {
		const char *headers, *type;
		bool is_openmetrics;
	} clients[] = {
		{"", METRICS_TYPE, true},
		{"Accept:\r\n", METRICS_TYPE, true},
		{"Accept: */*\r\n", METRICS_TYPE_TEXT, false},
		{"Accept: image/png\r\n", METRICS_TYPE_TEXT, false},
		{"Accept: application/openmetrics-text;version=1.0.0,text/plain;q=0.5\r\n",
		 METRICS_TYPE, true},
		{"Accept: text/plain;q=0.5\r\naccept: application/openmetrics-text\r\n",
		 METRICS_TYPE, true},
	};
	struct fixture *f = *state;
	char type[120];
	size_t i;

	add_run(f, "{\"host\": \"one\"}", 5);
	start(f);
	for (i = 0; i < ARRAY_SIZE(clients); i++) {
		const char *text = scrape(f, clients[i].headers);
		bool is = clients[i].is_openmetrics;

		snprintf(type, sizeof(type), "\r\nContent-Type: %s\r\n",
			 clients[i].type);
		assert_contains(text, type);
		assert_contains(text, "\r\nVary: Accept, Accept-Encoding\r\n");
		assert_contains(
			text,
			is ? "\n# TYPE l1vh_serve_replies counter\n"
			   : "\n# TYPE l1vh_serve_replies_total counter\n");
		assert_contains(text, "\nl1vh_serve_replies_total{status=");
		assert_contains(text, is ? "# TYPE l1vh_run info\n"
					 : "# TYPE l1vh_run_info gauge\n");
		assert_int_equal(count_of(text, "\n# UNIT "), is ? 7 : 0);
		assert_int_equal(count_of(text, "\n# EOF\n"), is);
		assert_contains(text, ",host=\"one\"} 5\n");
		assert_contains(text, "\nl1vh_serve_omitted_runs 0\n");
	}
}

static void runs_of_fleets_say_where(void **state)
{
	struct fixture *f = *state;
	const char *text;

	add_run(f,
		"{\"host\": \"pod-1\", \"fleet.name\": \"night\","
		" \"fleet.node\": \"node-1\", \"fleet.arm\": \"l1vh\"}",
		5);
	/* The same node in a later pod; its name in another fleet is another. */
	add_run(f,
		"{\"host\": \"pod-2\", \"fleet.name\": \"night\","
		" \"fleet.node\": \"node-1\", \"fleet.arm\": \"l1vh\"}",
		6);
	add_run(f,
		"{\"host\": \"pod-3\", \"fleet.name\": \"day\","
		" \"fleet.node\": \"node-1\", \"fleet.arm\": \"\"}",
		7);
	add_run(f, "{\"host\": \"alone\", \"fleet.node\": 5}", 8);
	start(f);
	text = scrape(f, "");
	assert_int_equal(count_of(text, "\nl1vh_run_info{"), 3);
	assert_contains(text, ",unit=\"ns\",host=\"pod-2\",fleet=\"night\","
			      "node=\"node-1\",arm=\"l1vh\"} 6\n");
	assert_contains(text, ",fleet=\"day\",node=\"node-1\"} 7\n");
	assert_contains(text, ",host=\"alone\"} 8\n");
	assert_null(strstr(text, "pod-1"));
	assert_contains(text, "\nl1vh_serve_omitted_runs 0\n");
}

#define RUNNERS 8
#define ROWS (METRICS_MAX_SAMPLES * 2 / 5 / RUNNERS / 6)

/* Of ROWS series for each of the runners, with six samples each: a bit more than
 * two fifths of an answer. */
static void add_large_run(struct fixture *f, const char *fingerprint)
{
	int64_t id = stored_run(f->place->store, "r1", fingerprint);
	struct bench_case bc = {.vcpu_count = 1};
	struct err err = {0};
	char point[32];
	uint32_t i, k;

	for (k = 0; k < RUNNERS; k++) {
		struct result res;

		if (k)
			snprintf(bc.runner, sizeof(bc.runner), "guest-%" PRIu32,
				 k);
		else
			snprintf(bc.runner, sizeof(bc.runner), "native");
		result_init(&res);
		for (i = 0; i < ROWS; i++) {
			snprintf(point, sizeof(point), "p%" PRIu32, i);
			series_add_sample(
				result_add_series(&res, "null", point, "ns"))
				->value = 1;
		}
		assert_int_equal(store_result_add(f->place->store, id, k, &bc,
						  &res, &err),
				 0);
		result_release(&res);
	}
}

/* Samples of a family, whose head has three lines with a unit's. */
static size_t count_samples(const char *text, const char *head,
			    size_t head_lines, const char *next)
{
	const char *at = strstr(text, head), *end = strstr(text, next);
	size_t count = 0;

	assert_true(at && end > at);
	for (; at < end; at++)
		count += *at == '\n';
	return count - head_lines;
}

/* The older runs are left out, and counted. */
static void an_answer_is_bounded(void **state)
{
	static const char *const fingerprints[] = {
		"{\"host\": \"h0\"}", "{\"host\": \"h1\"}",
		"{\"host\": \"h2\"}", "{\"host\": \"h3\"}"};
	struct fixture *f = *state;
	const char *text;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fingerprints); i++)
		add_large_run(f, fingerprints[i]);
	start(f);
	text = scrape(f, "");
	assert_contains(text, "host=\"h3\"");
	assert_contains(text, "host=\"h2\"");
	assert_null(strstr(text, "host=\"h1\""));
	assert_null(strstr(text, "host=\"h0\""));
	assert_contains(text, "\nl1vh_serve_omitted_runs 2\n");
	assert_int_equal(count_samples(text, "# TYPE l1vh_median ", 2,
				       "# TYPE l1vh_ratio "),
			 2 * ROWS * RUNNERS);
	assert_int_equal(count_samples(text, "# TYPE l1vh_boots ", 3,
				       "# TYPE l1vh_refused_boots "),
			 2 * ROWS * RUNNERS);
}

/* Neither the samples that are kept nor their run stand in the way. */
static void a_run_that_goes_on_is_read_again(void **state)
{
	struct fixture *f = *state;
	int64_t id = stored_run(f->place->store, "r1", "{\"host\": \"one\"}");

	stored_boot(f->place->store, id, 0, "native", "null", 5);
	start(f);
	assert_contains(scrape(f, ""),
			"l1vh_boots{workload=\"null\",point=\"\","
			"runner=\"native\",grade=\"hardware\","
			"host=\"one\"} 1\n");
	stored_boot(f->place->store, id, 2, "native", "null", 7);
	assert_contains(scrape(f, ""), "host=\"one\"} 2\n");
	stored_sql(f->place->store, "DELETE FROM sample; DELETE FROM figure;"
				    "DELETE FROM series;"
				    "DELETE FROM exit_ledger;"
				    "DELETE FROM phase; DELETE FROM document;"
				    "DELETE FROM boot; DELETE FROM schedule;"
				    "DELETE FROM run");
	assert_null(strstr(scrape(f, ""), "host=\"one\""));
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORE(each_client_gets_its_format),
		WITH_STORE(runs_of_fleets_say_where),
		WITH_STORE(an_answer_is_bounded),
		WITH_STORE(a_run_that_goes_on_is_read_again),
	};

	return RUN_TESTS(tests);
}
