// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/stats/multiplicity.h"

#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdlib.h>

#include "harness/base/xmalloc.h"

/* The places of the p values that there are, the smallest first; the caller frees
 * them. The others have no adjusted value. */
static size_t *places_of(const double *p, size_t count, double *adjusted,
			 size_t *there)
{
	size_t *order = xcalloc(count + 1, sizeof(*order));
	size_t *places = xcalloc(count + 1, sizeof(*places));
	double *values = xcalloc(count + 1, sizeof(*values));
	size_t *sorted = xcalloc(count + 1, sizeof(*sorted));
	size_t i, n = 0;

	for (i = 0; i < count; i++) {
		adjusted[i] = NAN;
		if (isnan(p[i]))
			continue;
		places[n] = i;
		values[n++] = p[i];
	}
	gsl_sort_index(order, values, 1, n);
	for (i = 0; i < n; i++)
		sorted[i] = places[order[i]];
	free(values);
	free(places);
	free(order);
	*there = n;
	return sorted;
}

void multiplicity_holm(const double *p, size_t count, double *adjusted)
{
	size_t i, n, *at = places_of(p, count, adjusted, &n);
	double most = 0;

	for (i = 0; i < n; i++) {
		most = fmax(most, fmin(1, (double)(n - i) * p[at[i]]));
		adjusted[at[i]] = most;
	}
	free(at);
}

void multiplicity_bh(const double *p, size_t count, double *adjusted)
{
	size_t i, n, *at = places_of(p, count, adjusted, &n);
	double least = 1;

	for (i = n; i-- > 0;) {
		least = fmin(least, (double)n * p[at[i]] / (double)(i + 1));
		adjusted[at[i]] = least;
	}
	free(at);
}
