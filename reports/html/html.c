// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/html/html.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/strbuf.h"
#include "harness/base/units.h"
#include "harness/findings/explain.h"
#include "harness/findings/findings.h"
#include "harness/store/run_data.h"
#include "reports/html/html_chapters.h"
#include "reports/html/html_comparison.h"
#include "reports/html/html_distributions.h"
#include "reports/html/html_footprint.h"
#include "reports/html/html_highlights.h"
#include "reports/html/html_io.h"
#include "reports/html/html_micro.h"
#include "reports/html/html_parts.h"
#include "reports/html/html_questions.h"
#include "reports/html/html_run.h"
#include "reports/html/html_verdicts.h"
#include "reports/text/explain_text.h"
#include "reports/text/sections.h"

/* What WRITE has to say, as it stands; nothing of nothing. */
static void write_words(const struct findings *f, const char *id,
			const char *title,
			void (*write)(const struct findings *f, FILE *out),
			struct strbuf *out)
{
	char *text = NULL;
	size_t size = 0;
	FILE *words = open_memstream(&text, &size);

	write(f, words);
	fclose(words);
	if (size) {
		html_cell(out, "<h2 id=\"", id, "\">");
		html_cell(out, "", title, "</h2>\n");
		html_lines(out, title, text);
	}
	free(text);
}

static void write_explain(const struct findings *f, FILE *out)
{
	if (explain_has_any(&f->model))
		explain_text_write(f, out);
}
/* Of the sections that BODY has, folded or not: nothing of a run's own can look
 * like one, because its markup is escaped. */
static void write_contents(const struct strbuf *body, struct strbuf *out)
{
	static const char begin[] = "<h2 ", end[] = "</h2>";
	const char *at = strbuf_str(body), *name, *stop;

	strbuf_puts(out, "<nav aria-label=\"Sections\"><ul>");
	while ((at = strstr(at, begin)) != NULL) {
		at += strcspn(at, "\"") + 1;
		name = strchr(at, '>');
		stop = name ? strstr(name, end) : NULL;
		if (!stop)
			break;
		strbuf_printf(out, "<li><a href=\"#%.*s\">%.*s</a></li>",
			      (int)strcspn(at, "\""), at,
			      (int)(stop - name - 1), name + 1);
		at = stop;
	}
	strbuf_puts(out, "</ul></nav>\n");
}

static void write_sections(const struct findings *f, struct strbuf *out)
{
	const struct model *m = &f->model;

	html_chapters_write(m, out);
	html_comparison_write(m, out);
	write_words(f, "groups", "Groups of series", sections_write_suites,
		    out);
	write_words(f, "implausible", "Implausible results",
		    sections_write_implausible, out);
	write_words(f, "odd", "Oddities", sections_write_oddities, out);
	html_questions_write(f, out);
	html_micro_write(m, out);
	html_io_write(m, out);
	html_footprint_write(&f->footprints, out);
	write_words(f, "explain", "What exits explain", write_explain, out);
	html_distributions_write(m, out);
	html_run_write(f, out);
}

void html_write(const struct findings *f, struct strbuf *out)
{
	struct strbuf body = {0};
	char date[32], title[96];

	write_sections(f, &body);
	/* It has to tell a run among bookmarks and tabs. */
	snprintf(
		title, sizeof(title), "Run %" PRId64 " of %s UTC - l1vh-bench",
		f->run->id,
		units_format_date(f->run->started_unix_ns, date, sizeof(date)));
	html_begin(out, title);
	strbuf_puts(out, "<h1>l1vh-bench: guests against the host</h1>\n");
	html_run_write_banner(&f->model, out);
	html_verdicts_write_sentence(f, out);
	html_run_write_line(&f->model, out);
	html_highlights_write_chart(&f->model, out);
	html_verdicts_write_table(&f->judgement, out);
	write_contents(&body, out);
	strbuf_puts(out, strbuf_str(&body));
	html_end(out);
	strbuf_release(&body);
}
