// SPDX-License-Identifier: GPL-3.0-or-later
/* network - what the webhook asks of networks, and of interfaces with
 * their networks: pkg/network/admitter, which v1.3.0 made of a part of
 * vmi-create-admitter.go. */
#include <string.h>

#include "harness/base/base.h"
#include "harness/kubevirt/rejection/rules.h"

#define RESERVED_MAC "02:00:00:00:00:00"
#define FIELD(n, name) AT(DEVICES "interfaces[%zu]." name, (n)->i)

static bool has(const struct interface *n, const char *binding)
{
	return is_there(n->yaml, binding);
}

/* The network of its name; what has none is on no network. */
static bool is_on(const struct interface *n, const char *kind)
{
	return is_there(n->network, kind);
}

typedef void interface_fn(struct asked *g, const struct interface *n);

static void each_interface(struct asked *g, interface_fn *ask)
{
	const struct yaml_value *item;
	size_t i;

	for (i = 0, item = first_item(g->spec, INTERFACES); item;
	     i++, item = next_item(item)) {
		struct interface n = {
			.yaml = item,
			.name = yaml_text_at(item, "name"),
			.i = i,
		};

		n.network = item_of_name(g->spec, "networks", n.name);
		if (!g->is_over)
			ask(g, &n);
	}
}

/* --- networks --- */

/* Before v1.3.0 those without an interface do not count. */
static size_t count_pod_networks(const struct asked *g)
{
	const struct yaml_value *net;
	size_t i, count = 0;

	for (i = 0, net = first_item(g->spec, "networks"); net;
	     i++, net = next_item(net))
		if (is_there(net, "pod") &&
		    (is_since(g, 3, 0) ||
		     item_of_name(g->spec, INTERFACES,
				  yaml_text_at(net, "name"))))
			count++;
	return count;
}

static void ask_pod_networks(struct asked *g)
{
	if (count_pod_networks(g) > 1)
		refuse(g, "spec.interfaces",
		       "more than one interface is connected to a pod network in spec.interfaces");
}

static void ask_default_networks(struct asked *g)
{
	const struct yaml_value *net;
	size_t i, default_count = 0, pod_count = 0;

	for (i = 0, net = first_item(g->spec, "networks"); net;
	     i++, net = next_item(net)) {
		pod_count += is_there(net, "pod");
		default_count += is_true_at(net, "multus.default");
	}
	if (default_count > 1)
		refuse(g, "spec.networks",
		       "Multus CNI should only have one default network");
	if (pod_count && default_count)
		refuse(g, "spec.networks",
		       "Pod network cannot be defined when Multus default network is defined");
}

/* Since v1.3.0 only the first is a cause. */
static bool ask_multus_name(struct asked *g, size_t i,
			    const struct yaml_value *net)
{
	if (!is_there(net, "multus") ||
	    *yaml_text_at(net, "multus.networkName"))
		return false;
	refuse(g, AT("spec.networks[%zu]", i),
	       "CNI delegating plugin must have a networkName");
	return true;
}

static void ask_network_kinds(struct asked *g)
{
	bool is_old = !is_since(g, 3, 0);
	const struct yaml_value *net;
	size_t i;

	for (i = 0, net = first_item(g->spec, "networks"); net;
	     i++, net = next_item(net)) {
		int kinds =
			is_there(net, "pod") + is_there(net, "multus") +
			(is_since(g, 9, 0) && is_there(net, "resourceClaim"));

		if (kinds != 1)
			refuse(g, AT("spec.networks[%zu]", i),
			       kinds ? "should have only one network type"
				     : "should have a network type");
		if (is_old)
			ask_multus_name(g, i, net);
	}
	if (is_old)
		return;
	for (i = 0, net = first_item(g->spec, "networks"); net;
	     i++, net = next_item(net))
		if (ask_multus_name(g, i, net))
			return;
}

static bool has_earlier(const struct asked *g, const char *path, size_t before,
			const char *name)
{
	const struct yaml_value *item;
	size_t i;

	for (i = 0, item = first_item(g->spec, path); item;
	     i++, item = next_item(item))
		if (i < before && !strcmp(yaml_text_at(item, "name"), name))
			return true;
	return false;
}

static void ask_network_twice(struct asked *g, size_t i, const char *name)
{
	if (has_earlier(g, "networks", i, name))
		refuse(g, AT("spec.networks[%zu].name", i),
		       "Network with name \"%s\" already exists, every network must have a unique name",
		       name);
}

static void ask_network_use(struct asked *g, size_t i, const char *name)
{
	if (!item_of_name(g->spec, INTERFACES, name))
		refuse_field(g, AT("spec.networks[%zu].name", i),
			     " '%s' not found.", name);
}

/* validateNetworkDevicesWithDRA() */
static void ask_claimed_networks(struct asked *g)
{
	const struct yaml_value *net;
	size_t i;

	if (!is_since(g, 9, 0) || has_gate(g, "NetworkDevicesWithDRA"))
		return;
	for (i = 0, net = first_item(g->spec, "networks"); net;
	     i++, net = next_item(net))
		if (is_there(net, "resourceClaim")) {
			refuse(g, "spec.networks",
			       "vmi.spec.networks contains DRA networks but NetworkDevicesWithDRA feature gate is not enabled");
			return;
		}
}

/* Both by network before v1.3.0, since then the one after the other. */
static void ask_network_names(struct asked *g)
{
	bool is_old = !is_since(g, 3, 0);
	const struct yaml_value *net;
	size_t i;

	for (i = 0, net = first_item(g->spec, "networks"); net;
	     i++, net = next_item(net)) {
		ask_network_twice(g, i, yaml_text_at(net, "name"));
		if (is_old)
			ask_network_use(g, i, yaml_text_at(net, "name"));
	}
	if (is_old)
		return;
	ask_claimed_networks(g);
	for (i = 0, net = first_item(g->spec, "networks"); net;
	     i++, net = next_item(net))
		ask_network_use(g, i, yaml_text_at(net, "name"));
}

/* --- states --- */

/* LookUpDefaultNetwork() */
static bool may_be_default(const struct asked *g, const struct yaml_value *net)
{
	if (is_true_at(net, "multus.default"))
		return true;
	return is_since(g, 9, 0) ? is_there(net, "pod")
				 : !is_there(net, "multus");
}

static bool is_default_network(const struct asked *g, const struct interface *n)
{
	const struct yaml_value *net;
	size_t i;

	for (i = 0, net = first_item(g->spec, "networks"); net;
	     i++, net = next_item(net))
		if (may_be_default(g, net))
			return !strcmp(yaml_text_at(net, "name"), n->name);
	return false;
}

static void ask_state_value(struct asked *g, const struct interface *n)
{
	const char *state = yaml_text_at(n->yaml, "state");
	bool is_link = is_since(g, 5, 0) &&
		       (!strcmp(state, "up") || !strcmp(state, "down"));
	bool is_absent = !strcmp(state, "absent");

	if (*state && !is_absent && !is_link)
		refuse(g, FIELD(n, "state"),
		       "logical %s interface state value is unsupported: %s",
		       n->name, state);
	if (is_link && has(n, "sriov"))
		refuse(g, FIELD(n, "state"),
		       "\"%s\" interface's state \"%s\" is not supported for SR-IOV NICs",
		       n->name, state);
	if (is_absent && !has(n, "bridge"))
		refuse(g, FIELD(n, "state"),
		       "\"%s\" interface's state \"absent\" is supported only for bridge binding",
		       n->name);
	if (is_absent && is_default_network(g, n))
		refuse(g, FIELD(n, "state"),
		       "\"%s\" interface's state \"absent\" is not supported on default networks",
		       n->name);
}

/* --- bindings --- */

static void ask_plugin_alone(struct asked *g, const struct interface *n)
{
	static const char *const methods[] = {"bridge", "slirp",   "masquerade",
					      "sriov",  "macvtap", "passt",
					      NULL};
	static const char *const later[] = {"bridge", "masquerade", "sriov",
					    "passtBinding", NULL};
	const char *const *m = is_since(g, 8, 0) ? later : methods;

	if (!is_since(g, 1, 0) || !has(n, "binding"))
		return;
	for (; *m && !has(n, *m); m++)
		;
	if (*m)
		refuse(g, FIELD(n, "binding"),
		       "logical %s interface cannot have both binding plugin and interface binding method",
		       n->name);
}

static void ask_one_binding(struct asked *g, const struct interface *n)
{
	if (has(n, "bridge") + has(n, "masquerade") + has(n, "sriov") +
		    has(n, "passtBinding") + has(n, "binding") !=
	    1)
		refuse(g, AT(DEVICES "interfaces[%zu]", n->i),
		       "logical %s interface must have exactly one binding method or binding plugin",
		       n->name);
}

static bool has_reserved_mac(const struct interface *n)
{
	return !strcmp(yaml_text_at(n->yaml, "macAddress"), RESERVED_MAC);
}

static void refuse_reserved_mac(struct asked *g, const struct interface *n)
{
	refuse(g, FIELD(n, "macAddress"),
	       "The requested MAC address is reserved for the in-pod bridge. Please choose another one.");
}

/* A binding that needs a gate and a network of a kind. */
struct binding_rule {
	const char *binding, *gate, *gate_message;
	const char *network, *network_message;
	int since, before; /* v1.BEFORE.0 */
};

static const struct binding_rule binding_rules[] = {
	{"masquerade", NULL, NULL, "pod",
	 "Masquerade interface only implemented with pod network", 0, 1000},
	{"binding", "NetworkBindingPlugins",
	 "Binding plugins feature gate is not enabled", NULL, NULL, 1, 1000},
	{"macvtap", "Macvtap", "Macvtap feature gate is not enabled", "multus",
	 "Macvtap interface only implemented with Multus network", 0, 8},
	{"passt", "Passt", "Passt feature gate is not enabled", "pod",
	 "Passt interface only implemented with pod network", 0, 8},
	{"passtBinding", "PasstBinding",
	 "PasstBinding feature gate is not enabled", "pod",
	 "PasstBinding interface only implemented with pod network", 8, 1000},
};

static void ask_binding(struct asked *g, const struct interface *n)
{
	size_t i;

	if (is_since(g, 9, 0))
		ask_one_binding(g, n);
	else
		ask_plugin_alone(g, n);
	for (i = 0; i < ARRAY_SIZE(binding_rules); i++) {
		const struct binding_rule *b = &binding_rules[i];

		if (!has(n, b->binding) || !is_since(g, b->since, 0) ||
		    is_since(g, b->before, 0))
			continue;
		if (b->gate && !has_gate(g, b->gate))
			refuse(g, FIELD(n, "name"), "%s", b->gate_message);
		if (b->network && !is_on(n, b->network))
			refuse(g, FIELD(n, "name"), "%s", b->network_message);
		if (i == 0 && has_reserved_mac(n))
			refuse_reserved_mac(g, n);
	}
}

static const char slirp_off[] =
	"Slirp interface is not enabled in kubevirt-config";
static const char slirp_on_other[] =
	"Slirp interface only implemented with pod network";

static void ask_slirp(struct asked *g, const struct interface *n)
{
	if (has(n, "slirp") && n->network)
		refuse(g, FIELD(n, "name"), "%s",
		       is_on(n, "pod") ? slirp_off : slirp_on_other);
}

/* --- since v1.3.0 --- */

static void ask_interface_twice(struct asked *g, const struct interface *n)
{
	if (has_earlier(g, INTERFACES, n->i, n->name))
		refuse(g, FIELD(n, "name"),
		       "Only one interface can be connected to one specific network");
}

static void ask_network_of(struct asked *g, const struct interface *n)
{
	if (!n->network)
		refuse_field(g, FIELD(n, "name"), " '%s' not found.", n->name);
}

static void ask_fields(struct asked *g, const struct interface *n)
{
	ask_interface_name(g, n);
	ask_interface_model(g, n);
	ask_interface_mac(g, n);
	ask_interface_pci(g, n);
	ask_interface_ports(g, n);
	if (is_since(g, 9, 0) && has(n, "portRanges") &&
	    !has_gate(g, "PortRangesSpec"))
		refuse(g, FIELD(n, "name"),
		       "portRanges is specified on interface but the PortRangesSpec feature gate is not enabled");
	ask_interface_dhcp(g, n);
}

static void ask_networks_now(struct asked *g)
{
	ask_pod_networks(g);
	ask_default_networks(g);
	ask_network_kinds(g);
	each_interface(g, ask_state_value);
	each_interface(g, ask_binding);
	if (!is_since(g, 6, 0))
		each_interface(g, ask_slirp);
	ask_network_names(g);
	each_interface(g, ask_interface_twice);
	each_interface(g, ask_network_of);
	each_interface(g, ask_fields);
}

/* --- before --- */

static bool is_passt_alone(const struct asked *g)
{
	const struct yaml_value *list = yaml_at(g->spec, INTERFACES);

	return !yaml_each(list, yaml_each(list, NULL));
}

/* What keeps it from its network, the first that holds. */
static const char *old_mistake(const struct asked *g, const struct interface *n)
{
	if (has(n, "slirp"))
		return is_on(n, "pod") ? slirp_off : slirp_on_other;
	if (has(n, "masquerade") && !is_on(n, "pod"))
		return "Masquerade interface only implemented with pod network";
	if (has(n, "masquerade") && has_reserved_mac(n))
		return RESERVED_MAC;
	if (has(n, "macvtap") && !has_gate(g, "Macvtap"))
		return "Macvtap feature gate is not enabled";
	if (has(n, "macvtap") && !is_on(n, "multus"))
		return "Macvtap interface only implemented with Multus network";
	if (has(n, "passt") && !has_gate(g, "Passt"))
		return "Passt feature gate is not enabled";
	if (has(n, "passt") && !is_on(n, "pod"))
		return "Passt interface only implemented with pod network";
	if (has(n, "passt") && !is_passt_alone(g))
		return "Passt interface is only supported as the single interface of the VMI";
	if (is_since(g, 1, 0) && has(n, "binding") &&
	    !has_gate(g, "NetworkBindingPlugins"))
		return "Binding plugins feature gate is not enabled";
	return NULL;
}

static void ask_interface_then(struct asked *g, const struct interface *n)
{
	const char *mistake = n->network ? old_mistake(g, n) : NULL;

	if (!n->network)
		refuse_field(g, FIELD(n, "name"), " '%s' not found.", n->name);
	else if (mistake && !strcmp(mistake, RESERVED_MAC))
		refuse_reserved_mac(g, n);
	else if (mistake)
		refuse(g, FIELD(n, "name"), "%s", mistake);
	ask_interface_twice(g, n);
	ask_interface_name(g, n);
	ask_interface_ports(g, n);
	ask_interface_model(g, n);
	ask_interface_mac(g, n);
	ask_interface_boot_order(g, n);
	ask_interface_pci(g, n);
	ask_interface_dhcp(g, n);
}

static void ask_networks_then(struct asked *g)
{
	ask_pod_networks(g);
	if (count_pod_networks(g) > 1) {
		g->is_over = true;
		return;
	}
	ask_disk_boot_orders(g);
	ask_network_kinds(g);
	ask_default_networks(g);
	each_interface(g, ask_interface_then);
	if (g->is_over)
		return;
	ask_network_names(g);
	each_interface(g, ask_state_value);
	each_interface(g, ask_plugin_alone);
}

void ask_networks(struct asked *g)
{
	if (is_since(g, 3, 0))
		ask_networks_now(g);
	else
		ask_networks_then(g);
}

void ask_boot_orders(struct asked *g)
{
	if (!is_since(g, 3, 0))
		return;
	ask_disk_boot_orders(g);
	each_interface(g, ask_interface_boot_order);
}
