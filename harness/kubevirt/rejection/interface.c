// SPDX-License-Identifier: GPL-3.0-or-later
/* interface - what the webhook asks of one interface's own fields
 * (pkg/network/admitter/netiface.go). */
#include <string.h>

#include "harness/base/base.h"
#include "harness/kubevirt/rejection/rules.h"

#define FIELD(n, name) AT(DEVICES "interfaces[%zu]." name, (n)->i)

void ask_interface_name(struct asked *g, const struct interface *n)
{
	if (!is_made_of(n->name, "-_"))
		refuse(g, FIELD(n, "name"),
		       "Network interface name can only contain alphabetical characters, numbers, dashes (-) or underscores (_)");
}

void ask_interface_model(struct asked *g, const struct interface *n)
{
	static const char *const models[] = {
		"e1000",   "e1000e", "ne2k_pci", "pcnet",
		"rtl8139", "virtio", NULL,
	};
	const char *model = yaml_text_at(n->yaml, "model");

	if (!*model || is_one_of(model, models) ||
	    (is_since(g, 4, 0) && !strcmp(model, "igb")))
		return;
	refuse(g, FIELD(n, "model"),
	       "interface " DEVICES
	       "interfaces[%zu].name uses model %s that is not supported.",
	       n->i, model);
}

void ask_interface_mac(struct asked *g, const struct interface *n)
{
	const char *mac = yaml_text_at(n->yaml, "macAddress");
	size_t len = mac_length(mac);

	if (!*mac)
		return;
	if (!len)
		refuse(g, FIELD(n, "macAddress"),
		       "interface " DEVICES
		       "interfaces[%zu].name has malformed MAC address (%s).",
		       n->i, mac);
	else if (len > 6)
		refuse(g, FIELD(n, "macAddress"),
		       is_since(g, 3, 0)
			       ? "interface " DEVICES
				 "interfaces[%zu].name has too long MAC address (%s)."
			       : "interface " DEVICES
				 "interfaces[%zu].name has MAC address (%s) that is too long.",
		       n->i, mac);
}

void ask_interface_pci(struct asked *g, const struct interface *n)
{
	const char *address = yaml_text_at(n->yaml, "pciAddress");

	if (*address && !is_pci_address(address))
		refuse(g, FIELD(n, "pciAddress"),
		       "interface " DEVICES
		       "interfaces[%zu].name has malformed PCI address (%s).",
		       n->i, address);
}

/* --- ports --- */

static bool has_port_of_name(const struct yaml_value *interface, size_t before,
			     const char *name)
{
	const struct yaml_value *port;
	size_t k;

	for (k = 0, port = first_item(interface, "ports"); port;
	     k++, port = next_item(port))
		if (k < before && !strcmp(yaml_text_at(port, "name"), name))
			return true;
	return false;
}

/* Before v1.3.0 names are unique among all interfaces on the pod's network. */
static bool is_port_taken(const struct asked *g, const struct interface *n,
			  size_t before, const char *name)
{
	const struct yaml_value *other;
	size_t i;

	if (has_port_of_name(n->yaml, before, name))
		return true;
	if (is_since(g, 3, 0))
		return false;
	for (i = 0, other = first_item(g->spec, INTERFACES); other;
	     i++, other = next_item(other))
		if (i < n->i &&
		    is_there(item_of_name(g->spec, "networks",
					  yaml_text_at(other, "name")),
			     "pod") &&
		    has_port_of_name(other, SIZE_MAX, name))
			return true;
	return false;
}

static void ask_port_name(struct asked *g, const struct interface *n, size_t k,
			  const struct yaml_value *port)
{
	struct path field =
		path_of(DEVICES "interfaces[%zu].ports[%zu].name", n->i, k);
	const char *name = yaml_text_at(port, "name");

	if (!*name)
		return;
	if (is_port_taken(g, n, k, name))
		refuse(g, field.text, "Duplicate name of the port: %s", name);
	if (!is_port_name(name))
		refuse(g, field.text, "Invalid name of the port: %s", name);
}

static void ask_port_number(struct asked *g, const struct interface *n,
			    size_t k, const struct yaml_value *port)
{
	struct path at = path_of(DEVICES "interfaces[%zu].ports[%zu]", n->i, k);
	struct path field =
		path_of("%s%s", at.text, is_since(g, 9, 0) ? ".port" : "");
	int64_t number = number_at(port, "port");
	const char *protocol = yaml_text_at(port, "protocol");

	if (!number)
		refuse(g, field.text, "Port field is mandatory.");
	if (number < 0 || number > (is_since(g, 9, 0) ? 65535 : 65536))
		refuse(g, field.text,
		       "Port field must be in range 0 < x < 65536.");
	if (*protocol && strcmp(protocol, "TCP") && strcmp(protocol, "UDP"))
		refuse(g, AT("%s.protocol", at.text),
		       "Unknown protocol, only TCP or UDP allowed");
}

void ask_interface_ports(struct asked *g, const struct interface *n)
{
	bool is_old = !is_since(g, 3, 0);
	const struct yaml_value *port;
	size_t k;

	if (!is_there(n->network, "pod"))
		return;
	for (k = 0, port = first_item(n->yaml, "ports"); port;
	     k++, port = next_item(port)) {
		if (is_old)
			ask_port_number(g, n, k, port);
		ask_port_name(g, n, k, port);
	}
	if (is_old)
		return;
	for (k = 0, port = first_item(n->yaml, "ports"); port;
	     k++, port = next_item(port))
		ask_port_number(g, n, k, port);
}

/* --- DHCP --- */

static bool has_option_twice(const struct yaml_value *interface)
{
	const struct yaml_value *a, *b;
	size_t i, k;

	for (i = 0, a = first_item(interface, "dhcpOptions.privateOptions"); a;
	     i++, a = next_item(a))
		for (k = 0,
		    b = first_item(interface, "dhcpOptions.privateOptions");
		     b; k++, b = next_item(b))
			if (k < i &&
			    number_at(a, "option") == number_at(b, "option"))
				return true;
	return false;
}

void ask_interface_dhcp(struct asked *g, const struct interface *n)
{
	bool is_twice = has_option_twice(n->yaml);
	const struct yaml_value *item;
	size_t k;

	if (is_twice)
		refuse(g, "spec",
		       "Found Duplicates: you have provided duplicate DHCPPrivateOptions");
	for (k = 0, item = first_item(n->yaml, "dhcpOptions.privateOptions");
	     item; k++, item = next_item(item))
		if (number_at(item, "option") < 224 ||
		    number_at(item, "option") > 254)
			refuse(g, "spec",
			       "provided DHCPPrivateOptions are out of range, must be in range 224 to 254");
	g->is_over = is_twice && !is_since(g, 3, 0);
	if (g->is_over)
		return;
	for (k = 0, item = first_item(n->yaml, "dhcpOptions.ntpServers"); item;
	     k++, item = next_item(item))
		if (!is_ipv4(yaml_text_of(item) ? yaml_text_of(item) : ""))
			refuse(g,
			       AT(DEVICES
				  "interfaces[%zu].dhcpOptions.ntpServers[%zu]",
				  n->i, k),
			       "NTP servers must be a list of valid IPv4 addresses.");
}
