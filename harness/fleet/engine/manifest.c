// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/fleet/engine/manifest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/xmalloc.h"
#include "harness/fleet/engine/manifest_priv.h"

/* Of a pod's hold: see fleet_manifest_hold_ns(). */
#define HOLD_BASE_NS (60 * NS_PER_S)
#define HOLD_PER_POD_NS (100 * NS_PER_MS)

uint64_t fleet_manifest_hold_ns(uint32_t count)
{
	return HOLD_BASE_NS + count * HOLD_PER_POD_NS;
}

int manifest_put(const struct manifest_sink *sink, const char *part,
		 json_t *object, struct err *err)
{
	int ret = object ? sink->take(part, object, sink->arg, err)
			 : err_set(err, -EINVAL,
				   "an argument or a file is not UTF-8 text");

	json_decref(object);
	return ret;
}

/* --- what a node gets --- */

const char *fleet_manifest_device(const struct fleet_manifest *m,
				  const struct listed_node *node,
				  bool *is_left_out)
{
	bool knows = node && m->nodes->has_details;

	*is_left_out = false;
	if (m->device == FLEET_DEVICE_NONE)
		return NULL;
	if (m->device == FLEET_DEVICE_MSHV)
		return "mshv";
	if (m->device == FLEET_DEVICE_KVM || !knows)
		return "kvm";
	if (node->has_mshv)
		return "mshv";
	*is_left_out = !node->has_kvm;
	return node->has_kvm ? "kvm" : NULL;
}

bool fleet_manifest_includes(const struct fleet_manifest *m,
			     const struct listed_node *node)
{
	bool is_left_out;

	fleet_manifest_device(m, node, &is_left_out);
	return !node->is_cordoned && !is_left_out;
}

const char *fleet_manifest_arm(const struct fleet_manifest *m,
			       const struct listed_node *node)
{
	const char *arm = node && *node->arm ? node->arm : m->arm;

	return arm ? arm : "";
}

size_t fleet_manifest_size(const struct fleet_manifest *m, const char *arm)
{
	size_t i, size = 0;

	if (!m->nodes)
		return m->node_count;
	for (i = 0; i < m->nodes->count; i++) {
		const struct listed_node *node = &m->nodes->nodes[i];

		size += fleet_manifest_includes(m, node) &&
			!strcmp(fleet_manifest_arm(m, node), arm);
	}
	return size;
}

static bool tolerates(const struct manifest_toleration *t,
		      const struct node_taint *taint)
{
	return !strcmp(t->key, taint->key) &&
	       (!t->value || !strcmp(t->value, taint->value)) &&
	       (!*t->effect || !strcmp(t->effect, taint->effect));
}

const struct node_taint *fleet_manifest_obstacle(const struct fleet_manifest *m,
						 const struct listed_node *node)
{
	size_t i, k;

	for (i = 0; !m->tolerates_all && i < node->taint_count; i++) {
		const struct node_taint *taint = &node->taints[i];

		if (!strcmp(taint->effect, "PreferNoSchedule") ||
		    node_taint_is_of_state(taint))
			continue;
		for (k = 0; k < m->toleration_count; k++)
			if (tolerates(&m->tolerations[k], taint))
				break;
		if (k == m->toleration_count)
			return taint;
	}
	return NULL;
}

/* --- all objects --- */

static int check(const struct fleet_manifest *m, struct err *err)
{
	if (!name_is_label(m->fleet, FLEET_NAME_MAX))
		return err_set(
			err, -EINVAL,
			"'%s' cannot name a fleet: use at most %d lower case letters, digits and dashes",
			m->fleet, FLEET_NAME_MAX);
	if (!m->nodes && m->run_count > 1)
		return err_set(
			err, -EINVAL,
			"--runs %u needs the nodes' names: a pod of another index may come to the same node",
			m->run_count);
	if (!m->nodes && m->results_claim)
		return err_set(
			err, -EINVAL,
			"--results-claim needs the nodes' names: each node has a claim of its own");
	if (m->nodes && m->selector.count)
		return err_set(
			err, -EINVAL,
			"--selector is for a number of nodes; choose named ones by 'kubectl get nodes -l'");
	return 0;
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Two Jobs of one name would be one Job, and a node would not run. */
static int check_names(const struct fleet_manifest *m, struct err *err)
{
	size_t count = m->nodes->count, i;
	char(*names)[NODE_LABEL_MAX + 1] = xcalloc(count, sizeof(*names));
	int ret = 0;

	for (i = 0; i < count; i++)
		fleet_manifest_job_name(m, m->nodes->nodes[i].name, names[i]);
	qsort(names, count, sizeof(*names), compare_texts);
	for (i = 1; !ret && i < count; i++)
		if (!strcmp(names[i - 1], names[i]))
			ret = err_set(
				err, -EINVAL,
				"two nodes would get the Job '%s'; rename the fleet",
				names[i]);
	free(names);
	return ret;
}

static int write_jobs(const struct fleet_manifest *m,
		      const struct manifest_sink *sink, struct err *err)
{
	size_t i;
	int ret;

	if (!m->nodes)
		return manifest_write_job(m, NULL, sink, err);
	ret = check_names(m, err);
	for (i = 0; !ret && i < m->nodes->count; i++) {
		const struct listed_node *n = &m->nodes->nodes[i];

		if (fleet_manifest_includes(m, n))
			ret = manifest_write_job(m, n, sink, err);
	}
	return ret;
}

int fleet_manifest_write(const struct fleet_manifest *m,
			 const struct manifest_sink *sink, struct err *err)
{
	int ret = check(m, err);

	if (!ret)
		ret = manifest_write_space(m, sink, err);
	if (!ret)
		ret = manifest_write_policy(m, sink, err);
	if (!ret)
		ret = manifest_write_config(m, sink, err);
	if (!ret && m->has_serve)
		ret = manifest_write_serve(m, sink, err);
	return ret ? ret : write_jobs(m, sink, err);
}
