// SPDX-License-Identifier: GPL-3.0-or-later
/* The pod that runs a plan on a node, by `l1vh-bench fleet node`. */
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/xmalloc.h"
#include "harness/fleet/engine/manifest_priv.h"

#define CONFIG_FOLDER "/etc/l1vh-bench"
#define RESULTS_FOLDER "/results"
#define GRACE_S 120 /* to push what had ended */
#define CONFIG_MODE 0440
#define TMP_SIZE "2Gi"
/* Of the container that pushes when the other was killed. */
#define RESCUE_CPU "100m"
#define RESCUE_MEMORY "128Mi"
#define DEVICE_PREFIX "devices.kubevirt.io/"

/* --- what a container may --- */

json_t *manifest_pod_security(const struct fleet_manifest *m, bool has_rights)
{
	json_t *groups = NULL;

	if (has_rights)
		return json_pack("{si}", "runAsUser", 0);
	if (m->device_group)
		groups = json_pack("[I]", (json_int_t)m->device_group);
	return json_pack("{sb si si si ss s{ss} so*}", "runAsNonRoot", 1,
			 "runAsUser", BENCH_USER, "runAsGroup", BENCH_USER,
			 "fsGroup", BENCH_USER, "fsGroupChangePolicy",
			 "OnRootMismatch", "seccompProfile", "type",
			 "RuntimeDefault", "supplementalGroups", groups);
}

json_t *manifest_container_security(const struct fleet_manifest *m,
				    bool has_rights)
{
	(void)m;
	if (has_rights)
		return json_pack("{sb sb}", "privileged", 1,
				 "readOnlyRootFilesystem", 1);
	return json_pack("{sb s{s[s]} sb}", "allowPrivilegeEscalation", 0,
			 "capabilities", "drop", "ALL",
			 "readOnlyRootFilesystem", 1);
}

/* Requests that equal the limits: a pod that gets what it asked for (quality of
 * service "Guaranteed"), and is the last to be evicted. */
static json_t *guaranteed(json_t *limits)
{
	return json_pack("{sO so}", "requests", limits, "limits", limits);
}

static json_t *bench_resources(const struct fleet_manifest *m,
			       const struct listed_node *node)
{
	bool is_left_out;
	const char *device = fleet_manifest_device(m, node, &is_left_out);
	bool knows = node && m->nodes->has_details;
	json_t *limits =
		json_pack("{ss ss}", "cpu", m->cpu, "memory", m->memory);

	if (device) {
		char *name = xasprintf(DEVICE_PREFIX "%s", device);

		json_object_set_new(limits, name, json_string("1"));
		free(name);
		if (!m->has_no_vhost_net && (!knows || node->has_vhost_net))
			json_object_set_new(limits, DEVICE_PREFIX "vhost-net",
					    json_string("1"));
	}
	return guaranteed(limits);
}

/* --- what a container knows --- */

static json_t *field(const char *name, const char *path)
{
	return json_pack("{ss s{s{ss}}}", "name", name, "valueFrom", "fieldRef",
			 "fieldPath", path);
}

static void add_value(json_t *list, const char *name, const char *value)
{
	if (value && *value)
		json_array_append_new(list, json_pack("{ss ss}", "name", name,
						      "value", value));
}

/* Kubernetes copies a node's zone and region to its pods since 1.35; before, the
 * field is empty. Those that are known now stand for any release. */
static void add_place(json_t *list, const struct listed_node *node)
{
	const struct {
		const char *name, *value, *path;
	} rows[] = {
		{"L1VH_ZONE", node ? node->zone : "",
		 "metadata.labels['topology.kubernetes.io/zone']"},
		{"L1VH_REGION", node ? node->region : "",
		 "metadata.labels['topology.kubernetes.io/region']"},
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		if (*rows[i].value)
			add_value(list, rows[i].name, rows[i].value);
		else
			json_array_append_new(
				list, field(rows[i].name, rows[i].path));
	}
}

static json_t *environment(const struct fleet_manifest *m,
			   const struct listed_node *node)
{
	const char *arm = fleet_manifest_arm(m, node);
	json_t *list = json_array();
	char size[32];

	add_value(list, "L1VH_ENGINE", "kubernetes");
	add_value(list, "L1VH_FLEET", m->fleet);
	add_value(list, "L1VH_ARM", arm);
	json_array_append_new(list, field("L1VH_NODE", "spec.nodeName"));
	json_array_append_new(
		list,
		field("L1VH_INDEX",
		      "metadata.annotations['batch.kubernetes.io/job-completion-index']"));
	json_array_append_new(
		list, field("L1VH_JOB",
			    "metadata.labels['batch.kubernetes.io/job-name']"));
	json_array_append_new(list, field("L1VH_ATTEMPT", "metadata.uid"));
	snprintf(size, sizeof(size), "%zu", fleet_manifest_size(m, arm));
	add_value(list, "L1VH_FLEET_SIZE", size);
	add_value(list, "L1VH_IMAGE", m->image);
	if (node)
		add_value(list, "L1VH_INSTANCE_TYPE", node->instance_type);
	add_place(list, node);
	return list;
}

/* --- what a container does --- */

static void add_word(json_t *words, const char *word)
{
	json_array_append_new(words, json_string(word));
}

static void add_option(json_t *words, const char *name, const char *value)
{
	add_word(words, name);
	add_word(words, value);
}

static bool has_config(const struct fleet_manifest *m)
{
	return manifest_push_url(m) || m->plan;
}

static json_t *node_words(const struct fleet_manifest *m)
{
	json_t *words = json_pack("[ss]", "fleet", "node");

	if (manifest_push_url(m)) {
		add_option(words, "--push", manifest_push_url(m));
		add_option(words, "--token-file", CONFIG_FOLDER "/token");
		if (m->ca)
			add_option(words, "--ca-file", CONFIG_FOLDER "/ca.pem");
	}
	add_option(words, "--results", RESULTS_FOLDER);
	return words;
}

static json_t *bench_words(const struct fleet_manifest *m)
{
	json_t *words = node_words(m);
	size_t i;

	if (m->hold_ns) {
		char *hold = xasprintf("%llus", m->hold_ns / NS_PER_S);

		add_option(words, "--hold", hold);
		free(hold);
	}
	if (m->has_imds)
		add_word(words, "--imds");
	add_word(words, "--");
	if (m->plan)
		add_option(words, "--plan", CONFIG_FOLDER "/plan.yaml");
	for (i = 0; i < m->run_arg_count; i++)
		if (json_array_append_new(words, json_string(m->run_args[i]))) {
			json_decref(words);
			return NULL;
		}
	return words;
}

static json_t *mount(const char *name, const char *path, bool is_read_only)
{
	return json_pack("{ss ss so*}", "name", name, "mountPath", path,
			 "readOnly", is_read_only ? json_true() : NULL);
}

static json_t *mounts(const struct fleet_manifest *m, bool has_devices)
{
	json_t *list = json_array();

	json_array_append_new(list, mount("results", RESULTS_FOLDER, false));
	json_array_append_new(list, mount("tmp", "/tmp", false));
	if (has_config(m))
		json_array_append_new(list,
				      mount("config", CONFIG_FOLDER, true));
	if (has_devices)
		json_array_append_new(list, mount("dev", "/dev", false));
	return list;
}

static json_t *bench_container(const struct fleet_manifest *m,
			       const struct listed_node *node)
{
	return json_pack("{ss ss ss s[s] so so so so so}", "name",
			 BENCH_CONTAINER, "image", m->image, "imagePullPolicy",
			 IMAGE_PULL_POLICY, "command", "l1vh-bench", "args",
			 bench_words(m), "env", environment(m, node),
			 "resources", bench_resources(m, node), "volumeMounts",
			 mounts(m, m->is_privileged), "securityContext",
			 manifest_container_security(m, m->is_privileged));
}

/* A sidecar starts first and ends last, so it sees how the other ended, and
 * still has the results when that was killed for its memory. */
static json_t *rescue_container(const struct fleet_manifest *m,
				const struct listed_node *node)
{
	json_t *words = node_words(m);

	json_array_insert_new(words, 2, json_string("--rescue"));
	return json_pack("{ss ss ss ss s[s] so so so so so}", "name", "rescue",
			 "image", m->image, "imagePullPolicy",
			 IMAGE_PULL_POLICY, "restartPolicy", "Always",
			 "command", "l1vh-bench", "args", words, "env",
			 environment(m, node), "resources",
			 guaranteed(json_pack("{ss ss}", "cpu", RESCUE_CPU,
					      "memory", RESCUE_MEMORY)),
			 "volumeMounts", mounts(m, false), "securityContext",
			 manifest_container_security(m, false));
}

/* --- its volumes --- */

static json_t *config_source(const char *kind, const char *name_key,
			     const char *name, const char *file)
{
	return json_pack("{s{ss s[{ss ss}]}}", kind, name_key, name, "items",
			 "key", file, "path", file);
}

static json_t *config_volume(const struct fleet_manifest *m)
{
	json_t *sources = json_array();
	char *plan = m->plan ? manifest_name_of(m, "plan", m->plan) : NULL;
	char *ca = m->ca ? manifest_name_of(m, "ca", m->ca) : NULL;

	if (manifest_push_url(m))
		json_array_append_new(sources,
				      config_source("secret", "name",
						    m->token_secret, "token"));
	if (plan)
		json_array_append_new(
			sources,
			config_source("configMap", "name", plan, "plan.yaml"));
	if (ca)
		json_array_append_new(
			sources,
			config_source("configMap", "name", ca, "ca.pem"));
	free(plan);
	free(ca);
	return json_pack("{ss s{si so}}", "name", "config", "projected",
			 "defaultMode", CONFIG_MODE, "sources", sources);
}

static json_t *results_volume(const struct fleet_manifest *m,
			      const struct listed_node *node)
{
	char name[NODE_LABEL_MAX + 1];

	if (!m->results_claim)
		return json_pack("{ss s{ss}}", "name", "results", "emptyDir",
				 "sizeLimit", m->results_size);
	fleet_manifest_job_name(m, node->name, name);
	return json_pack("{ss s{ss}}", "name", "results",
			 "persistentVolumeClaim", "claimName", name);
}

static json_t *volumes(const struct fleet_manifest *m,
		       const struct listed_node *node)
{
	json_t *list = json_array();

	json_array_append_new(list, results_volume(m, node));
	json_array_append_new(list,
			      json_pack("{ss s{ss}}", "name", "tmp", "emptyDir",
					"sizeLimit", TMP_SIZE));
	if (has_config(m))
		json_array_append_new(list, config_volume(m));
	if (m->is_privileged)
		json_array_append_new(list,
				      json_pack("{ss s{ss ss}}", "name", "dev",
						"hostPath", "path", "/dev",
						"type", "Directory"));
	return list;
}

/* --- where it runs --- */

/* Its node alone, but through the scheduler, which counts CPUs, memory and
 * devices; spec.nodeName would go past it. */
static json_t *node_affinity(const struct listed_node *node)
{
	return json_pack("{s{s[{s[{ss ss s[s]}]}]}}",
			 "requiredDuringSchedulingIgnoredDuringExecution",
			 "nodeSelectorTerms", "matchFields", "key",
			 "metadata.name", "operator", "In", "values",
			 node->name);
}

/* Two measurements on a node would disturb each other, whoever started them. */
static json_t *anti_affinity(void)
{
	return json_pack("{s[{ss s{} so}]}",
			 "requiredDuringSchedulingIgnoredDuringExecution",
			 "topologyKey", "kubernetes.io/hostname",
			 "namespaceSelector", "labelSelector",
			 manifest_select(COMPONENT_MEASURE));
}

static json_t *affinity(const struct listed_node *node)
{
	return json_pack("{so* so}", "nodeAffinity",
			 node ? node_affinity(node) : NULL, "podAntiAffinity",
			 anti_affinity());
}

static json_t *toleration(const char *key, const char *value,
			  const char *effect)
{
	return json_pack("{ss ss ss* ss*}", "key", key, "operator",
			 value ? "Equal" : "Exists", "value", value, "effect",
			 *effect ? effect : NULL);
}

static json_t *tolerations(const struct fleet_manifest *m,
			   const struct listed_node *node)
{
	bool knows = node && m->nodes->has_details;
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < m->toleration_count; i++)
		json_array_append_new(list,
				      toleration(m->tolerations[i].key,
						 m->tolerations[i].value,
						 m->tolerations[i].effect));
	for (i = 0; m->tolerates_all && knows && i < node->taint_count; i++)
		if (!node_taint_is_of_state(&node->taints[i]))
			json_array_append_new(
				list, toleration(node->taints[i].key,
						 node->taints[i].value,
						 node->taints[i].effect));
	if (m->tolerates_all && !knows)
		json_array_append_new(list,
				      json_pack("{ss}", "operator", "Exists"));
	if (json_array_size(list))
		return list;
	json_decref(list);
	return NULL;
}

/* --- the whole --- */

static json_t *annotations(const struct fleet_manifest *m,
			   const struct listed_node *node)
{
	/* An autoscaler must not take the node away in the middle. */
	json_t *all = json_pack(
		"{ss* ss ss}", "l1vh-bench/node", node ? node->name : NULL,
		"cluster-autoscaler.kubernetes.io/safe-to-evict", "false",
		"karpenter.sh/do-not-disrupt", "true");
	json_t *own = manifest_pairs_json(&m->annotations);

	if (!own || json_object_update(all, own)) {
		json_decref(all);
		all = NULL;
	}
	json_decref(own);
	return all;
}

static json_t *pod_spec(const struct fleet_manifest *m,
			const struct listed_node *node)
{
	char *account = manifest_name(m, COMPONENT_MEASURE);
	json_t *selector = NULL, *secrets = NULL, *spec;

	if (m->selector.count)
		selector = manifest_pairs_json(&m->selector);
	if (m->pull_secret)
		secrets = json_pack("[{ss}]", "name", m->pull_secret);
	spec = json_pack(
		"{ss si ss sb sb so* so so* so* so s[o] s[o] so}",
		"restartPolicy", "Never", "terminationGracePeriodSeconds",
		GRACE_S, "serviceAccountName", account,
		"automountServiceAccountToken", 0, "enableServiceLinks", 0,
		"nodeSelector", selector, "affinity", affinity(node),
		"tolerations", tolerations(m, node), "imagePullSecrets",
		secrets, "securityContext",
		manifest_pod_security(m, m->is_privileged), "initContainers",
		rescue_container(m, node), "containers",
		bench_container(m, node), "volumes", volumes(m, node));
	free(account);
	return spec;
}

json_t *manifest_pod(const struct fleet_manifest *m,
		     const struct listed_node *node)
{
	return json_pack("{s{so so} so}", "metadata", "labels",
			 manifest_labels(m, COMPONENT_MEASURE, node),
			 "annotations", annotations(m, node), "spec",
			 pod_spec(m, node));
}
