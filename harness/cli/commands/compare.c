// SPDX-License-Identifier: GPL-3.0-or-later
/* compare - two stored runs, of one host or of two, behind a gate. */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/err.h"
#include "harness/base/strbuf.h"
#include "harness/base/units.h"
#include "harness/cli/column.h"
#include "harness/cli/commands.h"
#include "harness/cli/option.h"
#include "harness/findings/model.h"
#include "harness/findings/runs/run_pair.h"
#include "harness/store/run_data.h"
#include "harness/store/store.h"
#include "reports/data/json.h"
#include "reports/data/run_pair_json.h"
#include "reports/text/run_pair_text.h"

struct compare_args {
	const char *db, *db_b;
	uint64_t run_a, run_b;
	bool is_json;
	struct run_pair_options pair;
};

static int take_margin(const struct option_row *o, const char *arg, void *args,
		       struct err *err)
{
	struct compare_args *a = args;

	(void)o;
	if (column_number(arg, &a->pair.margin) || !(a->pair.margin > 0) ||
	    !(a->pair.margin < 10))
		return err_set(
			err, -EINVAL,
			"'%s' is not a margin: a share above 0, 0.05 for 5 %%",
			arg);
	return 0;
}

static const struct option_row options[] = {
	{"db", "FILE", "results (results/l1vh.db)",
	 OPTION_TEXT(struct compare_args, db)},
	{"db-b", "FILE", "results file of B (that of A)",
	 OPTION_TEXT(struct compare_args, db_b)},
	{"runner", "NAME", "only this runner of A ...",
	 OPTION_TEXT(struct compare_args, pair.runner_a)},
	{"against", "NAME", "... against this runner of B (the same)",
	 OPTION_TEXT(struct compare_args, pair.runner_b)},
	{"margin", "SHARE", "judge whether B is worse by more than this: 0.05",
	 .take = take_margin},
	{"force", NULL,
	 "show figures that are not comparable, without verdicts",
	 OPTION_FLAG(struct compare_args, pair.is_forced)},
	{"json", NULL, "keys: a, b, comparable, refused, differences, rows",
	 OPTION_FLAG(struct compare_args, is_json)},
	{0},
};

static int parse_arguments(int argc, char **argv, struct compare_args *a,
			   struct err *err)
{
	int ret = option_parse(argc, argv, options, a, err);

	if (ret)
		return ret;
	if (argc - optind != 2)
		return err_set(err, -EINVAL, "give two runs, A and B");
	if (a->pair.runner_b && !a->pair.runner_a)
		return err_set(err, -EINVAL, "--against needs --runner");
	if (!a->pair.runner_b)
		a->pair.runner_b = a->pair.runner_a;
	if (!a->db_b)
		a->db_b = a->db;
	ret = units_parse_uint(argv[optind], 1, INT64_MAX, &a->run_a, err);
	return ret ? ret
		   : units_parse_uint(argv[optind + 1], 1, INT64_MAX, &a->run_b,
				      err);
}

static int load_run(const char *db, uint64_t id, struct run_data *run,
		    struct err *err)
{
	struct store *store = NULL;
	int ret = store_open_readonly(db, &store, err);

	if (!ret)
		ret = run_data_load(store, (int64_t)id, run, err);
	store_close(store);
	return ret;
}

/* A name that nobody measured would compare nothing with nothing. */
static int check_runner(const struct run_data *run, const char *name,
			struct err *err)
{
	struct strbuf had = {0};
	struct model m;
	bool is_there = false;
	int ret = 0;
	size_t i;

	if (!name)
		return 0;
	model_init(&m, run);
	for (i = 0; i < m.runner_count; i++) {
		strbuf_printf(&had, "%s%s", i ? ", " : "", m.runners[i]);
		is_there |= !strcmp(m.runners[i], name);
	}
	if (!is_there)
		ret = err_set(err, -EINVAL,
			      "run %lld has no runner '%.40s'; it has: %s",
			      (long long)run->id, name,
			      had.len ? had.str : "none");
	strbuf_release(&had);
	model_release(&m);
	return ret;
}

static int show_pair(const struct compare_args *args,
		     const struct run_data *run_a, const struct run_data *run_b)
{
	int status = STATUS_OK;
	struct model a, b;
	struct run_pair pair;

	model_init(&a, run_a);
	model_init(&b, run_b);
	run_pair_init(&pair, &a, &b, &args->pair);
	if (args->is_json)
		json_print(run_pair_json(&pair));
	else
		run_pair_text_write(&pair, stdout);
	if (pair.is_refused || !pair.row_count)
		status = STATUS_UNDECIDED;
	else if (args->pair.margin > 0)
		status = (int)status_of_verdict(run_pair_verdict(&pair));
	run_pair_release(&pair);
	model_release(&b);
	model_release(&a);
	return status;
}

static int compare_run(int argc, char **argv)
{
	struct compare_args args = {.db = "results/l1vh.db"};
	struct run_data a = {0}, b = {0};
	struct err err = {0};
	int ret = parse_arguments(argc, argv, &args, &err);
	int status = STATUS_OK;

	if (!ret)
		ret = load_run(args.db, args.run_a, &a, &err);
	if (!ret)
		ret = load_run(args.db_b, args.run_b, &b, &err);
	if (!ret && !strcmp(a.uuid, b.uuid))
		ret = err_set(
			&err, -EINVAL,
			"both are the same run; its report compares runners block by block");
	if (!ret)
		ret = check_runner(&a, args.pair.runner_a, &err);
	if (!ret)
		ret = check_runner(&b, args.pair.runner_b, &err);
	if (!ret)
		status = show_pair(&args, &a, &b);
	run_data_release(&b);
	run_data_release(&a);
	if (ret == -EINVAL || ret == -ENOENT)
		return complain(STATUS_USAGE, "compare: %s", err.msg);
	return ret ? complain(STATUS_INTERNAL, "compare: %s", err.msg) : status;
}

const struct command cmd_compare = {
	.name = "compare",
	.summary = "compare two stored runs, if they are comparable",
	.usage =
		"usage: l1vh-bench compare A B [options]\n"
		"Shows how run B differs from run A: first the differences of host, guest and\n"
		"plan, then each series, for guests the ratio to native of the same run. A\n"
		"difference that makes the runs incomparable is fatal.\n",
	.options = options,
	.help_column = 20,
	.notes =
		"Exit status: 0 shown, and with --margin all pass; 1 one is worse; 2 undecided,\n"
		"or not comparable; 64 usage. Native beside native compares the hosts, and is\n"
		"not judged.\n",
	.run = compare_run,
};
