// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/findings/oddities.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>

#include "harness/base/units.h"
#include "harness/base/xmalloc.h"
#include "harness/findings/model.h"
#include "harness/stats/diagnose.h"

/* Fewer boots cannot show an oddity. */
#define MIN_BOOTS 8
/* More values are averaged in groups: slow changes stay visible, and the tests
 * look at all pairs. */
#define MAX_VALUES 200
#define ALPHA 0.01
#define MAX_OUTLIERS 5
/* The normal quantile of 1 - ALPHA / 2. */
#define ALPHA_SIGMAS 2.576

struct words {
	char *buf;
	size_t size, used;
};

static void say(struct words *w, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void say(struct words *w, const char *fmt, ...)
{
	va_list ap;

	if (w->used + 2 >= w->size)
		return;
	if (w->used)
		w->used += (size_t)snprintf(w->buf + w->used, w->size - w->used,
					    ", ");
	va_start(ap, fmt);
	w->used +=
		(size_t)vsnprintf(w->buf + w->used, w->size - w->used, fmt, ap);
	va_end(ap);
	if (w->used > w->size)
		w->used = w->size;
}

/* The boots, or means of so many neighbours that few values are left. */
static double *squeeze(const struct model_cell *c, size_t *n)
{
	size_t step = (c->boot_count + MAX_VALUES - 1) / MAX_VALUES;
	double *values = xcalloc(c->boot_count + 1, sizeof(*values));
	size_t i, k;

	*n = 0;
	for (i = 0; i + step <= c->boot_count; i += step) {
		for (k = 0; k < step; k++)
			values[*n] += c->boots[i + k] / (double)step;
		(*n)++;
	}
	return values;
}

bool oddity_has_modes(const struct model_cell *cell)
{
	return cell->boot_count >= MIN_BOOTS &&
	       diagnose_is_bimodal(cell->boots, cell->boot_count, NULL);
}

/* A mean of neighbours is of no mode: of those groups alone are counted. */
static void say_modes(struct words *w, const struct modes *modes,
		      const char *unit, bool is_of_boots)
{
	char low[32], high[32];

	say(w, "two modes (%zu %s at %s, %zu at %s)", modes->low_count,
	    is_of_boots ? "boots" : "groups of boots",
	    units_format(modes->low, unit, low, sizeof(low)), modes->high_count,
	    units_format(modes->high, unit, high, sizeof(high)));
}

/* Whether anything is odd about C; then the rest of ODD is filled in. */
static bool describe(const struct model_cell *c, const char *unit,
		     struct oddity *odd)
{
	struct words w = {odd->text, sizeof(odd->text), 0};
	struct modes modes;
	struct drift drift;
	double *values, alike;
	size_t n, outliers;

	if (c->boot_count < MIN_BOOTS)
		return false;
	values = squeeze(c, &n);
	drift = diagnose_drift(values, n);
	if (drift.p < ALPHA)
		say(&w, "drift %.3f (p %.2g)", drift.halves, drift.p);
	alike = diagnose_autocorrelation(values, n);
	if (fabs(alike) > ALPHA_SIGMAS / sqrt((double)n))
		say(&w, "autocorrelation (%.2f)", alike);
	if (diagnose_is_bimodal(values, n, &modes))
		say_modes(&w, &modes, unit, n == c->boot_count);
	/* One boot in many is hardly worth a line. */
	odd->is_outliers_alone = !w.used;
	outliers = diagnose_outliers(
		values, n, n / 4 < MAX_OUTLIERS ? n / 4 : MAX_OUTLIERS, ALPHA,
		NULL, NULL);
	if (outliers)
		say(&w, "%zu outlier%s", outliers, outliers > 1 ? "s" : "");
	free(values);
	return w.used;
}

static void add_cell(struct oddities *o, const struct model_row *row,
		     size_t runner)
{
	struct oddity odd = {.row = row, .runner = runner};

	if (!describe(&row->cells[runner], row->unit, &odd))
		return;
	o->rows = xrealloc(o->rows, o->count + 1, sizeof(*o->rows));
	o->rows[o->count++] = odd;
}

void oddities_init(struct oddities *o, const struct model *m)
{
	size_t i, k;

	*o = (struct oddities){.rows = NULL};
	for (i = 0; i < m->row_count; i++)
		for (k = 0; k < m->runner_count; k++)
			add_cell(o, &m->rows[i], k);
}

void oddities_release(struct oddities *o)
{
	free(o->rows);
	*o = (struct oddities){.rows = NULL};
}

const char *oddities_text(const struct oddities *o, const struct model_row *row,
			  size_t runner)
{
	size_t i;

	for (i = 0; i < o->count; i++)
		if (o->rows[i].row == row && o->rows[i].runner == runner)
			return o->rows[i].text;
	return "";
}
