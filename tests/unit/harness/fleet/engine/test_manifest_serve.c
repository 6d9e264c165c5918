// SPDX-License-Identifier: GPL-3.0-or-later
/* What stands around a fleet's Jobs: policies, Secrets, and the dashboard. */
#include "tests/unit/test.h"

#include "harness/fleet/engine/manifest.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/fleet.h"

static json_t *egress(json_t *all)
{
	return fleet_at(fleet_find(all, "NetworkPolicy", 0), "spec.egress");
}

static void pods_talk_to_names_and_to_the_dashboard_alone(void **state)
{
	struct fleet_manifest m = fleet_settings();
	json_t *all = fleet_objects(&m), *out = egress(all);

	(void)state;
	assert_int_equal(
		json_array_size(fleet_at(fleet_find(all, "NetworkPolicy", 0),
					 "spec.ingress")),
		0);
	assert_int_equal(json_array_size(out), 4);
	assert_int_equal(fleet_number(out, "[0].ports.[0].port"), 53);
	assert_int_equal(fleet_number(out, "[2].ports.[0].port"), 443);
	json_decref(all);

	m.push_url = "http://10.0.0.7:8080";
	m.has_imds = true;
	all = fleet_objects(&m);
	out = egress(all);
	assert_string_equal(fleet_text(out, "[2].to.[0].ipBlock.cidr"),
			    "10.0.0.7/32");
	assert_int_equal(fleet_number(out, "[2].ports.[0].port"), 8080);
	/* A dashboard of another namespace, behind its Service. */
	assert_string_equal(fleet_text(out, "[3].ports.[0].port"), "http");
	assert_int_equal(
		json_object_size(fleet_at(out, "[3].to.[0].namespaceSelector")),
		0);
	assert_string_equal(fleet_text(out, "[4].to.[0].ipBlock.cidr"),
			    "169.254.169.254/32");
	json_decref(all);

	m = fleet_settings();
	m.push_url = NULL;
	m.results_claim = NULL;
	all = fleet_objects(&m);
	assert_int_equal(json_array_size(egress(all)), 0);
	json_decref(all);
}

static void a_dashboard_comes_with_all_that_it_needs(void **state)
{
	struct fleet_manifest m = fleet_settings();
	json_t *all, *serve;
	char *words;

	(void)state;
	m.push_url = NULL;
	m.has_serve = true;
	m.monitor_space = "monitoring";
	m.token = "t";
	m.tokens = "write abc x\n";
	all = fleet_objects(&m);
	assert_non_null(fleet_find(all, "Service", 0));
	assert_non_null(fleet_find(all, "ServiceMonitor", 0));
	assert_string_equal(
		fleet_text(fleet_find(all, "Secret", 0), "metadata.name"),
		"push");
	assert_string_equal(
		fleet_text(fleet_find(all, "Secret", 1), "metadata.name"),
		"tokens");
	assert_string_equal(
		fleet_text(fleet_find(all, "PersistentVolumeClaim", 0),
			   "spec.resources.requests.storage"),
		"20Gi");
	serve = fleet_find(all, "Deployment", 0);
	assert_string_equal(fleet_text(serve, "spec.strategy.type"),
			    "Recreate");
	serve = fleet_at(serve, "spec.template.spec.containers.[0]");
	assert_string_equal(fleet_text(serve, "readinessProbe.httpGet.path"),
			    "/healthz");
	words = fleet_words(serve);
	assert_string_equal(
		words,
		"serve --listen 0.0.0.0:8080 --tokens /etc/l1vh-bench/tokens --db /store/l1vh.db ");
	free(words);
	words = fleet_words(fleet_at(fleet_find(all, "Job", 0),
				     "spec.template.spec.containers.[0]"));
	assert_contains(words, "--push http://l1vh-bench-serve ");
	free(words);
	json_decref(all);

	m.store_secret = "pg";
	all = fleet_objects(&m);
	assert_null(fleet_find(all, "PersistentVolumeClaim", 0));
	words = fleet_words(fleet_at(fleet_find(all, "Deployment", 0),
				     "spec.template.spec.containers.[0]"));
	assert_contains(words, "--store $(L1VH_STORE) ");
	free(words);
	json_decref(all);
}

static void no_token_is_written_unless_it_was_given(void **state)
{
	struct fleet_manifest m = fleet_settings();
	json_t *all = fleet_objects(&m);

	(void)state;
	assert_null(fleet_find(all, "Secret", 0));
	json_decref(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pods_talk_to_names_and_to_the_dashboard_alone),
		cmocka_unit_test(a_dashboard_comes_with_all_that_it_needs),
		cmocka_unit_test(no_token_is_written_unless_it_was_given),
	};

	return RUN_TESTS(tests);
}
