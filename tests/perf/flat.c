// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * flat - whether readings stay level: `SECONDS WHO WHAT VALUE` per line, on
 * stdin. Prints a line for each WHO and WHAT (harness/stats/flat.h).
 *
 * usage: flat; exit status: 0 all are flat, 1 one grows or shrinks, 2 one is
 * undecided or cannot be judged, 64 there is no reading, or there are too many series
 *
 * The margin, over the whole time: one of what is counted; of memory (in KiB)
 * 5 % of the median, or 2 MiB where that is more.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/xmalloc.h"
#include "harness/stats/flat.h"
#include "harness/stats/quantile.h"

#define MAX_SERIES 64

struct readings {
	char name[96];
	bool is_memory;
	double *times_s;
	double *values;
	size_t count;
	size_t room;
};

static struct readings *find(struct readings *all, size_t *count,
			     const char *who, const char *what)
{
	char name[sizeof(all->name)];
	size_t i;

	snprintf(name, sizeof(name), "%s %s", who, what);
	for (i = 0; i < *count; i++)
		if (!strcmp(all[i].name, name))
			return &all[i];
	if (*count == MAX_SERIES)
		return NULL;
	snprintf(all[i].name, sizeof(all[i].name), "%s", name);
	all[i].is_memory = strstr(what, "_kib") != NULL;
	++*count;
	return &all[i];
}

static void add(struct readings *r, double time_s, double value)
{
	if (r->count == r->room) {
		r->room = r->room ? 2 * r->room : 256;
		r->times_s = xrealloc(r->times_s, r->room, sizeof(double));
		r->values = xrealloc(r->values, r->room, sizeof(double));
	}
	r->times_s[r->count] = time_s;
	r->values[r->count++] = value;
}

static double margin_of(const struct readings *r)
{
	if (!r->is_memory)
		return 1;
	return fmax(2048, .05 * quantile_median(r->values, r->count));
}

static enum verdict judge(const struct readings *r)
{
	double margin = margin_of(r);
	struct flat f =
		flat_judge(r->times_s, r->values, r->count, margin, .95);

	printf("%-14s %-32s %8.0f, growth %+.2f (%+.2f to %+.2f), margin %.0f, %zu readings\n",
	       verdict_name(f.verdict), r->name, f.level, f.growth, f.low,
	       f.high, margin, r->count);
	return f.verdict;
}

int main(void)
{
	static struct readings all[MAX_SERIES];
	bool has[VERDICT_COUNT] = {false};
	char who[48], what[48];
	double time_s, value;
	size_t count = 0, i;
	enum verdict verdict;

	while (scanf("%lf %47s %47s %lf", &time_s, who, what, &value) == 4) {
		struct readings *r = find(all, &count, who, what);

		if (!r)
			return 64;
		add(r, time_s, value);
	}
	if (!count || !feof(stdin))
		return 64;
	for (i = 0; i < count; i++)
		has[judge(&all[i])] = true;
	verdict = verdict_of_all(has);
	return verdict == VERDICT_PASS ? 0 : verdict == VERDICT_FAIL ? 1 : 2;
}
