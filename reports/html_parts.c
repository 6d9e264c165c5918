// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/html_parts.h"

#include "harness/base/strbuf.h"

void html_table_begin(struct strbuf *out, const char *label,
		      const char *attributes)
{
	html_cell(out,
		  "<div class=\"wide\" role=\"group\" tabindex=\"0\""
		  " aria-label=\"",
		  label, "\"><table");
	strbuf_puts(out, attributes);
	strbuf_puts(out, ">");
}

void html_table_end(struct strbuf *out)
{
	strbuf_puts(out, "</tbody></table></div>\n");
}

void html_lines(struct strbuf *out, const char *label, const char *text)
{
	html_cell(out,
		  "<pre class=\"wide\" role=\"group\" tabindex=\"0\""
		  " aria-label=\"",
		  label, "\">");
	html_cell(out, "", text, "</pre>\n");
}
