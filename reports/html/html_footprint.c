// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/html/html_footprint.h"

#include <math.h>
#include <stdio.h>

#include "harness/base/strbuf.h"
#include "harness/base/units.h"
#include "harness/findings/footprint.h"
#include "harness/kubevirt/overhead.h"
#include "reports/html/html_parts.h"

static void write_bytes(double bytes, struct strbuf *out)
{
	char text[32];

	if (isnan(bytes))
		strbuf_puts(out, "-");
	else
		strbuf_puts(out,
			    units_format(bytes, "bytes", text, sizeof(text)));
}

static void write_value(double bytes, struct strbuf *out)
{
	strbuf_puts(out, "<td class=\"n\">");
	write_bytes(bytes, out);
	strbuf_puts(out, "</td>");
}

/* On hover it says what it rests on. */
static void write_interval(const struct footprint *f,
			   struct footprint_interval i, struct strbuf *out)
{
	size_t boots = i.boot_count ? i.boot_count : f->boot_count;

	strbuf_printf(out, "<td class=\"n\" title=\"%zu boot%s, %s\">", boots,
		      boots == 1 ? "" : "s", grade_name(f->grade));
	write_bytes(i.mean, out);
	if (!isnan(i.low)) {
		strbuf_puts(out, "<br>[");
		write_bytes(i.low, out);
		strbuf_puts(out, ", ");
		write_bytes(i.high, out);
		strbuf_puts(out, "]");
	} else if (!isnan(i.mean)) {
		strbuf_printf(out, "<br>%zu boot%s", i.boot_count,
			      i.boot_count == 1 ? "" : "s");
	}
	strbuf_puts(out, "</td>");
}

static void write_costs(const struct footprint *f, struct strbuf *out)
{
	int c, t;

	html_table_begin(out, "costs", " class=\"io\"");
	strbuf_puts(
		out,
		"<thead><tr><th>a guest costs</th>"
		"<th class=\"n\" title=\"charged to its cgroup and not reclaimable\">charged</th>"
		"<th class=\"n\">PSS</th><th class=\"n\">RSS</th>"
		"<th class=\"n\" title=\"free memory that the whole host loses\">system-wide</th>"
		"<th class=\"n\">KubeVirt grants</th></tr></thead><tbody>\n");
	for (t = 0; t < FOOTPRINT_TERM_COUNT; t++) {
		if (!f->has_term[t])
			continue;
		html_cell(out, "<tr><td>", footprint_term_names[t], "</td>");
		for (c = 0; c < FOOTPRINT_COST_COUNT; c++) {
			struct footprint_interval i = {NAN, NAN, NAN, 0};

			footprint_term_cost(f, (enum footprint_cost)c,
					    (enum footprint_term)t, &i);
			write_interval(f, i, out);
		}
		write_value(f->granted[t], out);
		strbuf_puts(out, "</tr>\n");
	}
	html_table_end(out);
}

static void write_margins(const struct footprint *f, struct strbuf *out)
{
	size_t i;

	html_table_begin(out, "margins", " class=\"io\"");
	strbuf_puts(
		out,
		"<thead><tr><th>shape</th><th class=\"n\">boots</th><th class=\"n\">granted</th>"
		"<th class=\"n\">granted less charged</th><th>a pod of it is</th></tr></thead><tbody>\n");
	for (i = 0; i < f->margin_count; i++) {
		const struct footprint_margin *m = &f->margins[i];

		html_cell(out, "<tr><td>", m->name, "</td>");
		strbuf_printf(out, "<td class=\"n\">%zu</td>", m->boot_count);
		write_value(m->granted_bytes, out);
		write_interval(f, footprint_margin_shown(m), out);
		html_cell(out, "<td>", footprint_answer_text(m->answer),
			  "</td></tr>\n");
	}
	html_table_end(out);
}

static void write_roles(const struct footprint *f, struct strbuf *out)
{
	size_t i;

	html_table_begin(out, "processes", " class=\"io\"");
	strbuf_puts(
		out,
		"<thead><tr><th>process, guest RAM included</th><th>shape</th><th class=\"n\">RSS</th>"
		"<th class=\"n\">PSS</th><th class=\"n\">KubeVirt's constant</th><th>by RSS</th></tr></thead><tbody>\n");
	for (i = 0; i < f->role_count; i++) {
		const struct footprint_role *r = &f->roles[i];

		html_cell(out, "<tr><td>", r->name, "</td>");
		html_cell(out, "<td>", f->role_shapes[i], "</td>");
		write_value(r->rss_bytes, out);
		write_value(r->pss_bytes, out);
		write_value(r->constant_bytes, out);
		strbuf_printf(out, "<td>%s</td></tr>\n",
			      r->rss_bytes < r->constant_bytes ? "within"
							       : "beyond");
	}
	html_table_end(out);
}

static void write_left(const struct footprint *f, enum footprint_left which,
		       struct strbuf *out)
{
	struct footprint_interval left = footprint_left_shown(f, which);

	if (isnan(left.mean))
		return;
	html_cell(out, "<tr><td>", footprint_left_name(which), "</td>");
	write_interval(f, left, out);
	strbuf_printf(out, "<td>%s</td></tr>\n",
		      footprint_leaks(f, which) ? "<b>a leak</b>" : "");
}

static void write_rest(const struct footprint *f, struct strbuf *out)
{
	html_table_begin(out, "not returned", " class=\"io\"");
	strbuf_puts(
		out,
		"<thead><tr><th>not returned after the guest ended</th><th class=\"n\">memory</th><th>finding</th></tr></thead><tbody>\n");
	write_left(f, FOOTPRINT_LEFT_SYSTEM, out);
	write_left(f, FOOTPRINT_LEFT_CHARGED, out);
	html_table_end(out);
	if (f->advice.is_known)
		strbuf_printf(
			out,
			"<p>To cover 99.9 %% of such guests with 95 %% confidence: QemuOverhead = %lldMi,"
			" or additionalGuestMemoryOverheadRatio: \"%.2f\".</p>\n",
			(long long)f->advice.qemu_mib, f->advice.ratio);
}

static void write_runner(const struct footprint *f, struct strbuf *out)
{
	html_cell(out, "<h3>", f->runner, ": ");
	html_cell(out, "", footprint_answer_text(f->answer), " ");
	html_grade(out, f->grade);
	strbuf_puts(out, "</h3>\n");
	if (*footprint_caveat(f))
		html_cell(out, "<p class=\"note\">", footprint_caveat(f),
			  "</p>\n");
	write_costs(f, out);
	write_margins(f, out);
	write_roles(f, out);
	write_rest(f, out);
}

void html_footprint_write(const struct footprints *fs, struct strbuf *out)
{
	size_t i;

	if (!fs->count)
		return;
	html_cell(
		out,
		"<p class=\"note\">Host memory that a guest costs beside its RAM, after it has touched all of that RAM; "
		"least squares over shapes, 95 % intervals. The grants are the constants of KubeVirt ",
		kubevirt_release_name(fs->release),
		"'s formula for the measured processes: this report excludes virt-launcher, "
		"and includes virtlogd and virtqemud only under libvirt.</p>\n");
	for (i = 0; i < fs->count; i++)
		write_runner(&fs->rows[i], out);
}
