/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_CLI_FLEET_MANIFEST_ARGS_H
#define HARNESS_CLI_FLEET_MANIFEST_ARGS_H

/* fleet_manifest_args - the options of `l1vh-bench fleet manifest`. */
#include "harness/cli/option.h"
#include "harness/fleet/engine/manifest.h"
#include "harness/fleet/engine/node_list.h"

struct err;

struct fleet_manifest_args {
	struct fleet_manifest manifest; /* borrows from what follows */
	struct node_list nodes;         /* owned */
	const char *node_source;        /* a file, "-", or a number */
	const char *out;                /* a folder; NULL: standard output */
	const char *plan_file, *token_file, *tokens_file, *ca_file;
	char *plan, *token, *tokens, *ca; /* owned; contents of those */
	char *image;                      /* owned; NULL: one was given */
	char *words[3 * MANIFEST_MAX_PAIRS + 1]; /* owned; cut into pairs */
	size_t word_count;
};

extern const struct option_row fleet_manifest_options[];

/* Reads the files as well. ARGS is for fleet_manifest_args_release() in any
 * case; it refers to ARGV. -EINVAL, -ENOENT, or what reading a file gave. */
int fleet_manifest_args_parse(int argc, char **argv,
			      struct fleet_manifest_args *args,
			      struct err *err);
void fleet_manifest_args_release(struct fleet_manifest_args *args);

#endif
