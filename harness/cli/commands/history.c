// SPDX-License-Identifier: GPL-3.0-or-later
/* history - one series over all stored runs, and where it changed. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/err.h"
#include "harness/base/ordered.h"
#include "harness/base/xmalloc.h"
#include "harness/cli/column.h"
#include "harness/cli/commands.h"
#include "harness/cli/option.h"
#include "harness/findings/runs/trend.h"
#include "harness/store/history.h"
#include "harness/store/history_set.h"
#include "harness/store/store.h"
#include "reports/data/json.h"
#include "reports/data/trend_json.h"
#include "reports/text/trend_text.h"

#define RECENT_RUNS 3

struct history_args {
	const char *db;
	const char *series; /* a file; NULL: stored runs */
	bool is_json;
	bool is_all;       /* every series of the latest run */
	double gate_share; /* 0: no gate */
	uint64_t recent;
	struct history_query query;
	struct change_options opts;
	char metric[128]; /* "workload:point", cut in two */
};

/* A number in (0, MAX]; 0 as well where it may be. */
static int take_number(const char *text, double max, bool may_be_zero,
		       double *value, struct err *err)
{
	if (column_number(text, value) || *value > max || *value < 0 ||
	    (!may_be_zero && *value == 0))
		return err_set(err, -EINVAL, "'%s' is not a number up to %g",
			       text, max);
	return 0;
}

static int take_gate(const struct option_row *o, const char *arg, void *args,
		     struct err *err)
{
	double percent;
	int ret = take_number(arg, 1000, false, &percent, err);

	(void)o;
	((struct history_args *)args)->gate_share = percent / 100;
	return ret;
}

static int take_max_p(const struct option_row *o, const char *arg, void *args,
		      struct err *err)
{
	(void)o;
	return take_number(arg, 0.5, false,
			   &((struct history_args *)args)->opts.max_p, err);
}

static int take_magnitude(const struct option_row *o, const char *arg,
			  void *args, struct err *err)
{
	struct history_args *a = args;

	(void)o;
	return take_number(arg, 1e6, true, &a->opts.least_magnitude, err);
}

#define MAX_COUNT 100000

static const struct option_row options[] = {
	{"db", "FILE", "results (results/l1vh.db)",
	 OPTION_TEXT(struct history_args, db)},
	{"runner", "NAME", "(kvm)",
	 OPTION_TEXT(struct history_args, query.runner)},
	{"host", "NAME", "only runs of this host (all)",
	 OPTION_TEXT(struct history_args, query.host)},
	{"all", NULL,
	 "every series of the latest run; shows those that changed",
	 OPTION_FLAG(struct history_args, is_all)},
	{"gate", "PERCENT",
	 "exit 1 if the last change is worse by this much, came with\n"
	 "one of the last runs, and exceeds earlier differences; 2 if it\n"
	 "may not exceed them, there are too few earlier runs, or the\n"
	 "permutation test is undecided",
	 .take = take_gate},
	{"recent", "N", "number of last runs for --gate (3)",
	 OPTION_U64(struct history_args, recent, 1, MAX_COUNT)},
	{"series", "FILE",
	 "a column of numbers in place of stored runs; - for stdin",
	 OPTION_TEXT(struct history_args, series)},
	{"window", "N", "number of values that are tested together (50)",
	 OPTION_U64(struct history_args, opts.window, 4, MAX_COUNT)},
	{"max-p", "P", "probability of a false alarm in a whole series (0.02)",
	 .take = take_max_p},
	{"min-magnitude", "X", "ignore smaller changes; 0.05 is 5 % (0)",
	 .take = take_magnitude},
	{"min-values", "N", "least values of a stretch; fewer are outliers (3)",
	 OPTION_U64(struct history_args, opts.least_values, 1, MAX_COUNT)},
	{"json", NULL, "print one JSON object; changes have an index from 0",
	 OPTION_FLAG(struct history_args, is_json)},
	{0},
};

static int parse_arguments(int argc, char **argv, struct history_args *a,
			   struct err *err)
{
	int ret = option_parse(argc, argv, options, a, err);
	char *colon;

	if (ret)
		return ret;
	if (a->is_all && a->is_json)
		return err_set(err, -EINVAL, "--all has no --json");
	if (argc - optind != (a->series || a->is_all ? 0 : 1) ||
	    (a->is_all && a->series))
		return err_set(
			err, -EINVAL,
			"give one metric, WORKLOAD or WORKLOAD:POINT, --all, or --series FILE");
	if (a->is_all)
		return 0;
	if (a->series)
		return a->gate_share ? err_set(err, -EINVAL,
					       "--gate is for stored runs")
				     : 0;
	if (snprintf(a->metric, sizeof(a->metric), "%s", argv[optind]) >=
	    (int)sizeof(a->metric))
		return err_set(err, -EINVAL, "'%.40s...' is not a metric",
			       argv[optind]);
	colon = strchr(a->metric, ':');
	if (colon)
		*colon++ = '\0';
	a->query.workload = a->metric;
	a->query.point = colon ? colon : "";
	return 0;
}

static json_t *changes_json(const struct change *changes, size_t count)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < count; i++)
		json_array_append_new(list, change_json(&changes[i]));
	return list;
}

static int show_column(const struct history_args *a, struct err *err)
{
	struct column c = {.count = 0};
	struct change *changes = NULL;
	int ret = column_read(a->series, &c, err);
	size_t i, count;

	if (ret) {
		free(c.values);
		return ret;
	}
	count = changes_find(c.values, c.count, &a->opts, &changes);
	if (a->is_json)
		json_print(json_pack("{s:I, s:o}", "values",
				     (json_int_t)c.count, "changes",
				     changes_json(changes, count)));
	for (i = 0; i < count && !a->is_json; i++) {
		char p[64];

		printf("index %zu: %g -> %g, %+.1f %%, %s\n", changes[i].index,
		       changes[i].before, changes[i].after,
		       100 * changes[i].magnitude,
		       change_p_text(&changes[i], p, sizeof(p)));
	}
	if (!count && !a->is_json)
		puts("no change");
	free(changes);
	free(c.values);
	return 0;
}

static const char *doubt_of(const struct trend *t, const struct trend_change *c,
			    bool is_open)
{
	if (is_open)
		return ", but the permutation test is undecided";
	return trend_stands_out(t, c)
		       ? NULL
		       : ", but earlier runs differ as much, or there are too few";
}

static enum exit_status judge_trend(const struct history_args *a,
				    const struct trend *t, const char *title)
{
	const struct trend_change *worse;
	const char *doubt;
	bool is_open;

	if (!a->gate_share)
		return STATUS_OK;
	worse = trend_regression(t, a->gate_share, (size_t)a->recent, &is_open);
	if (!worse)
		return STATUS_OK;
	doubt = doubt_of(t, worse, is_open);
	fprintf(stderr, "%s: %s is %.1f %% worse since run %lld%s\n",
		doubt ? "UNDECIDED" : "REGRESSION", title,
		100 * fabs(worse->c.magnitude),
		(long long)t->h->runs[worse->run].id, doubt ?: "");
	return doubt ? STATUS_UNDECIDED : STATUS_WORSE;
}

/* What is shown of one series. */
static enum exit_status show_trend(const struct history_args *a,
				   const char *workload, const char *point,
				   const struct trend *t)
{
	char title[200];

	snprintf(title, sizeof(title), "%s%s%s under %s", workload,
		 *point ? " " : "", point, a->query.runner);
	if (a->is_json)
		json_print(trend_json(t));
	else if (!a->is_all || t->change_count)
		trend_text_write(t, title, stdout);
	return judge_trend(a, t, title);
}

static int show_one(const struct history_args *a, struct store *store,
		    enum exit_status *status, struct err *err)
{
	struct history h;
	struct trend t;
	int ret = history_load(store, &a->query, &h, err);

	if (ret)
		return ret;
	trend_init(&t, &h, &a->opts);
	*status = show_trend(a, a->query.workload, a->query.point, &t);
	trend_release(&t);
	history_release(&h);
	return 0;
}

/* All series of the latest run. */
struct all {
	const struct history_args *args;
	const struct history_name *names;
	const struct history_set *set;
	struct trend_memo memos[ORDERED_MAX_THREADS]; /* a thread's own */
	enum exit_status status;
};

struct looked_at {
	struct history h;
	struct trend t;
};

static void *look_at(void *arg, size_t at, unsigned int thread)
{
	struct all *all = arg;
	struct looked_at *one = xcalloc(1, sizeof(*one));

	history_set_get(all->set, at, &one->h);
	trend_init_by(&one->t, &one->h, &all->args->opts, &all->memos[thread]);
	return one;
}

static void forget(void *made)
{
	struct looked_at *one = made;

	trend_release(&one->t);
	history_release(&one->h);
	free(one);
}

/* One that was disturbed in every sample has no history. */
static int show_next(void *arg, size_t at, void *made)
{
	struct all *all = arg;
	const struct looked_at *one = made;
	enum exit_status of_one = STATUS_OK;

	if (one->h.value_count)
		of_one = show_trend(all->args, all->names[at].workload,
				    all->names[at].point, &one->t);
	if (of_one == STATUS_WORSE || all->status == STATUS_OK)
		all->status = of_one;
	forget(made);
	return 0;
}

static void look_at_all(struct all *all, size_t count)
{
	const struct ordered o = {
		.count = count,
		.make = look_at,
		.take = show_next,
		.drop = forget,
		.arg = all,
		/* One with a change takes as long as twenty. */
		.ahead_of_each = 32};
	size_t i;

	ordered_run(&o, ordered_threads());
	for (i = 0; i < ORDERED_MAX_THREADS; i++)
		trend_memo_release(&all->memos[i]);
	printf("checked %zu series of %s\n", count, all->args->query.runner);
}

static int show_all(const struct history_args *a, struct store *store,
		    enum exit_status *status, struct err *err)
{
	struct all all = {.args = a, .status = *status};
	struct history_name *names;
	struct history_set *set = NULL;
	size_t count;
	int ret = history_names(store, a->query.runner, &names, &count, err);

	if (!ret)
		ret = history_set_load(store, a->query.runner, a->query.host,
				       names, count, &set, err);
	all.names = names;
	all.set = set;
	if (!ret)
		look_at_all(&all, count);
	*status = all.status;
	history_set_destroy(set);
	free(names);
	return ret;
}

static int show_runs(const struct history_args *a, enum exit_status *status,
		     struct err *err)
{
	struct store *store = NULL;
	int ret = store_open_readonly(a->db, &store, err);

	if (!ret)
		ret = a->is_all ? show_all(a, store, status, err)
				: show_one(a, store, status, err);
	store_close(store);
	return ret;
}

static int history_run_command(int argc, char **argv)
{
	struct history_args args = {.db = "results/l1vh.db",
				    .recent = RECENT_RUNS,
				    .query = {.runner = "kvm"},
				    .opts = change_defaults};
	enum exit_status status = STATUS_OK;
	struct err err = {0};
	int ret = parse_arguments(argc, argv, &args, &err);

	if (!ret)
		ret = args.series ? show_column(&args, &err)
				  : show_runs(&args, &status, &err);
	if (ret == -EINVAL || ret == -ENOENT || ret == -ENODATA)
		return complain(STATUS_USAGE, "history: %s", err.msg);
	return ret ? complain(STATUS_INTERNAL, "history: %s", err.msg)
		   : (int)status;
}

const struct command cmd_history = {
	.name = "history",
	.summary = "one series over all runs, and where it changed",
	.usage =
		"usage: l1vh-bench history WORKLOAD[:POINT]|--all [options]\n"
		"       l1vh-bench history --series FILE [options]\n"
		"Shows the medians of boots of all stored runs in order, their lasting changes\n"
		"(E-divisive with permutations), and the changes of the host's fingerprint.\n",
	.options = options,
	.help_column = 21,
	.notes =
		"Exit status: 0, 1 a regression past --gate, 2 undecided, 64 usage.\n",
	.run = history_run_command,
};
