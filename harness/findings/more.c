// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/findings/more.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/xmalloc.h"
#include "harness/core/bench_case.h"
#include "harness/findings/findings.h"
#include "harness/verdict/claims.h"

static bool has_modes(const struct model *m, const struct model_row *row,
		      const char *runner)
{
	int k = verdict_runner(m, runner);

	return k >= 0 && oddity_has_modes(&row->cells[k]);
}

/* The row that more blocks may decide; NULL: none. */
static const struct model_row *open_row(const struct model *m,
					const struct claim_verdict *v)
{
	const struct model_row *row = verdict_row(m, v->claim->metric);

	if (!row || v->verdict != VERDICT_UNDECIDED)
		return NULL;
	return has_modes(m, row, v->claim->candidate) ||
			       has_modes(m, row, v->claim->baseline)
		       ? row
		       : NULL;
}

/* A row of a program is one of the metrics of its point. */
static bool is_of(const struct model_row *row, const struct case_item *item)
{
	size_t len = strcspn(row->point, "/");

	if (strcmp(row->workload, item->workload))
		return false;
	return !item->point[0] || !strcmp(item->point, row->point) ||
	       (strlen(item->point) == len &&
		!strncmp(item->point, row->point, len));
}

void more_needed(const struct findings *f, const struct bench_case *series,
		 struct bench_case *out)
{
	size_t i, k, count = f->judgement.count;
	const struct model_row **open = xcalloc(count + 1, sizeof(*open));

	for (k = 0; k < count; k++)
		open[k] = open_row(&f->model, &f->judgement.v[k]);
	for (i = 0; i < series->item_count; i++) {
		const struct case_item *item = &series->items[i];

		for (k = 0; k < count; k++)
			if (open[k] && is_of(open[k], item))
				break;
		if (k < count)
			bench_case_add(out, item->workload, item->point);
	}
	free(open);
}
