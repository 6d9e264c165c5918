// SPDX-License-Identifier: GPL-3.0-or-later
/* The Job of a node, or of all; by a schedule, the CronJob that makes it. */
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/xmalloc.h"
#include "harness/fleet/engine/manifest_priv.h"

#define PART "jobs"
/* A night that a cluster missed by less is still this night's. */
#define START_WITHIN_S 3600
#define KEPT_JOBS 3

/* Wrong options fail the same way on every try, so the Job ends at once; a pod
 * that the cluster itself ended (drained, preempted, evicted) is made again, and
 * is no failure of its node. */
static json_t *failure_policy(void)
{
	return json_pack("{s[{ss s{ss ss s[i]}} {ss s[{ss ss}]}]}", "rules",
			 "action", "FailJob", "onExitCodes", "containerName",
			 BENCH_CONTAINER, "operator", "In", "values",
			 EXIT_USAGE, "action", "Ignore", "onPodConditions",
			 "type", "DisruptionTarget", "status", "True");
}

static json_t *seconds(uint64_t ns)
{
	return ns ? json_integer((json_int_t)(ns / NS_PER_S)) : NULL;
}

/*
 * One pod at a time on a node: parallelism 1, and no pod in another's place
 * before that has ended. maxFailedIndexes is left out, so that a failed run does
 * not keep the others from their turn.
 */
static json_t *job_spec(const struct fleet_manifest *m,
			const struct listed_node *node)
{
	uint32_t completions = node ? m->run_count : m->node_count;
	uint32_t parallelism = node ? 1 : m->node_count;

	return json_pack("{ss sI sI sI ss so so* so* so}", "completionMode",
			 "Indexed", "completions", (json_int_t)completions,
			 "parallelism", (json_int_t)parallelism,
			 "backoffLimitPerIndex", (json_int_t)m->retry_count,
			 "podReplacementPolicy", "Failed", "podFailurePolicy",
			 failure_policy(), "activeDeadlineSeconds",
			 seconds(m->deadline_ns), "ttlSecondsAfterFinished",
			 seconds(m->ttl_ns), "template", manifest_pod(m, node));
}

static json_t *job_meta(const struct fleet_manifest *m, const char *name,
			const struct listed_node *node)
{
	json_t *meta = manifest_meta(m, name, COMPONENT_MEASURE, node);

	if (meta && node)
		json_object_set_new(
			meta, "annotations",
			json_pack("{ss}", "l1vh-bench/node", node->name));
	return meta;
}

static json_t *job(const struct fleet_manifest *m, const char *name,
		   const struct listed_node *node)
{
	return json_pack("{ss ss so so}", "apiVersion", "batch/v1", "kind",
			 "Job", "metadata", job_meta(m, name, node), "spec",
			 job_spec(m, node));
}

static json_t *cron_job(const struct fleet_manifest *m, const char *name,
			const struct listed_node *node)
{
	json_t *template =
		json_pack("{s{so} so}", "metadata", "labels",
			  manifest_labels(m, COMPONENT_MEASURE, node), "spec",
			  job_spec(m, node));

	return json_pack(
		"{ss ss so s{ss ss* ss si si si so}}", "apiVersion", "batch/v1",
		"kind", "CronJob", "metadata", job_meta(m, name, node), "spec",
		"schedule", m->schedule, "timeZone", m->time_zone,
		"concurrencyPolicy", "Forbid", "startingDeadlineSeconds",
		START_WITHIN_S, "successfulJobsHistoryLimit", KEPT_JOBS,
		"failedJobsHistoryLimit", KEPT_JOBS, "jobTemplate", template);
}

json_t *manifest_claim(const struct fleet_manifest *m, const char *size)
{
	return json_pack("{s[s] ss* s{s{ss}}}", "accessModes", "ReadWriteOnce",
			 "storageClassName", m->storage_class, "resources",
			 "requests", "storage", size);
}

static int write_claim(const struct fleet_manifest *m, const char *name,
		       const struct listed_node *node,
		       const struct manifest_sink *sink, struct err *err)
{
	return manifest_put(sink, PART,
			    json_pack("{ss ss so so}", "apiVersion", "v1",
				      "kind", "PersistentVolumeClaim",
				      "metadata", job_meta(m, name, node),
				      "spec",
				      manifest_claim(m, m->results_claim)),
			    err);
}

int manifest_write_job(const struct fleet_manifest *m,
		       const struct listed_node *node,
		       const struct manifest_sink *sink, struct err *err)
{
	char name[NODE_LABEL_MAX + 1];
	int ret = 0;

	if (node)
		fleet_manifest_job_name(m, node->name, name);
	else
		snprintf(name, sizeof(name), "%s", m->fleet);
	if (node && m->results_claim)
		ret = write_claim(m, name, node, sink, err);
	if (ret)
		return ret;
	return manifest_put(sink, PART,
			    m->schedule ? cron_job(m, name, node)
					: job(m, name, node),
			    err);
}
