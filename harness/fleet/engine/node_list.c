// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/fleet/engine/node_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/base/yaml_stream.h"

#define DEVICE_PREFIX "devices.kubevirt.io/"
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"
#define ALNUM LOWER DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* What fills a node's object and says nothing about where it can run. */
static const char *const skipped[] = {"images", "managedFields", "annotations",
				      NULL};

/* --- names --- */

/* LEN bytes of lower case letters, digits and, inside, dashes. */
static bool is_dns_label(const char *text, size_t len)
{
	return len && len <= NODE_LABEL_MAX &&
	       strspn(text, LOWER DIGITS "-") >= len && *text != '-' &&
	       text[len - 1] != '-';
}

bool name_is_label(const char *text, size_t max)
{
	size_t len = strlen(text);

	return len <= max && is_dns_label(text, len);
}

bool name_is_subdomain(const char *text)
{
	size_t len;

	if (strlen(text) > NODE_NAME_MAX)
		return false;
	for (;; text += len + 1) {
		len = strcspn(text, ".");
		if (!is_dns_label(text, len))
			return false;
		if (!text[len])
			return true;
	}
}

bool name_is_label_value(const char *text)
{
	size_t len = strlen(text);

	return !len ||
	       (len <= NODE_LABEL_MAX && !text[strspn(text, ALNUM "-_.")] &&
		strchr(ALNUM, *text) && strchr(ALNUM, text[len - 1]));
}

bool node_taint_is_of_state(const struct node_taint *taint)
{
	static const char prefix[] = "node.kubernetes.io/";

	return !strncmp(taint->key, prefix, sizeof(prefix) - 1);
}

/* --- the list --- */

static struct listed_node *add_node(struct node_list *list, const char *name,
				    size_t line)
{
	struct listed_node *n;

	if (!(list->count & (list->count - 1)))
		list->nodes =
			xrealloc(list->nodes, list->count ? 2 * list->count : 1,
				 sizeof(*list->nodes));
	n = &list->nodes[list->count++];
	*n = (struct listed_node){.name = xstrdup(name),
				  .instance_type = xstrdup(""),
				  .zone = xstrdup(""),
				  .region = xstrdup(""),
				  .arm = xstrdup(""),
				  .line = line,
				  .is_ready = true};
	return n;
}

/* The quoted text is hostile, so it is cut and cleaned. */
static int not_valid(struct err *err, size_t line, const char *text,
		     const char *what)
{
	char shown[64];

	snprintf(shown, sizeof(shown), "%s", text);
	text_clean(shown);
	return err_set(err, -EINVAL, "line %zu: '%s' is not %s", line, shown,
		       what);
}

static int compare_names(const void *a, const void *b)
{
	const struct listed_node *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : (x->line > y->line) - (x->line < y->line);
}

/* In the order of their names, whatever the order of the list was. */
static int sort_nodes(struct node_list *list, struct err *err)
{
	size_t i;

	if (!list->count)
		return err_set(err, -EINVAL, "the list has no node");
	qsort(list->nodes, list->count, sizeof(*list->nodes), compare_names);
	for (i = 1; i < list->count; i++) {
		const struct listed_node *n = &list->nodes[i];

		if (!strcmp(n[-1].name, n->name))
			return err_set(err, -EINVAL,
				       "lines %zu and %zu both name node '%s'",
				       n[-1].line, n->line, n->name);
	}
	return 0;
}

/* --- names, one per line --- */

static int take_line(struct node_list *list, char *text, size_t len,
		     size_t line, struct err *err)
{
	static const char prefix[] = "node/";
	const char *fault = text_fault(text, len);

	if (fault)
		return err_set(err, -EINVAL, "line %zu: %s", line, fault);
	if (line == 1)
		text += text_bom(text, len);
	text[strcspn(text, "#\r\n")] = '\0';
	text += strspn(text, " \t");
	for (len = strlen(text); len && strchr(" \t", text[len - 1]);)
		text[--len] = '\0';
	if (!strncmp(text, prefix, sizeof(prefix) - 1))
		text += sizeof(prefix) - 1;
	if (!len)
		return 0;
	if (!name_is_subdomain(text))
		return not_valid(err, line, text, "the name of a node");
	add_node(list, text, line);
	return 0;
}

static int read_names(FILE *in, struct node_list *list, struct err *err)
{
	char *text = NULL;
	size_t size = 0, line = 0;
	ssize_t len;
	int ret = 0;

	while (!ret && (len = getline(&text, &size, in)) >= 0)
		ret = take_line(list, text, (size_t)len, ++line, err);
	if (!ret && ferror(in))
		ret = err_set(err, -EIO, "cannot read the list of nodes");
	free(text);
	return ret;
}

/* --- what kubectl prints as JSON --- */

static int take_label(const struct yaml_value *labels, const char *key,
		      char **out, struct err *err)
{
	const struct yaml_value *v = yaml_member(labels, key);
	const char *text = yaml_text_of(v);

	if (!text)
		return 0;
	if (!name_is_label_value(text))
		return not_valid(err, yaml_line_of(v), text,
				 "the value of a label");
	free(*out);
	*out = xstrdup(text);
	return 0;
}

static int take_labels(struct listed_node *n, const struct yaml_value *object,
		       struct err *err)
{
	const struct yaml_value *labels = yaml_at(object, "metadata.labels");
	const struct {
		const char *key;
		char **out;
	} rows[] = {
		{"node.kubernetes.io/instance-type", &n->instance_type},
		{"topology.kubernetes.io/zone", &n->zone},
		{"topology.kubernetes.io/region", &n->region},
		{NODE_ARM_LABEL, &n->arm},
	};
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < ARRAY_SIZE(rows); i++)
		ret = take_label(labels, rows[i].key, rows[i].out, err);
	return ret;
}

static bool is_effect(const char *text)
{
	return !strcmp(text, "NoSchedule") || !strcmp(text, "NoExecute") ||
	       !strcmp(text, "PreferNoSchedule");
}

static int take_taints(struct listed_node *n, const struct yaml_value *object,
		       struct err *err)
{
	const struct yaml_value *list = yaml_at(object, "spec.taints"), *v;

	for (v = yaml_each(list, NULL); v; v = yaml_each(list, v)) {
		const char *key = yaml_text_at(v, "key");
		const char *value = yaml_text_at(v, "value");
		const char *effect = yaml_text_at(v, "effect");

		if (!*key || key[strspn(key, ALNUM "-_./")] ||
		    !name_is_label_value(value) || !is_effect(effect))
			return not_valid(err, yaml_line_of(v), key, "a taint");
		n->taints = xrealloc(n->taints, n->taint_count + 1,
				     sizeof(*n->taints));
		n->taints[n->taint_count++] = (struct node_taint){
			xstrdup(key), xstrdup(value), xstrdup(effect)};
	}
	return 0;
}

static bool offers(const struct yaml_value *object, const char *device)
{
	const struct yaml_value *all = yaml_at(object, "status.allocatable");
	const char *amount = yaml_text_of(yaml_member(all, device));

	return amount && strcmp(amount, "0") != 0;
}

static bool is_ready(const struct yaml_value *object)
{
	const struct yaml_value *list = yaml_at(object, "status.conditions");
	const struct yaml_value *v;

	for (v = yaml_each(list, NULL); v; v = yaml_each(list, v))
		if (!strcmp(yaml_text_at(v, "type"), "Ready"))
			return !strcmp(yaml_text_at(v, "status"), "True");
	return true;
}

static int take_object(struct node_list *list, const struct yaml_value *object,
		       struct err *err)
{
	const char *kind = yaml_text_at(object, "kind");
	const struct yaml_value *name = yaml_at(object, "metadata.name");
	const char *text = yaml_text_at(object, "metadata.name");
	struct listed_node *n;
	int ret;

	if (*kind && strcmp(kind, "Node") != 0)
		return not_valid(err, yaml_line_of(object), kind,
				 "a Node; use 'kubectl get nodes -o json'");
	if (!name_is_subdomain(text))
		return not_valid(err, yaml_line_of(name ? name : object), text,
				 "the name of a node");
	n = add_node(list, text, yaml_line_of(name));
	n->is_cordoned = yaml_is_true(yaml_at(object, "spec.unschedulable"));
	n->is_ready = is_ready(object);
	n->has_kvm = offers(object, DEVICE_PREFIX "kvm");
	n->has_mshv = offers(object, DEVICE_PREFIX "mshv");
	n->has_vhost_net = offers(object, DEVICE_PREFIX "vhost-net");
	ret = take_labels(n, object, err);
	return ret ? ret : take_taints(n, object, err);
}

static int take_document(struct node_list *list, const struct yaml_value *root,
			 struct err *err)
{
	const struct yaml_value *items = yaml_member(root, "items"), *v;
	int ret = 0;

	if (!items)
		return take_object(list, root, err);
	for (v = yaml_each(items, NULL); !ret && v; v = yaml_each(items, v))
		ret = take_object(list, v, err);
	return ret;
}

static int read_objects(FILE *in, struct node_list *list, struct err *err)
{
	struct yaml_stream *s = yaml_stream_open(in, skipped);
	const struct yaml_value *root;
	int ret = 0, got = 0;

	list->has_details = true;
	while (!ret && (got = yaml_stream_next(s, &root, err)) > 0)
		ret = take_document(list, root, err);
	yaml_stream_close(s);
	return ret ? ret : got;
}

int node_list_read(FILE *in, struct node_list *out, struct err *err)
{
	int first = getc(in);
	int ret;

	*out = (struct node_list){0};
	if (first != EOF)
		ungetc(first, in);
	ret = first == '{' ? read_objects(in, out, err)
			   : read_names(in, out, err);
	return ret ? ret : sort_nodes(out, err);
}

void node_list_release(struct node_list *list)
{
	size_t i, k;

	for (i = 0; i < list->count; i++) {
		struct listed_node *n = &list->nodes[i];

		for (k = 0; k < n->taint_count; k++) {
			free(n->taints[k].key);
			free(n->taints[k].value);
			free(n->taints[k].effect);
		}
		free(n->taints);
		free(n->name);
		free(n->instance_type);
		free(n->zone);
		free(n->region);
		free(n->arm);
	}
	free(list->nodes);
	*list = (struct node_list){0};
}
