/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_FLEET_ENGINE_MANIFEST_PRIV_H
#define HARNESS_FLEET_ENGINE_MANIFEST_PRIV_H

/* manifest_priv - what the files that make a fleet's objects share. Each json_t
 * is the caller's; NULL where a text is not UTF-8, which packing it into
 * another object passes on. */
#include "harness/fleet/engine/manifest.h"

#define COMPONENT_MEASURE "measure"
#define COMPONENT_SERVE "serve"
#define BENCH_CONTAINER "bench"
#define BENCH_USER 65532 /* "nonroot", as in distroless images */
/* An image that a node has already is not fetched by a thousand of them. */
#define IMAGE_PULL_POLICY "IfNotPresent"
#define HTTP_PORT 8080
#define HTTP_PORT_NAME "http"
#define EXIT_USAGE 64 /* of l1vh-bench */

/* OBJECT is released. */
int manifest_put(const struct manifest_sink *sink, const char *part,
		 json_t *object, struct err *err);

/* Of the recommended labels, and those of ours. NODE NULL: any, or none. */
json_t *manifest_labels(const struct fleet_manifest *m, const char *component,
			const struct listed_node *node);
/* {name, namespace, labels} */
json_t *manifest_meta(const struct fleet_manifest *m, const char *name,
		      const char *component, const struct listed_node *node);
json_t *manifest_pairs_json(const struct manifest_pairs *pairs);

/* What selects the pods of a component; for `measure` those of all fleets. */
json_t *manifest_select(const char *component);

/* FLEET-WHAT; and with the beginning of the SHA-256 of TEXT behind it, for what
 * must not change under a running pod. The caller frees them. */
char *manifest_name(const struct fleet_manifest *m, const char *what);
char *manifest_name_of(const struct fleet_manifest *m, const char *what,
		       const char *text);

/* NULL: nowhere. */
const char *manifest_push_url(const struct fleet_manifest *m);

/* {runAsNonRoot, ...} of pods, and that of their containers. */
json_t *manifest_pod_security(const struct fleet_manifest *m, bool has_rights);
json_t *manifest_container_security(const struct fleet_manifest *m,
				    bool has_rights);

/* A template: {metadata, spec}. */
json_t *manifest_pod(const struct fleet_manifest *m,
		     const struct listed_node *node);

/* {spec} of a claim. */
json_t *manifest_claim(const struct fleet_manifest *m, const char *size);

/* The parts. */
int manifest_write_space(const struct fleet_manifest *m,
			 const struct manifest_sink *sink, struct err *err);
int manifest_write_policy(const struct fleet_manifest *m,
			  const struct manifest_sink *sink, struct err *err);
int manifest_write_config(const struct fleet_manifest *m,
			  const struct manifest_sink *sink, struct err *err);
int manifest_write_serve(const struct fleet_manifest *m,
			 const struct manifest_sink *sink, struct err *err);
int manifest_write_job(const struct fleet_manifest *m,
		       const struct listed_node *node,
		       const struct manifest_sink *sink, struct err *err);

#endif
