/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_KUBEVIRT_NODE_NODE_PAGE_H
#define HARNESS_KUBEVIRT_NODE_NODE_PAGE_H

/*
 * node_page - KubeVirt's requirements for a node, and whether the node meets
 * them: an object of sections in order. A section has one object per line,
 * with a "finding" for people and further keys for programs.
 */
#include <jansson.h>
#include <stdio.h>

struct domain_wish;
struct node;

json_t *node_page(const struct node *node,
		  const struct domain_wish *wish); /* caller owns */

/* The keys of the object, and the findings. */
void node_page_write(const json_t *page, FILE *out);

#endif
