// SPDX-License-Identifier: GPL-3.0-or-later
/* manifest_pod: what a pod may, what it knows, and what it is told to do. */
#include "tests/unit/test.h"

#include "harness/base/xmalloc.h"
#include "harness/fleet/engine/manifest.h"
#include "tests/unit/fixture/fleet.h"

static const char *enforced(json_t *all)
{
	json_t *labels =
		fleet_at(fleet_find(all, "Namespace", 0), "metadata.labels");

	return json_string_value(
		json_object_get(labels, "pod-security.kubernetes.io/enforce"));
}

static void pods_have_no_rights(void **state)
{
	struct fleet_manifest m = fleet_settings();
	json_t *all, *pod;
	const char *const containers[] = {"containers.[0]",
					  "initContainers.[0]"};
	size_t i;

	(void)state;
	m.device_group = 36;
	all = fleet_objects(&m);
	assert_string_equal(enforced(all), "restricted");
	pod = fleet_at(fleet_find(all, "Job", 0), "spec.template.spec");
	assert_true(
		json_is_false(fleet_at(pod, "automountServiceAccountToken")));
	assert_true(
		json_is_true(fleet_at(pod, "securityContext.runAsNonRoot")));
	assert_int_equal(fleet_number(pod, "securityContext.runAsUser"), 65532);
	assert_int_equal(
		fleet_number(pod, "securityContext.supplementalGroups.[0]"),
		36);
	for (i = 0; i < 2; i++) {
		json_t *c = fleet_at(pod, containers[i]);
		json_t *s = fleet_at(c, "securityContext");

		assert_true(
			json_is_false(fleet_at(s, "allowPrivilegeEscalation")));
		assert_true(
			json_is_true(fleet_at(s, "readOnlyRootFilesystem")));
		assert_string_equal(fleet_text(s, "capabilities.drop.[0]"),
				    "ALL");
		assert_null(json_object_get(s, "privileged"));
		assert_true(json_equal(fleet_at(c, "resources.requests"),
				       fleet_at(c, "resources.limits")));
	}
	json_decref(all);
}

static void the_privileged_variant_has_all_rights_but_for_the_rescue(
	void **state)
{
	struct fleet_manifest m = fleet_settings();
	json_t *all, *pod;

	(void)state;
	m.is_privileged = true;
	all = fleet_objects(&m);
	assert_string_equal(enforced(all), "privileged");
	pod = fleet_at(fleet_find(all, "Job", 0), "spec.template.spec");
	assert_true(json_is_true(
		fleet_at(pod, "containers.[0].securityContext.privileged")));
	assert_null(json_object_get(
		fleet_at(pod, "initContainers.[0].securityContext"),
		"privileged"));
	assert_string_equal(fleet_text(pod, "volumes.[3].hostPath.path"),
			    "/dev");
	json_decref(all);
}

/* The device is the node's own; what is not known of it comes from the pod. */
static void a_pod_knows_its_node_and_asks_for_its_device(void **state)
{
	struct listed_node nodes[] = {fleet_node_of("a"), fleet_node_of("b"),
				      fleet_node_of("c"), fleet_node_of("d")};
	struct node_list list = {nodes, 4, true};
	struct fleet_manifest m = fleet_settings();
	json_t *all, *bench, *limits;

	(void)state;
	nodes[0].has_kvm = nodes[0].has_vhost_net = true;
	nodes[1].has_kvm = nodes[1].has_mshv = true;
	nodes[3].has_kvm = nodes[3].is_cordoned = true;
	free(nodes[1].arm);
	nodes[1].arm = xstrdup("l1vh");
	m.nodes = &list;
	m.arm = "nested";
	all = fleet_objects(&m);
	bench = fleet_at(fleet_find(all, "Job", 0),
			 "spec.template.spec.containers.[0]");
	limits = fleet_at(bench, "resources.limits");
	assert_non_null(json_object_get(limits, "devices.kubevirt.io/kvm"));
	assert_non_null(
		json_object_get(limits, "devices.kubevirt.io/vhost-net"));
	assert_string_equal(fleet_env(bench, "L1VH_NODE"), "spec.nodeName");
	assert_string_equal(fleet_env(bench, "L1VH_ATTEMPT"), "metadata.uid");
	assert_string_equal(
		fleet_env(bench, "L1VH_INDEX"),
		"metadata.annotations['batch.kubernetes.io/job-completion-index']");
	assert_string_equal(fleet_env(bench, "L1VH_ENGINE"), "kubernetes");
	assert_string_equal(fleet_env(bench, "L1VH_FLEET"), "web");
	assert_non_null(fleet_env(bench, "L1VH_IMAGE"));
	assert_string_equal(fleet_env(bench, "L1VH_ARM"), "nested");
	assert_string_equal(fleet_env(bench, "L1VH_INSTANCE_TYPE"), "D8");
	assert_string_equal(fleet_env(bench, "L1VH_ZONE"), "z-1");
	assert_string_equal(fleet_env(bench, "L1VH_REGION"),
			    "metadata.labels['topology.kubernetes.io/region']");

	bench = fleet_at(fleet_find(all, "Job", 1),
			 "spec.template.spec.containers.[0]");
	limits = fleet_at(bench, "resources.limits");
	assert_non_null(json_object_get(limits, "devices.kubevirt.io/mshv"));
	assert_null(json_object_get(limits, "devices.kubevirt.io/kvm"));
	assert_null(json_object_get(limits, "devices.kubevirt.io/vhost-net"));
	assert_string_equal(fleet_env(bench, "L1VH_ARM"), "l1vh");
	/* Of its arm alone: another manifest may have the fleet's others. */
	assert_string_equal(fleet_env(bench, "L1VH_FLEET_SIZE"), "1");
	/* c has no device, d is cordoned. */
	assert_null(fleet_find(all, "Job", 2));
	json_decref(all);
	m.device = FLEET_DEVICE_NONE;
	all = fleet_objects(&m);
	assert_non_null(fleet_find(all, "Job", 2));
	assert_null(fleet_find(all, "Job", 3));
	bench = fleet_at(fleet_find(all, "Job", 0),
			 "spec.template.spec.containers.[0]");
	assert_string_equal(fleet_env(bench, "L1VH_FLEET_SIZE"), "2");
	json_decref(all);
	listed_nodes_release(nodes, 4);
}

static void words_reach_the_pod_as_they_are(void **state)
{
	static const char *const hostile[] = {"--workloads", "a b;$(id)'\""};
	struct fleet_manifest m = fleet_settings();
	json_t *all, *pod;
	char *words;

	(void)state;
	m.plan = "name: x\n";
	m.ca = "PEM\n";
	m.has_imds = true;
	m.run_args = hostile;
	all = fleet_objects(&m);
	pod = fleet_at(fleet_find(all, "Job", 0), "spec.template.spec");
	words = fleet_words(fleet_at(pod, "containers.[0]"));
	assert_string_equal(
		words,
		"fleet node --push https://bench.example/ --token-file /etc/l1vh-bench/token "
		"--ca-file /etc/l1vh-bench/ca.pem --results /results --imds -- "
		"--plan /etc/l1vh-bench/plan.yaml --workloads a b;$(id)'\" ");
	free(words);
	words = fleet_words(fleet_at(pod, "initContainers.[0]"));
	assert_string_equal(
		words,
		"fleet node --rescue --push https://bench.example/ --token-file /etc/l1vh-bench/token "
		"--ca-file /etc/l1vh-bench/ca.pem --results /results ");
	free(words);
	/* Of a file the pods get what it is now, even if it changes later. */
	assert_string_equal(
		fleet_text(fleet_find(all, "ConfigMap", 0), "metadata.name"),
		fleet_text(pod,
			   "volumes.[2].projected.sources.[1].configMap.name"));
	assert_true(json_is_true(
		fleet_at(fleet_find(all, "ConfigMap", 0), "immutable")));
	json_decref(all);
}

static void only_chosen_taints_are_tolerated(void **state)
{
	struct node_taint taints[] = {
		{(char *)(uintptr_t) "node.kubernetes.io/not-ready",
		 (char *)(uintptr_t) "", (char *)(uintptr_t) "NoExecute"},
		{(char *)(uintptr_t) "k", (char *)(uintptr_t) "v",
		 (char *)(uintptr_t) "NoSchedule"}};
	struct listed_node node = fleet_node_of("a");
	struct node_list list = {&node, 1, true};
	struct fleet_manifest m = fleet_settings();
	json_t *all, *pod;

	(void)state;
	node.taints = taints;
	node.taint_count = 2;
	node.has_kvm = true;
	m.nodes = &list;
	assert_ptr_equal(fleet_manifest_obstacle(&m, &node), &taints[1]);
	m.tolerations[0] = (struct manifest_toleration){"k", "w", ""};
	m.toleration_count = 1;
	assert_non_null(fleet_manifest_obstacle(&m, &node));
	m.tolerations[0].value = NULL;
	assert_null(fleet_manifest_obstacle(&m, &node));
	m.toleration_count = 0;
	m.tolerates_all = true;
	assert_null(fleet_manifest_obstacle(&m, &node));
	all = fleet_objects(&m);
	pod = fleet_at(fleet_find(all, "Job", 0), "spec.template.spec");
	assert_int_equal(json_array_size(fleet_at(pod, "tolerations")), 1);
	assert_string_equal(fleet_text(pod, "tolerations.[0].key"), "k");
	json_decref(all);
	m.nodes = NULL;
	all = fleet_objects(&m);
	pod = fleet_at(fleet_find(all, "Job", 0), "spec.template.spec");
	assert_string_equal(fleet_text(pod, "tolerations.[0].operator"),
			    "Exists");
	json_decref(all);
	listed_nodes_release(&node, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pods_have_no_rights),
		cmocka_unit_test(
			the_privileged_variant_has_all_rights_but_for_the_rescue),
		cmocka_unit_test(a_pod_knows_its_node_and_asks_for_its_device),
		cmocka_unit_test(words_reach_the_pod_as_they_are),
		cmocka_unit_test(only_chosen_taints_are_tolerated),
	};

	return RUN_TESTS(tests);
}
