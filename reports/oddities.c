// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/oddities.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/xmalloc.h"
#include "harness/stats/diagnose.h"
#include "reports/model.h"

/* Fewer boots show nothing of the kind. */
#define MIN_BOOTS 8
/* More are averaged with their neighbours: what is slow is seen all the same,
 * and all pairs are looked at. */
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

const char *oddities_of(const struct model_cell *c, char *buf, size_t size)
{
	struct words w = {buf, size, 0};
	struct drift drift;
	double *values, alike;
	size_t n, outliers;

	buf[0] = '\0';
	if (c->boot_count < MIN_BOOTS)
		return buf;
	values = squeeze(c, &n);
	drift = diagnose_drift(values, n);
	if (drift.p < ALPHA)
		say(&w, "drift %.3f (p %.2g)", drift.halves, drift.p);
	alike = diagnose_autocorrelation(values, n);
	if (fabs(alike) > ALPHA_SIGMAS / sqrt((double)n))
		say(&w, "neighbours alike (%.2f)", alike);
	if (diagnose_is_bimodal(values, n))
		say(&w, "two modes");
	outliers = diagnose_outliers(
		values, n, n / 4 < MAX_OUTLIERS ? n / 4 : MAX_OUTLIERS, ALPHA,
		NULL, NULL);
	if (outliers)
		say(&w, "%zu outlier%s", outliers, outliers > 1 ? "s" : "");
	free(values);
	return buf;
}

void oddities_write(const struct model *m, FILE *out)
{
	char text[160], name[80];
	bool is_first = true;
	size_t i, k, outliers_alone = 0;

	for (i = 0; i < m->row_count; i++)
		for (k = 0; k < m->runner_count; k++) {
			if (!model_row_is_summary(&m->rows[i]) ||
			    !*oddities_of(&m->rows[i].cells[k], text,
					  sizeof(text)))
				continue;
			/* One boot in many is hardly worth a line. */
			if (!strchr(text, '(') && !strstr(text, "modes")) {
				outliers_alone++;
				continue;
			}
			if (is_first)
				fputs("\nOdd, at one in a hundred; flagged and never left out (drift: second half of the\n"
				      "boots over the first):\n",
				      out);
			is_first = false;
			fprintf(out, "  %s under %s: %s\n",
				model_row_name(&m->rows[i], name, sizeof(name)),
				m->runners[k], text);
		}
	if (outliers_alone)
		fprintf(out,
			"%s%zu series have outliers alone; JSON says which.\n",
			is_first ? "" : "  ", outliers_alone);
}
