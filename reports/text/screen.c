// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/text/screen.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/strbuf.h"
#include "harness/base/units.h"
#include "harness/findings/findings.h"
#include "harness/findings/headline.h"
#include "harness/findings/refusals.h"
#include "harness/store/run_data.h"
#include "harness/store/stored_json.h"
#include "harness/verdict/claims.h"
#include "reports/text/lines.h"
#include "reports/text/paint.h"
#include "reports/text/screen_table.h"

/* Of each part, so that all of them fit. */
#define VERDICT_LINES 5
#define LEGEND_LINES 4
#define REASON_LINES 3
#define REASON_LINES_ALONE 16
#define PLACE_LINES 3

static const char *text_of(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text && strcmp(text, "unknown") != 0 ? text : NULL;
}

/* "Host vm: AMD EPYC, 1 package, 2 cores, Linux 6.1", of what is known. */
static void write_host(const struct model *m, const struct line_style *style,
		       struct strbuf *out)
{
	json_t *print = stored_json(m->run->fingerprint);
	const char *host = text_of(print, "host");
	const char *cpu = text_of(print, "cpu.model_name");
	const char *kernel = text_of(print, "kernel.release");
	struct strbuf text = {0};

	if (m->run->is_lab)
		strbuf_puts(&text, "Host: the lab, emulated by QEMU");
	else
		strbuf_printf(&text, "Host: %s", host ? host : "unknown");
	if (cpu)
		strbuf_printf(&text, ", %s", cpu);
	if (kernel)
		strbuf_printf(&text, ", Linux %s", kernel);
	line_wrap(out, text.str, 2, 2, style);
	strbuf_release(&text);
	json_decref(print);
}

static uint32_t block_count(const struct run_data *run)
{
	uint32_t count = 0;
	size_t i;

	for (i = 0; i < run->boot_count; i++)
		if (run->boots[i].bc.block >= count)
			count = run->boots[i].bc.block + 1;
	return count;
}

static void write_head(const struct model *m, const struct line_style *style,
		       struct strbuf *out)
{
	const struct run_data *run = m->run;
	char date[32], grades[64], text[240];

	snprintf(text, sizeof(text),
		 "l1vh-bench run %" PRId64 " of %s UTC, %s, revision %s",
		 run->id,
		 units_format_date(run->started_unix_ns, date, sizeof(date)),
		 run->status, run->revision);
	line_wrap(out, text, 2, 2, style);
	if (*run_data_signer(run, text, sizeof(text)))
		line_wrap(out, text, 2, 3, style);
	write_host(m, style, out);
	model_grades(m, grades, sizeof(grades));
	snprintf(text, sizeof(text),
		 "Grade: %s; %zu boot%s of %zu runner%s in %u block%s",
		 grades[0] ? grades : "none, nothing was measured",
		 run->boot_count, line_plural(run->boot_count), m->runner_count,
		 line_plural(m->runner_count), block_count(run),
		 line_plural(block_count(run)));
	line_wrap(out, text, 2, 2, style);
}

/* What the grade is worth, to be painted; nothing of hardware. */
static void write_banner(const struct model *m, const struct line_style *style,
			 struct strbuf *out)
{
	if (m->has_grade[GRADE_EMULATED])
		line_wrap(out, MODEL_EMULATED, 0, 2, style);
	else if (m->has_grade[GRADE_SOFTWARE])
		line_wrap(out,
			  "SOFTWARE: a hypervisor without hardware assistance; "
			  "not comparable to one with it.",
			  0, 2, style);
}

/* "near-native: 3 PASS, 1 FAIL. Registered before ..." */
static void write_tally(const struct judgement *j,
			const struct line_style *style, struct strbuf *out)
{
	struct strbuf text = {0};
	const char *comma = "";
	int verdict;

	strbuf_printf(&text, "Claims of '%s': ", j->claims->name);
	for (verdict = 0; verdict < VERDICT_COUNT; verdict++) {
		size_t i, count = 0;

		for (i = 0; i < j->count; i++)
			count += j->v[i].verdict == (enum verdict)verdict;
		if (!count)
			continue;
		strbuf_printf(&text, "%s%zu %s", comma, count,
			      verdict_name((enum verdict)verdict));
		comma = ", ";
	}
	strbuf_printf(&text, ". %s", judgement_origin(j->is_registered));
	line_wrap(out, text.str, 0, 3, style);
	strbuf_release(&text);
}

static void write_verdict(const struct findings *f,
			  const struct line_style *style, struct strbuf *out)
{
	const struct judgement *j = &f->judgement;
	char sentence[HEADLINE_SIZE];

	strbuf_puts(out, "\n");
	line_wrap(out, headline(&f->model, j, sentence, sizeof(sentence)), 0,
		  VERDICT_LINES, style);
	if (j->claims)
		write_tally(j, style, out);
}

static bool is_alike(const struct boot_data *a, const struct boot_data *b)
{
	return a->res.status == b->res.status &&
	       !strcmp(a->bc.runner, b->bc.runner) &&
	       !strcmp(a->res.reason, b->res.reason);
}

/* How many boots from AT on ended as AT did; 0: one before it did. */
static size_t count_alike(const struct run_data *run, size_t at)
{
	size_t i, count = 0;

	for (i = 0; i < run->boot_count; i++) {
		if (!is_alike(&run->boots[i], &run->boots[at]))
			continue;
		if (i < at)
			return 0;
		count++;
	}
	return count;
}

/* A line for each reason, of which LEFT may still be written. */
static void write_boot_reasons(const struct model *m, size_t *left,
			       const struct line_style *style,
			       struct strbuf *out)
{
	size_t i;

	for (i = 0; i < m->run->boot_count && *left; i++) {
		const struct boot_data *b = &m->run->boots[i];
		size_t count =
			b->res.status == RUN_OK ? 0 : count_alike(m->run, i);
		char text[640];

		if (!count)
			continue;
		snprintf(text, sizeof(text), "  %s: %s: %s (%zu boot%s)",
			 b->bc.runner, run_status_name(b->res.status),
			 b->res.reason, count, line_plural(count));
		line_wrap(out, text, 4, 1, style);
		(*left)--;
	}
}

static void write_series_reasons(const struct model *m, size_t *left,
				 const struct line_style *style,
				 struct strbuf *out)
{
	char subject[160], text[640];
	struct refusal r;
	size_t at = 0;

	while (*left && refusals_next(m, &at, &r)) {
		snprintf(text, sizeof(text), "  %s: %s",
			 refusal_subject(&r, subject, sizeof(subject)),
			 r.cell->reason);
		line_wrap(out, text, 4, 1, style);
		(*left)--;
	}
}

static size_t count_boots(const struct run_data *run, bool is_skipped)
{
	size_t i, count = 0;

	for (i = 0; i < run->boot_count; i++)
		if (run->boots[i].res.status != RUN_OK)
			count += (run->boots[i].res.status == RUN_SKIPPED) ==
				 is_skipped;
	return count;
}

static size_t count_series(const struct model *m, bool is_skipped)
{
	size_t i, k, count = 0;

	for (i = 0; i < m->row_count; i++)
		for (k = 0; k < m->runner_count; k++) {
			const struct model_cell *c = &m->rows[i].cells[k];

			if (c->refused_count)
				count += (c->status == RUN_SKIPPED) ==
					 is_skipped;
		}
	return count;
}

/* "Failed: 1 of 18 boots and 2 series. Skipped: 33 series." */
static void write_counts(const struct model *m, const struct line_style *style,
			 struct strbuf *out)
{
	size_t boots = count_boots(m->run, false);
	size_t series = count_series(m, false);
	size_t skipped_boots = count_boots(m->run, true);
	size_t skipped_series = count_series(m, true);
	size_t blind_series = model_blind_count(m);
	struct strbuf text = {0};

	strbuf_printf(&text, "Failed: %zu of %zu boot%s", boots,
		      m->run->boot_count, line_plural(m->run->boot_count));
	if (series)
		strbuf_printf(&text, " and %zu series", series);
	strbuf_puts(&text, ".");
	if (skipped_boots || skipped_series)
		strbuf_printf(&text, " Skipped: %zu boot%s and %zu series.",
			      skipped_boots, line_plural(skipped_boots),
			      skipped_series);
	if (blind_series)
		strbuf_printf(&text, " Disturbed throughout: %zu series.",
			      blind_series);
	line_wrap(out, text.str, 2, 2, style);
	strbuf_release(&text);
}

static void write_implausible(size_t count, const struct line_style *style,
			      struct strbuf *out)
{
	char text[80];

	if (!count)
		return;
	snprintf(text, sizeof(text),
		 "Implausible: %zu finding%s; see which no PASS may rely on.",
		 count, line_plural(count));
	line_wrap(out, text, 2, 1, style);
}

static void write_failures(const struct findings *f, size_t left,
			   const struct line_style *style, struct strbuf *out)
{
	write_counts(&f->model, style, out);
	write_implausible(f->plausibility.count, style, out);
	write_boot_reasons(&f->model, &left, style, out);
	write_series_reasons(&f->model, &left, style, out);
}

static void write_place(const char *name, const char *place,
			const struct line_style *style, struct strbuf *out)
{
	struct strbuf text = {0};

	if (!place)
		return;
	strbuf_printf(&text, "%s: %s", name, place);
	line_wrap(out, text.str, 2, PLACE_LINES, style);
	strbuf_release(&text);
}

static void write_places(const struct screen_places *p,
			 const struct line_style *style, struct strbuf *out)
{
	write_place("Every row, interval and reason", p->command, style, out);
	write_place("Page", p->page, style, out);
	write_place("Store", p->store, style, out);
}

/* As many rows as there are lines left for them. */
static void write_table(const struct screen_table *t, size_t most,
			struct strbuf *out)
{
	size_t head = out->len;

	strbuf_puts(out, "\n");
	screen_table_write_head(t, out);
	head = line_count(out->str + head);
	screen_table_write_rows(t, most > head ? most - head : 0, out);
}

void screen_write(const struct findings *f, const struct line_style *style,
		  const struct screen_places *places, FILE *out)
{
	struct strbuf head = {0}, banner = {0}, body = {0}, foot = {0};
	struct screen_table t;
	size_t used;

	screen_table_init(&t, &f->model, style);
	write_head(&f->model, style, &head);
	write_banner(&f->model, style, &banner);
	write_verdict(f, style, &body);
	if (t.row_count) {
		strbuf_puts(&foot, "\n");
		screen_table_write_legend(&t, LEGEND_LINES, &foot);
	} else {
		strbuf_puts(&foot, model_blind_count(&f->model)
					   ? "\nEvery sample was disturbed.\n"
					   : "\nNothing was measured.\n");
	}
	write_failures(f, t.row_count ? REASON_LINES : REASON_LINES_ALONE,
		       style, &foot);
	write_places(places, style, &foot);
	used = line_count(strbuf_str(&head)) + line_count(strbuf_str(&banner)) +
	       line_count(strbuf_str(&body)) + line_count(strbuf_str(&foot));
	if (t.row_count)
		write_table(&t, SCREEN_LINES - used, &body);
	fputs(strbuf_str(&head), out);
	if (banner.len)
		paint_warning(banner.str, out);
	fputs(strbuf_str(&body), out);
	fputs(strbuf_str(&foot), out);
	strbuf_release(&head);
	strbuf_release(&banner);
	strbuf_release(&body);
	strbuf_release(&foot);
}
