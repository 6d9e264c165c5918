// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/stats/regression.h"

#include <errno.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_integration.h>
#include <gsl/gsl_multifit.h>
#include <math.h>

/* Singular values below this fraction of the largest count as zero. */
#define RANK_TOLERANCE 1e-9
#define QUADRATURE_POINTS 256
#define MAX_FACTOR 1e4
/* What is left of halving this often is below any figure shown. */
#define BISECTIONS 60

struct fit {
	gsl_matrix *x;
	gsl_vector *y, *weights, *coef;
	gsl_matrix *cov; /* of unit variance */
	gsl_multifit_linear_workspace *work;
};

static void fit_init(struct fit *f, size_t count, size_t terms)
{
	f->x = gsl_matrix_alloc(count, terms);
	f->y = gsl_vector_alloc(count);
	f->weights = gsl_vector_alloc(count);
	f->coef = gsl_vector_alloc(terms);
	f->cov = gsl_matrix_alloc(terms, terms);
	f->work = gsl_multifit_linear_alloc(count, terms);
}

static void fit_release(struct fit *f)
{
	gsl_multifit_linear_free(f->work);
	gsl_matrix_free(f->cov);
	gsl_vector_free(f->coef);
	gsl_vector_free(f->weights);
	gsl_vector_free(f->y);
	gsl_matrix_free(f->x);
}

static double leverage(const struct fit *f, size_t row)
{
	double sum = 0;
	size_t i, k;

	for (i = 0; i < f->cov->size1; i++)
		for (k = 0; k < f->cov->size2; k++)
			sum += gsl_matrix_get(f->x, row, i) *
			       gsl_matrix_get(f->cov, i, k) *
			       gsl_matrix_get(f->x, row, k);
	return sum;
}

static void read_fit(const struct fit *f, double chisq, double confidence,
		     struct regression *out)
{
	double t =
		gsl_cdf_tdist_Pinv(1 - (1 - confidence) / 2, (double)out->df);
	size_t i;

	out->residual_sd = sqrt(chisq / (double)out->df);
	for (i = 0; i < out->term_count; i++) {
		double half = t * out->residual_sd *
			      sqrt(gsl_matrix_get(f->cov, i, i));

		out->value[i] = gsl_vector_get(f->coef, i);
		out->low[i] = half > 0 ? out->value[i] - half : NAN;
		out->high[i] = half > 0 ? out->value[i] + half : NAN;
	}
	out->worst_leverage = 0;
	for (i = 0; i < f->y->size; i++)
		out->worst_leverage = fmax(out->worst_leverage, leverage(f, i));
}

int regression_fit(const double *x, const double *y, size_t count,
		   size_t term_count, double confidence, struct regression *out)
{
	struct fit f;
	double chisq;
	size_t rank, i, k;
	int ret;

	*out = (struct regression){.term_count = term_count};
	if (!term_count || term_count > REGRESSION_MAX_TERMS ||
	    count <= term_count)
		return -EDOM;
	out->df = count - term_count;
	fit_init(&f, count, term_count);
	for (i = 0; i < count; i++) {
		gsl_vector_set(f.y, i, y[i]);
		gsl_vector_set(f.weights, i, 1);
		for (k = 0; k < term_count; k++)
			gsl_matrix_set(f.x, i, k, x[i * term_count + k]);
	}
	/* Weights of one leave the covariance free of the residuals. */
	ret = gsl_multifit_wlinear_tsvd(f.x, f.weights, f.y, RANK_TOLERANCE,
					f.coef, f.cov, &chisq, &rank, f.work);
	if (!ret && rank == term_count)
		read_fit(&f, chisq, confidence, out);
	else
		ret = -EDOM;
	fit_release(&f);
	return ret ? -EDOM : 0;
}

double regression_at(const struct regression *r, const double *row)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < r->term_count; i++)
		sum += r->value[i] * row[i];
	return sum;
}

/* P(T <= t) of the noncentral t distribution: the normal given the deviation,
 * averaged over the deviation's own distribution. */
static double noncentral_t(double t, double df, double shift,
			   const gsl_integration_glfixed_table *table)
{
	double sum = 0, u, weight;
	size_t i;

	for (i = 0; i < QUADRATURE_POINTS; i++) {
		double s;

		gsl_integration_glfixed_point(0, 1, i, &u, &weight, table);
		s = sqrt(gsl_cdf_chisq_Pinv(u, df) / df);
		sum += weight * gsl_cdf_ugaussian_P(t * s - shift);
	}
	return sum;
}

double tolerance_factor(double coverage, double confidence, double size,
			double df)
{
	gsl_integration_glfixed_table *table =
		gsl_integration_glfixed_table_alloc(QUADRATURE_POINTS);
	double root = sqrt(size);
	double shift = gsl_cdf_ugaussian_Pinv(coverage) * root;
	double low = 0, high = MAX_FACTOR;
	int i;

	for (i = 0; i < BISECTIONS; i++) {
		double middle = (low + high) / 2;

		if (noncentral_t(middle * root, df, shift, table) < confidence)
			low = middle;
		else
			high = middle;
	}
	gsl_integration_glfixed_table_free(table);
	return high;
}
