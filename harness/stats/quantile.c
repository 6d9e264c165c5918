// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/stats/quantile.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/xmalloc.h"

/* Up to so many are sorted by insertion. */
#define SHORT 12

static void insert_each(double *values, size_t count)
{
	size_t i, k;

	for (i = 1; i < count; i++) {
		double value = values[i];

		for (k = i; k && values[k - 1] > value; k--)
			values[k] = values[k - 1];
		values[k] = value;
	}
}

/* By merging, as qsort() of glibc does it, for a comparison that is not called: equal
 * values, of which one may be -0, stay in their order. SPACE has room for half of
 * them. */
static void merge_sort(double *values, size_t count, double *space)
{
	size_t half = count / 2, left = 0, right = half, at = 0;

	if (count <= SHORT) {
		insert_each(values, count);
		return;
	}
	merge_sort(values, half, space);
	merge_sort(values + half, count - half, space);
	memcpy(space, values, half * sizeof(*values));
	/* Without a branch on what is random. */
	while (left < half && right < count) {
		bool is_right = space[left] > values[right];

		values[at++] = is_right ? values[right] : space[left];
		right += is_right;
		left += !is_right;
	}
	memcpy(values + at, space + left, (half - left) * sizeof(*values));
}

void quantile_sort(double *values, size_t count)
{
	double *space;

	if (count <= SHORT) {
		insert_each(values, count);
		return;
	}
	space = xcalloc(count / 2, sizeof(*space));
	merge_sort(values, count, space);
	free(space);
}

/* Moves what is less than the value that sorting would bring to K before it, and
 * what is more behind it (Hoare 1961). */
static void select_at(double *values, size_t count, size_t k)
{
	ptrdiff_t low = 0, high = (ptrdiff_t)count - 1, at = (ptrdiff_t)k;

	while (low < high) {
		double pivot = values[low + (high - low) / 2], other;
		ptrdiff_t i = low, j = high;

		while (i <= j) {
			while (values[i] < pivot)
				i++;
			while (values[j] > pivot)
				j--;
			if (i > j)
				break;
			other = values[i];
			values[i++] = values[j];
			values[j--] = other;
		}
		if (at <= j)
			high = j;
		else if (at >= i)
			low = i;
		else
			return;
	}
}

double quantile_of_sorted(const double *sorted, size_t count, double p)
{
	double at = (double)(count - 1) * p;
	size_t i = (size_t)at;
	double low, high;

	if (!count)
		return NAN;
	low = sorted[i];
	high = i + 1 < count ? sorted[i + 1] : low;
	return low + (high - low) * (at - (double)i);
}

double quantile_pick(double *values, size_t count, double p)
{
	double at, low, high;
	size_t i, k;

	if (!count)
		return NAN;
	at = (double)(count - 1) * p;
	i = (size_t)at;
	select_at(values, count, i);
	low = high = values[i];
	for (k = i + 1; k < count; k++)
		if (k == i + 1 || values[k] < high)
			high = values[k];
	return low + (high - low) * (at - (double)i);
}

double quantile(const double *values, size_t count, double p)
{
	double *sorted, result;

	if (!count)
		return NAN;
	sorted = xcalloc(count, sizeof(*sorted));
	memcpy(sorted, values, count * sizeof(*sorted));
	quantile_sort(sorted, count);
	result = quantile_of_sorted(sorted, count, p);
	free(sorted);
	return result;
}

double quantile_median(const double *values, size_t count)
{
	return quantile(values, count, 0.5);
}

bool quantile_median_interval(const double *values, size_t count,
			      double confidence, double *low, double *high)
{
	double *sorted;
	size_t k = 0;

	*low = *high = NAN;
	/* Leaving k out at each end is wrong with twice this probability. */
	while (k < count / 2 &&
	       1 - 2 * gsl_cdf_binomial_P((unsigned int)k, 0.5,
					  (unsigned int)count) >=
		       confidence)
		k++;
	if (!k)
		return false;
	sorted = xcalloc(count, sizeof(*sorted));
	memcpy(sorted, values, count * sizeof(*sorted));
	quantile_sort(sorted, count);
	*low = sorted[k - 1];
	*high = sorted[count - k];
	free(sorted);
	return true;
}
