/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_FLEET_ENGINE_NODE_LIST_H
#define HARNESS_FLEET_ENGINE_NODE_LIST_H

/*
 * node_list - the nodes of a fleet, by name: from `kubectl get nodes`, as JSON
 * or as names, or from any list of one name per line. One thread.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct err;

#define NODE_NAME_MAX 253 /* RFC 1123, without the NUL */
#define NODE_LABEL_MAX 63 /* of a label's value, and of a DNS label */
#define NODE_ARM_LABEL "l1vh-bench/arm"

struct node_taint {
	char *key, *value, *effect; /* owned; value may be "" */
};

/* Texts are owned, and "" where the list does not tell. */
struct listed_node {
	char *name;
	char *instance_type, *zone, *region, *arm;
	struct node_taint *taints; /* owned */
	size_t taint_count;
	size_t line; /* of the list, from 1 */
	bool is_cordoned, is_ready;
	/* What its device plugins offer. */
	bool has_kvm, has_mshv, has_vhost_net;
};

struct node_list {
	struct listed_node *nodes; /* owned; by name */
	size_t count;
	bool has_details; /* more than names is known */
};

/*
 * Read all of IN: the JSON of `kubectl get nodes -o json` if it begins with a
 * brace, else names, with or without "node/" before them; '#' begins a comment.
 * -EINVAL, with the line: no node's name, a name twice, a value that no label
 * has, or a list of other objects. OUT is for node_list_release() in any case.
 */
int node_list_read(FILE *in, struct node_list *out, struct err *err);
void node_list_release(struct node_list *list);

/* Whether Kubernetes sets the taint by itself: such a one says how a node is, not
 * whose it is, and goes again. */
bool node_taint_is_of_state(const struct node_taint *taint);

/* Whether TEXT may name a node (a DNS subdomain), a namespace or a fleet (a DNS
 * label of at most MAX bytes), or be the value of a label. */
bool name_is_subdomain(const char *text);
bool name_is_label(const char *text, size_t max);
bool name_is_label_value(const char *text);

#endif
