// SPDX-License-Identifier: GPL-3.0-or-later
/* footprint - what guests of a stored run cost in memory, against KubeVirt. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/err.h"
#include "harness/base/units.h"
#include "harness/cli/commands.h"
#include "harness/cli/device_list.h"
#include "harness/cli/kubevirt_args.h"
#include "harness/cli/limits.h"
#include "harness/cli/option.h"
#include "harness/cli/run_args.h"
#include "harness/core/runner.h"
#include "harness/findings/footprint.h"
#include "harness/findings/model.h"
#include "harness/store/run_data.h"
#include "harness/store/store.h"
#include "reports/data/footprint_json.h"
#include "reports/data/json.h"
#include "reports/text/footprint_text.h"

struct footprint_args {
	const char *db;
	const struct kubevirt_release *release;
	bool wants_advice;
	bool is_json;
	bool proves, finds_memlock;
	struct limits_args limits;
	uint64_t run_id; /* 0: the latest */
};

static int take_runner(const struct option_row *o, const char *arg, void *args,
		       struct err *err)
{
	if (!runner_find(arg))
		return err_set(err, -EINVAL, "unknown runner '%s'", arg);
	return option_text(o, arg, args, err);
}

static int take_device(const struct option_row *o, const char *arg, void *args,
		       struct err *err)
{
	(void)o;
	return device_list_parse(
		arg, &((struct footprint_args *)args)->limits.io, err);
}

static const struct option_row options[] = {
	{"db", "FILE", "results (results/l1vh.db)",
	 OPTION_TEXT(struct footprint_args, db)},
	{"release", "NAME", "of KubeVirt: v1.0 to v1.9, or main (v1.9)",
	 OPTION_RELEASE(struct footprint_args, release)},
	{"recommend", NULL, "constants that would cover 99.9 % of such guests",
	 OPTION_FLAG(struct footprint_args, wants_advice)},
	{"json", NULL, "print one JSON object",
	 OPTION_FLAG(struct footprint_args, is_json)},
	{.help = "--prove boots guests in a cgroup with the pod's limit, lets them use all their\n"
		 "memory, and finds the smallest limit that they survive. --memlock finds the\n"
		 "smallest RLIMIT_MEMLOCK with which they start."},
	{"prove", NULL, NULL, OPTION_FLAG(struct footprint_args, proves)},
	{"memlock", NULL, NULL,
	 OPTION_FLAG(struct footprint_args, finds_memlock)},
	{"runner", "NAME", "of the guests (kvm)", .take = take_runner,
	 .offset = OPTION_FIELD(struct footprint_args, limits.runner,
				const char *)},
	{"shape", "SHAPE", "of footprint's points (256M-1cpu)",
	 OPTION_TEXT(struct footprint_args, limits.shape)},
	{"limit", "SIZE", "with --prove: test only this limit",
	 OPTION_BYTES(struct footprint_args, limits.limit_bytes)},
	{"device", "ADDRESS,...", "for shapes with devices, as for 'run'",
	 .take = take_device},
	{"mlock", NULL, "guests lock their RAM",
	 OPTION_FLAG(struct footprint_args, limits.locks_ram)},
	{"lab", NULL, "as for 'run'",
	 OPTION_SITE(struct footprint_args, limits.choice)},
	{"no-lab", NULL, "as for 'run'",
	 OPTION_SITE(struct footprint_args, limits.choice)},
	{"mshv-emu", NULL, "as for 'run'",
	 OPTION_FLAG(struct footprint_args, limits.wants_mshv_emu)},
	{0},
};

static int parse_arguments(int argc, char **argv, struct footprint_args *args,
			   struct err *err)
{
	int ret = option_parse(argc, argv, options, args, err);
	bool tries;

	tries = args->proves || args->finds_memlock;
	if (ret)
		return ret;
	if (args->proves && args->finds_memlock)
		return err_set(err, -EINVAL, "--prove or --memlock, not both");
	if (optind + (tries ? 0 : 1) < argc)
		return err_set(err, -EINVAL, "unexpected argument '%s'",
			       argv[argc - 1]);
	if (optind < argc)
		return units_parse_uint(argv[optind], 1, INT64_MAX,
					&args->run_id, err);
	return 0;
}

static int try_limits(struct footprint_args *args, enum exit_status *status,
		      struct err *err)
{
	struct limits_args *l = &args->limits;

	l->db = args->db;
	l->release = args->release;
	if (!runner_is_guest(l->runner))
		return err_set(err, -EINVAL, "the runner native has no guest");
	stop_on_signals();
	l->is_memlock = args->finds_memlock;
	return limits_run(l, status, err);
}

/* The worst of all runners; nothing is covered for having been so in a host
 * that is emulated. */
static enum exit_status status_of_answers(const struct footprints *fs)
{
	enum exit_status status = STATUS_OK;
	const struct footprint *f;

	for (f = fs->rows; f < fs->rows + fs->count; f++) {
		if (f->answer == FOOTPRINT_NOT_COVERED)
			status = STATUS_WORSE;
		else if ((f->answer == FOOTPRINT_UNDECIDED ||
			  f->grade == GRADE_EMULATED) &&
			 status == STATUS_OK)
			status = STATUS_UNDECIDED;
	}
	return status;
}

static int show_footprints(const struct footprint_args *args,
			   const struct run_data *run, enum exit_status *status,
			   struct err *err)
{
	struct footprints fs;
	struct model m;
	int ret = 0;

	model_init(&m, run);
	footprints_init(&fs, &m, args->release);
	if (!fs.count)
		ret = err_set(
			err, -ENOENT,
			"run %lld has no footprint; 'l1vh-bench run --workloads footprint' measures one",
			(long long)run->id);
	else if (args->is_json)
		json_print(footprint_json(&fs));
	else
		footprint_text_write(&fs, args->wants_advice, stdout);
	if (!ret)
		*status = status_of_answers(&fs);
	footprints_release(&fs);
	model_release(&m);
	return ret;
}

static int show_stored(const struct footprint_args *args,
		       enum exit_status *status, struct err *err)
{
	int64_t run_id = (int64_t)args->run_id;
	struct store *store = NULL;
	struct run_data run;
	int ret = store_open_readonly(args->db, &store, err);

	if (!ret && !run_id)
		ret = store_run_latest(store, &run_id, err);
	if (!ret)
		ret = run_data_load(store, run_id, &run, err);
	if (!ret) {
		ret = show_footprints(args, &run, status, err);
		run_data_release(&run);
	}
	store_close(store);
	return ret;
}

static int footprint_run_command(int argc, char **argv)
{
	struct footprint_args args = {
		.db = "results/l1vh.db",
		.release = footprint_default_release(),
		.limits = {.runner = "kvm", .shape = "256M-1cpu"},
	};
	enum exit_status status = STATUS_OK;
	struct err err = {0};
	int ret = parse_arguments(argc, argv, &args, &err);

	if (!ret && (args.proves || args.finds_memlock))
		ret = try_limits(&args, &status, &err);
	else if (!ret)
		ret = show_stored(&args, &status, &err);
	if (ret == -EINVAL || ret == -ENOENT)
		return complain(STATUS_USAGE, "footprint: %s", err.msg);
	if (ret == -ECANCELED)
		return complain(STATUS_UNDECIDED, "footprint: %s", err.msg);
	return ret ? complain(STATUS_INTERNAL, "footprint: %s", err.msg)
		   : (int)status;
}

const struct command cmd_footprint = {
	.name = "footprint",
	.summary = "memory cost of guests, against KubeVirt's formula",
	.usage =
		"usage: l1vh-bench footprint [RUN] [options]\n"
		"       l1vh-bench footprint --prove|--memlock [options]\n"
		"Shows, for a stored run with footprints (the latest by default), the memory cost\n"
		"of the VMM, a vCPU, a GiB, a disk and a card, the memory that KubeVirt grants\n"
		"for it, and whether the grant covers a pod of each shape.\n",
	.options = options,
	.help_column = 19,
	.notes =
		"Exit status: 0 all covered, 1 a pod is not covered or was killed, 2 undecided,\n"
		"or the host is emulated.\n",
	.run = footprint_run_command,
};
