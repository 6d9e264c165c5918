/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_KUBEVIRT_NODE_PAGE_H
#define HARNESS_KUBEVIRT_NODE_PAGE_H

/*
 * node_page - what KubeVirt needs of a node, and what of it there is: an
 * object of sections in order; in a section an object for each line, with a
 * "finding" for people and, beside it, what programs want to know.
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
