// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/stats/changes.h"

#include <gsl/gsl_rng.h>
#include <gsl/gsl_sf_gamma.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/xmalloc.h"
#include "harness/stats/quantile.h"

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
 * What one search for a division goes over. A row's [k] is of all distances
 * between the first KAPPA and the first k values; any block of distances is
 * four of these, and only the rows of four KAPPAs are kept at a time, for each
 * needs nothing but the one before.
 */
#define ROWS 4

struct tables {
	double *rows[ROWS];
	double *within; /* [i]: of all distances among the first i */
	double *share; /* [i]: 1/i; 0 of none, for a single value has no pair */
	double *count; /* [i]: i */
};

static void tables_init(struct tables *t, size_t n)
{
	size_t i;

	for (i = 0; i < ROWS; i++)
		t->rows[i] = xcalloc(n + 1, sizeof(*t->rows[i]));
	t->within = xcalloc(n + 1, sizeof(*t->within));
	t->share = xcalloc(n + 1, sizeof(*t->share));
	t->count = xcalloc(n + 1, sizeof(*t->count));
	for (i = 1; i <= n; i++) {
		t->share[i] = 1 / (double)i;
		t->count[i] = (double)i;
	}
}

static void tables_release(struct tables *t)
{
	size_t i;

	for (i = 0; i < ROWS; i++)
		free(t->rows[i]);
	free(t->within);
	free(t->share);
	free(t->count);
}

/*
 * The rows move on by the distances of four values from FIRST on, the last one
 * standing in where there are fewer. Four sums at once, because each addition
 * waits for the one before it.
 */
static void next_rows(struct tables *t, const double *values, size_t n,
		      size_t first)
{
	const double *v = values + first;
	size_t last = n - 1 - first;
	double from[ROWS] = {v[0], v[last < 1 ? last : 1],
			     v[last < 2 ? last : 2], v[last < 3 ? last : 3]};
	double a = 0, b = 0, c = 0, d = 0;
	size_t k;

	for (k = 0; k < n; k++) {
		a += fabs(from[0] - values[k]);
		b += fabs(from[1] - values[k]);
		c += fabs(from[2] - values[k]);
		d += fabs(from[3] - values[k]);
		t->rows[0][k + 1] = t->rows[3][k + 1] + a;
		t->rows[1][k + 1] = t->rows[0][k + 1] + b;
		t->rows[2][k + 1] = t->rows[1][k + 1] + c;
		t->rows[3][k + 1] = t->rows[2][k + 1] + d;
	}
}

/* What divides the first TAU from those behind up to KAPPA, for all TAU. Pairs
 * are counted once. */
static void best_tau(const struct tables *t, const double *row, size_t kappa,
		     size_t least, struct split *best)
{
	double most = isnan(best->q) ? -INFINITY : best->q;
	size_t tau, at = 0;

	for (tau = least; tau + least <= kappa; tau++) {
		size_t m = kappa - tau;
		double before = t->within[tau];
		double cross = row[tau] - before;
		double behind = t->within[kappa] - before - 2 * cross;
		double q =
			t->share[kappa] *
			(2 * cross - t->count[m] * t->share[tau - 1] * before -
			 t->count[tau] * t->share[m - 1] * behind);

		if (q > most) {
			most = q;
			at = tau;
		}
	}
	if (at)
		*best = (struct split){at, kappa, most};
}

/* The best division, or any that divides as well as ENOUGH; T has room for as
 * many values. */
static struct split divide_best(struct tables *t, const double *values,
				size_t n, size_t least, double enough)
{
	struct split best = {.q = NAN};
	size_t i;

	memset(t->rows[ROWS - 1], 0, (n + 1) * sizeof(*t->rows[0]));
	for (i = 0; i < n && !(best.q >= enough); i++) {
		const double *row = t->rows[i % ROWS];

		if (i % ROWS == 0)
			next_rows(t, values, n, i);
		t->within[i + 1] = row[i + 1];
		if (i + 1 >= 2 * least)
			best_tau(t, row, i + 1, least, &best);
	}
	return best;
}

struct split changes_best_split(const double *values, size_t n, size_t least)
{
	struct split best = {.q = NAN};
	struct tables t;

	if (n < 2 * least || !least)
		return best;
	tables_init(&t, n);
	best = divide_best(&t, values, n, least, INFINITY);
	tables_release(&t);
	return best;
}

const struct change_options change_defaults = {
	.window = 50,
	.max_p = 0.02,
	.least_magnitude = 0,
	.least_values = 3,
	.seed = 1,
};

/*
 * A test at level p first takes 2/p permutations: if ten of them divide as well,
 * it will not become significant. It goes on where that is near, so that chance
 * does not decide: to 10/p if none does, to 50/p if some do.
 */
#define HOPELESS 10
#define FIRST_PER_LEVEL 2
#define CLEAR_PER_LEVEL 10
#define MOST_PER_LEVEL 50
#define MAX_PERMUTATIONS 200000
/* All ways to choose are counted where there are no more. */
#define MAX_WAYS 20000
/* Statistics that differ only by rounding are equal. */
#define ROUNDING 1e-9

/* What a search goes through. */
struct search {
	const struct change_options *opts;
	double level;              /* of one test */
	size_t first, clear, most; /* permutations, see above */
	gsl_rng *rng;
	struct tables tables; /* for all values, as is the room of COPY */
	double *copy;
	size_t *found; /* indexes, in order, without twins */
	size_t found_count;
};

/* As gsl_ran_shuffle() does, which moves its elements byte by byte. */
static void shuffle(struct search *s, size_t n)
{
	size_t i;

	for (i = n - 1; i > 0; i--) {
		size_t k = gsl_rng_uniform_int(s->rng, i + 1);
		double value = s->copy[i];

		s->copy[i] = s->copy[k];
		s->copy[k] = value;
	}
}

/* Whether I permutations, AS_WELL of which divide as well, decide the test. */
static bool is_decided(const struct search *s, size_t i, size_t as_well)
{
	if (i >= s->most || (i <= s->first && as_well >= HOPELESS))
		return true;
	return i >= s->clear && !as_well;
}

/* The next choice of K of N, in order of the indexes; false after the last. */
static bool next_choice(size_t *chosen, size_t k, size_t n)
{
	size_t i = k;

	while (i && chosen[i - 1] == n - k + i - 1)
		i--;
	if (!i)
		return false;
	chosen[i - 1]++;
	for (; i < k; i++)
		chosen[i] = chosen[i - 1] + 1;
	return true;
}

/* The share of all ways to choose INDEX of N values that divide as well. */
static double exact_p(struct search *s, const double *values, size_t n,
		      size_t index, double q)
{
	size_t *chosen = xcalloc(index, sizeof(*chosen));
	size_t ways = 0, as_well = 0, i;

	for (i = 0; i < index; i++)
		chosen[i] = i;
	do {
		size_t in = 0, out = index;

		for (i = 0; i < n; i++)
			if (in < index && chosen[in] == i)
				s->copy[in++] = values[i];
			else
				s->copy[out++] = values[i];
		ways++;
		as_well += changes_energy(s->copy, index, s->copy + index,
					  n - index)
				   .t >= q * (1 - ROUNDING);
	} while (next_choice(chosen, index, n));
	free(chosen);
	return (double)as_well / (double)ways;
}

/*
 * (1 + those that divide as well) / (1 + permutations); INDEX 0: each is
 * divided where it divides best, else all at INDEX, and where there are few ways
 * to choose, all of them are counted.
 */
static double permuted_p(struct search *s, const double *values, size_t n,
			 size_t index, double q)
{
	size_t i, as_well = 0;

	if (index && gsl_sf_lnchoose((unsigned int)n, (unsigned int)index) <=
			     log(MAX_WAYS))
		return exact_p(s, values, n, index, q);
	memcpy(s->copy, values, n * sizeof(*values));
	for (i = 0; !is_decided(s, i, as_well); i++) {
		double other;

		shuffle(s, n);
		other = index ? changes_energy(s->copy, index, s->copy + index,
					       n - index)
					.t
			      : divide_best(&s->tables, s->copy, n,
					    s->opts->least_values, q)
					.q;
		as_well += other >= q;
	}
	return (double)(1 + as_well) / (double)(1 + i);
}

static void note(struct search *s, size_t index)
{
	size_t at = s->found_count;

	while (at && s->found[at - 1] > index)
		at--;
	if (at && s->found[at - 1] == index)
		return;
	memmove(s->found + at + 1, s->found + at,
		(s->found_count - at) * sizeof(*s->found));
	s->found[at] = index;
	s->found_count++;
}

static void divide(struct search *s, const double *values, size_t from,
		   size_t to)
{
	struct split best = changes_best_split(values + from, to - from,
					       s->opts->least_values);

	if (isnan(best.q) || best.q <= 0 ||
	    permuted_p(s, values + from, to - from, 0, best.q) > s->level)
		return;
	note(s, from + best.tau);
	divide(s, values, from, from + best.tau);
	divide(s, values, from + best.tau, to);
}

/* Of the change that stands at AT among those found. */
static struct change measure(struct search *s, const double *values, size_t n,
			     size_t at)
{
	size_t index = s->found[at];
	size_t from = at ? s->found[at - 1] : 0;
	size_t to = at + 1 < s->found_count ? s->found[at + 1] : n;
	size_t reach = (s->opts->window + 1) / 2;
	struct change c = {.index = index, .p = 1};

	/* What lies far away says nothing more, and costs its square. */
	if (index - from > reach)
		from = index - reach;
	if (to - index > reach)
		to = index + reach;
	c.before = quantile_median(values + from, index - from);
	c.after = quantile_median(values + index, to - index);
	c.magnitude = c.after / c.before - 1;
	if (index - from >= s->opts->least_values &&
	    to - index >= s->opts->least_values)
		c.p = permuted_p(s, values + from, to - from, index - from,
				 changes_energy(values + from, index - from,
						values + index, to - index)
					 .t);
	return c;
}

/* The one to be taken back; COUNT: none. */
static size_t worst_of(const struct search *s, const struct change *all,
		       size_t count)
{
	size_t i, worst = count;

	for (i = 0; i < count; i++)
		if (all[i].p > s->level &&
		    (worst == count || all[i].p > all[worst].p))
			worst = i;
	for (i = 0; i < count && worst == count; i++)
		if (fabs(all[i].magnitude) < s->opts->least_magnitude)
			worst = i;
	return worst;
}

/* Two windows may see one change at two places, and chance one at none. */
static size_t prune(struct search *s, const double *values, size_t n,
		    struct change *all)
{
	size_t i, worst;

	for (i = 0; i < s->found_count; i++)
		all[i] = measure(s, values, n, i);
	while ((worst = worst_of(s, all, s->found_count)) < s->found_count) {
		s->found_count--;
		memmove(s->found + worst, s->found + worst + 1,
			(s->found_count - worst) * sizeof(*s->found));
		memmove(all + worst, all + worst + 1,
			(s->found_count - worst) * sizeof(*all));
		if (worst)
			all[worst - 1] = measure(s, values, n, worst - 1);
		if (worst < s->found_count)
			all[worst] = measure(s, values, n, worst);
	}
	return s->found_count;
}

static size_t permutations_for(const struct search *s, double per_level)
{
	double wanted = per_level / s->level;

	return wanted < MAX_PERMUTATIONS ? (size_t)wanted : MAX_PERMUTATIONS;
}

static void search_init(struct search *s, size_t n, size_t windows,
			const struct change_options *opts)
{
	*s = (struct search){.opts = opts,
			     .level = opts->max_p / (double)windows};
	s->first = permutations_for(s, FIRST_PER_LEVEL);
	s->clear = permutations_for(s, CLEAR_PER_LEVEL);
	s->most = permutations_for(s, MOST_PER_LEVEL);
	s->rng = gsl_rng_alloc(gsl_rng_mt19937);
	gsl_rng_set(s->rng, opts->seed);
	tables_init(&s->tables, n);
	s->copy = xcalloc(n, sizeof(*s->copy));
	s->found = xcalloc(n, sizeof(*s->found));
}

size_t changes_find(const double *values, size_t n,
		    const struct change_options *opts, struct change **changes)
{
	size_t half = opts->window / 2 ? opts->window / 2 : 1;
	size_t windows =
		n > opts->window ? 1 + (n - opts->window + half - 1) / half : 1;
	struct search s;
	size_t i, count;

	*changes = NULL;
	if (n < 2 * opts->least_values || !n)
		return 0;
	search_init(&s, n, windows, opts);
	for (i = 0; i < windows; i++) {
		size_t to = i * half + opts->window;

		divide(&s, values, i * half, to < n ? to : n);
	}
	*changes = xcalloc(s.found_count + 1, sizeof(**changes));
	count = prune(&s, values, n, *changes);
	gsl_rng_free(s.rng);
	tables_release(&s.tables);
	free(s.copy);
	free(s.found);
	return count;
}
