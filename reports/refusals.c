// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/refusals.h"

#include <stdio.h>
#include <string.h>

#include "reports/model.h"

static bool is_alike(const struct model *m, size_t row, size_t other,
		     size_t runner)
{
	const struct model_row *a = &m->rows[row], *b = &m->rows[other];

	return !strcmp(a->workload, b->workload) &&
	       b->cells[runner].refused_count &&
	       !strcmp(a->cells[runner].reason, b->cells[runner].reason);
}

/* Of rows FROM to TO, those that were refused as ROW was. */
static size_t count_alike(const struct model *m, size_t row, size_t runner,
			  size_t from, size_t to)
{
	size_t i, count = 0;

	for (i = from; i < to; i++)
		count += is_alike(m, row, i, runner);
	return count;
}

bool refusals_next(const struct model *m, size_t *at, struct refusal *r)
{
	for (; *at < m->row_count * m->runner_count; (*at)++) {
		size_t i = *at / m->runner_count, k = *at % m->runner_count;
		const struct model_cell *c = &m->rows[i].cells[k];

		if (!c->refused_count || count_alike(m, i, k, 0, i))
			continue;
		*r = (struct refusal){&m->rows[i], c, m->runners[k],
				      count_alike(m, i, k, i, m->row_count)};
		(*at)++;
		return true;
	}
	return false;
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
