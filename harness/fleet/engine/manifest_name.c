// SPDX-License-Identifier: GPL-3.0-or-later
/* Names, labels and addresses of a fleet's objects. */
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/xmalloc.h"
#include "harness/fleet/engine/manifest_priv.h"

#define PROGRAM "l1vh-bench"
#define HASH_DIGITS 8
/* A CronJob's name is at most this long, and its Jobs add "-" and the minute of
 * their time in eight digits. */
#define CRON_NAME_MAX 52
#define CRON_SUFFIX 9

static void hash_of(const char *text, char hash[HASH_DIGITS + 1])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int len = 0, i;

	EVP_Digest(text, strlen(text), digest, &len, EVP_sha256(), NULL);
	for (i = 0; i < HASH_DIGITS / 2; i++)
		snprintf(hash + 2 * i, 3, "%02x", digest[i]);
}

/* The pods' host names are NAME-INDEX, and a DNS label as well. */
static size_t longest_name(const struct fleet_manifest *m)
{
	size_t longest = NODE_LABEL_MAX;
	uint32_t last = m->run_count ? m->run_count - 1 : 0;

	if (m->schedule)
		longest -= CRON_SUFFIX;
	for (longest -= 2; last >= 10; last /= 10)
		longest--;
	return m->schedule && longest > CRON_NAME_MAX ? CRON_NAME_MAX : longest;
}

void fleet_manifest_job_name(const struct fleet_manifest *m, const char *node,
			     char name[NODE_LABEL_MAX + 1])
{
	char whole[FLEET_NAME_MAX + NODE_NAME_MAX + 2], hash[HASH_DIGITS + 1];
	size_t longest = longest_name(m), keep;
	bool is_changed = strchr(node, '.');
	char *dot;

	snprintf(whole, sizeof(whole), "%s-%s", m->fleet, node);
	while ((dot = strchr(whole, '.')))
		*dot = '-';
	keep = strlen(whole);
	if (!is_changed && keep <= longest) {
		memcpy(name, whole, keep + 1);
		return;
	}
	hash_of(node, hash);
	keep = longest - HASH_DIGITS - 1;
	snprintf(name, NODE_LABEL_MAX + 1, "%.*s-%s", (int)keep, whole, hash);
}

char *manifest_name(const struct fleet_manifest *m, const char *what)
{
	return xasprintf("%s-%s", m->fleet, what);
}

char *manifest_name_of(const struct fleet_manifest *m, const char *what,
		       const char *text)
{
	char hash[HASH_DIGITS + 1];

	hash_of(text, hash);
	return xasprintf("%s-%s-%s", m->fleet, what, hash);
}

const char *manifest_push_url(const struct fleet_manifest *m)
{
	if (m->push_url)
		return m->push_url;
	/* Without the namespace: an overlay may set another. */
	return m->has_serve ? "http://" MANIFEST_SERVE : NULL;
}

static const char *arm_of(const struct fleet_manifest *m,
			  const struct listed_node *node)
{
	const char *arm = fleet_manifest_arm(m, node);

	return *arm ? arm : NULL;
}

json_t *manifest_labels(const struct fleet_manifest *m, const char *component,
			const struct listed_node *node)
{
	bool measures = !strcmp(component, COMPONENT_MEASURE);

	return json_pack("{ss ss ss ss ss ss ss* ss*}",
			 "app.kubernetes.io/name", PROGRAM,
			 "app.kubernetes.io/instance",
			 measures ? m->fleet : MANIFEST_SERVE,
			 "app.kubernetes.io/version", m->version,
			 "app.kubernetes.io/component", component,
			 "app.kubernetes.io/part-of", PROGRAM,
			 "app.kubernetes.io/managed-by", PROGRAM,
			 "l1vh-bench/fleet", measures ? m->fleet : NULL,
			 NODE_ARM_LABEL, measures ? arm_of(m, node) : NULL);
}

json_t *manifest_meta(const struct fleet_manifest *m, const char *name,
		      const char *component, const struct listed_node *node)
{
	return json_pack("{ss ss so}", "name", name, "namespace", m->space,
			 "labels", manifest_labels(m, component, node));
}

json_t *manifest_select(const char *component)
{
	return json_pack("{s{ss ss}}", "matchLabels", "app.kubernetes.io/name",
			 PROGRAM, "app.kubernetes.io/component", component);
}

json_t *manifest_pairs_json(const struct manifest_pairs *pairs)
{
	json_t *object = json_object();
	size_t i;

	for (i = 0; i < pairs->count; i++)
		if (json_object_set_new(object, pairs->list[i].key,
					json_string(pairs->list[i].value))) {
			json_decref(object);
			return NULL;
		}
	return object;
}
