// SPDX-License-Identifier: GPL-3.0-or-later
/* fleet sbatch - a plan on many nodes, as a script for Slurm. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/strbuf.h"
#include "harness/base/units.h"
#include "harness/base/xmalloc.h"
#include "harness/cli/commands.h"
#include "harness/cli/option.h"
#include "harness/cli/run_args.h"
#include "harness/core/envinfo.h"
#include "harness/fleet/engine/sbatch.h"

#define MAX_FILE_BYTES (4 * MIB)

struct sbatch_args {
	struct sbatch sbatch;
	char *node_list; /* owned; of a file */
	char *results;   /* owned; the default */
};

static int read_nodes(const char *path, struct sbatch_args *a, struct err *err)
{
	struct strbuf text = {0};
	const char *fault;
	int ret = file_read_whole(path, MAX_FILE_BYTES, &text);

	if (ret)
		err_sys(err, ret, "cannot read '%s'", path);
	else if ((fault = text_fault(strbuf_str(&text), text.len)))
		ret = err_set(err, -EINVAL, "%s", fault);
	else
		ret = sbatch_nodes_read(
			strbuf_str(&text) +
				text_bom(strbuf_str(&text), text.len),
			&a->node_list, err);
	if (ret == -EINVAL || ret == -ENODATA)
		err_wrap(err, "'%s'", path);
	strbuf_release(&text);
	a->sbatch.nodes = a->node_list;
	return ret;
}

/* As Slurm's own --nodelist has it: what contains a slash is a file. */
static int take_nodes(const struct option_row *o, const char *arg, void *args,
		      struct err *err)
{
	struct sbatch_args *a = args;
	uint64_t count;
	int ret;

	(void)o;
	free(a->node_list);
	a->node_list = NULL;
	a->sbatch.nodes = NULL;
	a->sbatch.node_count = 0;
	if (strchr(arg, '/'))
		return read_nodes(arg, a, err);
	if (!*arg || arg[strspn(arg, "0123456789")]) {
		a->sbatch.nodes = arg;
		return 0;
	}
	ret = units_parse_uint(arg, 1, SBATCH_MAX_NODES, &count, err);
	a->sbatch.node_count = (uint32_t)count;
	return ret;
}

#define TEXT(field) OPTION_TEXT(struct sbatch_args, sbatch.field)

static const struct option_row options[] = {
	{"fleet", "NAME", "of the fleet, and of its jobs", TEXT(fleet)},
	{"nodes", "NODES",
	 "how many (Slurm's idle ones first), or Slurm's list\n"
	 "of them (n[1-3],n7), or a file, with a slash in its\n"
	 "name, of one name or list per line",
	 .take = take_nodes},
	{"runs", "N", "runs on each node, one after the other (1)",
	 OPTION_U32(struct sbatch_args, sbatch.run_count, 1, SBATCH_MAX_RUNS)},
	{"arm", "NAME", "of these nodes: nested, l1vh, metal, or another word",
	 TEXT(arm)},
	{"plan", "NAME", "of the run; a path must be there on each node",
	 TEXT(plan)},
	{"partition", "NAME", "of Slurm (its default)", TEXT(partition)},
	{"constraint", "FEATURES", "that nodes must have, as of sbatch",
	 TEXT(constraint)},
	{"time", "TIME",
	 "limit of one run, 30m, 2h (the partition's); what had\n"
	 "ended by then is stored and delivered",
	 OPTION_DURATION(struct sbatch_args, sbatch.time_ns)},
	{"results", "DIR", "folder that all nodes share (results/NAME)",
	 TEXT(results)},
	{"push", "URL", "deliver to this dashboard", TEXT(push_url)},
	{"token-file", "FILE",
	 "its first line is the token; each node reads it", TEXT(token_file)},
	{"ca-file", "FILE",
	 "trust this certificate instead of the system's, PEM", TEXT(ca_file)},
	{"imds", NULL, "ask Azure what each node is, as 'run --imds'",
	 OPTION_FLAG(struct sbatch_args, sbatch.asks_imds)},
	{0},
};

static int parse_arguments(int argc, char **argv, struct sbatch_args *a,
			   struct err *err)
{
	struct sbatch *s = &a->sbatch;
	int ret = option_parse(argc, argv, options, a, err);

	if (ret)
		return ret;
	if (!s->fleet || (!s->nodes && !s->node_count))
		return err_set(err, -EINVAL, "give --fleet and --nodes");
	s->run_words = (const char *const *)argv + optind;
	s->run_word_count = (size_t)(argc - optind);
	if (!s->results)
		s->results = a->results = xasprintf("results/%s", s->fleet);
	ret = sbatch_check(s, err);
	return ret ? ret
		   : run_args_check("the nodes'", s->plan, s->run_words,
				    s->run_word_count, err);
}

static int fleet_sbatch_run(int argc, char **argv)
{
	struct sbatch_args args = {
		.sbatch = {.run_count = 1, .version = envinfo_revision()}};
	struct err err = {0};
	int ret = parse_arguments(argc, argv, &args, &err);

	if (!ret)
		sbatch_write(&args.sbatch, stdout);
	free(args.node_list);
	free(args.results);
	return ret ? complain(STATUS_USAGE, "fleet sbatch: %s", err.msg)
		   : STATUS_OK;
}

const struct command cmd_fleet_sbatch = {
	.name = "sbatch",
	.summary = "the fleet as array jobs of Slurm, in a script",
	.usage =
		"usage: l1vh-bench fleet sbatch --fleet NAME --nodes NODES [options]\n"
		"       [-- RUN-OPTIONS]\n"
		"Prints a script that submits an array job per node, tells which nodes measured\n"
		"and which did not, and submits again what is missing. What follows -- goes to\n"
		"'run' on the nodes.\n",
	.options = options,
	.help_column = 24,
	.notes = "Exit status: 0 printed, 64 usage or input.\n",
	.run = fleet_sbatch_run,
};
