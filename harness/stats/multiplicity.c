// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/stats/multiplicity.h"

#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdlib.h>

#include "harness/base/xmalloc.h"

void multiplicity_holm(const double *p, size_t count, double *adjusted)
{
	size_t *order = xcalloc(count + 1, sizeof(*order));
	double most = 0;
	size_t i;

	gsl_sort_index(order, p, 1, count);
	for (i = 0; i < count; i++) {
		most = fmax(most, fmin(1, (double)(count - i) * p[order[i]]));
		adjusted[order[i]] = most;
	}
	free(order);
}

void multiplicity_bh(const double *p, size_t count, double *adjusted)
{
	size_t *order = xcalloc(count + 1, sizeof(*order));
	double least = 1;
	size_t i;

	gsl_sort_index(order, p, 1, count);
	for (i = count; i-- > 0;) {
		least = fmin(least,
			     (double)count * p[order[i]] / (double)(i + 1));
		adjusted[order[i]] = least;
	}
	free(order);
}
