// SPDX-License-Identifier: GPL-3.0-or-later
/* manifest: one run per node, and names that Kubernetes takes. */
#include "tests/unit/test.h"

#include <errno.h>

#include "harness/base/xmalloc.h"
#include "harness/fleet/engine/manifest.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/fleet.h"

/* --- one run per node --- */

static void each_node_has_a_job_that_only_it_can_run(void **state)
{
	struct listed_node nodes[] = {fleet_node_of("a"), fleet_node_of("b")};
	struct node_list list = {nodes, 2, false};
	struct fleet_manifest m = fleet_settings();
	json_t *all, *job, *spec;
	size_t i;

	(void)state;
	m.nodes = &list;
	m.run_count = 5;
	m.retry_count = 2;
	all = fleet_objects(&m);
	for (i = 0; i < 2; i++) {
		job = fleet_find(all, "Job", i);
		assert_string_equal(fleet_text(job, "metadata.name"),
				    i ? "web-b" : "web-a");
		spec = fleet_at(job, "spec");
		assert_string_equal(fleet_text(spec, "completionMode"),
				    "Indexed");
		assert_int_equal(fleet_number(spec, "completions"), 5);
		assert_int_equal(fleet_number(spec, "parallelism"), 1);
		assert_int_equal(fleet_number(spec, "backoffLimitPerIndex"), 2);
		assert_string_equal(fleet_text(spec, "podReplacementPolicy"),
				    "Failed");
		assert_null(json_object_get(spec, "maxFailedIndexes"));
		assert_int_equal(fleet_number(spec, "activeDeadlineSeconds"),
				 3600);
		spec = fleet_at(spec, "template.spec");
		assert_string_equal(fleet_text(spec, "restartPolicy"), "Never");
		assert_null(json_object_get(spec, "nodeName"));
		spec = fleet_at(
			spec,
			"affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution"
			".nodeSelectorTerms.[0].matchFields.[0]");
		assert_string_equal(fleet_text(spec, "key"), "metadata.name");
		assert_string_equal(fleet_text(spec, "values.[0]"),
				    i ? "b" : "a");
	}
	assert_null(fleet_find(all, "Job", 2));
	json_decref(all);
	listed_nodes_release(nodes, 2);
}

static void a_number_of_nodes_is_one_job_that_holds_them(void **state)
{
	struct fleet_manifest m = fleet_settings();
	json_t *all, *job;
	char *words;

	(void)state;
	m.hold_ns = fleet_manifest_hold_ns(2000);
	m.selector = (struct manifest_pairs){{{"pool", "kvm"}}, 1};
	all = fleet_objects(&m);
	job = fleet_find(all, "Job", 0);
	assert_null(fleet_find(all, "Job", 1));
	assert_string_equal(fleet_text(job, "metadata.name"), "web");
	assert_int_equal(fleet_number(job, "spec.completions"), 3);
	assert_int_equal(fleet_number(job, "spec.parallelism"), 3);
	assert_string_equal(
		fleet_text(job, "spec.template.spec.nodeSelector.pool"), "kvm");
	assert_string_equal(
		fleet_text(
			job,
			"spec.template.spec.affinity.podAntiAffinity."
			"requiredDuringSchedulingIgnoredDuringExecution.[0].topologyKey"),
		"kubernetes.io/hostname");
	words = fleet_words(fleet_at(job, "spec.template.spec.containers.[0]"));
	assert_contains(words, "--hold 260s ");
	free(words);
	json_decref(all);
}

static void a_failure_of_the_cluster_is_none_of_the_node(void **state)
{
	struct fleet_manifest m = fleet_settings();
	json_t *all = fleet_objects(&m);
	json_t *rules = fleet_at(fleet_find(all, "Job", 0),
				 "spec.podFailurePolicy.rules");

	(void)state;
	assert_string_equal(fleet_text(rules, "[0].action"), "FailJob");
	assert_int_equal(fleet_number(rules, "[0].onExitCodes.values.[0]"), 64);
	assert_string_equal(fleet_text(rules, "[1].action"), "Ignore");
	assert_string_equal(fleet_text(rules, "[1].onPodConditions.[0].type"),
			    "DisruptionTarget");
	json_decref(all);
}

/* --- names --- */

static void job_names_fit_a_dns_label_and_stay_apart(void **state)
{
	struct fleet_manifest m = fleet_settings();
	char name[NODE_LABEL_MAX + 1], other[NODE_LABEL_MAX + 1];
	char node[NODE_NAME_MAX + 1];

	(void)state;
	fleet_manifest_job_name(&m, "worker-7", name);
	assert_string_equal(name, "web-worker-7");
	fleet_manifest_job_name(&m, "a.b", name);
	fleet_manifest_job_name(&m, "a-b", other);
	assert_string_equal(other, "web-a-b");
	assert_memory_equal(name, "web-a-b-", 8);
	assert_int_equal(strlen(name), 16);

	/* With "-0" behind it, 63 at most. */
	memset(node, 'n', sizeof(node));
	node[57] = '\0';
	fleet_manifest_job_name(&m, node, name);
	assert_int_equal(strlen(name), 61);
	assert_null(strchr(name + 4, '-'));
	node[57] = 'n';
	node[58] = '\0';
	fleet_manifest_job_name(&m, node, name);
	assert_int_equal(strlen(name), 61);
	assert_non_null(strchr(name + 4, '-'));
	node[58] = 'n';
	node[NODE_NAME_MAX] = '\0';
	fleet_manifest_job_name(&m, node, other);
	assert_int_equal(strlen(other), 61);
	assert_string_not_equal(name, other);

	m.run_count = 101; /* "-100" */
	fleet_manifest_job_name(&m, node, name);
	assert_int_equal(strlen(name), 59);
	m.schedule = "0 2 * * *"; /* and "-12345678" */
	fleet_manifest_job_name(&m, node, name);
	assert_int_equal(strlen(name), 50);
	m.run_count = 1;
	fleet_manifest_job_name(&m, node, name);
	assert_int_equal(strlen(name), 52);
}

/* The second is what the first's name becomes. */
static void two_nodes_of_one_job_name_are_refused(void **state)
{
	struct fleet_manifest m = fleet_settings();
	struct listed_node nodes[] = {fleet_node_of("a.b"), fleet_node_of("x")};
	struct node_list list = {nodes, 2, false};
	char name[NODE_LABEL_MAX + 1];
	struct err err;

	(void)state;
	m.nodes = &list;
	fleet_manifest_job_name(&m, "a.b", name);
	free(nodes[1].name);
	nodes[1].name = xstrdup(name + strlen("web-"));
	assert_int_equal(fleet_refusal(&m, &err), -EINVAL);
	assert_contains(err.msg, name);
	listed_nodes_release(nodes, 2);
}

static void contradictions_are_refused(void **state)
{
	struct listed_node node = {.name = (char *)(uintptr_t) "a"};
	struct node_list list = {&node, 1, false};
	struct fleet_manifest m = fleet_settings();
	struct err err;

	(void)state;
	m.fleet = "a.b";
	assert_int_equal(fleet_refusal(&m, &err), -EINVAL);
	m.fleet = "a23456789012345678901234567890123";
	assert_int_equal(fleet_refusal(&m, &err), -EINVAL);
	assert_contains(err.msg, "cannot name a fleet");
	m = fleet_settings();
	m.run_count = 2;
	assert_int_equal(fleet_refusal(&m, &err), -EINVAL);
	assert_contains(err.msg, "--runs 2 needs the nodes' names");
	m = fleet_settings();
	m.results_claim = "1Gi";
	assert_int_equal(fleet_refusal(&m, &err), -EINVAL);
	assert_contains(err.msg, "--results-claim needs");
	m = fleet_settings();
	m.nodes = &list;
	m.selector.count = 1;
	assert_int_equal(fleet_refusal(&m, &err), -EINVAL);
	assert_contains(err.msg, "--selector");
	m = fleet_settings();
	m.push_url = "ftp://a/";
	assert_int_equal(fleet_refusal(&m, &err), -EINVAL);
	assert_contains(err.msg, "'ftp://a/' is not the URL");
	m = fleet_settings();
	m.plan = "\377";
	assert_int_equal(fleet_refusal(&m, &err), -EINVAL);
	assert_contains(err.msg, "not UTF-8");
}

static void a_schedule_makes_cron_jobs_of_the_same_job(void **state)
{
	struct listed_node node = fleet_node_of("a");
	struct node_list list = {&node, 1, false};
	struct fleet_manifest m = fleet_settings();
	json_t *all, *job, *cron;

	(void)state;
	m.nodes = &list;
	m.results_claim = "5Gi";
	all = fleet_objects(&m);
	job = json_incref(fleet_at(fleet_find(all, "Job", 0), "spec"));
	json_decref(all);
	m.schedule = "0 2 * * *";
	all = fleet_objects(&m);
	cron = fleet_at(fleet_find(all, "CronJob", 0), "spec");
	assert_null(fleet_find(all, "Job", 0));
	assert_string_equal(fleet_text(cron, "schedule"), "0 2 * * *");
	assert_string_equal(fleet_text(cron, "timeZone"), "Etc/UTC");
	assert_string_equal(fleet_text(cron, "concurrencyPolicy"), "Forbid");
	assert_true(json_equal(fleet_at(cron, "jobTemplate.spec"), job));
	assert_string_equal(
		fleet_text(fleet_find(all, "PersistentVolumeClaim", 0),
			   "metadata.name"),
		fleet_text(job, "template.spec.volumes.[0]."
				"persistentVolumeClaim.claimName"));
	json_decref(job);
	json_decref(all);
	listed_nodes_release(&node, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_node_has_a_job_that_only_it_can_run),
		cmocka_unit_test(a_number_of_nodes_is_one_job_that_holds_them),
		cmocka_unit_test(a_failure_of_the_cluster_is_none_of_the_node),
		cmocka_unit_test(job_names_fit_a_dns_label_and_stay_apart),
		cmocka_unit_test(two_nodes_of_one_job_name_are_refused),
		cmocka_unit_test(contradictions_are_refused),
		cmocka_unit_test(a_schedule_makes_cron_jobs_of_the_same_job),
	};

	return RUN_TESTS(tests);
}
