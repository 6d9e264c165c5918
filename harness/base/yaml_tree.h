/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_BASE_YAML_TREE_H
#define HARNESS_BASE_YAML_TREE_H

/*
 * yaml_tree - any YAML, or JSON, as a tree: for foreign files from which we
 * need a few keys. All scalars except null are texts, and the reader
 * interprets them. Aliases are an error: a small file of them can be a large
 * tree.
 */
#include <jansson.h>
#include <stddef.h>

struct err;

/* *OUT: an array of its documents; the caller owns it. 0 or -EINVAL, with the
 * line of the mistake. */
int yaml_tree_parse(const char *bytes, size_t len, json_t **out,
		    struct err *err);

#endif
