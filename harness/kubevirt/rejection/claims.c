// SPDX-License-Identifier: GPL-3.0-or-later
/* claims - what the webhook asks of devices by dynamic resource
 * allocation (pkg/dra/admitter): since v1.6.0 of GPUs, since v1.8.0 of host
 * devices too. */
#include <stdio.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/kubevirt/rejection/rules.h"

#define CLAIMS "spec.resourceClaims"

struct kind {
	const char *list, *type, *gate; /* "gpus", "GPU" */
};

static const struct kind kinds[] = {
	{"gpus", "GPU", "GPUsWithDRA"},
	{"hostDevices", "HostDevice", "HostDevicesWithDRA"},
};

/* Those that count: a claim takes the place of a name. */
static bool has_claim(const struct yaml_value *device)
{
	return is_there(device, "claimName") || is_there(device, "requestName");
}

static bool is_claimed(const struct yaml_value *device)
{
	return !*yaml_text_at(device, "deviceName") && has_claim(device);
}

static bool is_whole(const struct yaml_value *device)
{
	return is_claimed(device) && *yaml_text_at(device, "claimName") &&
	       *yaml_text_at(device, "requestName");
}

static bool has_same_pair(const struct yaml_value *a,
			  const struct yaml_value *b)
{
	return !strcmp(yaml_text_at(a, "claimName"),
		       yaml_text_at(b, "claimName")) &&
	       !strcmp(yaml_text_at(a, "requestName"),
		       yaml_text_at(b, "requestName"));
}

/* --- one list --- */

static void count_claimed(const struct asked *g, const struct kind *k,
			  size_t *claimed, size_t *others)
{
	const struct yaml_value *d;
	size_t i;

	*claimed = 0;
	*others = 0;
	for (i = 0, d = first_item(g->devices, k->list); d;
	     i++, d = next_item(d))
		++*(is_claimed(d) ? claimed : others);
}

/* False: KubeVirt asks no more about devices, until v1.7. */
static bool ask_named(struct asked *g, const struct kind *k, const char *field)
{
	bool is_early = !is_since(g, 8, 0);
	const struct yaml_value *d;
	size_t i;

	for (i = 0, d = first_item(g->devices, k->list); d;
	     i++, d = next_item(d)) {
		bool is_named = *yaml_text_at(d, "deviceName") != '\0';

		if (is_named && has_claim(d))
			refuse(g, field,
			       "vmi.spec.domain.devices.%s contains %ss with both deviceName and claimRequest",
			       k->list, k->type);
		if (is_named || has_claim(d))
			continue;
		if (is_early) {
			refuse(g, field,
			       "vmi.spec.domain.devices.%s contains %ss without deviceName",
			       k->list, k->type);
			return false;
		}
		refuse(g, field,
		       "vmi.spec.domain.devices.%s contains %ss without deviceName or claimRequest; each %s must specify either a deviceName or a claimRequest",
		       k->list, k->type, k->type);
	}
	return true;
}

/* Since v1.8.3 devices count by their place in the list, before among those
 * with claims. */
static void ask_claimed(struct asked *g, const struct kind *k,
			const char *field)
{
	static const char *const parts[] = {"claimName", "requestName"};
	const struct yaml_value *d;
	size_t i, p, place = 0;

	for (i = 0, d = first_item(g->devices, k->list); d;
	     i++, d = next_item(d)) {
		if (!is_claimed(d))
			continue;
		for (p = 0; p < ARRAY_SIZE(parts); p++)
			if (!*yaml_text_at(d, parts[p]))
				refuse(g,
				       AT("%s[%zu].%s", field,
					  is_since(g, 8, 3) ? i : place,
					  parts[p]),
				       "%s is required for DRA %s", parts[p],
				       k->type);
		place++;
	}
}

/* The first of the pair of D in a list, and where; SIZE_MAX: there is none. */
static size_t first_pair(const struct asked *g, const char *list,
			 const struct yaml_value *device)
{
	const struct yaml_value *d;
	size_t i;

	for (i = 0, d = first_item(g->devices, list); d; i++, d = next_item(d))
		if (is_whole(d) && has_same_pair(d, device))
			return i;
	return SIZE_MAX;
}

static void ask_pairs(struct asked *g, const struct kind *k, const char *field)
{
	const struct yaml_value *d;
	size_t i, place = 0;

	for (i = 0, d = first_item(g->devices, k->list); d;
	     i++, d = next_item(d)) {
		if (!is_whole(d))
			continue;
		if (first_pair(g, k->list, d) < i)
			refuse(g,
			       AT("%s[%zu]", field,
				  is_since(g, 8, 3) ? i : place),
			       "duplicate claimName/requestName pair \"%s/%s\"",
			       yaml_text_at(d, "claimName"),
			       yaml_text_at(d, "requestName"));
		place++;
	}
}

/* Until v1.7 KubeVirt reads the name of each claim without asking whether it
 * is there. */
static bool has_nameless_claim(const struct asked *g, const struct kind *k)
{
	const struct yaml_value *d;

	for (d = first_item(g->devices, k->list); d; d = next_item(d))
		if (is_claimed(d) && !is_there(d, "claimName"))
			return true;
	return false;
}

/* Whether its claims count. */
static bool ask_kind(struct asked *g, const struct kind *k)
{
	struct path field =
		path_of("%sdomain.devices.%s",
			is_since(g, 8, 0) ? "spec." : "spec.spec.", k->list);
	size_t claimed, others;

	count_claimed(g, k, &claimed, &others);
	if (is_since(g, 8, 3) && k == kinds && claimed && others) {
		refuse(g, field.text,
		       "vmi.spec.domain.devices.gpus contains both DRA and non-DRA GPUs; each GPU must be either DRA or non-DRA");
		return false;
	}
	if (!ask_named(g, k, field.text))
		return false;
	if (claimed && !has_gate(g, k->gate)) {
		refuse(g, field.text,
		       "vmi.spec.domain.devices.%s contains DRA enabled %ss but feature gate is not enabled",
		       k->list, k->type);
		return false;
	}
	if (is_since(g, 8, 0)) {
		ask_claimed(g, k, field.text);
		ask_pairs(g, k, field.text);
	} else if (has_nameless_claim(g, k)) {
		refuse_by_panic(g, field.text, "a claim without claimName");
		return false;
	}
	return true;
}

/* --- both lists, and the claims --- */

/* Since v1.8.3: a pair that a GPU and a host device have. */
static void ask_shared_pairs(struct asked *g)
{
	const struct yaml_value *d;
	size_t i;

	for (i = 0, d = first_item(g->devices, "hostDevices"); d;
	     i++, d = next_item(d)) {
		size_t gpu = is_whole(d) ? first_pair(g, "gpus", d) : SIZE_MAX;

		if (gpu == SIZE_MAX || first_pair(g, "hostDevices", d) < i)
			continue;
		refuse(g, AT(DEVICES "hostDevices[%zu]", i),
		       "duplicate claimName/requestName pair \"%s/%s\" between GPUs[%zu] and HostDevices[%zu]",
		       yaml_text_at(d, "claimName"),
		       yaml_text_at(d, "requestName"), gpu, i);
	}
}

/* Until v1.7 a claim counts without a request as well. */
static bool has_unknown_claim(const struct asked *g, const struct kind *k)
{
	const struct yaml_value *d;

	for (d = first_item(g->devices, k->list); d; d = next_item(d))
		if ((is_since(g, 8, 0) ? is_whole(d) : is_claimed(d)) &&
		    !item_of_name(g->spec, "resourceClaims",
				  yaml_text_at(d, "claimName")))
			return true;
	return false;
}

/* validateResourceClaims(): a name once; since v1.9.0 one that Kubernetes
 * takes, and one source. */
static void ask_resource_claim(struct asked *g, size_t i,
			       const struct yaml_value *claim)
{
	struct path at = path_of(CLAIMS "[%zu]", i);
	struct path field = path_of("%s.name", at.text);
	const char *name = yaml_text_at(claim, "name");
	struct words mistakes = label_mistakes(name);
	int sources = is_there(claim, "resourceClaimName") +
		      is_there(claim, "resourceClaimTemplateName");
	const struct yaml_value *other;
	bool is_twice = false;
	size_t k;

	for (k = 0, other = first_item(g->spec, "resourceClaims"); other;
	     k++, other = next_item(other))
		is_twice |= k < i && !strcmp(yaml_text_at(other, "name"), name);
	if (is_twice && (*name || !is_since(g, 9, 0)))
		refuse(g, field.text, "duplicate resourceClaims name \"%s\"",
		       name);
	if (!is_since(g, 9, 0))
		return;
	if (!*name)
		refuse_field(g, field.text, " is a required field");
	else if (!is_twice && *mistakes.text)
		refuse_field(
			g, field.text,
			" does not conform to the kubernetes DNS_LABEL rules: %s",
			mistakes.text);
	if (sources > 1)
		refuse(g, at.text,
		       "at most one of resourceClaimName or resourceClaimTemplateName may be specified");
	if (!sources)
		refuse(g, at.text,
		       "must specify one of: resourceClaimName, resourceClaimTemplateName");
}

void ask_claims(struct asked *g)
{
	size_t count = is_since(g, 8, 0) ? ARRAY_SIZE(kinds) : 1, i;
	bool is_unknown = false;
	bool counts[ARRAY_SIZE(kinds)] = {false};
	const struct yaml_value *claim;

	if (!is_since(g, 6, 0))
		return;
	if (is_since(g, 8, 0))
		for (i = 0, claim = first_item(g->spec, "resourceClaims");
		     claim; i++, claim = next_item(claim))
			ask_resource_claim(g, i, claim);
	for (i = 0; i < count; i++) {
		counts[i] = ask_kind(g, &kinds[i]);
		is_unknown |= counts[i] && has_unknown_claim(g, &kinds[i]);
	}
	if (is_since(g, 8, 3) && counts[0] && counts[1])
		ask_shared_pairs(g);
	if (is_unknown)
		refuse(g, CLAIMS,
		       "vmi.spec.resourceClaims must specify all claims used in vmi.spec.domain.devices.gpus%s",
		       is_since(g, 8, 0)
			       ? " and vmi.spec.domain.devices.hostDevices"
			       : "");
}
