// SPDX-License-Identifier: GPL-3.0-or-later
/* prune - remove the raw samples of old runs; their figures stay. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/clock.h"
#include "harness/base/err.h"
#include "harness/base/units.h"
#include "harness/cli/commands.h"
#include "harness/cli/option.h"
#include "harness/store/samples_drop.h"
#include "harness/store/store.h"

#define DAY_NS (86400 * NS_PER_S)

struct prune_args {
	const char *db;
	uint32_t keep_days; /* 0: not given */
};

static const struct option_row options[] = {
	{"keep-samples", "DAYS",
	 "remove the samples of runs that ended before that; required",
	 OPTION_U32(struct prune_args, keep_days, 1, SAMPLES_MAX_KEEP_DAYS)},
	{"db", "FILE", "results (results/l1vh.db)",
	 OPTION_TEXT(struct prune_args, db)},
	{0},
};

struct removed {
	uint64_t run_count, sample_count;
};

static int print_run(void *arg, const struct samples_dropped *run)
{
	struct removed *all = arg;
	char date[32];

	all->run_count++;
	all->sample_count += run->sample_count;
	printf("run %" PRId64 ", %s, ended %s: %" PRIu64 " samples\n",
	       run->run_id, run->uuid,
	       units_format_date(run->ended_unix_ns, date, sizeof(date)),
	       run->sample_count);
	return 0;
}

/* It makes no store: one that is absent is a mistake in a cron table. */
static int prune(const struct prune_args *args, struct err *err)
{
	uint64_t now = clock_unix_ns(), keep = args->keep_days * DAY_NS;
	struct removed all = {0};
	struct store *store;
	int ret = store_open_readonly(args->db, &store, err);

	if (ret)
		return ret;
	store_close(store);
	ret = store_open(args->db, &store, err);
	if (ret)
		return ret;
	ret = samples_drop(store, now > keep ? now - keep : 0, print_run, &all,
			   err);
	store_close(store);
	printf("removed %" PRIu64 " samples of %" PRIu64
	       " run%s; their figures stay\n",
	       all.sample_count, all.run_count, all.run_count == 1 ? "" : "s");
	return ret;
}

static int prune_run(int argc, char **argv)
{
	struct prune_args args = {.db = "results/l1vh.db"};
	struct err err = {0};
	int ret = option_parse(argc, argv, options, &args, &err);

	if (!ret && optind < argc)
		ret = err_set(&err, -EINVAL, "'%s' is not an option",
			      argv[optind]);
	if (!ret && !args.keep_days)
		ret = err_set(&err, -EINVAL, "give --keep-samples DAYS");
	if (!ret)
		ret = prune(&args, &err);
	if (!ret)
		return STATUS_OK;
	return complain(ret == -EINVAL || ret == -ENOENT || ret == -EPROTO
				? STATUS_USAGE
				: STATUS_INTERNAL,
			"prune: %s", err.msg);
}

const struct command cmd_prune = {
	.name = "prune",
	.summary = "remove the raw samples of old runs",
	.usage =
		"usage: l1vh-bench prune --keep-samples DAYS [options]\n"
		"Removes the raw samples of runs that ended more than DAYS days ago, and prints\n"
		"what it removed. Medians, verdicts, histories, documents and consoles of these\n"
		"runs stay; pictures of single samples do not. A run that is under way keeps its\n"
		"samples. The freed space serves later runs.\n",
	.options = options,
	.help_column = 24,
	.notes =
		"Exit status: 0 done, 64 usage, 70 the store cannot be written.\n",
	.run = prune_run,
};
