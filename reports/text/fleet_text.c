// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/text/fleet_text.h"

#include <math.h>

#include "harness/base/base.h"
#include "harness/findings/model.h"
#include "harness/fleet/fleet_arms.h"
#include "harness/fleet/fleet_report.h"
#include "harness/verdict/claims.h"
#include "reports/text/lines.h"
#include "reports/text/paint.h"

#define NAME_COLUMNS 24
#define TEXT_COLUMNS 200
/* More lines of a kind belong into JSON or onto the dashboard. */
#define MOST_LINES 30

static void write_head(const struct fleet *f, FILE *out)
{
	size_t expected = f->expected_count;
	size_t ran = fleet_state_count(f, NODE_RAN);

	if (fleet_grade(f) == GRADE_EMULATED)
		paint_warning(MODEL_EMULATED "\n", out);
	fputs("Fleet ", out);
	line_print(f->name, 0, LINES_COLUMNS, out);
	fprintf(out, ": %zu node%s in %zu arm%s, %zu run%s.\n", f->node_count,
		line_plural(f->node_count), f->arm_count,
		line_plural(f->arm_count), f->run_count,
		line_plural(f->run_count));
	fprintf(out, "%zu ran, %zu unfinished, %zu unlike, %zu missing", ran,
		fleet_state_count(f, NODE_UNFINISHED),
		fleet_state_count(f, NODE_UNLIKE),
		fleet_state_count(f, NODE_MISSING));
	if (!expected)
		fputs("; how many should have run is not known (--nodes)", out);
	else if (f->node_count < expected)
		fprintf(out, "; %zu of %zu nodes are not known by name",
			expected - f->node_count, expected);
	fputs(".\n", out);
	if (f->earlier_count)
		fprintf(out, "%zu earlier run%s left out (--days).\n",
			f->earlier_count,
			f->earlier_count == 1 ? " is" : "s are");
	fputs("\n", out);
}

static void write_fact(const struct fleet_arm *arm, const char *key,
		       size_t least, size_t most, FILE *out)
{
	const char *text = json_string_value(json_object_get(arm->facts, key));

	fputc(' ', out);
	line_print(text ? text : "-", least, most, out);
}

static void write_arms(const struct fleet *f, FILE *out)
{
	size_t i;

	fprintf(out, "%-*s %6s %6s %-9s %-20s %-14s %s\n", NAME_COLUMNS, "arm",
		"nodes", "ran", "grade", "size", "hypervisor", "kernel");
	for (i = 0; i < f->arm_count; i++) {
		const struct fleet_arm *arm = &f->arms[i];
		enum grade grade = fleet_arm_grade(f, i);

		line_print(arm->name, NAME_COLUMNS, NAME_COLUMNS, out);
		fprintf(out, " %6zu %6zu %-9s", arm->node_count, arm->ran_count,
			grade == GRADE_COUNT ? "-" : grade_name(grade));
		write_fact(arm, "node.instance_type", 20, 20, out);
		write_fact(arm, "hypervisor", 14, 14, out);
		write_fact(arm, "kernel.release", 0, 30, out);
		fputc('\n', out);
	}
}

static void write_pair(const struct fleet *f, size_t a, size_t b, FILE *out)
{
	struct differences d;
	size_t i;

	fleet_arms_compare(f, a, b, &d);
	fputs("\nArms ", out);
	line_print(f->arms[a].name, 0, NAME_COLUMNS, out);
	fputs(" and ", out);
	line_print(f->arms[b].name, 0, NAME_COLUMNS, out);
	fprintf(out, " differ in %zu fatal and %zu marked point%s%s\n",
		d.counts[DIFFERENCE_FATAL], d.counts[DIFFERENCE_MARKED],
		line_plural(d.counts[DIFFERENCE_MARKED]),
		d.counts[DIFFERENCE_FATAL] + d.counts[DIFFERENCE_MARKED] ? ":"
									 : ".");
	for (i = 0; i < d.count && i < MOST_LINES; i++) {
		if (d.rows[i].class == DIFFERENCE_HARMLESS)
			continue;
		fprintf(out, "  %-7s ", difference_class_name(d.rows[i].class));
		line_print(d.rows[i].key, 32, LINES_COLUMNS, out);
		fputc(' ', out);
		line_print(d.rows[i].short_a, 0, 60, out);
		fputs(" | ", out);
		line_print(d.rows[i].short_b, 0, 60, out);
		fputc('\n', out);
	}
	differences_release(&d);
}

static void write_number(const char *format, int columns, double value,
			 FILE *out)
{
	if (isnan(value))
		fprintf(out, " %*s", columns, "-");
	else
		fprintf(out, format, columns, value);
}

static void write_sides(const struct fleet *f, const struct fleet_verdict *v,
			FILE *out)
{
	const struct fleet_side *sides[] = {&v->candidate, &v->baseline};
	size_t i;

	if (v->candidate.arm < 0 || v->baseline.arm < 0)
		return;
	fputs("    ", out);
	for (i = 0; i < (v->is_within ? 1 : ARRAY_SIZE(sides)); i++) {
		fprintf(out, "%s%s: %zu node%s, %zu run%s", i ? "; " : "",
			f->arms[sides[i]->arm].name, sides[i]->node_count,
			line_plural(sides[i]->node_count), sides[i]->run_count,
			line_plural(sides[i]->run_count));
		if (!isnan(sides[i]->sd_node))
			fprintf(out, ", sd %.2g between nodes and %.2g within",
				sides[i]->sd_node, sides[i]->sd_run);
	}
	fputs(v->is_within    ? "; on each node\n"
	      : v->is_bridged ? "; each to native of its node\n"
			      : "; not bridged: nothing native to compare\n",
	      out);
	if (v->left_out_count)
		fprintf(out, "    %zu node%s without native runs left out\n",
			v->left_out_count, line_plural(v->left_out_count));
}

static void write_verdict(const struct fleet *f, const struct fleet_verdict *v,
			  FILE *out)
{
	line_print(v->claim->id, 20, LINES_COLUMNS, out);
	fputc(' ', out);
	paint_verdict(v->verdict, 13, out);
	write_number(" %*.3f", 8, v->ratio.ratio, out);
	if (isnan(v->ratio.low))
		fprintf(out, " %-20s", "");
	else
		fprintf(out, " [%8.3f, %8.3f]", v->ratio.low, v->ratio.high);
	fprintf(out, "  %s %4.1f %%", margin_kind_words(v->claim->kind),
		100 * v->claim->margin);
	write_number(" %*.0f", 7, v->nodes_needed, out);
	write_number(" %*.2g", 8, v->holm_p, out);
	fputc('\n', out);
	write_sides(f, v, out);
	if (!v->reason[0])
		return;
	fputs("    ", out);
	line_print(v->reason, 0, TEXT_COLUMNS, out);
	fputc('\n', out);
}

static void write_claims(const struct fleet_report *r, FILE *out)
{
	const struct fleet_judgement *j = &r->judgement;
	size_t i;

	if (!j->claims)
		return;
	if (j->is_overridden)
		paint_warning(
			"\n*** GRADE OVERRIDDEN FOR TESTING: these verdicts describe no hypervisor ***\n",
			out);
	fputs("\nClaims '", out);
	line_print(j->claims->name, 0, LINES_COLUMNS, out);
	fprintf(out, "' (sha256 %.12s) over nodes. %s\n\n", j->claims->sha256,
		j->is_registered
			? "Registered with every run."
			: "EXPLORATORY: not registered with every run.");
	fprintf(out, "%-20s %-13s %8s %-20s  %-24s %7s %8s\n", "claim",
		"verdict", "ratio", "[two-sided]", "claimed", "needed", "p");
	for (i = 0; i < j->count; i++)
		write_verdict(&r->fleet, &j->v[i], out);
	fprintf(out, "%-20s ", "all of them");
	paint_verdict(j->together, 0, out);
	fputs("\n\nratio: candidate over baseline, by node means on the logarithm; needed: nodes\n"
	      "per arm for a decision if the estimate is true; p: adjusted by Holm.\n",
	      out);
}

static void write_odd(const struct fleet_report *r, FILE *out)
{
	const struct fleet_odd *o = &r->odd;
	char name[80];
	size_t i;

	if (o->count)
		fprintf(out, "\n%zu of %zu node%s %s odd%s\n", o->odd_count,
			o->count, line_plural(o->count),
			o->odd_count == 1 ? "is" : "are",
			o->odd_count ? "; of such, 5 % may be so by chance:"
				     : ".");
	if (o->reason[0]) {
		fputs(o->count ? "" : "\n", out);
		line_print(o->reason, 0, TEXT_COLUMNS, out);
		fputc('\n', out);
	}
	for (i = 0; i < o->odd_count && i < MOST_LINES; i++) {
		const struct fleet_odd_node *n = &o->nodes[i];
		const struct fleet_series *s = &r->fleet.series[n->series];

		fputs("  ", out);
		line_print(r->fleet.nodes[n->node].name, NAME_COLUMNS,
			   LINES_COLUMNS, out);
		fprintf(out, " %s %s: %.3f of its arm's median%s, p %.2g\n",
			s->runner, fleet_series_name(s, name, sizeof(name)),
			n->ratio, n->is_ratio ? " (to native)" : "",
			n->adjusted);
	}
	if (o->odd_count > MOST_LINES)
		fprintf(out, "  and %zu more (--json)\n",
			o->odd_count - MOST_LINES);
}

static bool is_told(const struct fleet_node *n)
{
	return n->state != NODE_RAN || n->note[0];
}

static void write_nodes(const struct fleet *f, FILE *out)
{
	size_t i, told = 0;

	for (i = 0; i < f->node_count; i++) {
		const struct fleet_node *n = &f->nodes[i];

		if (!is_told(n) || told++ >= MOST_LINES)
			continue;
		if (told == 1)
			fputs("\nNodes to look at:\n", out);
		fputs("  ", out);
		line_print(n->name, NAME_COLUMNS, LINES_COLUMNS, out);
		fprintf(out, " %-10s %-12s ", node_state_name(n->state),
			f->arms[n->arm].name);
		line_print(n->reason, 0, TEXT_COLUMNS, out);
		fputs(n->reason[0] && n->note[0] ? "; " : "", out);
		line_print(n->note, 0, TEXT_COLUMNS, out);
		fputc('\n', out);
	}
	if (told > MOST_LINES)
		fprintf(out, "  and %zu more (--json)\n", told - MOST_LINES);
}

static void write_repeated(const struct fleet *f, FILE *out)
{
	size_t i, told = 0;

	for (i = 0; i < f->run_count; i++) {
		const struct fleet_run *r = &f->runs[i];

		if (r->counts || f->nodes[r->node].state != NODE_RAN ||
		    told++ >= MOST_LINES)
			continue;
		if (told == 1)
			fputs("\nRuns that are not counted:\n", out);
		fputs("  ", out);
		line_print(f->nodes[r->node].name, NAME_COLUMNS, LINES_COLUMNS,
			   out);
		fprintf(out, " index %s, %s: %s\n",
			r->index[0] ? r->index : "-", r->uuid, r->why_not);
	}
	if (told > MOST_LINES)
		fprintf(out, "  and %zu more (--json)\n", told - MOST_LINES);
}

void fleet_text_write(const struct fleet_report *r, FILE *out)
{
	const struct fleet *f = &r->fleet;
	size_t a, b;

	write_head(f, out);
	write_arms(f, out);
	for (a = 0; a < f->arm_count; a++)
		for (b = a + 1; b < f->arm_count; b++)
			if (f->arms[a].facts && f->arms[b].facts)
				write_pair(f, a, b, out);
	write_claims(r, out);
	write_odd(r, out);
	write_nodes(f, out);
	write_repeated(f, out);
}
