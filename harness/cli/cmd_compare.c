// SPDX-License-Identifier: GPL-3.0-or-later
/* compare - two stored runs, of one host or of two, behind a gate. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/err.h"
#include "harness/base/units.h"
#include "harness/cli/commands.h"
#include "harness/findings/model.h"
#include "harness/findings/run_pair.h"
#include "harness/store/run_data.h"
#include "harness/store/store.h"
#include "reports/data/json.h"
#include "reports/data/run_pair_json.h"
#include "reports/text/run_pair_text.h"

enum { O_DB = 1, O_DB_B, O_RUNNER, O_AGAINST, O_MARGIN, O_FORCE, O_JSON };

static const struct option options[] = {
	{"db", required_argument, NULL, O_DB},
	{"db-b", required_argument, NULL, O_DB_B},
	{"runner", required_argument, NULL, O_RUNNER},
	{"against", required_argument, NULL, O_AGAINST},
	{"margin", required_argument, NULL, O_MARGIN},
	{"force", no_argument, NULL, O_FORCE},
	{"json", no_argument, NULL, O_JSON},
	{NULL, 0, NULL, 0},
};

struct compare_args {
	const char *db, *db_b;
	uint64_t run_a, run_b;
	bool is_json;
	struct run_pair_options pair;
};

static int parse_margin(const char *text, double *margin, struct err *err)
{
	char *end;

	*margin = strtod(text, &end);
	if (end == text || *end || !(*margin > 0) || !(*margin < 10))
		return err_set(
			err, -EINVAL,
			"'%s' is no margin: a share above 0, 0.05 for 5 %%",
			text);
	return 0;
}

static int parse_one(struct compare_args *a, int id, struct err *err)
{
	switch (id) {
	case O_DB:
		a->db = optarg;
		return 0;
	case O_DB_B:
		a->db_b = optarg;
		return 0;
	case O_RUNNER:
		a->pair.runner_a = optarg;
		return 0;
	case O_AGAINST:
		a->pair.runner_b = optarg;
		return 0;
	case O_MARGIN:
		return parse_margin(optarg, &a->pair.margin, err);
	case O_FORCE:
		a->pair.is_forced = true;
		return 0;
	case O_JSON:
		a->is_json = true;
		return 0;
	default:
		return err_set(err, -EINVAL, "see 'l1vh-bench compare --help'");
	}
}

static int parse(int argc, char **argv, struct compare_args *a, struct err *err)
{
	int id, ret = 0;

	while (!ret && (id = getopt_long(argc, argv, "", options, NULL)) != -1)
		ret = parse_one(a, id, err);
	if (ret)
		return ret;
	if (argc - optind != 2)
		return err_set(err, -EINVAL, "two runs are needed, A and B");
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

static int load(const char *db, uint64_t id, struct run_data *run,
		struct err *err)
{
	struct store *store = NULL;
	int ret = store_open_readonly(db, &store, err);

	if (!ret)
		ret = run_data_load(store, (int64_t)id, run, err);
	store_close(store);
	return ret;
}

static int show(const struct compare_args *args, const struct run_data *run_a,
		const struct run_data *run_b)
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
	int ret = parse(argc, argv, &args, &err);
	int status = STATUS_OK;

	if (!ret)
		ret = load(args.db, args.run_a, &a, &err);
	if (!ret)
		ret = load(args.db_b, args.run_b, &b, &err);
	if (!ret && !strcmp(a.uuid, b.uuid))
		ret = err_set(
			&err, -EINVAL,
			"both are the same run; its report compares runners block by block");
	if (!ret)
		status = show(&args, &a, &b);
	run_data_release(&b);
	run_data_release(&a);
	if (ret == -EINVAL || ret == -ENOENT)
		return complain(STATUS_USAGE, "compare: %s", err.msg);
	return ret ? complain(STATUS_INTERNAL, "compare: %s", err.msg) : status;
}

const struct command cmd_compare = {
	.name = "compare",
	.summary = "two stored runs, if they may be compared at all",
	.usage =
		"usage: l1vh-bench compare A B [options]\n"
		"How run B differs from run A: first what of host, guest and plan does, then\n"
		"each series, a guest by what it is of native in its own run. Differences that\n"
		"leave nothing to compare are fatal.\n"
		"  --db FILE         results (results/l1vh.db)\n"
		"  --db-b FILE       those of B, if they are elsewhere\n"
		"  --runner NAME     only this one of A's ...\n"
		"  --against NAME    ... with this one of B's (the same)\n"
		"  --margin SHARE    verdicts whether B is not worse by it: 0.05\n"
		"  --force           show numbers, without verdicts, of what is not comparable\n"
		"  --json            keys: a, b, comparable, refused, differences, rows\n"
		"Exit status: 0 shown, and with --margin all pass; 1 one is worse; 2 undecided,\n"
		"or not comparable; 64 usage.\n",
	.run = compare_run,
};
