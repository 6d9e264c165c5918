// SPDX-License-Identifier: GPL-3.0-or-later
/* fleet report - what ran where, claims over nodes, and the odd nodes. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/err.h"
#include "harness/base/xmalloc.h"
#include "harness/cli/claims_arg.h"
#include "harness/cli/column.h"
#include "harness/cli/commands.h"
#include "harness/cli/option.h"
#include "harness/fleet/fleet_arms.h"
#include "harness/fleet/fleet_load.h"
#include "harness/fleet/fleet_report.h"
#include "harness/fleet/engine/node_list.h"
#include "harness/store/store.h"
#include "harness/verdict/claims.h"
#include "reports/data/fleet_json.h"
#include "reports/data/json.h"
#include "reports/text/fleet_text.h"

struct fleet_report_args {
	const char *db, *fleet, *claims, *nodes, *arms;
	struct fleet_wish wish;
	uint32_t days;
	bool is_json;
};

static int take_ratio(const struct option_row *o, const char *arg, void *args,
		      struct err *err)
{
	struct fleet_report_args *a = args;

	(void)o;
	if (column_number(arg, &a->wish.odd_least_ratio) ||
	    !(a->wish.odd_least_ratio > 1))
		return err_set(err, -EINVAL,
			       "'%s' is not a ratio above 1, such as 1.05",
			       arg);
	return 0;
}

static const struct option_row options[] = {
	{"db", "FILE", "results (results/l1vh.db)",
	 OPTION_TEXT(struct fleet_report_args, db)},
	{"claims", "NAME",
	 "judge these instead of those registered with the runs:\n"
	 "l1vh-vs-nested, near-native, or a file",
	 OPTION_TEXT(struct fleet_report_args, claims)},
	{"nodes", "FILE",
	 "nodes that should have run: 'kubectl get nodes -o json', or a\n"
	 "name per line; '-': standard input",
	 OPTION_TEXT(struct fleet_report_args, nodes)},
	{"arms", "LIST", "only these arms: l1vh,nested",
	 OPTION_TEXT(struct fleet_report_args, arms)},
	{"days", "N",
	 "runs of so many days, which end with the latest (1; 0: all)",
	 OPTION_U32(struct fleet_report_args, days, 0, 36500)},
	{"odd-ratio", "R",
	 "call no node odd that is nearer to its arm's median (1.02)",
	 .take = take_ratio},
	{"json", NULL, "as docs/schema/fleet.schema.json has it",
	 OPTION_FLAG(struct fleet_report_args, is_json)},
	{0},
};

static int parse_arguments(int argc, char **argv, struct fleet_report_args *a,
			   struct err *err)
{
	int ret = option_parse(argc, argv, options, a, err);

	if (ret)
		return ret;
	if (argc - optind > 1)
		return err_set(err, -EINVAL, "give one fleet at most");
	a->fleet = argv[optind];
	return 0;
}

static int expect_nodes(struct fleet *f, const char *path, struct err *err)
{
	bool is_stdin = !strcmp(path, "-");
	FILE *in = is_stdin ? stdin : fopen(path, "re");
	struct node_list list;
	size_t i;
	int ret;

	if (!in)
		return err_sys(err, -errno, "cannot read '%s'", path);
	ret = node_list_read(in, &list, err);
	if (!is_stdin)
		fclose(in);
	for (i = 0; i < list.count && !ret; i++)
		fleet_expect(f, list.nodes[i].name, list.nodes[i].arm);
	node_list_release(&list);
	return ret;
}

/* A name that is spelt wrong would leave nothing to find fault with. */
static int check_arms(const struct fleet *f, const char *list, struct err *err)
{
	size_t len;

	for (;; list += len + 1) {
		char name[sizeof(f->arms->name)];

		len = strcspn(list, ",");
		snprintf(name, sizeof(name), "%.*s", (int)len, list);
		if (fleet_find_arm(f, name) < 0)
			return err_set(err, -ENOENT,
				       "no node of fleet '%s' is of arm '%s'",
				       f->name, name);
		if (!list[len])
			return 0;
	}
}

static int load(const struct fleet_report_args *a, struct fleet *f,
		struct err *err)
{
	struct store *store = NULL;
	char *name = NULL;
	int ret = store_open_readonly(a->db, &store, err);

	if (!ret && !a->fleet)
		ret = fleet_latest(store, &name, err);
	fleet_init(f, a->fleet ? a->fleet : name ? name : "");
	if (a->arms)
		fleet_choose_arms(f, a->arms);
	if (!ret)
		ret = fleet_load(store, f->name, a->days, f, err);
	if (!ret && a->nodes)
		ret = expect_nodes(f, a->nodes, err);
	store_close(store);
	free(name);
	if (!ret) {
		fleet_finish(f);
		ret = a->arms ? check_arms(f, a->arms, err) : 0;
	}
	if (ret)
		fleet_release(f);
	return ret;
}

static int show(const struct fleet_report_args *a, struct fleet_report *r)
{
	int status;

	fleet_report_make(r, &a->wish);
	if (a->is_json)
		json_print(fleet_json(r));
	else
		fleet_text_write(r, stdout);
	status = (int)status_of_verdict(fleet_report_verdict(r));
	fleet_report_release(r);
	return status;
}

static int fleet_report_run(int argc, char **argv)
{
	struct fleet_report_args args = {.db = "results/l1vh.db",
					 .days = FLEET_DAYS};
	struct claims *claims = NULL;
	struct fleet_report r;
	struct err err = {0};
	int status = STATUS_OK;
	int ret = parse_arguments(argc, argv, &args, &err);

	if (!ret && args.claims)
		ret = claims_arg_load(args.claims, &claims, &err);
	args.wish.claims = claims;
	if (!ret)
		ret = load(&args, &r.fleet, &err);
	if (!ret)
		status = show(&args, &r);
	claims_free(claims);
	if (ret == -EINVAL || ret == -ENOENT)
		return complain(STATUS_USAGE, "fleet report: %s", err.msg);
	return ret ? complain(STATUS_INTERNAL, "fleet report: %s", err.msg)
		   : status;
}

const struct command cmd_fleet_report = {
	.name = "fleet report",
	.summary =
		"many nodes' runs as one: arms, claims over nodes, odd nodes",
	.usage =
		"usage: l1vh-bench fleet report [FLEET] [options]\n"
		"Shows which nodes ran, in what their arms differ, the verdicts of claims over\n"
		"nodes, and the nodes that differ from their like. FLEET: the latest.\n",
	.options = options,
	.help_column = 18,
	.notes =
		"Exit status: 0 all nodes ran, no claim fails and no node is odd; 1 a claim\n"
		"fails or a node is odd; 2 a claim is open, or a node has no result; 64 usage.\n",
	.run = fleet_report_run,
};
