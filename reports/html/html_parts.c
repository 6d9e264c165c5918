// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/html/html_parts.h"

#include <math.h>
#include <stdbool.h>

#include "harness/base/portable.h"
#include "harness/base/strbuf.h"
#include "harness/base/units.h"
#include "harness/findings/model.h"
#include "harness/findings/refusals.h"

void html_escape(struct strbuf *out, const char *text)
{
	portable_text(out, text, escape_page);
}

void html_percent(struct strbuf *out, const char *text)
{
	const unsigned char *at = (const unsigned char *)text;

	for (; *at; at++)
		if ((*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') ||
		    (*at >= '0' && *at <= '9') || strchr("-._", *at))
			strbuf_printf(out, "%c", *at);
		else
			strbuf_printf(out, "%%%02X", *at);
}

void html_cell(struct strbuf *out, const char *open, const char *text,
	       const char *close)
{
	strbuf_puts(out, open);
	html_escape(out, text);
	strbuf_puts(out, close);
}

void html_value(struct strbuf *out, const struct model_row *row, size_t runner)
{
	const struct model_cell *c = &row->cells[runner];
	char value[32];

	html_escape(out, isnan(c->median) ? model_cell_word(c)
					  : units_format(c->median, row->unit,
							 value, sizeof(value)));
}

void html_median(struct strbuf *out, const struct model_row *row, size_t runner)
{
	const struct model_cell *c = &row->cells[runner];
	char value[32];

	html_cell(out, "",
		  units_format(c->median, row->unit, value, sizeof(value)), "");
	if (runner && !isnan(c->ratio.ratio))
		strbuf_printf(out, "<br>&times;%.3f", c->ratio.ratio);
}

void html_grade(struct strbuf *out, enum grade grade)
{
	strbuf_printf(out, "<span class=\"grade %s\">%s</span>",
		      grade_name(grade), grade_name(grade));
}

void html_grades(struct strbuf *out, const bool has[GRADE_COUNT])
{
	int g;

	for (g = 0; g < GRADE_COUNT; g++) {
		if (!has[g])
			continue;
		strbuf_puts(out, " ");
		html_grade(out, (enum grade)g);
	}
}

void html_interval(struct strbuf *out, const struct ratio *r,
		   size_t block_count)
{
	char why[32];

	if (isnan(r->ratio))
		return;
	if (isnan(r->low))
		strbuf_puts(out,
			    model_no_interval(block_count, why, sizeof(why)));
	else
		strbuf_printf(out, "%.3f to %.3f", r->low, r->high);
}

/* Bytes that go on a character are no characters (RFC 3629, section 3). */
static bool is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

void html_cut(struct strbuf *out, const char *text, size_t most)
{
	struct strbuf part = {0};
	size_t at = 0, count = 0, keep = 0;

	for (; text[at] && count <= most; at++) {
		if (is_continuation(text[at]))
			continue;
		count++;
		if (count == most)
			keep = at;
	}
	if (count > most) {
		strbuf_add(&part, text, keep);
		html_cell(out, "", strbuf_str(&part), "~");
	} else {
		html_escape(out, text);
	}
	strbuf_release(&part);
}

static void write_count(struct strbuf *out, size_t count, const char *what)
{
	strbuf_printf(out, "%zu %s%s, ", count, what, count == 1 ? "" : "s");
}

void html_basis(struct strbuf *out, const struct model_row *row, size_t runner)
{
	const struct model_cell *c = &row->cells[runner];

	if (runner && !isnan(c->ratio.ratio)) {
		strbuf_printf(out, "%.3f of native's, 95 %%: ", c->ratio.ratio);
		html_interval(out, &c->ratio, c->ratio_count);
		strbuf_puts(out, "; ");
	}
	write_count(out, c->boot_count, "boot");
	write_count(out, c->used_count, "sample");
	strbuf_puts(out, grade_name(c->grade));
}

void html_number_begin(struct strbuf *out, const struct model_row *row,
		       size_t runner)
{
	strbuf_puts(out, "<td class=\"n\"");
	if (!isnan(row->cells[runner].median)) {
		strbuf_puts(out, " title=\"");
		html_basis(out, row, runner);
		strbuf_puts(out, "\"");
	}
	strbuf_puts(out, ">");
}

static void begin_wide(struct strbuf *out, const char *element,
		       const char *label)
{
	strbuf_printf(out, "<%s class=\"wide\" role=\"group\" tabindex=\"0\"",
		      element);
	html_cell(out, " aria-label=\"", label, "\">");
}

void html_table_begin(struct strbuf *out, const char *label,
		      const char *attributes)
{
	begin_wide(out, "div", label);
	strbuf_printf(out, "<table%s>", attributes);
}

void html_table_end(struct strbuf *out)
{
	strbuf_puts(out, "</tbody></table></div>\n");
}

void html_lines(struct strbuf *out, const char *label, const char *text)
{
	begin_wide(out, "pre", label);
	html_cell(out, "", text, "</pre>\n");
}

void html_figure_begin(struct strbuf *out, const char *label)
{
	begin_wide(out, "figure", label);
}

bool html_figure(struct strbuf *out, const char *label, struct strbuf *picture)
{
	bool has_any = picture->len != 0;

	if (has_any) {
		html_figure_begin(out, label);
		strbuf_puts(out, picture->str);
		strbuf_puts(out, "</figure>\n");
	}
	strbuf_release(picture);
	return has_any;
}

void html_fold_begin(struct strbuf *out, const char *id, const char *title)
{
	html_cell(out, "<details class=\"fold\"><summary><h2 data-id=\"", id,
		  "\">");
	html_cell(out, "", title, "</h2></summary>\n");
	/* Within, for a link opens what it leads into. */
	html_cell(out, "<div id=\"", id, "\">\n");
}

void html_fold_end(struct strbuf *out)
{
	strbuf_puts(out, "</div></details>\n");
}

static void write_refusal(struct strbuf *out, const struct refusal *r)
{
	char subject[160];

	html_cell(out, "<li>", refusal_subject(r, subject, sizeof(subject)),
		  " ");
	html_cell(out, "", model_cell_word(r->cell), ": ");
	html_cell(out, "", r->cell->reason, "</li>\n");
}

void html_skipped(struct strbuf *out, const struct model *m,
		  bool (*is_wanted)(const struct model_row *row,
				    const void *arg),
		  const void *arg)
{
	struct strbuf list = {0};
	struct refusal r;
	size_t at = 0, count = 0, reasons = 0;

	while (refusals_next(m, &at, &r)) {
		if (!is_wanted(r.row, arg))
			continue;
		write_refusal(&list, &r);
		count += r.alike_count;
		reasons++;
	}
	if (reasons) {
		strbuf_printf(
			out,
			"<details class=\"note skipped\"><summary>Not measured: %zu figure%s, for %zu reason%s</summary><ul>\n",
			count, count == 1 ? "" : "s", reasons,
			reasons == 1 ? "" : "s");
		strbuf_puts(out, strbuf_str(&list));
		strbuf_puts(out, "</ul></details>\n");
	}
	strbuf_release(&list);
}
