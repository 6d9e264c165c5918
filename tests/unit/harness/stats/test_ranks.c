// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Rank tests against a count of every assignment, against exact distributions
 * where the product takes the normal one, and against their own inverse: the
 * interval of a shift has the shifts that the test does not reject.
 */
#include "tests/unit/test.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

#include "harness/stats/ranks.h"
#include "tests/unit/fixture/expect.h"

static uint64_t seed = 7;

static unsigned int draw(unsigned int below)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned int)(seed >> 33) % below;
}

/* --- by counting ------------------------------------------------------------ */

/* U as it is defined: pairs in which A is above B, a tie for half of one. */
static double u_of(const double *values, size_t n, unsigned int is_a)
{
	double u = 0;
	size_t i, k;

	for (i = 0; i < n; i++)
		for (k = 0; k < n; k++)
			if (is_a >> i & 1 && !(is_a >> k & 1))
				u += values[i] > values[k]    ? 1
				     : values[i] == values[k] ? .5
							      : 0;
	return u;
}

/* Small whole numbers: many are equal. */
static void mann_whitney_is_a_count(void **state)
{
	double values[9];
	int round;

	(void)state;
	for (round = 0; round < 60; round++) {
		size_t a_count = 1 + draw(5), n = a_count + 1 + draw(4), i;
		unsigned int is_a, less = 0, greater = 0, all = 0;
		struct rank_test t;
		double u;

		for (i = 0; i < n; i++)
			values[i] = draw(6);
		u = u_of(values, n, (1u << a_count) - 1);
		for (is_a = 0; is_a < 1u << n; is_a++) {
			if ((size_t)__builtin_popcount(is_a) != a_count)
				continue;
			all++;
			less += u_of(values, n, is_a) <= u;
			greater += u_of(values, n, is_a) >= u;
		}
		t = ranks_mann_whitney(values, a_count, values + a_count,
				       n - a_count);
		assert_true(t.is_exact);
		assert_close(t.statistic, u, 0);
		assert_close(t.p_less, (double)less / all, 1e-12);
		assert_close(t.p_greater, (double)greater / all, 1e-12);
		assert_close(t.p, fmin(1, 2 * fmin(t.p_less, t.p_greater)), 0);
		assert_close(t.smallest_p, fmin(1, 2. / all), 1e-12);
	}
}

/* V with the signs of SIGNS: twice the rank of a size is the count of those
 * below it, of those up to it, and one. */
static double v_of(const double *d, size_t n, unsigned int signs)
{
	double v = 0;
	size_t i, k;

	for (i = 0; i < n; i++)
		for (k = 0; k < n && signs >> i & 1; k++)
			v += ((fabs(d[k]) < fabs(d[i])) +
			      (fabs(d[k]) <= fabs(d[i])) + (k == i)) /
			     2.;
	return v;
}

static void signed_ranks_are_a_count(void **state)
{
	double a[8], b[8], d[8];
	int round;

	(void)state;
	for (round = 0; round < 60; round++) {
		size_t n = 1 + draw(8), m = 0, i;
		unsigned int less = 0, greater = 0, signs = 0, s;
		struct rank_test t;

		for (i = 0; i < n; i++) {
			a[i] = draw(5);
			b[i] = draw(5);
			if (a[i] == b[i])
				continue; /* left out */
			signs |= (unsigned int)(a[i] > b[i]) << m;
			d[m++] = a[i] - b[i];
		}
		t = ranks_signed(a, b, n);
		if (!m) {
			assert_true(isnan(t.p) && isnan(t.statistic));
			continue;
		}
		for (s = 0; s < 1u << m; s++) {
			less += v_of(d, m, s) <= v_of(d, m, signs);
			greater += v_of(d, m, s) >= v_of(d, m, signs);
		}
		assert_close(t.statistic, v_of(d, m, signs), 0);
		assert_close(t.p_less, less / (double)(1u << m), 1e-12);
		assert_close(t.p_greater, greater / (double)(1u << m), 1e-12);
		assert_close(t.smallest_p, fmin(1, 2. / (1u << m)), 1e-12);
	}
}

/* --- large samples ------------------------------------------------------------ */

/* Doubled ranks of sizes that come in groups of TIED. */
static void ranks_of(size_t *ranks, size_t n, size_t tied)
{
	size_t i, first, last;

	for (i = 0; i < n; i++) {
		first = i / tied * tied + 1;
		last = first + tied - 1 < n ? first + tied - 1 : n;
		ranks[i] = first + last;
	}
}

/* That K of the ranks (0: any many of them) add up to no more than SUM. */
static double exact_below(const size_t *ranks, size_t n, size_t k, size_t sum)
{
	const size_t max = n * (n + 1), rows = k + 1;
	double *ways = calloc(rows * (max + 1), sizeof(*ways));
	double below = 0, all = 0;
	size_t i, s, row;

	assert_non_null(ways);
	ways[0] = 1;
	for (i = 0; i < n; i++)
		for (row = rows; row-- > (k ? 1 : 0);)
			for (s = max + 1; s-- > ranks[i];)
				ways[row * (max + 1) + s] +=
					ways[(k ? row - 1 : 0) * (max + 1) + s -
					     ranks[i]];
	for (s = 0; s <= max; s++) {
		all += ways[k * (max + 1) + s];
		below += s <= sum ? ways[k * (max + 1) + s] : 0;
	}
	free(ways);
	return below / all;
}

/* Beyond 100 values; the normal distribution is off by less than this. */
#define NORMAL_ERROR 1e-3

static void many_values_are_nearly_normal(void **state)
{
	size_t ranks[120], shift, i;
	double a[60], b[60];

	(void)state;
	ranks_of(ranks, 120, 1);
	for (shift = 0; shift < 24; shift += 4) {
		struct rank_test t;
		double u, below;

		for (i = 0; i < 60; i++) {
			a[i] = 2 * (double)i;
			b[i] = 2 * (double)(i + shift) + 1;
		}
		t = ranks_mann_whitney(a, 60, b, 60);
		assert_false(t.is_exact);
		u = t.statistic;
		below = exact_below(ranks, 120, 60, (size_t)(2 * u + 60 * 61));
		assert_close(t.p_less, below, NORMAL_ERROR);
		/* U of B is what is left of all pairs. */
		assert_close(ranks_mann_whitney(b, 60, a, 60).statistic,
			     3600 - u, 0);
		assert_close(ranks_mann_whitney(b, 60, a, 60).p_greater,
			     t.p_less, 1e-12);
	}
}

/* The standard deviation that the normal tails were made of: a correction of a
 * half on both sides is one in all. */
static double implied_sd(const struct rank_test *t)
{
	return 1 / (gsl_cdf_ugaussian_Pinv(t->p_less) -
		    gsl_cdf_ugaussian_Qinv(t->p_greater));
}

/* Sizes 1 to 101, or fewer ones that come more often; every so many positive. */
static void many_pairs_are_nearly_normal(void **state)
{
	static const size_t ties[] = {1, 4, 25};
	double a[101], zero[101] = {0}, variance;
	size_t ranks[101], i, k, every;

	(void)state;
	for (k = 0; k < ARRAY_SIZE(ties); k++)
		for (every = 2; every < 6; every++) {
			struct rank_test t;

			ranks_of(ranks, 101, ties[k]);
			for (i = 0, variance = 0; i < 101; i++) {
				a[i] = (double)(i / ties[k] + 1) *
				       (i % every ? -1 : 1);
				/* Each rank is there or not: a quarter of its
				 * square, of a doubled one a sixteenth. */
				variance += (double)(ranks[i] * ranks[i]) / 16;
			}
			t = ranks_signed(a, zero, 101);
			assert_false(t.is_exact);
			assert_close(implied_sd(&t), sqrt(variance), 1e-3);
			if (ties[k] == 1)
				assert_close(
					t.p_less,
					exact_below(ranks, 101, 0,
						    (size_t)(2 * t.statistic)),
					NORMAL_ERROR);
			assert_close(ranks_signed(zero, a, 101).p_greater,
				     t.p_less, 1e-12);
		}
}

/* The variance of a sum of 60 of 120 ranks, without replacement. */
static void many_ties_have_less_variance(void **state)
{
	static const size_t ties[] = {1, 5, 40};
	size_t ranks[120], i, k;
	double a[120], variance;

	(void)state;
	for (k = 0; k < ARRAY_SIZE(ties); k++) {
		struct rank_test t;

		ranks_of(ranks, 120, ties[k]);
		for (i = 0, variance = 0; i < 120; i++) {
			double off = ((double)ranks[i] - 121) / 2;

			/* Even ones to A: no group is A's alone. */
			a[i % 2 * 60 + i / 2] = (double)(i / ties[k]);
			variance += off * off * 60 * 60 / (120. * 119);
		}
		t = ranks_mann_whitney(a, 60, a + 60, 60);
		assert_false(t.is_exact);
		assert_close(implied_sd(&t), sqrt(variance), 1e-3);
	}
}

/* No value differs from any other: nothing speaks against anything. */
static void many_ties_are_no_evidence(void **state)
{
	double same[80];
	struct rank_test t;
	size_t i;

	(void)state;
	for (i = 0; i < 80; i++)
		same[i] = 5;
	t = ranks_mann_whitney(same, 80, same, 80);
	assert_false(t.is_exact);
	assert_close(t.p, 1, 0);
	assert_true(isnan(ranks_signed(same, same, 80).p));
	assert_true(isnan(ranks_mann_whitney(same, 0, same, 3).p));
	assert_true(isnan(ranks_mann_whitney(same, 3, same, 0).p));
	/* Ties share a rank, which takes variance away: a half and a half. */
	for (i = 0; i < 80; i++)
		same[i] = i % 2;
	t = ranks_mann_whitney(same, 40, same + 40, 40);
	assert_close(t.statistic, 800, 0);
}

/* --- shifts ----------------------------------------------------------------- */

#define STEP 1e-7 /* less than any two differences are apart */

static double p_at(const double *a, size_t a_count, const double *b,
		   size_t b_count, double shift)
{
	double *moved = calloc(b_count, sizeof(*moved));
	double p;
	size_t i;

	assert_non_null(moved);
	for (i = 0; i < b_count; i++)
		moved[i] = b[i] - shift;
	p = ranks_mann_whitney(a, a_count, moved, b_count).p;
	free(moved);
	return p;
}

static void fill(double *values, size_t n, double add)
{
	size_t i;

	for (i = 0; i < n; i++)
		values[i] = add + draw(1000000) / 1000.0;
}

static void a_shifts_interval_inverts_the_test(void **state)
{
	static const struct {
		size_t a_count, b_count;
		double slack; /* of p; 0: where both are exact */
	} cases[] = {{4, 4, 0},   {6, 5, 0},      {10, 12, 0},
		     {30, 40, 0}, {60, 60, .004}, {90, 200, .002}};
	double a[200], b[200];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t n = cases[i].a_count, m = cases[i].b_count;
		double slack = cases[i].slack;
		struct rank_shift s;

		fill(a, n, 0);
		fill(b, m, 300);
		s = ranks_shift(a, n, b, m, .95);
		assert_true(s.low < s.shift && s.shift < s.high);
		assert_true(p_at(a, n, b, m, s.low - STEP) <= .05 + slack);
		assert_true(p_at(a, n, b, m, s.low + STEP) > .05 - slack);
		assert_true(p_at(a, n, b, m, s.high + STEP) <= .05 + slack);
		assert_true(p_at(a, n, b, m, s.high - STEP) > .05 - slack);
		/* Half the values are moved past the others' middle. */
		assert_true(p_at(a, n, b, m, s.shift) > .8);
	}
}

static void a_paired_interval_inverts_the_test(void **state)
{
	static const size_t counts[] = {6, 9, 25, 100, 101, 300};
	double d[300], zero[300], p[2];
	size_t i, k, n;
	int side;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		double slack = counts[i] > RANKS_EXACT_MAX ? .002 : 0;
		struct rank_shift s;

		n = counts[i];
		fill(d, n, -400);
		s = ranks_center(d, n, .95);
		assert_true(s.low < s.shift && s.shift < s.high);
		for (side = 0; side < 2; side++) {
			double edge = side ? s.high : s.low;

			for (k = 0; k < n; k++)
				zero[k] = edge + (side ? STEP : -STEP);
			p[0] = ranks_signed(d, zero, n).p;
			for (k = 0; k < n; k++)
				zero[k] = edge - (side ? STEP : -STEP);
			p[1] = ranks_signed(d, zero, n).p;
			assert_true(p[0] <= .05 + slack);
			assert_true(p[1] > .05 - slack);
		}
	}
}

static void shifts_that_there_are_not(void **state)
{
	static double many[2001];
	const double few[] = {1, 2, 3};
	struct rank_shift s;

	(void)state;
	/* 2 / 20 is the smallest p of three and three. */
	s = ranks_shift(few, 3, few, 3, .95);
	assert_close(s.shift, 0, 0);
	assert_true(isnan(s.low) && isnan(s.high));
	s = ranks_shift(few, 3, few, 3, .90);
	assert_true(s.low == -2 && s.high == 2);
	assert_true(isnan(ranks_shift(few, 0, few, 3, .95).shift));
	assert_true(isnan(ranks_center(few, 0, .95).shift));
	assert_close(ranks_center(few, 1, .95).shift, 1, 0);
	/* So many differences that nobody would wait for their median. */
	assert_true(isnan(ranks_shift(many, 2001, many, 2000, .95).shift));
	assert_true(isnan(ranks_center(many, 2001, .95).shift));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mann_whitney_is_a_count),
		cmocka_unit_test(signed_ranks_are_a_count),
		cmocka_unit_test(many_values_are_nearly_normal),
		cmocka_unit_test(many_pairs_are_nearly_normal),
		cmocka_unit_test(many_ties_have_less_variance),
		cmocka_unit_test(many_ties_are_no_evidence),
		cmocka_unit_test(a_shifts_interval_inverts_the_test),
		cmocka_unit_test(a_paired_interval_inverts_the_test),
		cmocka_unit_test(shifts_that_there_are_not),
	};

	return RUN_TESTS(tests);
}
