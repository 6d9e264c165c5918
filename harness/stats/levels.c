// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/stats/levels.h"

#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>

#include "harness/base/xmalloc.h"
#include "harness/stats/ttest.h"

struct levels levels_of(const double *values, size_t boot_count,
			size_t per_boot, double confidence)
{
	double *means = xcalloc(boot_count + 1, sizeof(*means));
	struct levels l = {.within = 0};
	struct ttest t;
	size_t i;

	for (i = 0; i < boot_count; i++) {
		const double *boot = values + i * per_boot;

		means[i] = gsl_stats_mean(boot, 1, per_boot);
		l.within += gsl_stats_variance(boot, 1, per_boot) /
			    (double)boot_count;
	}
	l.mean = gsl_stats_mean(means, 1, boot_count);
	l.between = gsl_stats_variance(means, 1, boot_count);
	l.between_alone = fmax(0, l.between - l.within / (double)per_boot);
	l.correlation = l.between_alone / (l.within + l.between_alone);
	t = ttest_of(l.mean, sqrt(l.between / (double)boot_count),
		     (double)boot_count - 1, confidence);
	l.low = t.low;
	l.high = t.high;
	free(means);
	return l;
}

double levels_best_samples(const struct levels *l, double boot_cost,
			   double sample_cost)
{
	if (!(l->between_alone > 0))
		return NAN;
	return fmax(1, sqrt(boot_cost / sample_cost * l->within /
			    l->between_alone));
}
