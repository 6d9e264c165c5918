// SPDX-License-Identifier: GPL-3.0-or-later
/* What stands around a fleet's Jobs: namespace, account, Secret, files. */
#include <stdlib.h>

#include "harness/base/err.h"
#include "harness/fleet/engine/manifest_priv.h"

#define PART_CONFIG "config"
#define PART_SECRETS "secrets"

static json_t *namespace_object(const struct fleet_manifest *m)
{
	return json_pack("{ss ss s{ss s{ss ss ss}}}", "apiVersion", "v1",
			 "kind", "Namespace", "metadata", "name", m->space,
			 "labels", "app.kubernetes.io/part-of", "l1vh-bench",
			 "app.kubernetes.io/managed-by", "l1vh-bench",
			 "pod-security.kubernetes.io/enforce",
			 m->is_privileged ? "privileged" : "restricted");
}

/* Bound to no role: it may do nothing. */
static json_t *account(const struct fleet_manifest *m, const char *name,
		       const char *component)
{
	return json_pack("{ss ss so sb}", "apiVersion", "v1", "kind",
			 "ServiceAccount", "metadata",
			 manifest_meta(m, name, component, NULL),
			 "automountServiceAccountToken", 0);
}

int manifest_write_space(const struct fleet_manifest *m,
			 const struct manifest_sink *sink, struct err *err)
{
	char *name = manifest_name(m, COMPONENT_MEASURE);
	int ret = 0;

	if (!m->has_no_space)
		ret = manifest_put(sink, "namespace", namespace_object(m), err);
	if (!ret)
		ret = manifest_put(sink, "access",
				   account(m, name, COMPONENT_MEASURE), err);
	if (!ret && m->has_serve)
		ret = manifest_put(sink, "access",
				   account(m, MANIFEST_SERVE, COMPONENT_SERVE),
				   err);
	free(name);
	return ret;
}

static int put_secret(const struct fleet_manifest *m, const char *name,
		      const char *component, const char *key, const char *value,
		      const struct manifest_sink *sink, struct err *err)
{
	if (!value)
		return 0;
	return manifest_put(sink, PART_SECRETS,
			    json_pack("{ss ss so ss s{ss}}", "apiVersion", "v1",
				      "kind", "Secret", "metadata",
				      manifest_meta(m, name, component, NULL),
				      "type", "Opaque", "stringData", key,
				      value),
			    err);
}

static int put_file(const struct fleet_manifest *m, const char *what,
		    const char *file, const char *text,
		    const struct manifest_sink *sink, struct err *err)
{
	char *name;
	int ret;

	if (!text)
		return 0;
	name = manifest_name_of(m, what, text);
	ret = manifest_put(
		sink, PART_CONFIG,
		json_pack("{ss ss so sb s{ss}}", "apiVersion", "v1", "kind",
			  "ConfigMap", "metadata",
			  manifest_meta(m, name, COMPONENT_MEASURE, NULL),
			  "immutable", 1, "data", file, text),
		err);
	free(name);
	return ret;
}

int manifest_write_config(const struct fleet_manifest *m,
			  const struct manifest_sink *sink, struct err *err)
{
	int ret = put_secret(m, m->token_secret, COMPONENT_MEASURE, "token",
			     m->token, sink, err);

	if (!ret && m->has_serve)
		ret = put_secret(m, m->tokens_secret, COMPONENT_SERVE, "tokens",
				 m->tokens, sink, err);
	if (!ret)
		ret = put_file(m, "plan", "plan.yaml", m->plan, sink, err);
	return ret ? ret : put_file(m, "ca", "ca.pem", m->ca, sink, err);
}
