// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/html_parts.h"

#include "harness/base/strbuf.h"

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
