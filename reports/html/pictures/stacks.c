// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/html/pictures/stacks.h"

#include <math.h>
#include <stdlib.h>

#include "harness/base/strbuf.h"
#include "harness/base/units.h"
#include "harness/base/xmalloc.h"
#include "reports/html/html_parts.h"
#include "reports/html/pictures/axis.h"
#include "reports/html/pictures/picture.h"

#define LEFT 122.0
#define RIGHT 66
#define NAME_MOST 18
#define LANE 28
#define BAR 11 /* of it; the numbers are above */
#define BOTTOM 18
#define MOST_TICKS 4
#define LEAST_NUMBERED 9 /* pixels */

struct stack *stacks_add(struct stacks *s, const char *name, size_t look,
			 const char *text)
{
	s->stacks = xrealloc(s->stacks, s->count + 1, sizeof(*s->stacks));
	s->stacks[s->count] = (struct stack){
		.name = xstrdup(name), .look = look, .text = xstrdup(text)};
	return &s->stacks[s->count++];
}

void stack_text(struct stack *s, const char *text)
{
	free(s->text);
	s->text = xstrdup(text);
}

void stack_add(struct stack *s, size_t number, double from, double to,
	       char *title)
{
	s->parts = xrealloc(s->parts, s->count + 1, sizeof(*s->parts));
	s->parts[s->count++] = (struct stack_part){
		.number = number, .from = from, .to = to, .title = title};
}

void stacks_release(struct stacks *s)
{
	size_t i, k;

	for (i = 0; i < s->count; i++) {
		for (k = 0; k < s->stacks[i].count; k++)
			free(s->stacks[i].parts[k].title);
		free(s->stacks[i].parts);
		free(s->stacks[i].name);
		free(s->stacks[i].text);
	}
	free(s->stacks);
	*s = (struct stacks){0};
}

static struct axis axis_of(const struct stacks *s)
{
	double most = 0;
	size_t i, k;

	for (i = 0; i < s->count; i++)
		for (k = 0; k < s->stacks[i].count; k++)
			most = fmax(most, s->stacks[i].parts[k].to);
	most = fmin(most, AXIS_MOST);
	return (struct axis){.low = 0,
			     .high = most > 0 ? most * 1.02 : 1,
			     .from = LEFT,
			     .to = PICTURE_WIDTH - RIGHT};
}

static void write_ticks(const struct axis *a, const char *unit, int top,
			int bottom, struct strbuf *out)
{
	/* Of bytes round numbers are multiples of powers of 1024. */
	double round = *unit == 'b' && a->high > 1
			       ? pow(1024, floor(log2(a->high) / 10))
			       : 1;
	double step = axis_step(a->high / round, MOST_TICKS) * round, tick;
	char text[32];

	for (tick = 0; tick <= a->high; tick += step)
		axis_tick_write(
			a, tick, tick > 0 ? "tick" : "one", top, bottom,
			units_format_tick(tick, unit, text, sizeof(text)), out);
}

/* Each part is lighter than the one before, and apart from it by a gap. */
static void write_part(const struct axis *a, const struct stack *s, size_t i,
		       double y, struct strbuf *out)
{
	static const char *const shades[] = {"1", ".72", ".5", ".34"};
	const struct stack_part *part = &s->parts[i];
	double from = axis_at(a, part->from), to = axis_at(a, part->to);
	double width = fmax(to - from - (to - from > 3), .8);

	strbuf_printf(
		out,
		"<g><title>%s</title><rect class=\"%sf%zu\" x=\"%.1f\" y=\"%.1f\""
		" width=\"%.1f\" height=\"%d\" fill-opacity=\"%s\"/>",
		part->title ? part->title : "", part->is_less ? "less " : "",
		s->look, from, y, width, BAR, shades[i % 4]);
	if (part->number && to - from >= LEAST_NUMBERED)
		strbuf_printf(out,
			      "<text class=\"axis\" x=\"%.1f\" y=\"%.1f\""
			      " text-anchor=\"middle\">%zu</text>",
			      (from + to) / 2, y - 2, part->number);
	strbuf_puts(out, "</g>\n");
}

void stacks_write(const struct picture *p, const struct stacks *s,
		  struct strbuf *out)
{
	int top = picture_head_height(p);
	int bottom = top + LANE * (int)s->count;
	struct axis a = axis_of(s);
	size_t i, k;

	picture_begin(p, bottom + BOTTOM, out);
	write_ticks(&a, s->unit, top, bottom, out);
	for (i = 0; i < s->count; i++) {
		double y = top + LANE * (double)i + LANE - BAR - 4;

		axis_name_write(s->stacks[i].name, NAME_MOST, LEFT - 8,
				y + BAR / 2.0, out);
		for (k = 0; k < s->stacks[i].count; k++)
			write_part(&a, &s->stacks[i], k, y, out);
		strbuf_printf(out,
			      "<text x=\"%d\" y=\"%.1f\""
			      " text-anchor=\"end\">%s</text>\n",
			      PICTURE_WIDTH, y + BAR - 1, s->stacks[i].text);
	}
	strbuf_puts(out, "</svg>\n");
}
