// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/stats/sequential.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <math.h>

/* Fewer blocks show too little of their noise. */
#define MIN_LOOK_BLOCKS 3

/* What is integrated over, in standard deviations, and in how many steps of
 * Simpson's rule (an even number). */
#define REACH 8.0
#define STEPS 200

/*
 * The density of the sum of the data so far, over the paths that have stayed
 * below every bound. Its variance is the fraction of the data.
 */
struct paths {
	double fraction;
	double low, step;
	double density[STEPS + 1];
};

static double weight(int i)
{
	if (i == 0 || i == STEPS)
		return 1.0 / 3;
	return i % 2 ? 4.0 / 3 : 2.0 / 3;
}

/* That the next sum, at FRACTION, is above BOUND standard deviations. */
static double above(const struct paths *p, double fraction, double bound)
{
	double limit = bound * sqrt(fraction);
	double sd = sqrt(fraction - p->fraction);
	double sum = 0;
	int i;

	if (p->fraction <= 0)
		return gsl_cdf_ugaussian_Q(bound);
	for (i = 0; i <= STEPS; i++)
		sum += weight(i) * p->density[i] *
		       gsl_cdf_gaussian_Q(limit - p->low - p->step * (double)i,
					  sd);
	return sum * p->step;
}

static double density_at(const struct paths *p, double at, double sd)
{
	double sum = 0;
	int i;

	if (p->fraction <= 0)
		return gsl_ran_gaussian_pdf(at, sd);
	for (i = 0; i <= STEPS; i++)
		sum += weight(i) * p->density[i] *
		       gsl_ran_gaussian_pdf(at - p->low - p->step * (double)i,
					    sd);
	return sum * p->step;
}

static void go_on(struct paths *p, double fraction, double bound)
{
	struct paths next = {.fraction = fraction,
			     .low = -REACH * sqrt(fraction)};
	double sd = sqrt(fraction - p->fraction);
	int i;

	next.step = (fmin(bound, REACH) * sqrt(fraction) - next.low) / STEPS;
	for (i = 0; i <= STEPS; i++)
		next.density[i] =
			density_at(p, next.low + next.step * (double)i, sd);
	*p = next;
}

double sequential_spent(double fraction, double alpha)
{
	if (!(fraction > 0))
		return 0;
	if (fraction >= 1)
		return alpha;
	return 2 * gsl_cdf_ugaussian_Q(gsl_cdf_ugaussian_Qinv(alpha / 2) /
				       sqrt(fraction));
}

/* The bound that is crossed, here first, with so much PROBABILITY. */
static double find_bound(const struct paths *p, double fraction,
			 double probability)
{
	double low = -REACH, high = REACH;
	int i;

	for (i = 0; i < 50; i++) {
		double mid = (low + high) / 2;

		if (above(p, fraction, mid) > probability)
			low = mid;
		else
			high = mid;
	}
	return high;
}

/* UPTO[i] of alpha may be spent up to look I. */
static void share_out(const double *fractions, const double *upto, size_t count,
		      double *levels)
{
	struct paths p = {.fraction = 0};
	double spent = 0, bound;
	size_t i;

	for (i = 0; i < count; i++) {
		levels[i] = 0;
		/* Nothing came in since the last look. */
		if (!(fractions[i] > p.fraction))
			continue;
		bound = find_bound(&p, fractions[i], upto[i] - spent);
		levels[i] = gsl_cdf_ugaussian_Q(bound);
		spent = upto[i];
		if (i + 1 < count)
			go_on(&p, fractions[i], bound);
	}
}

void sequential_levels(const double *fractions, size_t count, double alpha,
		       bool is_final, double *levels)
{
	double upto[SEQUENTIAL_MAX_LOOKS];
	size_t i;

	for (i = 0; i < count; i++)
		upto[i] = is_final && i == count - 1
				  ? alpha
				  : sequential_spent(fractions[i], alpha);
	share_out(fractions, upto, count, levels);
}

void sequential_levels_by(const double *fractions, const double *spent,
			  size_t count, double alpha, double *levels)
{
	double upto[SEQUENTIAL_MAX_LOOKS];
	size_t i;

	for (i = 0; i < count; i++)
		upto[i] = alpha * spent[i];
	share_out(fractions, upto, count, levels);
}

size_t sequential_more_looks(size_t block_count, size_t more, size_t *looks,
			     double *spent)
{
	static const double shares[] = {.8, .9, 1};
	size_t count = 0;

	looks[count] = block_count;
	spent[count++] = shares[0];
	if (more > 1) {
		looks[count] = block_count + (more + 1) / 2;
		spent[count++] = shares[1];
	}
	if (more) {
		looks[count] = block_count + more;
		spent[count++] = shares[2];
	}
	return count;
}

double sequential_crossing(const double *bounds, const double *fractions,
			   size_t count)
{
	struct paths p = {.fraction = 0};
	double sum = 0;
	size_t i;

	for (i = 0; i < count; i++) {
		sum += above(&p, fractions[i], bounds[i]);
		go_on(&p, fractions[i], bounds[i]);
	}
	return sum;
}

size_t sequential_looks(size_t block_count, size_t wanted, size_t *looks)
{
	size_t i, count = 0;

	for (i = 1; i <= wanted; i++) {
		size_t at = (block_count * i + wanted - 1) / wanted;

		if (i < wanted && (at < MIN_LOOK_BLOCKS || at == block_count))
			continue;
		if (!count || looks[count - 1] < at)
			looks[count++] = at;
	}
	return count;
}
