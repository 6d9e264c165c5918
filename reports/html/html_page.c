// SPDX-License-Identifier: GPL-3.0-or-later
/* What every page begins and ends with, its looks among it. */
#include "harness/base/strbuf.h"
#include "reports/html/html.h"
#include "reports/html/html_parts.h"

static const char head[] =
	"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width\">\n"
	/* Three bars; nothing is asked of a network for it. */
	"<link rel=\"icon\" href=\"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
	"%3Cpath fill='%230072b2' d='M1 14V8h4v6zM6 14V2h4v12z'/%3E%3Cpath fill='%23d55e00' d='M11 14V5h4v9z'/%3E%3C/svg%3E\">\n"
	"<title>";
/* page.css, as bytes, behind the end of the element's line. */
static const char style[] = {'\n',
#include "page.css.hex"
			     0};

void html_begin_below(struct strbuf *out, const char *title, const char *class,
		      const char *nav)
{
	html_cell(out, head, title, "</title>\n<style>");
	strbuf_puts(out, style);
	strbuf_printf(out, "</style></head><body class=\"%s\">\n", class);
	strbuf_puts(out, nav);
	strbuf_puts(out, "<main>\n");
}

const char *html_style(void)
{
	return style;
}

void html_begin(struct strbuf *out, const char *title)
{
	html_begin_below(out, title, "", "");
}

void html_end(struct strbuf *out)
{
	strbuf_puts(out, "</main></body></html>\n");
}
