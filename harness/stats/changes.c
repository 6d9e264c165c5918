// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/stats/changes.h"

#include <math.h>
#include <stdlib.h>

#include "harness/base/xmalloc.h"

/* Mean of all distances from one to the other. */
static double mean_distance(const double *x, size_t n, const double *y,
			    size_t m)
{
	double sum = 0;
	size_t i, k;

	for (i = 0; i < n; i++)
		for (k = 0; k < m; k++)
			sum += fabs(x[i] - y[k]);
	return sum / ((double)n * (double)m);
}

struct energy changes_energy(const double *x, size_t n, const double *y,
			     size_t m)
{
	double cross = mean_distance(x, n, y, m);
	struct energy out;

	out.e = 2 * cross - mean_distance(x, n, x, n) -
		mean_distance(y, m, y, m);
	out.t = out.e * (double)n * (double)m / (double)(n + m);
	out.coefficient = out.e / (2 * cross);
	return out;
}

/*
 * SUMS[i * (n + 1) + k] is of all distances between the first i and the first
 * k values; any block of distances is four of these.
 */
static double *prefix_sums(const double *values, size_t n)
{
	double *sums = xcalloc((n + 1) * (n + 1), sizeof(*sums));
	size_t i, k;

	for (i = 0; i < n; i++) {
		double row = 0;

		for (k = 0; k < n; k++) {
			row += fabs(values[i] - values[k]);
			sums[(i + 1) * (n + 1) + k + 1] =
				sums[i * (n + 1) + k + 1] + row;
		}
	}
	return sums;
}

/* What divides the first TAU from those behind up to KAPPA; pairs are counted
 * once, and a single value has none. */
static double divergence(const double *sums, size_t size, size_t tau,
			 size_t kappa)
{
	double n = (double)tau, m = (double)(kappa - tau);
	double all = sums[kappa * size + kappa];
	double before = sums[tau * size + tau];
	double cross = sums[tau * size + kappa] - before;
	double behind = all - before - 2 * cross;
	double q = 2 / (n + m) * cross;

	if (tau > 1)
		q -= 2 * m / ((n + m) * (n - 1)) * before / 2;
	if (kappa - tau > 1)
		q -= 2 * n / ((n + m) * (m - 1)) * behind / 2;
	return q;
}

struct split changes_best_split(const double *values, size_t n)
{
	struct split best = {.q = NAN};
	double *sums;
	size_t tau, kappa;

	if (n < 2)
		return best;
	sums = prefix_sums(values, n);
	for (kappa = 2; kappa <= n; kappa++)
		for (tau = 1; tau < kappa; tau++) {
			double q = divergence(sums, n + 1, tau, kappa);

			if (isnan(best.q) || q > best.q)
				best = (struct split){tau, kappa, q};
		}
	free(sums);
	return best;
}
