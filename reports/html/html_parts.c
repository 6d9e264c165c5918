// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/html/html_parts.h"

#include "harness/base/strbuf.h"
#include "harness/findings/model.h"
#include "harness/findings/refusals.h"

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

void html_skipped(struct strbuf *out, const struct model *m,
		  bool (*is_wanted)(const struct model_row *row,
				    const void *arg),
		  const void *arg)
{
	char subject[160];
	struct refusal r;
	size_t at = 0;

	while (refusals_next(m, &at, &r)) {
		if (!is_wanted(r.row, arg))
			continue;
		html_cell(out, "<p class=\"note\">",
			  refusal_subject(&r, subject, sizeof(subject)), " ");
		html_cell(out, "", model_cell_word(r.cell), ": ");
		html_cell(out, "", r.cell->reason, "</p>\n");
	}
}
