// SPDX-License-Identifier: GPL-3.0-or-later
/* Whom a fleet's pods may talk to: names, the dashboard, and no one else. */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/err.h"
#include "harness/base/xmalloc.h"
#include "harness/fleet/engine/manifest_priv.h"

#define PART "access"
#define DNS_PORT 53
#define IMDS_ADDRESS "169.254.169.254/32"
#define IMDS_PORT 80
#define POSTGRES_PORT 5432

static json_t *rule_to(json_t *peers, const char *protocol, json_t *port)
{
	return json_pack("{so* s[{ss so}]}", "to", peers, "ports", "protocol",
			 protocol, "port", port);
}

static json_t *block(const char *cidr)
{
	return json_pack("[{s{ss}}]", "ipBlock", "cidr", cidr);
}

/* To any address: it differs by cluster, and node-local caches are on none of a
 * pod. */
static void allow_dns(json_t *rules)
{
	json_array_append_new(rules,
			      rule_to(NULL, "UDP", json_integer(DNS_PORT)));
	json_array_append_new(rules,
			      rule_to(NULL, "TCP", json_integer(DNS_PORT)));
}

/* Where HOST is an address, it alone. A policy knows no names, so a name leaves
 * the port open. */
static json_t *peers_of(const char *host)
{
	struct in6_addr address;
	size_t len = strlen(host);
	json_t *peers;
	char *cidr;

	if (inet_pton(AF_INET, host, &address) == 1) {
		cidr = xasprintf("%s/32", host);
	} else if (*host == '[' && host[len - 1] == ']') {
		cidr = xasprintf("%.*s/128", (int)len - 2, host + 1);
	} else {
		return NULL;
	}
	peers = block(cidr);
	free(cidr);
	return peers;
}

static int allow_url(json_t *rules, const char *text, struct err *err)
{
	CURLU *url = curl_url();
	char *scheme = NULL, *host = NULL, *port = NULL;
	bool is_url =
		!curl_url_set(url, CURLUPART_URL, text, 0) &&
		!curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) &&
		(!strcmp(scheme, "http") || !strcmp(scheme, "https")) &&
		!curl_url_get(url, CURLUPART_HOST, &host, 0) &&
		!curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT);
	int ret = 0;

	if (is_url)
		json_array_append_new(
			rules, rule_to(peers_of(host), "TCP",
				       json_integer(strtol(port, NULL, 10))));
	else
		ret = err_set(err, -EINVAL,
			      "--push '%s' is not the URL of a dashboard",
			      text);
	curl_free(scheme);
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(url);
	return ret;
}

/*
 * A policy sees the port of a pod, not that of the Service before it, so the
 * dashboard's pods are let through by what they are: those of this namespace, or
 * of any where the URL names a Service of another.
 */
static void allow_serve(json_t *rules, json_t *spaces)
{
	json_array_append_new(
		rules, rule_to(json_pack("[{so* so}]", "namespaceSelector",
					 spaces, "podSelector",
					 manifest_select(COMPONENT_SERVE)),
			       "TCP", json_string(HTTP_PORT_NAME)));
}

static int allow_push(const struct fleet_manifest *m, json_t *rules,
		      struct err *err)
{
	int ret = 0;

	if (m->push_url) {
		ret = allow_url(rules, m->push_url, err);
		allow_serve(rules, json_object());
	} else if (m->has_serve) {
		allow_serve(rules, NULL);
	}
	return ret;
}

static json_t *policy(const struct fleet_manifest *m, const char *name,
		      const char *component, json_t *in, json_t *out)
{
	json_t *pods = json_pack(
		"{s{ss ss ss*}}", "matchLabels", "app.kubernetes.io/name",
		"l1vh-bench", "app.kubernetes.io/component", component,
		"l1vh-bench/fleet",
		strcmp(component, COMPONENT_MEASURE) != 0 ? NULL : m->fleet);

	return json_pack("{ss ss so s{so s[ss] so so}}", "apiVersion",
			 "networking.k8s.io/v1", "kind", "NetworkPolicy",
			 "metadata", manifest_meta(m, name, component, NULL),
			 "spec", "podSelector", pods, "policyTypes", "Ingress",
			 "Egress", "ingress", in, "egress", out);
}

static int write_measure(const struct fleet_manifest *m,
			 const struct manifest_sink *sink, struct err *err)
{
	char *name = manifest_name(m, COMPONENT_MEASURE);
	json_t *out = json_array();
	int ret;

	if (manifest_push_url(m))
		allow_dns(out);
	ret = allow_push(m, out, err);
	if (m->has_imds)
		json_array_append_new(out, rule_to(block(IMDS_ADDRESS), "TCP",
						   json_integer(IMDS_PORT)));
	if (ret)
		json_decref(out);
	else
		ret = manifest_put(
			sink, PART,
			policy(m, name, COMPONENT_MEASURE, json_array(), out),
			err);
	free(name);
	return ret;
}

/* The pods of every fleet, in any namespace, and Prometheus. */
static json_t *clients(const struct fleet_manifest *m)
{
	json_t *from =
		json_pack("[{s{} so}]", "namespaceSelector", "podSelector",
			  manifest_select(COMPONENT_MEASURE));

	if (m->monitor_space)
		json_array_append_new(
			from,
			json_pack("{s{s{ss}}}", "namespaceSelector",
				  "matchLabels", "kubernetes.io/metadata.name",
				  m->monitor_space));
	return json_pack("[{so s[{ss ss}]}]", "from", from, "ports", "protocol",
			 "TCP", "port", HTTP_PORT_NAME);
}

int manifest_write_policy(const struct fleet_manifest *m,
			  const struct manifest_sink *sink, struct err *err)
{
	json_t *out;
	int ret = write_measure(m, sink, err);

	if (ret || !m->has_serve)
		return ret;
	out = json_array();
	if (m->store_secret) {
		allow_dns(out);
		json_array_append_new(
			out, rule_to(NULL, "TCP", json_integer(POSTGRES_PORT)));
	}
	return manifest_put(
		sink, PART,
		policy(m, MANIFEST_SERVE, COMPONENT_SERVE, clients(m), out),
		err);
}
