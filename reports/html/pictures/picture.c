// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/html/pictures/picture.h"

#include <ctype.h>
#include <string.h>

#include "harness/base/strbuf.h"
#include "harness/findings/model.h"
#include "reports/html/html_parts.h"
#include "reports/html/pictures/palette.h"

#define SAYS_HEIGHT 17
#define LEGEND_HEIGHT 16
#define MARK_WIDTH 14
#define GAP 16
#define CHARACTER 6.8 /* pixels, at 12 px of most fonts */
#define NAME_MOST 24

struct picture picture_of(const struct model *m, size_t first)
{
	return (struct picture){.m = m, .first = first, .end = m->runner_count};
}

void picture_add_grades(struct picture *p, const struct model_row *row)
{
	size_t k;

	for (k = p->first; k < p->end; k++)
		if (row->cells[k].boot_count)
			p->has_grade[row->cells[k].grade] = true;
}

size_t picture_look(const struct picture *p, size_t runner)
{
	return palette_look(p->m->runners, p->m->runner_count, runner);
}

static double width_of(const char *name)
{
	size_t len = strlen(name);

	return MARK_WIDTH + GAP +
	       CHARACTER * (double)(len < NAME_MOST ? len : NAME_MOST);
}

/* With an OUT of NULL only the rows are counted. */
static int write_legend(const struct picture *p, struct strbuf *out)
{
	double x = 0;
	int rows = p->first < p->end;
	size_t k;

	for (k = p->first; k < p->end; k++) {
		const char *name = p->m->runners[k];
		double width = width_of(name);
		int y;

		if (x > 0 && x + width > PICTURE_WIDTH) {
			x = 0;
			rows++;
		}
		y = SAYS_HEIGHT + LEGEND_HEIGHT * (rows - 1) + 7;
		if (out) {
			palette_mark(picture_look(p, k), x + 6, y, out);
			strbuf_printf(out, "<text x=\"%.0f\" y=\"%d\">",
				      x + MARK_WIDTH, y + 4);
			html_cut(out, name, NAME_MOST);
			strbuf_puts(out, "</text>");
		}
		x += width;
	}
	return rows;
}

int picture_head_height(const struct picture *p)
{
	return SAYS_HEIGHT + LEGEND_HEIGHT * write_legend(p, NULL) + 4;
}

/* Hardware is what one expects; all else is said in capitals. */
static void write_stamp(const struct picture *p, struct strbuf *out)
{
	const char *between = "";
	bool is_warning = false;
	int g;

	for (g = 0; g < GRADE_COUNT; g++)
		is_warning |= p->has_grade[g] && g != GRADE_HARDWARE;
	strbuf_printf(out,
		      "<text class=\"stamp%s\" x=\"%d\" y=\"12\""
		      " text-anchor=\"end\">",
		      is_warning ? " warns" : "", PICTURE_WIDTH);
	for (g = 0; g < GRADE_COUNT; g++) {
		const char *at;

		if (!p->has_grade[g])
			continue;
		strbuf_puts(out, between);
		for (at = grade_name((enum grade)g); *at; at++) {
			int c = (unsigned char)*at;

			strbuf_printf(out, "%c",
				      g == GRADE_HARDWARE ? c : toupper(c));
		}
		between = ", ";
	}
	strbuf_puts(out, "</text>\n");
}

void picture_begin(const struct picture *p, int height, struct strbuf *out)
{
	strbuf_printf(out,
		      "<svg class=\"lanes\" role=\"img\" viewBox=\"0 0 %d %d\"",
		      PICTURE_WIDTH, height);
	html_cell(out, " aria-label=\"", p->label, ": ");
	html_cell(out, "", p->says, "\">\n");
	html_cell(out, "<text class=\"axis\" x=\"0\" y=\"12\">", p->says,
		  "</text>");
	write_stamp(p, out);
	write_legend(p, out);
	strbuf_puts(out, "\n");
}

void picture_say(const struct model *m, const char *name,
		 const struct model_row *row, size_t runner, struct strbuf *out)
{
	html_cell(out, "", name, " under ");
	html_cell(out, "", m->runners[runner], ": ");
	html_value(out, row, runner);
	strbuf_puts(out, ", ");
	html_basis(out, row, runner);
}

void picture_title(const struct picture *p, const char *name,
		   const struct model_row *row, size_t runner,
		   struct strbuf *out)
{
	strbuf_puts(out, "<title>");
	picture_say(p->m, name, row, runner, out);
	strbuf_puts(out, "</title>");
}
