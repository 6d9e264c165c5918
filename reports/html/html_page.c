// SPDX-License-Identifier: GPL-3.0-or-later
/* What every page begins and ends with, its looks among it. */
#include "harness/base/strbuf.h"
#include "reports/html/html.h"
#include "reports/html/html_parts.h"

static const char head[] =
	"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width\">\n"
	"<title>";
/* page.css, as bytes. */
static const char style[] = {
#include "page.css.hex"
	0};

void html_begin_below(struct strbuf *out, const char *title, const char *nav)
{
	html_cell(out, head, title, "</title>\n<style>\n");
	strbuf_puts(out, style);
	strbuf_puts(out, "</style></head><body>\n");
	strbuf_puts(out, nav);
	strbuf_puts(out, "<main>\n");
}

void html_begin(struct strbuf *out, const char *title)
{
	html_begin_below(out, title, "");
}

void html_end(struct strbuf *out)
{
	strbuf_puts(out, "</main></body></html>\n");
}
