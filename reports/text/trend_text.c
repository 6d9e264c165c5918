// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/text/trend_text.h"

#include <string.h>

#include "harness/base/units.h"
#include "harness/findings/runs/trend.h"
#include "harness/store/history.h"
#include "harness/verdict/comparable.h"
#include "reports/text/lines.h"
#include "reports/text/trend_chart.h"

/* So many differences of the fingerprint are told. */
#define MAX_TOLD 8
#define MAX_VALUE 60

/* A run from elsewhere may say anything. */
static void write_cause(const struct difference *d, FILE *out)
{
	fputs("    ", out);
	line_print(d->key, 0, LINES_COLUMNS, out);
	fputs(": ", out);
	line_print(d->short_a, 0, MAX_VALUE, out);
	fputs(" -> ", out);
	line_print(d->short_b, 0, MAX_VALUE, out);
	fputc('\n', out);
}

/* What was not harmless, and is not the same as the night before. */
static void write_causes(const struct trend *t, size_t run, FILE *out)
{
	const struct history *h = t->h;
	struct differences d;
	size_t i, told = 0;

	if (strcmp(h->runs[run].revision, h->runs[run - 1].revision))
		fprintf(out, "    l1vh-bench: %s -> %s\n",
			h->runs[run - 1].revision, h->runs[run].revision);
	trend_differences(t, run, &d);
	for (i = 0; i < d.count && told < MAX_TOLD; i++) {
		if (!trend_is_cause(&d.rows[i]))
			continue;
		write_cause(&d.rows[i], out);
		told++;
	}
	if (!told)
		fputs("    the host's fingerprint did not change with it\n",
		      out);
	differences_release(&d);
}

/* The level of the test is in the interval of a p that is undecided. */
const char *change_p_text(const struct change *c, char *buf, size_t size)
{
	if (c->is_undecided)
		snprintf(buf, size, "undecided, p %.2g (%.2g to %.2g)", c->p,
			 c->p_low, c->p_high);
	else
		snprintf(buf, size, "p %.2g", c->p);
	return buf;
}

static const char *verdict_of(const struct trend_change *c)
{
	if (c->c.is_undecided)
		return "UNDECIDED";
	return c->is_worse ? "WORSE" : "better";
}

static void write_change(const struct trend *t, const struct trend_change *c,
			 FILE *out)
{
	const struct history *h = t->h;
	char date[32], before[32], after[32], sure[64];

	if (c->c.is_undecided)
		change_p_text(&c->c, sure, sizeof(sure));
	else
		snprintf(sure, sizeof(sure), "confidence %.2f %%",
			 100 * (1 - c->c.p));
	fprintf(out, "%s  run %lld  %+.1f %% %s: %s -> %s, %s\n",
		units_format_date(h->runs[c->run].started_unix_ns, date,
				  sizeof(date)),
		(long long)h->runs[c->run].id, 100 * c->c.magnitude,
		verdict_of(c),
		units_format(c->c.before, h->unit, before, sizeof(before)),
		units_format(c->c.after, h->unit, after, sizeof(after)), sure);
	if (c->run)
		write_causes(t, c->run, out);
}

static void write_breaks(const struct trend *t, FILE *out)
{
	char date[32];
	size_t i;

	for (i = 0; i < t->break_count; i++) {
		const struct history_run *run = &t->h->runs[t->breaks[i]];

		fprintf(out,
			"%s  run %lld  another machine, guest or measurement: a new history starts here\n",
			units_format_date(run->started_unix_ns, date,
					  sizeof(date)),
			(long long)run->id);
		write_causes(t, t->breaks[i], out);
	}
}

static bool has_grade_before(const struct history *h, size_t run)
{
	size_t i;

	for (i = 0; i < run; i++)
		if (!strcmp(h->runs[i].grade, h->runs[run].grade))
			return true;
	return false;
}

/* Each that occurs: what is emulated must not look like the rest. */
static void write_grades(const struct history *h, FILE *out)
{
	const char *comma = "";
	size_t i;

	for (i = 0; i < h->run_count; i++) {
		if (has_grade_before(h, i))
			continue;
		fprintf(out, "%s%s", comma, h->runs[i].grade);
		comma = ", ";
	}
}

void trend_text_write(const struct trend *t, const char *title, FILE *out)
{
	const struct history *h = t->h;
	const struct history_run *last = &h->runs[h->run_count - 1];
	char from[32], to[32];
	size_t i;

	fprintf(out, "%s: %zu boots of %zu runs, %s to %s, grade ", title,
		h->value_count, h->run_count,
		units_format_date(h->runs[0].started_unix_ns, from,
				  sizeof(from)),
		units_format_date(last->started_unix_ns, to, sizeof(to)));
	write_grades(h, out);
	fputc('\n', out);
	trend_chart_write(t, out);
	write_breaks(t, out);
	for (i = 0; i < t->change_count; i++)
		write_change(t, &t->changes[i], out);
	if (!t->change_count)
		fputs("no change\n", out);
}
