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
#include "reports/html/html_highlights.h"
#include "reports/html/html_parts.h"
#include "reports/html/html_questions.h"
#include "reports/html/html_run.h"
#include "reports/html/html_verdicts.h"
#include "reports/text/explain_text.h"
#include "reports/text/sections.h"

/* What WRITE has to say, as it stands; nothing of nothing. */
static char *words_of(const struct findings *f,
		      void (*write)(const struct findings *f, FILE *out))
{
	char *text = NULL;
	size_t size = 0;
	FILE *words = open_memstream(&text, &size);

	write(f, words);
	fclose(words);
	return text;
}

/* A warning is not folded. */
static void write_words(const struct findings *f, const char *id,
			const char *title,
			void (*write)(const struct findings *f, FILE *out),
			struct strbuf *out)
{
	char *text = words_of(f, write);

	if (text && *text) {
		html_cell(out, "<h2 id=\"", id, "\">");
		html_cell(out, "", title, "</h2>\n");
		html_lines(out, title, text);
	}
	free(text);
}

static void fold_words(const struct findings *f, const char *id,
		       const char *title,
		       void (*write)(const struct findings *f, FILE *out),
		       struct strbuf *out)
{
	char *text = words_of(f, write);

	if (text && *text) {
		html_fold_begin(out, id, title);
		html_lines(out, title, text);
		html_fold_end(out);
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

	html_chapters_write(f, out);
	write_words(f, "implausible", "Implausible results",
		    sections_write_implausible, out);
	write_words(f, "odd", "Oddities", sections_write_oddities, out);
	html_questions_write(f, out);
	html_comparison_write(m, out);
	fold_words(f, "groups", "Groups of series", sections_write_suites, out);
	fold_words(f, "explain", "What exits explain", write_explain, out);
	html_distributions_write(m, out);
	html_run_write(f, out);
}

/* Said where one looks first, if BODY has the section. */
static void write_doubt(const struct strbuf *body, struct strbuf *out)
{
	if (strstr(strbuf_str(body), "<h2 id=\"implausible\">"))
		strbuf_puts(
			out,
			"<p class=\"banner\" role=\"note\">Some figures are implausible. "
			"<a href=\"#implausible\">Which, why, and by which no claim may pass</a></p>\n");
}

/* What is compared: "kvm and mshv against native". */
static void write_heading(const struct model *m, struct strbuf *out)
{
	size_t first = model_has_base(m) && m->runner_count > 1, k;

	strbuf_puts(out, "<h1>");
	for (k = first; k < m->runner_count; k++)
		html_cell(out,
			  k == first                 ? ""
			  : k + 1 == m->runner_count ? " and "
						     : ", ",
			  m->runners[k], "");
	if (first)
		html_cell(out, " against ", m->runners[0], "");
	strbuf_puts(out, m->runner_count ? "</h1>\n"
					 : "A run without a boot</h1>\n");
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
	write_heading(&f->model, out);
	html_run_write_banner(&f->model, out);
	html_verdicts_write_sentence(f, out);
	html_run_write_line(&f->model, out);
	write_doubt(&body, out);
	html_verdicts_write_table(&f->judgement, out);
	html_highlights_write_chart(&f->model, out);
	write_contents(&body, out);
	strbuf_puts(out, strbuf_str(&body));
	html_end(out);
	strbuf_release(&body);
}
