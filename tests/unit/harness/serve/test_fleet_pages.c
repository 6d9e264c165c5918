// SPDX-License-Identifier: GPL-3.0-or-later
/* fleet_pages: fleets, a fleet, and a node, as pages and as JSON. */
#include "tests/unit/test.h"

#include <errno.h>
#include <jansson.h>

#include "harness/serve/fleet_pages.h"
#include "harness/serve/http.h"
#include "harness/serve/query.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/harness/stored.h"

#define NODES 12
/* A name that would be markup, and would end an address. */
#define HOSTILE "<b>?x"

typedef int page_fn(struct store *store, const struct http_request *rq,
		    struct http_reply *re, struct err *err);

struct fixture {
	struct stored_place *place;
	struct http_reply re;
};

static void add_run(struct store *store, const char *node, double value)
{
	char fingerprint[200];
	int64_t id;

	snprintf(fingerprint, sizeof(fingerprint),
		 "{\"host\": \"%s\", \"fleet.name\": \"night %%\","
		 " \"fleet.node\": \"%s\", \"fleet.arm\": \"nested\","
		 " \"fleet.index\": \"0\"}",
		 node, node);
	id = stored_run(store, "r", fingerprint);
	stored_boot(store, id, 0, "native", "null", value);
	stored_sql(store, "UPDATE run SET status = 'complete'");
}

static int setup(void **state)
{
	static struct fixture f;
	char node[16];
	size_t i;

	if (stored_place_setup(state))
		return -1;
	f = (struct fixture){.place = *state};
	for (i = 0; i < NODES; i++) {
		snprintf(node, sizeof(node), "n%02u", (unsigned int)i);
		add_run(f.place->store, node,
			i == 5 ? 300 : 100 + (double)(i * 7 % 5));
	}
	add_run(f.place->store, HOSTILE, 101);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	strbuf_release(&f->re.body);
	*state = f->place;
	return stored_place_teardown(state);
}

/* The body; NULL with the error's code in ERR. */
static const char *ask(struct fixture *f, page_fn *page, const char *target,
		       const char *item, struct err *err)
{
	struct query q;
	const struct http_request rq = {.query = &q, .item = item};
	int ret;

	strbuf_release(&f->re.body);
	f->re = (struct http_reply){.status = 0};
	*err = (struct err){.code = 0};
	assert_int_equal(query_parse(target, &q, err), 0);
	ret = page(f->place->store, &rq, &f->re, err);
	query_release(&q);
	return ret ? NULL : strbuf_str(&f->re.body);
}

static void fleets_are_listed(void **state)
{
	const char *text;
	struct err err;

	text = ask(*state, page_fleets, "/fleets", "", &err);
	assert_non_null(text);
	assert_contains(text, "<a href=\"/fleets/night%20%25\">night %</a>");
	text = ask(*state, api_fleets, "/api/v1/fleets", "", &err);
	assert_contains(text, "\"node_count\": 13");
	assert_null(ask(*state, page_fleets, "/fleets?x=1", "", &err));
	assert_int_equal(err.code, -EINVAL);
}

static void a_fleet_shows_the_odd_ones_first(void **state)
{
	const char *text, *odd, *other;
	struct err err;

	text = ask(*state, page_fleet, "/fleets/x", "night %", &err);
	assert_non_null(text);
	assert_contains(text, "13 of 13 nodes ran, in 1 arm; 1 of 13 is odd");
	assert_contains(text, "registered no claims");
	/* In the table of nodes, which comes last. */
	text = strstr(text, "id=\"nodes\"");
	assert_non_null(text);
	odd = strstr(text, "\"/nodes/n05\"");
	other = strstr(text, "\"/nodes/n00\"");
	assert_true(odd && other && odd < other);
	assert_null(strstr(text, "<b>"));
	assert_contains(text, "<a href=\"/nodes/%3Cb%3E%3Fx\">&lt;b&gt;?x</a>");
}

static void nodes_are_searched_and_paged(void **state)
{
	const char *text;
	struct err err;

	text = ask(*state, page_fleet, "/fleets/x?q=n1", "night %", &err);
	text = strstr(text, "id=\"nodes\"");
	assert_int_equal(count_of(text, "\"/nodes/"), 2);
	text = ask(*state, page_fleet, "/fleets/x?page=2", "night %", &err);
	text = strstr(text, "id=\"nodes\"");
	assert_int_equal(count_of(text, "\"/nodes/"), 0);
	assert_null(
		ask(*state, page_fleet, "/fleets/x?page=0", "night %", &err));
	assert_int_equal(err.code, -EINVAL);
	assert_null(ask(*state, page_fleet, "/fleets/x", "nobody", &err));
	assert_int_equal(err.code, -ENOENT);
}

static void a_fleet_as_json(void **state)
{
	struct err err;
	json_t *json;

	json = json_loads(
		ask(*state, api_fleet, "/api/v1/fleets/x", "night %", &err), 0,
		NULL);
	assert_int_equal(json_array_size(json_object_get(json, "nodes")), 13);
	assert_string_equal(json_string_value(json_object_get(json, "verdict")),
			    "FAIL");
	json_decref(json);
}

static void a_node_has_its_runs(void **state)
{
	struct fixture *f = *state;
	const char *text;
	struct err err;
	json_t *json, *series;

	add_run(f->place->store, "n05", 310);
	text = ask(f, page_node, "/nodes/x", "n05", &err);
	assert_non_null(text);
	assert_int_equal(count_of(text, "<a href=\"/runs/"), 2);
	assert_contains(text, "native null");
	assert_contains(text, "310 ns");
	json = json_loads(ask(f, api_node, "/api/v1/nodes/x", "n05", &err), 0,
			  NULL);
	series = json_array_get(json_object_get(json, "series"), 0);
	assert_int_equal(json_array_size(json_object_get(series, "medians")),
			 2);
	assert_close(json_real_value(json_array_get(
			     json_object_get(series, "medians"), 1)),
		     310, 1e-9);
	json_decref(json);
	text = ask(f, page_node, "/nodes/x", HOSTILE, &err);
	assert_null(strstr(text, "<b>?x"));
	assert_null(ask(f, page_node, "/nodes/x", "nobody", &err));
	assert_int_equal(err.code, -ENOENT);
}

#define WITH_FLEET(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FLEET(fleets_are_listed),
		WITH_FLEET(a_fleet_shows_the_odd_ones_first),
		WITH_FLEET(nodes_are_searched_and_paged),
		WITH_FLEET(a_fleet_as_json),
		WITH_FLEET(a_node_has_its_runs),
	};

	return RUN_TESTS(tests);
}
