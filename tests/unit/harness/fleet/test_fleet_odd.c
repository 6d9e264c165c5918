// SPDX-License-Identifier: GPL-3.0-or-later
/* The odd nodes of a fleet, and how a fleet is told. */
#include "tests/unit/test.h"

#include <math.h>

#include "harness/fleet/fleet_report.h"
#include "reports/data/fleet_json.h"
#include "reports/text/fleet_text.h"
#include "tests/unit/fixture/harness/made_fleet.h"

#define NODES 20

/* Every node differs by up to two per cent; node 7 has guests at two thirds of
 * what they should be, and node 3 is slow in all it does. */
static void make(struct fleet_report *r, size_t count)
{
	const struct fleet_wish wish = {.claims = NULL};
	size_t i;

	fleet_init(&r->fleet, "night");
	fleet_expect(&r->fleet, "n99", "l1vh");
	for (i = 0; i < count; i++) {
		char name[32];
		double wave = sin((double)i * 1.7) * 0.01;
		struct made_node n = {
			.node = name,
			.arm = "l1vh",
			.runner = "mshv",
			.ratio = (i == 7 ? 0.6 : 0.9) * (1 + wave),
			.native = (i == 3 ? 500 : 1000) * (1 - wave),
			.boot_ns = 1e9 * (1 + wave)};

		snprintf(name, sizeof(name), "n%02zu", i);
		fleet_expect(&r->fleet, name, NULL);
		made_fleet_add(&r->fleet, &n);
	}
	fleet_finish(&r->fleet);
	fleet_report_make(r, &wish);
}

static void each_odd_node_is_told_once(void **state)
{
	const struct fleet_odd_node *n;
	struct fleet_report r;

	(void)state;
	make(&r, NODES);
	assert_int_equal(r.odd.count, NODES);
	assert_int_equal(r.odd.odd_count, 2);
	n = fleet_odd_of(&r.odd, 7);
	assert_true(n->is_odd);
	assert_string_equal(r.fleet.series[n->series].runner, "mshv");
	assert_true(n->is_ratio);
	assert_true(n->ratio > 0.64 && n->ratio < 0.7);
	/* Its guests are as slow as it is: natively it shows. */
	n = fleet_odd_of(&r.odd, 3);
	assert_true(n->is_odd);
	assert_string_equal(r.fleet.series[n->series].runner, "native");
	assert_false(n->is_ratio);
	assert_true(n->value > 490 && n->value < 510);
	assert_false(fleet_odd_of(&r.odd, 0)->is_odd);
	assert_null(fleet_odd_of(&r.odd, NODES));
	assert_int_equal(fleet_report_verdict(&r), VERDICT_FAIL);
	fleet_report_release(&r);
}

static void a_distance_that_matters(void **state)
{
	struct fleet_report r;

	(void)state;
	make(&r, NODES);
	fleet_odd_release(&r.odd);
	fleet_odd_find(&r.odd, &r.fleet, 1.6);
	assert_int_equal(r.odd.odd_count, 1);
	assert_int_equal(r.odd.nodes[0].node, 3);
	fleet_report_release(&r);
}

static void a_few_nodes_are_not_judged(void **state)
{
	struct fleet_report r;

	(void)state;
	make(&r, 6);
	assert_int_equal(r.odd.odd_count, 0);
	assert_non_null(strstr(r.odd.reason, "arm l1vh cannot be told"));
	/* One node is missing. */
	assert_int_equal(fleet_report_verdict(&r), VERDICT_UNDECIDED);
	fleet_report_release(&r);
}

static void text_names_what_to_look_at(void **state)
{
	struct fleet_report r;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	make(&r, NODES);
	fleet_text_write(&r, out);
	fclose(out);
	assert_non_null(
		strstr(text, "Fleet night: 21 nodes in 1 arm, 20 runs."));
	assert_non_null(
		strstr(text, "20 ran, 0 unfinished, 0 unlike, 1 missing."));
	assert_non_null(strstr(text, "2 of 20 nodes are odd"));
	assert_non_null(
		strstr(text, "n07                      mshv cpu_integer"));
	assert_non_null(
		strstr(text, "n99                      missing    l1vh"));
	free(text);
	fleet_report_release(&r);
}

static void json_has_every_node(void **state)
{
	struct fleet_report r;
	json_t *json, *odd;

	(void)state;
	make(&r, NODES);
	json = fleet_json(&r);
	assert_non_null(json);
	odd = json_object_get(json, "odd");
	assert_int_equal(json_array_size(json_object_get(json, "nodes")), 21);
	assert_int_equal(json_array_size(json_object_get(json, "runs")), 20);
	assert_int_equal(json_array_size(json_object_get(odd, "nodes")), 2);
	assert_true(json_is_null(json_object_get(json, "claims")));
	assert_string_equal(json_string_value(json_object_get(json, "verdict")),
			    "FAIL");
	json_decref(json);
	fleet_report_release(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_odd_node_is_told_once),
		cmocka_unit_test(a_distance_that_matters),
		cmocka_unit_test(a_few_nodes_are_not_judged),
		cmocka_unit_test(text_names_what_to_look_at),
		cmocka_unit_test(json_has_every_node),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
