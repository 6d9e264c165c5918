// SPDX-License-Identifier: GPL-3.0-or-later
/* The dashboard to which a fleet pushes: `l1vh-bench serve`, and its store. */
#include "harness/base/err.h"
#include "harness/fleet/engine/manifest_priv.h"

#define PART "serve"
#define STORE_FOLDER "/store"
#define TOKENS_FOLDER "/etc/l1vh-bench"
#define SECRET_MODE 0440
#define SERVE_CPU "500m"
#define SERVE_CPU_LIMIT "2"
#define SERVE_MEMORY "512Mi"
#define SERVE_MEMORY_LIMIT "2Gi"

/* --- the pod --- */

static json_t *words(const struct fleet_manifest *m)
{
	json_t *list = json_pack("[sssss]", "serve", "--listen", "0.0.0.0:8080",
				 "--tokens", TOKENS_FOLDER "/tokens");

	/* Kubernetes puts the variable's value in. */
	json_array_append_new(
		list, json_string(m->store_secret ? "--store" : "--db"));
	json_array_append_new(
		list, json_string(m->store_secret ? "$(L1VH_STORE)"
						  : STORE_FOLDER "/l1vh.db"));
	return list;
}

static json_t *environment(const struct fleet_manifest *m)
{
	if (!m->store_secret)
		return NULL;
	return json_pack("[{ss s{s{ss ss}}}]", "name", "L1VH_STORE",
			 "valueFrom", "secretKeyRef", "name", m->store_secret,
			 "key", "url");
}

static json_t *probe(int period_s, int failures)
{
	return json_pack("{s{ss ss} si si si}", "httpGet", "path", "/healthz",
			 "port", HTTP_PORT_NAME, "periodSeconds", period_s,
			 "timeoutSeconds", 5, "failureThreshold", failures);
}

static json_t *resources(void)
{
	return json_pack("{s{ss ss} s{ss ss}}", "requests", "cpu", SERVE_CPU,
			 "memory", SERVE_MEMORY, "limits", "cpu",
			 SERVE_CPU_LIMIT, "memory", SERVE_MEMORY_LIMIT);
}

static json_t *mounts(void)
{
	return json_pack("[{ss ss} {ss ss sb} {ss ss}]", "name", "store",
			 "mountPath", STORE_FOLDER, "name", "tokens",
			 "mountPath", TOKENS_FOLDER, "readOnly", 1, "name",
			 "tmp", "mountPath", "/tmp");
}

static json_t *container(const struct fleet_manifest *m)
{
	return json_pack(
		"{ss ss ss s[s] so so* s[{ss si}] so so so so so so}", "name",
		COMPONENT_SERVE, "image", m->image, "imagePullPolicy",
		IMAGE_PULL_POLICY, "command", "l1vh-bench", "args", words(m),
		"env", environment(m), "ports", "name", HTTP_PORT_NAME,
		"containerPort", HTTP_PORT, "startupProbe", probe(2, 60),
		"readinessProbe", probe(5, 3), "livenessProbe", probe(20, 6),
		"resources", resources(), "volumeMounts", mounts(),
		"securityContext", manifest_container_security(m, false));
}

/* With PostgreSQL nothing is kept here. */
static json_t *store_volume(const struct fleet_manifest *m)
{
	if (m->store_secret)
		return json_pack("{ss s{}}", "name", "store", "emptyDir");
	return json_pack("{ss s{ss}}", "name", "store", "persistentVolumeClaim",
			 "claimName", MANIFEST_SERVE);
}

static json_t *volumes(const struct fleet_manifest *m)
{
	return json_pack("[o {ss s{ss si}} {ss s{ss}}]", store_volume(m),
			 "name", "tokens", "secret", "secretName",
			 m->tokens_secret, "defaultMode", SECRET_MODE, "name",
			 "tmp", "emptyDir", "sizeLimit", "1Gi");
}

/* Rather on a node that no arm measures: requests disturb a measurement. */
static json_t *affinity(void)
{
	return json_pack("{s{s[{si s{s[{ss ss}]}}]}}", "nodeAffinity",
			 "preferredDuringSchedulingIgnoredDuringExecution",
			 "weight", 100, "preference", "matchExpressions", "key",
			 NODE_ARM_LABEL, "operator", "DoesNotExist");
}

static json_t *pod(const struct fleet_manifest *m)
{
	json_t *secrets = NULL, *spec;

	if (m->pull_secret)
		secrets = json_pack("[{ss}]", "name", m->pull_secret);
	spec = json_pack("{ss sb sb so so* so s[o] so}", "serviceAccountName",
			 MANIFEST_SERVE, "automountServiceAccountToken", 0,
			 "enableServiceLinks", 0, "affinity", affinity(),
			 "imagePullSecrets", secrets, "securityContext",
			 manifest_pod_security(m, false), "containers",
			 container(m), "volumes", volumes(m));
	return json_pack("{s{so} so}", "metadata", "labels",
			 manifest_labels(m, COMPONENT_SERVE, NULL), "spec",
			 spec);
}

/* --- the objects --- */

static json_t *meta(const struct fleet_manifest *m)
{
	return manifest_meta(m, MANIFEST_SERVE, COMPONENT_SERVE, NULL);
}

static json_t *claim(const struct fleet_manifest *m)
{
	return json_pack("{ss ss so so}", "apiVersion", "v1", "kind",
			 "PersistentVolumeClaim", "metadata", meta(m), "spec",
			 manifest_claim(m, m->storage));
}

/* Recreate, and one: SQLite has one writer, and the claim one node. */
static json_t *deployment(const struct fleet_manifest *m)
{
	return json_pack("{ss ss so s{si s{ss} so so}}", "apiVersion",
			 "apps/v1", "kind", "Deployment", "metadata", meta(m),
			 "spec", "replicas", 1, "strategy", "type", "Recreate",
			 "selector", manifest_select(COMPONENT_SERVE),
			 "template", pod(m));
}

static json_t *service(const struct fleet_manifest *m)
{
	return json_pack("{ss ss so s{s{ss ss} s[{ss si ss}]}}", "apiVersion",
			 "v1", "kind", "Service", "metadata", meta(m), "spec",
			 "selector", "app.kubernetes.io/name", "l1vh-bench",
			 "app.kubernetes.io/component", COMPONENT_SERVE,
			 "ports", "name", HTTP_PORT_NAME, "port", 80,
			 "targetPort", HTTP_PORT_NAME);
}

static json_t *monitor(const struct fleet_manifest *m)
{
	return json_pack("{ss ss so s{so s[{ss ss ss}]}}", "apiVersion",
			 "monitoring.coreos.com/v1", "kind", "ServiceMonitor",
			 "metadata", meta(m), "spec", "selector",
			 manifest_select(COMPONENT_SERVE), "endpoints", "port",
			 HTTP_PORT_NAME, "path", "/metrics", "interval", "60s");
}

int manifest_write_serve(const struct fleet_manifest *m,
			 const struct manifest_sink *sink, struct err *err)
{
	int ret = 0;

	if (!m->store_secret)
		ret = manifest_put(sink, PART, claim(m), err);
	if (!ret)
		ret = manifest_put(sink, PART, deployment(m), err);
	if (!ret)
		ret = manifest_put(sink, PART, service(m), err);
	if (!ret && m->monitor_space)
		ret = manifest_put(sink, PART, monitor(m), err);
	return ret;
}
