// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/html/html_fleet.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/strbuf.h"
#include "harness/fleet/fleet_arms.h"
#include "harness/fleet/fleet_report.h"
#include "harness/verdict/claims.h"
#include "reports/html/html_parts.h"
#include "reports/html/html_verdicts.h"
#include "reports/text/lines.h"

#define MOST_ROWS 100

static void write_node_link(const char *name, struct strbuf *out)
{
	strbuf_puts(out, "<a href=\"/nodes/");
	html_percent(out, name);
	html_cell(out, "\">", name, "</a>");
}

static void write_sentence(const struct fleet_report *r, struct strbuf *out)
{
	const struct fleet *f = &r->fleet;
	size_t expected = f->expected_count > f->node_count ? f->expected_count
							    : f->node_count;
	size_t ran = fleet_state_count(f, NODE_RAN);

	if (fleet_grade(f) == GRADE_EMULATED)
		strbuf_puts(
			out,
			"<p class=\"banner\">EMULATED: measured inside the lab; the figures show that it works, not how fast any hypervisor is.</p>\n");
	strbuf_printf(
		out,
		"<p class=\"headline\">%zu of %zu node%s ran, in %zu arm%s",
		ran, expected, line_plural(expected), f->arm_count,
		line_plural(f->arm_count));
	if (r->odd.count)
		strbuf_printf(out, "; %zu of %zu %s odd", r->odd.odd_count,
			      r->odd.count,
			      r->odd.odd_count == 1 ? "is" : "are");
	if (r->judgement.claims) {
		html_cell(out, "; claims '", r->judgement.claims->name, "': ");
		html_verdict_badge(r->judgement.together, out);
	}
	strbuf_puts(out, "</p>\n");
	if (f->earlier_count)
		strbuf_printf(
			out,
			"<p class=\"note\">Of the latest runs; %zu earlier ones are left out.</p>\n",
			f->earlier_count);
}

static void write_fact(const struct fleet_arm *arm, const char *key,
		       struct strbuf *out)
{
	const char *text = json_string_value(json_object_get(arm->facts, key));

	html_cell(out, "<td>", text ? text : "", "</td>");
}

static void write_arms(const struct fleet *f, struct strbuf *out)
{
	size_t i;

	strbuf_puts(out, "<h2 id=\"arms\">Arms</h2>\n");
	html_table_begin(out, "arms", "");
	strbuf_puts(
		out,
		"<thead><tr><th>arm</th><th class=\"n\">nodes</th><th class=\"n\">ran</th><th>grade</th>"
		"<th>size</th><th>CPU</th><th>kernel</th><th>hypervisor</th><th>partition</th></tr></thead><tbody>\n");
	for (i = 0; i < f->arm_count; i++) {
		const struct fleet_arm *arm = &f->arms[i];
		enum grade grade = fleet_arm_grade(f, i);

		html_cell(out, "<tr><th>", arm->name, "</th>");
		strbuf_printf(
			out,
			"<td class=\"n\">%zu</td><td class=\"n\">%zu</td><td>",
			arm->node_count, arm->ran_count);
		if (grade != GRADE_COUNT)
			html_grade(out, grade);
		strbuf_puts(out, "</td>");
		write_fact(arm, "node.instance_type", out);
		write_fact(arm, "cpu.model_name", out);
		write_fact(arm, "kernel.release", out);
		write_fact(arm, "hypervisor", out);
		write_fact(arm, "hyperv.partition", out);
		strbuf_puts(out, "</tr>\n");
	}
	html_table_end(out);
}

static void write_difference(const struct difference *d, struct strbuf *out)
{
	html_cell(out, "<tr><td>", difference_class_name(d->class), "</td>");
	html_cell(out, "<td>", d->key, "</td><td class=\"w\">");
	html_cut(out, d->short_a, 100);
	strbuf_puts(out, "</td><td class=\"w\">");
	html_cut(out, d->short_b, 100);
	strbuf_puts(out, "</td></tr>\n");
}

static void write_pair(const struct fleet *f, size_t a, size_t b,
		       struct strbuf *out)
{
	struct differences d;
	size_t i;

	fleet_arms_compare(f, a, b, &d);
	html_cell(out, "<details><summary>", f->arms[a].name, " and ");
	html_cell(out, "", f->arms[b].name, " differ in ");
	strbuf_printf(
		out,
		"%zu points that forbid a verdict, and in %zu that readers must know</summary>\n",
		d.counts[DIFFERENCE_FATAL], d.counts[DIFFERENCE_MARKED]);
	html_table_begin(out, "differences", "");
	html_cell(out, "<thead><tr><th>class</th><th>key</th><th>",
		  f->arms[a].name, "</th>");
	html_cell(out, "<th>", f->arms[b].name, "</th></tr></thead><tbody>\n");
	for (i = 0; i < d.count && i < MOST_ROWS; i++)
		if (d.rows[i].class != DIFFERENCE_HARMLESS)
			write_difference(&d.rows[i], out);
	html_table_end(out);
	strbuf_puts(out, "</details>\n");
	differences_release(&d);
}

static void write_side(const struct fleet *f, const struct fleet_side *s,
		       struct strbuf *out)
{
	if (s->arm < 0)
		return;
	html_cell(out, "", f->arms[s->arm].name, "");
	strbuf_printf(out, ": %zu node%s, %zu run%s<br>", s->node_count,
		      line_plural(s->node_count), s->run_count,
		      line_plural(s->run_count));
}

static void write_number(const char *format, double value, struct strbuf *out)
{
	strbuf_puts(out, "<td class=\"n\">");
	if (isnan(value))
		strbuf_puts(out, "&#8211;");
	else
		strbuf_printf(out, format, value);
	strbuf_puts(out, "</td>");
}

static void write_basis(const struct fleet *f, const struct fleet_verdict *v,
			struct strbuf *out)
{
	strbuf_puts(out, "<td>");
	write_side(f, &v->candidate, out);
	if (!v->is_within)
		write_side(f, &v->baseline, out);
	if (v->candidate.arm >= 0 && v->baseline.arm >= 0)
		strbuf_puts(out, v->is_within    ? "ratio on each node"
				 : v->is_bridged ? "each to native of its node"
						 : "not bridged");
	html_cell(out, "</td><td>", v->reason, "</td></tr>\n");
}

static void write_verdict(const struct fleet *f, const struct fleet_verdict *v,
			  struct strbuf *out)
{
	html_cell(out, "<tr><td>", v->claim->text, "</td><td>");
	html_verdict_badge(v->verdict, out);
	strbuf_puts(out, "</td>");
	write_number("%.3f", v->ratio.ratio, out);
	strbuf_puts(out, "<td class=\"n\">");
	if (!isnan(v->ratio.low))
		strbuf_printf(out, "%.3f to %.3f", v->ratio.low, v->ratio.high);
	strbuf_printf(out, "</td><td>%s %.1f %%</td>",
		      margin_kind_words(v->claim->kind),
		      100 * v->claim->margin);
	write_number("%.0f", v->nodes_needed, out);
	write_basis(f, v, out);
}

static void write_claims(const struct fleet_report *r, struct strbuf *out)
{
	const struct fleet_judgement *j = &r->judgement;
	size_t i;

	strbuf_puts(out, "<h2 id=\"claims\">Claims over nodes</h2>\n");
	if (!j->claims) {
		strbuf_puts(
			out,
			"<p>The runs have registered no claims, or not the same ones. "
			"<code>l1vh-bench fleet report --claims l1vh-vs-nested</code> judges others.</p>\n");
		return;
	}
	strbuf_printf(
		out,
		"<p class=\"note\">%s A node counts once; intervals of 95 %%.</p>\n",
		j->is_registered
			? "Registered with every run."
			: "EXPLORATORY: not registered with every run.");
	html_table_begin(out, "claims", "");
	strbuf_puts(
		out,
		"<thead><tr><th>claim</th><th>verdict</th><th class=\"n\">ratio</th><th class=\"n\">interval</th><th>claimed</th>"
		"<th class=\"n\">nodes needed</th><th>by</th><th>reason</th></tr></thead><tbody>\n");
	for (i = 0; i < j->count; i++)
		write_verdict(&r->fleet, &j->v[i], out);
	html_table_end(out);
}

static void write_odd_row(const struct fleet_report *r,
			  const struct fleet_odd_node *n, struct strbuf *out)
{
	const struct fleet_node *node = &r->fleet.nodes[n->node];
	const struct fleet_series *s = &r->fleet.series[n->series];
	char name[80];

	strbuf_puts(out, "<tr><td>");
	write_node_link(node->name, out);
	html_cell(out, "</td><td>", r->fleet.arms[node->arm].name, "</td>");
	html_cell(out, "<td>", s->runner, "</td>");
	html_cell(out, "<td>", fleet_series_name(s, name, sizeof(name)),
		  n->is_ratio ? ", to native</td>" : "</td>");
	write_number("%.3f", n->ratio, out);
	write_number("%.2g", n->adjusted, out);
	strbuf_puts(out, "</tr>\n");
}

static void write_odd(const struct fleet_report *r, struct strbuf *out)
{
	size_t i;

	strbuf_puts(out, "<h2 id=\"odd\">Odd nodes</h2>\n");
	if (r->odd.reason[0])
		html_cell(out, "<p>", r->odd.reason, "</p>\n");
	if (!r->odd.odd_count) {
		if (r->odd.count)
			strbuf_puts(out, "<p>None.</p>\n");
		return;
	}
	strbuf_puts(
		out,
		"<p class=\"note\">Nodes that differ from the others of their arm; of such, 5 % may be so by chance.</p>\n");
	html_table_begin(out, "odd nodes", "");
	strbuf_puts(
		out,
		"<thead><tr><th>node</th><th>arm</th><th>runner</th><th>series that is farthest</th>"
		"<th class=\"n\">of the arm's median</th><th class=\"n\">p</th></tr></thead><tbody>\n");
	for (i = 0; i < r->odd.odd_count && i < MOST_ROWS; i++)
		write_odd_row(r, &r->odd.nodes[i], out);
	html_table_end(out);
	if (r->odd.odd_count > MOST_ROWS)
		strbuf_printf(out, "<p>and %zu more</p>\n",
			      r->odd.odd_count - MOST_ROWS);
}

void html_fleet_write(const struct fleet_report *r, struct strbuf *out)
{
	const struct fleet *f = &r->fleet;
	size_t a, b;

	write_sentence(r, out);
	write_arms(f, out);
	for (a = 0; a < f->arm_count; a++)
		for (b = a + 1; b < f->arm_count; b++)
			if (f->arms[a].facts && f->arms[b].facts)
				write_pair(f, a, b, out);
	write_claims(r, out);
	write_odd(r, out);
}

/* Those to look at first, then by name. */
static bool is_troubled(const struct fleet_report *r, size_t node)
{
	const struct fleet_odd_node *o = fleet_odd_of(&r->odd, (uint32_t)node);
	const struct fleet_node *n = &r->fleet.nodes[node];

	return n->state != NODE_RAN || n->note[0] || (o && o->is_odd);
}

static bool matches(const struct fleet *f, const struct fleet_node *n,
		    const char *search)
{
	return !search || strstr(n->name, search) ||
	       strstr(f->arms[n->arm].name, search) ||
	       strstr(node_state_name(n->state), search);
}

static void write_node(const struct fleet_report *r, size_t number,
		       struct strbuf *out)
{
	const struct fleet_node *n = &r->fleet.nodes[number];
	const struct fleet_odd_node *o =
		fleet_odd_of(&r->odd, (uint32_t)number);

	strbuf_puts(out, "<tr><td>");
	write_node_link(n->name, out);
	html_cell(out, "</td><td>", r->fleet.arms[n->arm].name, "</td>");
	html_cell(out, "<td>", node_state_name(n->state), "</td>");
	strbuf_printf(out, "<td class=\"n\">%zu</td><td>%s</td>",
		      n->counted_count,
		      o ? o->is_odd ? "odd" : "" : "not judged");
	html_cell(out, "<td>", n->reason,
		  n->reason[0] && n->note[0] ? "; " : "");
	html_cell(out, "", n->note, "</td></tr>\n");
}

size_t html_fleet_nodes(const struct fleet_report *r,
			const struct html_fleet_rows *rows, struct strbuf *out)
{
	const struct fleet *f = &r->fleet;
	size_t i, found = 0;
	int troubled;

	html_table_begin(out, "nodes", " id=\"nodes\"");
	strbuf_puts(
		out,
		"<thead><tr><th>node</th><th>arm</th><th>state</th><th class=\"n\">runs that count</th><th>odd</th>"
		"<th>note</th></tr></thead><tbody>\n");
	for (troubled = 1; troubled >= 0; troubled--)
		for (i = 0; i < f->node_count; i++) {
			if (is_troubled(r, i) != troubled ||
			    !matches(f, &f->nodes[i], rows->search))
				continue;
			if (found >= rows->skip_count &&
			    found < rows->skip_count + rows->max_count)
				write_node(r, i, out);
			found++;
		}
	html_table_end(out);
	return found > rows->skip_count + rows->max_count
		       ? found - rows->skip_count - rows->max_count
		       : 0;
}
