// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/text/screen_table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/strbuf.h"
#include "harness/base/units.h"
#include "harness/findings/model.h"

/* In columns, with the blank behind. */
#define LABEL_WIDTH (HIGHLIGHT_LABEL_MAX + 1)
#define WORDS_WIDTH 7
#define ARROW_WIDTH 2
#define WIDE_BASE 10
#define NARROW_BASE 8
#define WIDE_GUEST 12
#define NARROW_GUEST 8
#define GUEST_MOST 21
#define NUMBER_WIDTH 7

/* What fills a bar: this many doublings. */
#define FULL_DOUBLINGS 4

static bool includes_one(const struct ratio *r)
{
	return r->low <= 1 && r->high >= 1;
}

static void look_at_ratios(struct screen_table *t)
{
	size_t i, k;

	for (i = 0; i < t->row_count; i++)
		for (k = t->first; k < t->m->runner_count; k++) {
			struct ratio r = highlight_worse(t->m, &t->rows[i], k);

			t->has_ratio |= !isnan(r.ratio);
			t->has_interval |= !isnan(r.low);
			t->has_no_interval |= !isnan(r.ratio) && isnan(r.low);
			t->has_one_within |= includes_one(&r);
		}
}

static size_t bars_within(size_t width)
{
	return width >= 12 ? 12 : width >= 8 ? 8 : width >= 4 ? 4 : 0;
}

/* Words where every guest has room beside them, else arrows. */
static void lay_out(struct screen_table *t)
{
	size_t guests = t->m->runner_count - t->first;
	size_t base = t->has_base ? WIDE_BASE : 0;
	size_t room = t->style.columns - LABEL_WIDTH - WORDS_WIDTH - base;

	t->has_words = room >= guests * WIDE_GUEST;
	t->base_width = base;
	if (!t->has_words) {
		t->base_width = t->has_base ? NARROW_BASE : 0;
		room = t->style.columns - LABEL_WIDTH - ARROW_WIDTH -
		       t->base_width;
	}
	t->shown = guests * NARROW_GUEST <= room ? guests : room / NARROW_GUEST;
	t->hidden_count = guests - t->shown;
	if (!t->shown)
		return;
	t->guest_width = room / t->shown;
	if (t->guest_width > GUEST_MOST)
		t->guest_width = GUEST_MOST;
	if (!t->has_ratio && t->guest_width > WIDE_GUEST)
		t->guest_width = WIDE_GUEST;
	if (t->guest_width > NUMBER_WIDTH + 2 && t->has_ratio)
		t->bar_cells = bars_within(t->guest_width - NUMBER_WIDTH - 2);
}

void screen_table_init(struct screen_table *t, const struct model *m,
		       const struct line_style *style)
{
	*t = (struct screen_table){.m = m, .style = *style};
	t->row_count = highlights_choose(m, HIGHLIGHTS_MOST, t->rows);
	t->has_base = t->row_count && model_base(m, t->rows[0].row);
	t->first = t->has_base;
	look_at_ratios(t);
	lay_out(t);
}

/* Ends a line, without the blanks that it ends in. */
static void end_line(struct strbuf *out)
{
	while (out->len && out->str[out->len - 1] == ' ')
		out->str[--out->len] = '\0';
	strbuf_puts(out, "\n");
}

/* Where a name is broken that is wider than its column: behind its stem. */
static size_t break_of(const char *name, size_t width)
{
	size_t i, at = 0;

	if (line_width(name) <= width)
		return 0;
	for (i = 1; name[i] && i <= width; i++)
		if (name[i] == '-')
			at = i;
	return at ? at : strlen(name) < width ? strlen(name) : width;
}

static bool is_broken(const struct screen_table *t)
{
	size_t k;

	for (k = t->first; k < t->first + t->shown; k++)
		if (break_of(t->m->runners[k], t->guest_width - 1))
			return true;
	return false;
}

/* The upper or the lower part of a runner's name. */
static void write_name(const struct screen_table *t, size_t runner,
		       bool is_upper, struct strbuf *out)
{
	const char *name = t->m->runners[runner];
	size_t at = break_of(name, t->guest_width - 1);
	char upper[64];

	snprintf(upper, sizeof(upper), "%.*s", (int)at, name);
	line_pad(out, is_upper ? upper : name + at, t->guest_width - 1,
		 &t->style);
	strbuf_puts(out, " ");
}

static enum grade runner_grade(const struct model *m, size_t runner)
{
	enum grade worst = GRADE_HARDWARE;
	size_t i;

	for (i = 0; i < m->row_count; i++)
		if (m->rows[i].cells[runner].grade > worst)
			worst = m->rows[i].cells[runner].grade;
	return worst;
}

static bool grades_differ(const struct model *m)
{
	size_t k;

	for (k = 1; k < m->runner_count; k++)
		if (runner_grade(m, k) != runner_grade(m, 0))
			return true;
	return false;
}

/* Above the labels: the one word that nobody may overlook. */
static const char *corner(const struct model *m)
{
	if (m->has_grade[GRADE_EMULATED])
		return "EMULATED";
	return m->has_grade[GRADE_SOFTWARE] ? "SOFTWARE" : "hardware";
}

static void write_grades(const struct screen_table *t, struct strbuf *out)
{
	size_t k;

	line_pad(out, "grade",
		 LABEL_WIDTH + (t->has_words ? WORDS_WIDTH : ARROW_WIDTH),
		 &t->style);
	if (t->has_base) {
		strbuf_printf(out, "%*.*s ", (int)t->base_width - 1,
			      (int)t->base_width - 1,
			      grade_name(runner_grade(t->m, 0)));
	}
	for (k = t->first; k < t->first + t->shown; k++) {
		line_pad(out, grade_name(runner_grade(t->m, k)),
			 t->guest_width - 1, &t->style);
		strbuf_puts(out, " ");
	}
	end_line(out);
}

void screen_table_write_head(const struct screen_table *t, struct strbuf *out)
{
	size_t left = LABEL_WIDTH + (t->has_words ? WORDS_WIDTH : ARROW_WIDTH) +
		      t->base_width;
	size_t k;

	if (is_broken(t)) {
		strbuf_printf(out, "%*s", (int)left, "");
		for (k = t->first; k < t->first + t->shown; k++)
			write_name(t, k, true, out);
		end_line(out);
	}
	line_pad(out, corner(t->m), LABEL_WIDTH, &t->style);
	strbuf_printf(out, "%-*s", t->has_words ? WORDS_WIDTH : ARROW_WIDTH,
		      t->has_words ? "better" : "");
	if (t->has_base)
		strbuf_printf(out, "%*s ", (int)t->base_width - 1,
			      MODEL_BASELINE);
	for (k = t->first; k < t->first + t->shown; k++)
		write_name(t, k, false, out);
	end_line(out);
	if (grades_differ(t->m))
		write_grades(t, out);
}

/* "3.91 s"; in few columns "3.9s". */
static void format_figure(const struct model_row *row,
			  const struct model_cell *c, size_t width, char *buf,
			  size_t size)
{
	char *suffix;
	double value;

	if (isnan(c->median)) {
		snprintf(buf, size, "%s", model_cell_word(c));
		return;
	}
	units_format(c->median, row->unit, buf, size);
	if (strlen(buf) <= width)
		return;
	value = strtod(buf, &suffix);
	suffix = strdupa(suffix + strspn(suffix, " "));
	snprintf(buf, size, "%.*f%s", fabs(value) < 10, value, suffix);
}

/* "?" only where others have an interval: else the legend says it of all. */
static void format_worse(const struct screen_table *t, const struct ratio *r,
			 char *buf, size_t size)
{
	const char *about = includes_one(r)                    ? "~"
			    : t->has_interval && isnan(r->low) ? "?"
							       : "";

	if (r->ratio > 9999)
		snprintf(buf, size, ">9999x");
	else
		snprintf(buf, size, "%s%.*fx", about,
			 r->ratio < 9.995   ? 2
			 : r->ratio < 99.95 ? 1
					    : 0,
			 r->ratio);
}

static void write_guest(const struct screen_table *t,
			const struct highlight_row *h, size_t runner,
			struct strbuf *out)
{
	struct ratio r = highlight_worse(t->m, h, runner);
	size_t width = t->guest_width - 1, before;
	struct strbuf cell = {0};
	char text[32];

	if (isnan(r.ratio))
		format_figure(h->row, &h->row->cells[runner], width, text,
			      sizeof(text));
	else
		format_worse(t, &r, text, sizeof(text));
	strbuf_printf(&cell, "%*s", NUMBER_WIDTH, text);
	before = line_width(cell.str);
	if (!isnan(r.ratio) && t->bar_cells) {
		size_t at = cell.len + 1;

		strbuf_puts(&cell, " ");
		line_bar(&cell, log2(r.ratio) / FULL_DOUBLINGS, t->bar_cells,
			 &t->style);
		/* Its characters are one column each, wide as they seem. */
		before += 1;
		for (; cell.str[at]; at++)
			before += ((unsigned char)cell.str[at] & 0xc0) != 0x80;
	}
	strbuf_puts(out, cell.str);
	if (before <= width)
		strbuf_printf(out, "%*s", (int)(width + 1 - before), "");
	strbuf_release(&cell);
}

static const char *direction(const struct screen_table *t, bool lower)
{
	if (t->has_words)
		return lower ? "lower  " : "higher ";
	if (t->style.is_utf8)
		return lower ? "\xe2\x86\x93 " : "\xe2\x86\x91 ";
	return lower ? "v " : "^ ";
}

static void write_row(const struct screen_table *t,
		      const struct highlight_row *h, struct strbuf *out)
{
	char text[32];
	size_t k;

	line_pad(out, h->label, HIGHLIGHT_LABEL_MAX, &t->style);
	strbuf_puts(out, " ");
	strbuf_puts(out, direction(t, h->row->lower_is_better));
	if (t->has_base) {
		format_figure(h->row, &h->row->cells[0], t->base_width - 1,
			      text, sizeof(text));
		/* What a process does natively is another thing. */
		strbuf_printf(out, "%*.*s ", (int)t->base_width - 1,
			      (int)t->base_width - 1,
			      h->has_ratio ? text : "-");
	}
	for (k = t->first; k < t->first + t->shown; k++)
		write_guest(t, h, k, out);
	end_line(out);
}

void screen_table_write_rows(const struct screen_table *t, size_t count,
			     struct strbuf *out)
{
	size_t i;

	for (i = 0; i < count && i < t->row_count; i++)
		write_row(t, &t->rows[i], out);
}

void screen_table_write_legend(const struct screen_table *t, size_t most,
			       struct strbuf *out)
{
	struct strbuf text = {0};

	if (t->hidden_count)
		strbuf_printf(&text, "%zu more runner%s: not shown here. ",
			      t->hidden_count, t->hidden_count == 1 ? "" : "s");
	if (!t->has_words)
		strbuf_printf(&text, "%s: lower is better, %s: higher. ",
			      t->style.is_utf8 ? "\xe2\x86\x93" : "v",
			      t->style.is_utf8 ? "\xe2\x86\x91" : "^");
	if (t->m->has_grade[GRADE_EMULATED])
		strbuf_puts(&text, "EMULATED: these figures are not "
				   "performance results. ");
	strbuf_puts(&text, "Figures: medians of boots. ");
	if (t->has_ratio)
		strbuf_puts(&text,
			    "2x: twice native's time or half its rate, so "
			    "above 1x is worse. ");
	if (t->bar_cells)
		strbuf_puts(&text, "Bar: empty at 1x, full at 16x, "
				   "each quarter doubles. ");
	if (t->has_one_within)
		strbuf_puts(&text, "~: 1x is within the 95 % interval. ");
	if (t->has_no_interval)
		strbuf_puts(&text,
			    t->has_interval
				    ? "?: fewer than 4 blocks, no interval. "
				    : "Fewer than 4 blocks: no intervals. ");
	line_wrap(out, strbuf_str(&text), 0, most, &t->style);
	strbuf_release(&text);
}
