// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/stats/energy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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

struct energy energy_of(const double *x, size_t n, const double *y, size_t m)
{
	double cross = mean_distance(x, n, y, m);
	struct energy out;

	out.e = 2 * cross - mean_distance(x, n, x, n) -
		mean_distance(y, m, y, m);
	out.t = out.e * (double)n * (double)m / (double)(n + m);
	out.coefficient = out.e / (2 * cross);
	return out;
}

/* Two splits are looked at together: a table has room for the second one. */
typedef double lanes __attribute__((vector_size(2 * sizeof(double))));

static lanes two(const double *from)
{
	lanes out;

	memcpy(&out, from, sizeof(out));
	return out;
}

static double *new_table(size_t n)
{
	return xcalloc(n + 2, sizeof(double));
}

void energy_tables_init(struct energy_tables *t, size_t n)
{
	size_t i;

	for (i = 0; i < ENERGY_ROWS; i++)
		t->rows[i] = new_table(n);
	t->within = new_table(n);
	t->per_pair = new_table(n);
	t->rest = new_table(n);
	t->share_back = new_table(n);
	t->count = new_table(n);
	t->room = n;
	for (i = 0; i < n + 2; i++) {
		t->share_back[i] = i + 1 < n ? 1 / (double)(n - 1 - i) : 0;
		t->count[i] = (double)i;
	}
}

void energy_tables_release(struct energy_tables *t)
{
	size_t i;

	for (i = 0; i < ENERGY_ROWS; i++)
		free(t->rows[i]);
	free(t->within);
	free(t->per_pair);
	free(t->rest);
	free(t->share_back);
	free(t->count);
}

/* The end of ROW, over the values from FIRST on. SUM: of its value's distances to
 * the values before FIRST. */
static void corner(struct energy_tables *t, const double *values, size_t first,
		   size_t row, double sum)
{
	double *now = t->rows[row];
	size_t last = first + row, k;

	for (k = first; k < last; k++) {
		sum += fabs(values[last] - values[k]);
		now[k + 1] = t->rows[row - 1][k + 1] + sum;
	}
	now[last + 1] = now[last] + sum;
}

/*
 * The rows move on by the distances of four values from FIRST on, the last one
 * standing in where there are fewer. Four sums at once, because each addition
 * waits for the one before it. Only what is up to KAPPA is kept.
 */
static void next_rows(struct energy_tables *t, const double *values, size_t n,
		      size_t first)
{
	const double *v = values + first;
	size_t rows = n - first < ENERGY_ROWS ? n - first : ENERGY_ROWS;
	double from[ENERGY_ROWS] = {v[0], v[rows < 2 ? 0 : 1],
				    v[rows < 3 ? 0 : 2], v[rows < 4 ? 0 : 3]};
	double sums[ENERGY_ROWS];
	double a = 0, b = 0, c = 0, d = 0;
	size_t k;

	for (k = 0; k < first; k++) {
		a += fabs(from[0] - values[k]);
		b += fabs(from[1] - values[k]);
		c += fabs(from[2] - values[k]);
		d += fabs(from[3] - values[k]);
		t->rows[0][k + 1] = t->rows[3][k + 1] + a;
		t->rows[1][k + 1] = t->rows[0][k + 1] + b;
		t->rows[2][k + 1] = t->rows[1][k + 1] + c;
		t->rows[3][k + 1] = t->rows[2][k + 1] + d;
	}
	sums[0] = a;
	sums[1] = b;
	sums[2] = c;
	sums[3] = d;
	for (k = 0; k < rows; k++)
		corner(t, values, first, k, sums[k]);
}

/*
 * What divides the first TAU from those behind up to KAPPA, for all TAU. With R
 * the row, of all distances between the first TAU and the first KAPPA, W of pairs
 * among the first TAU, counted once, and m = KAPPA - TAU:
 *   KAPPA q / 2 = R - 2 W - m W / (TAU - 1) - TAU (W(KAPPA) + W - R) / (m - 1)
 * What depends on TAU alone is PER_PAIR = W / (TAU - 1) and
 * REST = TAU PER_PAIR - 2 W. A single value has no pair.
 */
static void best_tau(const struct energy_tables *t, const double *row,
		     size_t kappa, size_t least, struct split *best)
{
	/* [tau] is 1 / (m - 1) */
	const double *share = t->share_back + t->room - kappa;
	double size = t->count[kappa], all = t->within[kappa];
	double most = isnan(best->q) ? -INFINITY : best->q * size / 2;
	size_t tau, i, at = 0;

	for (tau = least; tau + least <= kappa; tau += 2) {
		lanes r = two(row + tau);
		lanes q = r + two(t->rest + tau) -
			  size * two(t->per_pair + tau) -
			  two(t->count + tau) * two(share + tau) *
				  (all + two(t->within + tau) - r);

		for (i = 0; i < 2; i++)
			if (q[i] > most && tau + i + least <= kappa) {
				most = q[i];
				at = tau + i;
			}
	}
	if (at)
		*best = (struct split){at, kappa, 2 * most / size};
}

static void note_within(struct energy_tables *t, size_t i, double within)
{
	t->within[i] = within;
	t->per_pair[i] = i > 1 ? within / t->count[i - 1] : 0;
	t->rest[i] = t->count[i] * t->per_pair[i] - 2 * within;
}

struct split energy_divide(struct energy_tables *t, const double *values,
			   size_t n, size_t least, double enough)
{
	struct split best = {.q = NAN};
	size_t i;

	for (i = 0; i < ENERGY_ROWS; i++)
		t->rows[i][0] = 0;
	for (i = 0; i < n && !(best.q >= enough); i++) {
		const double *row = t->rows[i % ENERGY_ROWS];

		if (i % ENERGY_ROWS == 0)
			next_rows(t, values, n, i);
		note_within(t, i + 1, row[i + 1] / 2);
		if (i + 1 >= 2 * least)
			best_tau(t, row, i + 1, least, &best);
	}
	return best;
}

struct split energy_best_split(const double *values, size_t n, size_t least)
{
	struct split best = {.q = NAN};
	struct energy_tables t;

	if (n < 2 * least || !least)
		return best;
	energy_tables_init(&t, n);
	best = energy_divide(&t, values, n, least, INFINITY);
	energy_tables_release(&t);
	return best;
}
