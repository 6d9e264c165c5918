// SPDX-License-Identifier: GPL-3.0-or-later
/* `l1vh-bench stats`: what two columns of numbers say. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/err.h"
#include "harness/cli/column.h"
#include "harness/cli/commands.h"
#include "harness/cli/option.h"
#include "harness/stats/compare.h"
#include "reports/text/paint.h"

/* --- JSON ------------------------------------------------------------------ */

static json_t *real(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

static json_t *arm_json(const struct compare_arm *a)
{
	return json_pack("{s:I, s:o, s:o, s:o, s:o, s:o}", "n",
			 (json_int_t)a->n, "mean", real(a->mean), "sd",
			 real(a->sd), "median", real(a->median), "median_low",
			 real(a->median_low), "median_high",
			 real(a->median_high));
}

static json_t *ratio_json(const struct ratio *r)
{
	return json_pack("{s:o, s:o, s:o, s:o}", "ratio", real(r->ratio), "low",
			 real(r->low), "high", real(r->high), "df",
			 real(r->log.df));
}

static json_t *ranks_json(const struct rank_test *t, const char *statistic)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:b}", statistic,
			 real(t->statistic), "p", real(t->p), "p_less",
			 real(t->p_less), "p_greater", real(t->p_greater),
			 "smallest_p", real(t->smallest_p), "exact",
			 t->is_exact);
}

static json_t *verdict_json(const struct comparison *c,
			    const struct compare_options *o)
{
	const struct margin_test *m = &c->margin;
	json_t *out = json_pack(
		"{s:s, s:s, s:f, s:o, s:o, s:o, s:o}", "verdict",
		verdict_name(m->verdict), "kind",
		o->kind == MARGIN_EQUIVALENT ? "equivalent" : "non-inferior",
		"margin", o->margin, "p", real(m->p), "smallest_margin",
		real(m->smallest), "detectable", real(m->detectable),
		"n_needed", real(m->n_needed));

	if (o->kind == MARGIN_EQUIVALENT)
		json_object_set_new(out, "p_below", real(m->p_below));
	if (c->reason)
		json_object_set_new(out, "reason", json_string(c->reason));
	return out;
}

static void print_json(const struct comparison *c,
		       const struct compare_options *o)
{
	json_t *out = json_pack(
		"{s:o, s:o, s:b, s:s, s:f, s:o, s:o, s:o}", "baseline",
		arm_json(&c->a), "candidate", arm_json(&c->b), "paired",
		o->is_paired, "better",
		o->higher_is_better ? "higher" : "lower", "confidence",
		o->confidence, "log_ratio", ratio_json(&c->log), "shift",
		json_pack("{s:o, s:o, s:o}", "shift", real(c->shift.shift),
			  "low", real(c->shift.low), "high",
			  real(c->shift.high)),
		"t_test",
		json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "difference",
			  real(c->t.difference), "t", real(c->t.t), "df",
			  real(c->t.df), "p", real(c->t.p), "low",
			  real(c->t.low), "high", real(c->t.high)));

	if (o->is_paired) {
		json_object_set_new(out, "signed_rank",
				    ranks_json(&c->ranks, "v"));
	} else {
		json_object_set_new(out, "mann_whitney",
				    ranks_json(&c->ranks, "u"));
		json_object_set_new(out, "ratio_of_means",
				    ratio_json(&c->means));
	}
	if (o->margin > 0)
		json_object_set_new(out, "verdict", verdict_json(c, o));
	json_dumpf(out, stdout, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
	putchar('\n');
	json_decref(out);
}

/* --- text ------------------------------------------------------------------ */

/* "VALUE [LOW, HIGH]", or what is missing. */
static void print_range(const char *what, double value, double low, double high)
{
	printf("%-22s", what);
	if (isnan(value))
		puts("none");
	else if (isnan(low))
		printf("%.6g  (no interval)\n", value);
	else
		printf("%.6g  [%.6g, %.6g]\n", value, low, high);
}

static void print_arm(const char *name, const struct compare_arm *a)
{
	printf("%-22sn %zu, mean %.6g, sd %.6g\n", name, a->n, a->mean, a->sd);
	print_range("  median", a->median, a->median_low, a->median_high);
}

static void print_ranks(const struct comparison *c,
			const struct compare_options *o)
{
	const struct rank_test *t = &c->ranks;

	printf("%-22s", o->is_paired ? "signed ranks" : "Mann-Whitney");
	if (isnan(t->p)) {
		puts("none: nothing differs");
		return;
	}
	printf("%s %.6g, ", o->is_paired ? "V" : "U", t->statistic);
	if (t->smallest_p > 1 - o->confidence)
		printf("skipped: so few values cannot give a p below %.3g\n",
		       t->smallest_p);
	else
		printf("p %.6g (%s)\n", t->p, t->is_exact ? "exact" : "normal");
}

static void print_verdict(const struct comparison *c,
			  const struct compare_options *o)
{
	const struct margin_test *m = &c->margin;

	printf("%-22s", "verdict");
	paint_verdict(m->verdict, 0, stdout);
	printf(" for %s within %g %%",
	       o->kind == MARGIN_EQUIVALENT ? "equivalence" : "non-inferiority",
	       100 * o->margin);
	if (c->reason) {
		printf(": %s\n", c->reason);
		return;
	}
	printf(", p %.6g\n", margin_p(m));
	printf("  smallest margin that would pass %.3g %%; a slow-down of %.3g %% would be detected in %g %% of cases\n",
	       100 * m->smallest, 100 * m->detectable, 100 * MARGIN_POWER);
	if (m->verdict != VERDICT_UNDECIDED)
		return;
	if (isnan(m->n_needed))
		puts("  no number of values gives a decision: the estimate is the margin");
	else
		printf("  %.0f %s needed for a decision if the estimate is true\n",
		       m->n_needed, o->is_paired ? "pairs" : "values per arm");
}

static void print_text(const struct comparison *c,
		       const struct compare_options *o)
{
	print_arm("A, the baseline", &c->a);
	print_arm("B, the candidate", &c->b);
	printf("(intervals of %g %%; %s is better)\n", 100 * o->confidence,
	       o->higher_is_better ? "higher" : "lower");
	if (!o->is_paired)
		print_range("B/A, of means", c->means.ratio, c->means.low,
			    c->means.high);
	print_range(o->is_paired ? "B/A, paired logs" : "B/A, Welch on logs",
		    c->log.ratio, c->log.low, c->log.high);
	print_range("B - A, shift", c->shift.shift, c->shift.low,
		    c->shift.high);
	print_ranks(c, o);
	printf("%-22s",
	       o->is_paired ? "paired t of A - B" : "Welch's t of A - B");
	if (isnan(c->t.t))
		puts("none: too few values, or no noise");
	else
		printf("t %.6g, df %.6g, p %.6g\n", c->t.t, c->t.df, c->t.p);
	if (o->margin > 0)
		print_verdict(c, o);
}

/* --- the command ------------------------------------------------------------ */

struct stats_args {
	struct compare_options compare;
	bool is_json;
};

static int take_margin(const struct option_row *o, const char *arg, void *args,
		       struct err *err)
{
	struct compare_options *c = &((struct stats_args *)args)->compare;

	(void)o;
	if (!column_number(arg, &c->margin) && c->margin > 0 && c->margin < 10)
		return 0;
	return err_set(err, -EINVAL,
		       "--margin '%s': a share above 0, 0.05 for 5 %%", arg);
}

static int take_confidence(const struct option_row *o, const char *arg,
			   void *args, struct err *err)
{
	struct compare_options *c = &((struct stats_args *)args)->compare;

	(void)o;
	if (!column_number(arg, &c->confidence) && c->confidence >= .5 &&
	    c->confidence < 1)
		return 0;
	return err_set(err, -EINVAL, "--confidence '%s': 0.5 or more, below 1",
		       arg);
}

static int take_lower(const struct option_row *o, const char *arg, void *args,
		      struct err *err)
{
	(void)o;
	(void)arg;
	(void)err;
	((struct stats_args *)args)->compare.higher_is_better = false;
	return 0;
}

static int take_equivalent(const struct option_row *o, const char *arg,
			   void *args, struct err *err)
{
	(void)o;
	(void)arg;
	(void)err;
	((struct stats_args *)args)->compare.kind = MARGIN_EQUIVALENT;
	return 0;
}

static const struct option_row options[] = {
	{"paired", NULL, "line i of A and line i of B belong together",
	 OPTION_FLAG(struct stats_args, compare.is_paired)},
	{"margin", "SHARE",
	 "give a verdict: is B worse by more than this? 0.05 for 5 %",
	 .take = take_margin},
	{"equivalent", NULL, "also judge whether B is better by more",
	 .take = take_equivalent},
	{"lower-is-better", NULL, "as times (the default)", .take = take_lower},
	{"higher-is-better", NULL, "as rates",
	 OPTION_FLAG(struct stats_args, compare.higher_is_better)},
	{"confidence", "C", "of intervals; of the verdict, one-sided (0.95)",
	 .take = take_confidence},
	{"json", NULL, "the same as JSON; null: cannot be said",
	 OPTION_FLAG(struct stats_args, is_json)},
	{0},
};

static int compare_files(char **paths, const struct compare_options *o,
			 bool wants_json)
{
	struct column a = {NULL, 0}, b = {NULL, 0};
	struct comparison c;
	struct err err = {0};
	int status = STATUS_USAGE;

	if (!strcmp(paths[0], "-") && !strcmp(paths[1], "-")) {
		complain(STATUS_USAGE,
			 "stats: only one column can be the standard input, -");
	} else if (column_read(paths[0], &a, &err) ||
		   column_read(paths[1], &b, &err)) {
		complain(STATUS_USAGE, "stats: %s", err.msg);
	} else if (o->is_paired && a.count != b.count) {
		complain(
			STATUS_USAGE,
			"stats: --paired needs as many values in both: %zu and %zu",
			a.count, b.count);
	} else {
		c = compare(a.values, a.count, b.values, b.count, o);
		if (wants_json)
			print_json(&c, o);
		else
			print_text(&c, o);
		status = o->margin > 0 ? status_of_verdict(c.margin.verdict)
				       : STATUS_OK;
	}
	free(a.values);
	free(b.values);
	return status;
}

static int stats_run(int argc, char **argv)
{
	struct stats_args args = {.compare = {.confidence = .95}};
	struct err err = {0};

	if (option_parse(argc, argv, options, &args, &err))
		return complain(STATUS_USAGE, "stats: %s", err.msg);
	if (args.compare.kind == MARGIN_EQUIVALENT &&
	    !(args.compare.margin > 0))
		return complain(STATUS_USAGE,
				"stats: --equivalent needs --margin");
	if (argc - optind != 2)
		return complain(STATUS_USAGE,
				"stats: two files of numbers are needed");
	return compare_files(argv + optind, &args.compare, args.is_json);
}

const struct command cmd_stats = {
	.name = "stats",
	.summary = "compare two columns of numbers, from anywhere",
	.usage =
		"usage: l1vh-bench stats A B [options]\n"
		"\n"
		"A, the baseline, and B, the candidate, are files of one number per line ('-':\n"
		"standard input; empty lines and those with # are skipped). A number should be\n"
		"one boot or process, not a sample within it (docs/statistics.md).\n"
		"\n",
	.options = options,
	.help_column = 23,
	.notes =
		"\n"
		"JSON: baseline and candidate {n, mean, sd, median, median_low, median_high};\n"
		"log_ratio {ratio, low, high, df} by paired logs or Welch on logs;\n"
		"ratio_of_means, the same by Fieller; shift {shift, low, high} by Hodges and\n"
		"Lehmann, B - A; mann_whitney {u, ...} or signed_rank {v, p, p_less,\n"
		"p_greater, smallest_p, exact}; t_test {difference, t, df, p, low, high};\n"
		"verdict {verdict, kind, margin, p, p_below, smallest_margin, detectable,\n"
		"n_needed, reason}. t, U and V are of A against B, as R has them.\n"
		"\n"
		"Exit status: 0 PASS or no margin, 1 FAIL, 2 UNDECIDED or NOT EVALUABLE,\n"
		"64 usage or bad input.\n",
	.run = stats_run,
};
