// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/findings/refusals.h"

#include <stdio.h>
#include <string.h>

#include "harness/findings/model.h"

/* The reason or note of a cell; NULL: none. */
typedef const char *cell_text(const struct model_row *row,
			      const struct model_cell *c);

static const char *reason_of(const struct model_row *row,
			     const struct model_cell *c)
{
	(void)row;
	return c->refused_count ? c->reason : NULL;
}

static const char *note_of(const struct model_row *row,
			   const struct model_cell *c)
{
	return c->note[0] && model_row_is_summary(row) ? c->note : NULL;
}

static bool is_alike(const struct model *m, size_t row, size_t other,
		     size_t runner, cell_text *text_of)
{
	const struct model_row *a = &m->rows[row], *b = &m->rows[other];
	const char *text = text_of(b, &b->cells[runner]);

	return text && !strcmp(a->workload, b->workload) &&
	       !strcmp(text_of(a, &a->cells[runner]), text);
}

/* Of rows FROM to TO, those with the same reason as ROW. */
static size_t count_alike(const struct model *m, size_t row, size_t runner,
			  size_t from, size_t to, cell_text *text_of)
{
	size_t i, count = 0;

	for (i = from; i < to; i++)
		count += is_alike(m, row, i, runner, text_of);
	return count;
}

static bool find_next(const struct model *m, size_t *at, cell_text *text_of,
		      struct refusal *r)
{
	for (; *at < m->row_count * m->runner_count; (*at)++) {
		size_t i = *at / m->runner_count, k = *at % m->runner_count;
		const struct model_cell *c = &m->rows[i].cells[k];

		if (!text_of(&m->rows[i], c) ||
		    count_alike(m, i, k, 0, i, text_of))
			continue;
		*r = (struct refusal){
			&m->rows[i], c, m->runners[k],
			count_alike(m, i, k, i, m->row_count, text_of)};
		(*at)++;
		return true;
	}
	return false;
}

bool refusals_next(const struct model *m, size_t *at, struct refusal *r)
{
	return find_next(m, at, reason_of, r);
}

bool notes_next(const struct model *m, size_t *at, struct refusal *r)
{
	return find_next(m, at, note_of, r);
}

const char *refusal_subject(const struct refusal *r, char *buf, size_t size)
{
	char name[80], more[40] = "";

	if (r->alike_count > 1)
		snprintf(more, sizeof(more), " and %zu more",
			 r->alike_count - 1);
	snprintf(buf, size, "%s%s under %s",
		 model_row_name(r->row, name, sizeof(name)), more, r->runner);
	return buf;
}
