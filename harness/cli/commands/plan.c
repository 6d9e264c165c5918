// SPDX-License-Identifier: GPL-3.0-or-later
/* `l1vh-bench plan`: how much to measure, by the noise of a stored run, or over
 * nodes by given noise. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/cli/column.h"
#include "harness/cli/commands.h"
#include "harness/cli/option.h"
#include "harness/cli/report_out.h"
#include "harness/stats/cluster_power.h"

/* Where --runs does not say how many. */
static const uint32_t usual_runs[] = {1, 3, 5, 10};

struct plan_args {
	const char *db, *output; /* NULL: the default, stdout */
	uint64_t run_id;         /* 0: the latest */
	bool over_nodes, is_json;
	/* Of --nodes; NaN, NULL or 0: not given. */
	double node_sd, run_sd, margin, true_ratio, confidence, power;
	const char *kind;
	uint32_t run_count;
};

/* --- options --------------------------------------------------------------- */

/* A number with bounds in thousandths; MAX is not part of them. */
#define OPTION_REAL(field_, low, high)                            \
	.take = take_real,                                        \
	.offset = OPTION_FIELD(struct plan_args, field_, double), \
	.unit = 1000, .min = (low), .max = (high)

static int take_real(const struct option_row *o, const char *arg, void *args,
		     struct err *err)
{
	double low = (double)o->min / (double)o->unit;
	double high = (double)o->max / (double)o->unit;
	double *out = option_field(o, args);

	if (!column_number(arg, out) && *out >= low && *out < high)
		return 0;
	return err_set(err, -EINVAL, "--%s '%s': %g or more, below %g", o->name,
		       arg, low, high);
}

static const struct option_row options[] = {
	{"db", "FILE", "results (results/l1vh.db)",
	 OPTION_TEXT(struct plan_args, db)},
	{"output", "FILE", "write there instead of stdout",
	 OPTION_TEXT(struct plan_args, output)},
	{"nodes", NULL,
	 "of power: nodes per arm of a fleet, without a stored run; with:",
	 OPTION_FLAG(struct plan_args, over_nodes)},
	{"sd-node", "SD",
	 "standard deviation of nodes' true log ratios: 0.05\nis about 5 %",
	 OPTION_REAL(node_sd, 0, 10000)},
	{"sd-run", "SD", "of the log ratios of runs on one node",
	 OPTION_REAL(run_sd, 0, 10000)},
	{"runs", "N", "runs per node (1, 3, 5 and 10 are shown)",
	 OPTION_U32(struct plan_args, run_count, 1, 1000000)},
	{"margin", "SHARE", "of the claim (0.05, for 5 %)",
	 OPTION_REAL(margin, 0, 10000)},
	{"kind", "NAME",
	 "of the claim: non-inferior, equivalent or superior\n(non-inferior)",
	 OPTION_TEXT(struct plan_args, kind)},
	{"true-ratio", "R",
	 "assumed, candidate to baseline; above 1 is worse (1)",
	 OPTION_REAL(true_ratio, 1, 1000000)},
	{"confidence", "C", "of the one-sided bound (0.95)",
	 OPTION_REAL(confidence, 500, 1000)},
	{"power", "P", "wanted share of decided cases (0.8)",
	 OPTION_REAL(power, 500, 1000)},
	{"json", NULL, "the same as JSON; null: no number is enough",
	 OPTION_FLAG(struct plan_args, is_json)},
	{0},
};

static const char *const kind_names[] = {
	[MARGIN_NON_INFERIOR] = "non-inferior",
	[MARGIN_EQUIVALENT] = "equivalent",
	[MARGIN_SUPERIOR] = "superior",
};

static int parse_kind(const char *name, enum margin_kind *out, struct err *err)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kind_names); i++)
		if (!strcmp(name, kind_names[i])) {
			*out = (enum margin_kind)i;
			return 0;
		}
	return err_set(
		err, -EINVAL,
		"--kind '%s': expected non-inferior, equivalent or superior",
		name);
}

static double given(double value, double otherwise)
{
	return isnan(value) ? otherwise : value;
}

static int fill_plan(const struct plan_args *args, struct cluster_plan *plan,
		     struct err *err)
{
	const struct cluster_spread spread = {args->node_sd, args->run_sd};
	int ret = parse_kind(args->kind ? args->kind : "non-inferior",
			     &plan->kind, err);

	if (ret)
		return ret;
	if (isnan(args->node_sd) || isnan(args->run_sd))
		return err_set(err, -EINVAL,
			       "--nodes needs --sd-node and --sd-run");
	if (args->margin <= 0 && plan->kind != MARGIN_SUPERIOR)
		return err_set(err, -EINVAL,
			       "--margin 0 is for --kind superior");
	plan->baseline = plan->candidate = spread;
	plan->margin = given(args->margin, 0.05);
	plan->true_log = log(given(args->true_ratio, 1));
	plan->confidence = given(args->confidence, 0.95);
	plan->power = given(args->power, MARGIN_POWER);
	return 0;
}

/* --- nodes ------------------------------------------------------------------ */

static double nodes_for(const struct cluster_plan *plan, uint32_t runs)
{
	struct cluster_plan p = *plan;

	p.runs_per_node = runs;
	return cluster_nodes_needed(&p);
}

/* With so many runs that their noise is gone. */
static double nodes_at_least(const struct cluster_plan *plan)
{
	struct cluster_plan p = *plan;

	p.runs_per_node = 1;
	p.baseline.run_sd = p.candidate.run_sd = 0;
	return cluster_nodes_needed(&p);
}

static void print_row(const struct cluster_plan *plan, uint32_t runs)
{
	double n = nodes_for(plan, runs);

	printf("%13u  %19.4f", runs, cluster_mean_sd(&plan->baseline, runs));
	if (isnan(n))
		printf("  %13s  %12s\n", "never", "");
	else
		printf("  %13.0f  %12.0f\n", n, n * runs);
}

static void print_nodes(const struct cluster_plan *plan, const uint32_t *runs,
			size_t count)
{
	double least = nodes_at_least(plan);
	size_t i;

	printf("Nodes per arm that give %s in %g %% of cases if the true ratio is %g.\n"
	       "Claim: %s %g %%, one-sided confidence %g %%. Standard deviation:\n"
	       "%g between nodes, %g between runs of one node.\n\n"
	       "runs per node  sd of a node's mean  nodes per arm  runs per arm\n",
	       verdict_name(cluster_deserved(plan)), 100 * plan->power,
	       exp(plan->true_log), margin_kind_words(plan->kind),
	       100 * plan->margin, 100 * plan->confidence,
	       plan->baseline.node_sd, plan->baseline.run_sd);
	for (i = 0; i < count; i++)
		print_row(plan, runs[i]);
	if (!isnan(least))
		printf("\nWith any number of runs: at least %.0f nodes per arm.\n",
		       least);
}

static json_t *count_json(double n)
{
	return isnan(n) ? json_null() : json_integer((json_int_t)n);
}

static json_t *row_json(const struct cluster_plan *plan, uint32_t runs)
{
	double n = nodes_for(plan, runs);

	return json_pack("{s:I, s:f, s:o, s:o}", "runs_per_node",
			 (json_int_t)runs, "sd_of_mean",
			 cluster_mean_sd(&plan->baseline, runs),
			 "nodes_per_arm", count_json(n), "runs_per_arm",
			 count_json(n * runs));
}

static void print_nodes_json(const struct cluster_plan *plan,
			     const uint32_t *runs, size_t count)
{
	json_t *rows = json_array(), *out;
	size_t i;

	for (i = 0; i < count; i++)
		json_array_append_new(rows, row_json(plan, runs[i]));
	out = json_pack(
		"{s:f, s:f, s:f, s:s, s:f, s:f, s:f, s:s, s:o, s:o}", "sd_node",
		plan->baseline.node_sd, "sd_run", plan->baseline.run_sd,
		"margin", plan->margin, "kind", kind_names[plan->kind],
		"true_ratio", exp(plan->true_log), "confidence",
		plan->confidence, "power", plan->power, "verdict",
		verdict_name(cluster_deserved(plan)), "least_nodes_per_arm",
		count_json(nodes_at_least(plan)), "rows", rows);
	json_dumpf(out, stdout, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
	putchar('\n');
	json_decref(out);
}

static int plan_nodes(int argc, char **argv, const struct plan_args *args)
{
	const uint32_t *runs = args->run_count ? &args->run_count : usual_runs;
	size_t count = args->run_count ? 1 : ARRAY_SIZE(usual_runs);
	struct cluster_plan plan;
	struct err err = {0};

	if (strcmp(argv[0], "power") || optind < argc || args->db ||
	    args->output)
		return complain(
			STATUS_USAGE,
			"%s: --nodes is for 'plan power' without a stored run: no RUN, --db or --output",
			argv[0]);
	if (fill_plan(args, &plan, &err))
		return complain(STATUS_USAGE, "%s: %s", argv[0], err.msg);
	(args->is_json ? print_nodes_json : print_nodes)(&plan, runs, count);
	return STATUS_OK;
}

/* --- the command ------------------------------------------------------------- */

static bool has_node_options(const struct plan_args *a)
{
	return !isnan(a->node_sd) || !isnan(a->run_sd) || !isnan(a->margin) ||
	       !isnan(a->true_ratio) || !isnan(a->confidence) ||
	       !isnan(a->power) || a->kind || a->run_count || a->is_json;
}

static int plan_run(int argc, char **argv)
{
	struct plan_args args = {.node_sd = NAN,
				 .run_sd = NAN,
				 .margin = NAN,
				 .true_ratio = NAN,
				 .confidence = NAN,
				 .power = NAN};
	struct err err = {0};

	if (argc < 2 ||
	    (strcmp(argv[1], "power") && strcmp(argv[1], "samples")))
		return complain(
			STATUS_USAGE,
			"plan: expected 'plan power' or 'plan samples'");
	argc--;
	argv++;
	if (option_parse(argc, argv, options, &args, &err))
		return complain(STATUS_USAGE, "%s: %s", argv[0], err.msg);
	if (args.over_nodes)
		return plan_nodes(argc, argv, &args);
	if (has_node_options(&args))
		return complain(
			STATUS_USAGE,
			"%s: options of a fleet, such as --margin, need --nodes",
			argv[0]);
	if (report_take_run(argc, argv, &args.run_id, &err))
		return complain(STATUS_USAGE, "%s: %s", argv[0], err.msg);
	return report_stored(argv[0], args.db, args.run_id, argv[0],
			     args.output);
}

const struct command cmd_plan = {
	.name = "plan",
	.summary =
		"the number of blocks per margin, samples per boot, nodes per arm",
	.usage =
		"usage: l1vh-bench plan power|samples [RUN] [options]\n"
		"       l1vh-bench plan power --nodes --sd-node SD --sd-run SD [options]\n"
		"Uses the noise of a stored run, by default the latest. power: the blocks that a\n"
		"run needs to decide whether a guest is within 3, 5 or 10 % of native. samples:\n"
		"the number of samples per boot that is worth its time. power --nodes: the nodes\n"
		"that each arm of a fleet needs to decide a claim.\n",
	.options = options,
	.help_column = 20,
	.notes =
		"\n"
		"JSON: sd_node, sd_run, margin, kind, true_ratio, confidence, power; verdict, which\n"
		"the true ratio deserves; least_nodes_per_arm, with any number of runs; rows\n"
		"{runs_per_node, sd_of_mean, nodes_per_arm, runs_per_arm}.\n"
		"\n"
		"Exit status: 0 printed, 64 usage, 70 internal.\n",
	.run = plan_run,
};
