// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/stats/sampled_p.h"

#include <gsl/gsl_sf_gamma.h>
#include <math.h>

/* Halvings of an interval: more than the bits of a double. */
#define HALVINGS 60

void sampled_p_init(struct sampled_p *s, double level)
{
	*s = (struct sampled_p){.level = level};
}

/* Each draw multiplies the mean likelihood by the chance that draws so far,
 * with the prior, give its outcome. */
void sampled_p_add(struct sampled_p *s, bool is_hit)
{
	double prior = 1 / s->level;
	double misses = (double)(s->draws - s->hits);
	double all = 1 + prior + (double)s->draws;

	s->log_ratio += is_hit ? log(s->level * all / (1 + (double)s->hits))
			       : log((1 - s->level) * all / (prior + misses));
	s->hits += is_hit;
	s->draws++;
}

bool sampled_p_is_decided(const struct sampled_p *s)
{
	return s->log_ratio < log(SAMPLED_P_ERROR);
}

static bool holds(const struct sampled_p *s, double log_mean, double p)
{
	double hits = (double)s->hits;
	double misses = (double)(s->draws - s->hits);
	double log_likelihood = (hits > 0 ? hits * log(p) : 0) +
				(misses > 0 ? misses * log1p(-p) : 0);

	return log_likelihood - log_mean >= log(SAMPLED_P_ERROR);
}

/* Where the interval ends between IN, which it holds, and OUT. */
static double end_between(const struct sampled_p *s, double log_mean, double in,
			  double out)
{
	int i;

	if (holds(s, log_mean, out))
		return out;
	for (i = 0; i < HALVINGS; i++) {
		double middle = (in + out) / 2;

		if (holds(s, log_mean, middle))
			in = middle;
		else
			out = middle;
	}
	return out;
}

void sampled_p_interval(const struct sampled_p *s, double *low, double *high)
{
	double prior = 1 / s->level;
	double misses = (double)(s->draws - s->hits);
	double log_mean =
		log(prior) + gsl_sf_lnbeta(1 + (double)s->hits, prior + misses);
	double best = s->draws ? (double)s->hits / (double)s->draws : s->level;

	*low = end_between(s, log_mean, best, 0);
	*high = end_between(s, log_mean, best, 1);
}
