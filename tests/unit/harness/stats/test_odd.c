// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * harness/stats/odd: a worked example by R 4.2 (docs/statistics.md has the
 * commands), and the false discovery rate in simulated fleets.
 */
#include "tests/unit/test.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>

#include "harness/base/xmalloc.h"
#include "harness/stats/multiplicity.h"
#include "harness/stats/odd.h"
#include "tests/unit/fixture/expect.h"

static const struct odd_options every = {.fdr = .05, .least_ratio = 1};
static const struct odd_options two_percent = {.fdr = .05, .least_ratio = 1.02};

/* One series. */
static size_t score(const double *logs, size_t count,
		    const struct odd_options *o, struct odd_node *nodes,
		    const char **reason)
{
	const struct odd_arm arm = {logs, NULL, count, 1};
	size_t judged = odd_score(&arm, o, nodes, reason);

	assert_int_equal(judged, *reason ? 0 : 1);
	return odd_decide(nodes, count, o);
}

/* --- worked examples --------------------------------------------------------- */

/* The example of docs/statistics.md. */
static const double twelve[] = {.012, -.004, .021, .003, -.011, .008,
				.016, -.002, .005, .150, -.015, .010};

/* R, x being the values: se <- Qn(x) * sqrt(1 + (pi/2 - 2)/12), Qn() of package
 * robustbase; p <- 2 * pt(-abs(x - median(x))/se, .65 * 11); p.adjust(p, "BH"). */
static void one_of_twelve_is_odd(void **state)
{
	struct odd_node nodes[12];
	const char *reason;

	(void)state;
	assert_int_equal(score(twelve, 12, &every, nodes, &reason), 1);
	assert_true(nodes[9].is_odd);
	assert_close(nodes[9].p, 2.33852006721e-05, 5e-16);
	assert_close(nodes[9].adjusted, .000280622408065, 5e-15);
	assert_close(nodes[9].worst_ratio, 1.1543068108, 5e-11);
	assert_close(nodes[2].p, .360862786842, 5e-12);
	assert_close(nodes[10].p, .190177234133, 5e-12);
	assert_close(nodes[10].adjusted, .922340675196, 5e-12);
	assert_close(nodes[10].worst_ratio, .9787294775, 5e-11);
}

/* Qn has another factor for odd numbers. By the same commands. */
static void eleven_have_another_factor(void **state)
{
	struct odd_node nodes[11];
	const char *reason;

	(void)state;
	score(twelve, 11, &every, nodes, &reason);
	assert_close(nodes[9].p, .000105912177885, 5e-15);
}

/* Benjamini and Hochberg 1995, table 1: at 5 % the first four. */
static void the_published_example_has_four(void **state)
{
	const double p[] = {.0001, .0004, .0019, .0095, .0201,
			    .0278, .0298, .0344, .0459, .3240,
			    .4262, .5719, .6528, .7590, 1};
	const double adjusted[] = {.0015, .003, .0095, .035625, .0603};
	struct odd_node nodes[16] = {{.p = NAN}};
	size_t i;

	(void)state;
	/* A node that cannot be judged does not count. */
	for (i = 0; i < 15; i++)
		nodes[i + 1].p = p[i];
	assert_int_equal(odd_decide(nodes, 16, &every), 4);
	for (i = 0; i < 5; i++) {
		assert_close(nodes[i + 1].adjusted, adjusted[i], 1e-12);
		assert_int_equal(nodes[i + 1].is_odd, i < 4);
	}
	assert_false(nodes[0].is_odd);
}

/* --- several series, missing values ------------------------------------------- */

static void the_worst_series_decides(void **state)
{
	double logs[12][3];
	struct odd_node nodes[12], alone[12];
	const struct odd_arm arm = {logs[0], NULL, 12, 3};
	const char *reasons[3];
	size_t i;

	(void)state;
	score(twelve, 12, &every, alone, reasons);
	for (i = 0; i < 12; i++) {
		logs[i][0] = twelve[(i + 3) % 12] / 10;
		logs[i][1] = 5 - twelve[i];
		/* Of two nodes alone, too few. */
		logs[i][2] = i < 2 ? 1 : NAN;
	}
	logs[9][0] = logs[6][0] = 0;
	assert_int_equal(odd_score(&arm, &every, nodes, reasons), 2);
	assert_null(reasons[0]);
	assert_non_null(strstr(reasons[2], "fewer than 10"));
	assert_close(nodes[9].p, 2 * alone[9].p, 1e-15);
	assert_int_equal(nodes[9].worst_series, 1);
	/* Its distance has a sign. */
	assert_close(nodes[9].worst_ratio, 1 / 1.1543068108, 5e-11);
	/* A node that lacks a series is judged by the other alone. */
	logs[9][0] = NAN;
	odd_score(&arm, &every, nodes, reasons);
	assert_close(nodes[9].p, alone[9].p, 1e-15);
	logs[9][1] = INFINITY;
	odd_score(&arm, &every, nodes, reasons);
	assert_true(isnan(nodes[9].p));
	odd_decide(nodes, 12, &every);
	assert_false(nodes[9].is_odd);
}

static void near_nodes_are_not_odd(void **state)
{
	double logs[12];
	struct odd_node nodes[12];
	const char *reason;
	size_t i;

	(void)state;
	/* Of 1.5 %, and as sure as 15 % were. */
	for (i = 0; i < 12; i++)
		logs[i] = twelve[i] / 10;
	assert_int_equal(score(logs, 12, &every, nodes, &reason), 1);
	assert_int_equal(score(logs, 12, &two_percent, nodes, &reason), 0);
	assert_true(nodes[9].p == 1);
	/* How far it is, is said of it still. */
	assert_close(log(nodes[9].worst_ratio), .015 - .00065, 1e-12);
	assert_int_equal(score(twelve, 12, &two_percent, nodes, &reason), 1);
}

static void few_nodes_are_refused(void **state)
{
	struct odd_node nodes[12];
	const char *reason;

	(void)state;
	assert_int_equal(score(twelve + 3, 9, &every, nodes, &reason), 0);
	assert_non_null(strstr(reason, "fewer than 10 nodes"));
	assert_true(isnan(nodes[6].p) && isnan(nodes[6].adjusted));
	assert_int_equal(score(twelve + 2, 10, &every, nodes, &reason), 1);
	assert_null(reason);
	assert_int_equal(odd_decide(nodes, 0, &every), 0);
}

/* --- ties ---------------------------------------------------------------------- */

static void equal_nodes_have_no_scale(void **state)
{
	double logs[20] = {0};
	struct odd_node nodes[20];
	const char *reason;

	(void)state;
	assert_int_equal(score(logs, 20, &every, nodes, &reason), 0);
	assert_true(nodes[0].p == 1 && nodes[0].worst_ratio == 1);
	/* All but one, and but two, which are a tenth. */
	logs[3] = .03;
	assert_int_equal(score(logs, 20, &two_percent, nodes, &reason), 1);
	assert_true(nodes[3].is_odd && nodes[3].p == 0);
	logs[4] = -.015;
	assert_int_equal(score(logs, 20, &two_percent, nodes, &reason), 1);
	assert_int_equal(score(logs, 20, &every, nodes, &reason), 2);
	/* With three nobody can say which are the good ones. */
	logs[5] = .05;
	assert_int_equal(score(logs, 20, &every, nodes, &reason), 0);
	assert_non_null(strstr(reason, "equal values"));
}

/* --- simulated fleets ---------------------------------------------------------- */

enum bad { BAD_NONE, BAD_4_SD, BAD_8_SD, BAD_SPREAD, BAD_COUNT };

static const char *const bad_names[] = {
	[BAD_NONE] = "none",
	[BAD_4_SD] = "10 % at +4 sd",
	[BAD_8_SD] = "10 % at +8 sd",
	[BAD_SPREAD] = "10 % with 5 sd",
};

/* FLEETS_TIMES=40 in the environment: so many times as many fleets, for the
 * table of docs/statistics.md. */
static size_t fleets_times(void)
{
	const char *times = getenv("FLEETS_TIMES");

	return times ? strtoul(times, NULL, 10) : 1;
}

struct fleet {
	size_t node_count, series_count;
	enum bad bad;
	bool has_heavy_tails; /* Student's t of 5 degrees, of variance 1 */
	/* 1 to 9 runs per node, whose standard deviation is 1. Nodes have the
	 * standard deviation 1, or 0. */
	bool has_unequal_runs, are_alike;
	size_t fleet_count;
};

struct rates {
	double fdr, fdr_error; /* mean false share of what is odd, +- its se */
	double found;          /* share of the bad nodes */
	double good_called;    /* share of the good nodes that are called odd */
};

static double draw(const struct fleet *f, gsl_rng *rng)
{
	return f->has_heavy_tails ? gsl_ran_tdist(rng, 5) / sqrt(5. / 3)
				  : gsl_ran_gaussian_ziggurat(rng, 1);
}

/* The bad nodes come first, and are bad in the first series. */
static size_t draw_fleet(const struct fleet *f, gsl_rng *rng, double *logs,
			 double *run_variances)
{
	const double shift[BAD_COUNT] = {[BAD_4_SD] = 4, [BAD_8_SD] = 8};
	size_t bad_count = f->bad == BAD_NONE ? 0 : f->node_count / 10;
	size_t i, k;

	for (i = 0; i < f->node_count; i++) {
		double v = 1. / (1 + (double)gsl_rng_uniform_int(rng, 9));

		v = f->has_unequal_runs ? v : 0;
		for (k = 0; k < f->series_count; k++) {
			double *log = &logs[i * f->series_count + k];

			run_variances[i * f->series_count + k] = v;
			*log = draw(f, rng) * sqrt(!f->are_alike + v);
			if (i >= bad_count || k)
				continue;
			*log = *log * (f->bad == BAD_SPREAD ? 5 : 1) +
			       shift[f->bad];
		}
	}
	return bad_count;
}

static void add_fleet(const struct odd_node *nodes, const struct fleet *f,
		      size_t bad_count, struct rates *r)
{
	size_t i, found = 0, wrong = 0;
	double share;

	for (i = 0; i < f->node_count; i++)
		*(i < bad_count ? &found : &wrong) += nodes[i].is_odd;
	share = found + wrong ? (double)wrong / (double)(found + wrong) : 0;
	r->fdr += share;
	r->fdr_error += share * share;
	if (bad_count)
		r->found += (double)found / (double)bad_count;
	r->good_called += (double)wrong / (double)(f->node_count - bad_count);
}

static struct rates rates_of(const struct fleet *f)
{
	double *logs = xcalloc(f->node_count * f->series_count, sizeof(*logs));
	double *variances =
		xcalloc(f->node_count * f->series_count, sizeof(*variances));
	struct odd_node *nodes = xcalloc(f->node_count, sizeof(*nodes));
	const char **reasons = xcalloc(f->series_count, sizeof(*reasons));
	const struct odd_arm arm = {logs,
				    f->has_unequal_runs ? variances : NULL,
				    f->node_count, f->series_count};
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	double count = (double)f->fleet_count;
	struct rates r = {0};
	size_t i;

	gsl_rng_set(rng, 1995);
	for (i = 0; i < f->fleet_count; i++) {
		size_t bad_count = draw_fleet(f, rng, logs, variances);

		odd_score(&arm, &every, nodes, reasons);
		odd_decide(nodes, f->node_count, &every);
		add_fleet(nodes, f, bad_count, &r);
	}
	r.fdr /= count;
	r.fdr_error = sqrt((r.fdr_error / count - r.fdr * r.fdr) / count);
	r.found /= count;
	r.good_called /= count;
	gsl_rng_free(rng);
	free(reasons);
	free(nodes);
	free(variances);
	free(logs);
	return r;
}

static struct rates print_rates(const struct fleet *f)
{
	struct rates r = rates_of(f);

	print_message("# %5zu %6zu  %-14s  %6zu  %5.2f +- %4.2f %%",
		      f->node_count, f->series_count, bad_names[f->bad],
		      f->fleet_count, 100 * r.fdr, 100 * r.fdr_error);
	if (f->bad == BAD_NONE)
		print_message("        -");
	else
		print_message(" %6.1f %%", 100 * r.found);
	print_message("   %6.3f %%\n", 100 * r.good_called);
	return r;
}

static void print_head(const char *what)
{
	print_message("# %s\n"
		      "# nodes series  bad             fleets           "
		      "FDR    found  good called odd\n",
		      what);
}

static void the_false_discovery_rate_holds(void **state)
{
	static const struct {
		size_t nodes, series, fleets;
	} sizes[] = {
		{10, 1, 1000}, {11, 1, 1000}, {20, 1, 1000}, {50, 1, 500},
		{200, 1, 150}, {2000, 1, 25}, {10, 10, 500}, {11, 10, 500},
		{50, 10, 150}, {200, 10, 60},
	};
	size_t i;
	int bad;

	(void)state;
	print_head("normal");
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		for (bad = BAD_NONE; bad < BAD_COUNT; bad++) {
			struct fleet f = {.node_count = sizes[i].nodes,
					  .series_count = sizes[i].series,
					  .bad = (enum bad)bad,
					  .fleet_count = sizes[i].fleets *
							 fleets_times()};
			struct rates r = print_rates(&f);

			/* Three standard errors of 5 %: without bad nodes a
			 * fleet's share is 0 or 1. */
			assert_true(
				r.fdr <=
				.05 + 3 * sqrt(.0475 / (double)f.fleet_count));
			if (bad == BAD_8_SD && f.series_count == 1)
				assert_true(r.found > .85);
		}
}

/* Nodes that lost runs scatter more, and are no more often called odd. */
static void unequal_runs_are_taken_into_account(void **state)
{
	static const size_t sizes[] = {10, 20, 200};
	struct fleet f = {.series_count = 1, .has_unequal_runs = true};
	size_t i;
	int alike, bad;

	(void)state;
	for (alike = 0; alike <= 1; alike++) {
		print_head(alike ? "1 to 9 runs per node, nodes alike"
				 : "1 to 9 runs per node, as noisy as nodes");
		for (i = 0; i < 2 * ARRAY_SIZE(sizes); i++) {
			bad = i % 2 ? BAD_8_SD : BAD_NONE;
			f.node_count = sizes[i / 2];
			f.bad = (enum bad)bad;
			f.are_alike = alike;
			f.fleet_count = 6000 * fleets_times() / f.node_count;
			assert_true(
				print_rates(&f).fdr <=
				.05 + 3 * sqrt(.0475 / (double)f.fleet_count));
		}
	}
}

/* Where all have equally many runs, their noise changes nothing. */
static void equal_run_variances_change_nothing(void **state)
{
	const double variances[12] = {2e-5, 2e-5, 2e-5, 2e-5, 2e-5, 2e-5,
				      2e-5, 2e-5, 2e-5, 2e-5, 2e-5, 2e-5};
	const struct odd_arm equal = {twelve, variances, 12, 1};
	struct odd_arm unequal = equal;
	double others[12];
	struct odd_node nodes[12];
	const char *reason;

	(void)state;
	odd_score(&equal, &every, nodes, &reason);
	assert_close(nodes[9].p, 2.33852006721e-05, 5e-16);
	assert_close(nodes[2].p, .360862786842, 5e-12);
	/* One with less certainty is less odd. */
	memcpy(others, variances, sizeof(others));
	others[9] = .0025;
	unequal.run_variances = others;
	odd_score(&unequal, &every, nodes, &reason);
	assert_true(nodes[9].p > .01 && nodes[9].p < .05);
}

/* What the documentation warns of: good nodes with heavy tails. */
static void heavy_tails_are_called_odd(void **state)
{
	static const size_t sizes[] = {10, 20, 50, 200};
	struct rates r;
	size_t i;
	int bad;

	(void)state;
	print_head("Student's t of 5 degrees of freedom");
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		for (bad = BAD_NONE; bad <= BAD_8_SD; bad++) {
			struct fleet f = {.node_count = sizes[i],
					  .series_count = 1,
					  .bad = (enum bad)bad,
					  .has_heavy_tails = true,
					  .fleet_count = 10000 *
							 fleets_times() /
							 sizes[i]};

			r = print_rates(&f);
			/* Few, though; but too many for 5 %. */
			assert_true(r.good_called < .02);
			if (bad == BAD_NONE)
				assert_true(r.fdr > .05);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_of_twelve_is_odd),
		cmocka_unit_test(eleven_have_another_factor),
		cmocka_unit_test(the_published_example_has_four),
		cmocka_unit_test(the_worst_series_decides),
		cmocka_unit_test(near_nodes_are_not_odd),
		cmocka_unit_test(few_nodes_are_refused),
		cmocka_unit_test(equal_nodes_have_no_scale),
		cmocka_unit_test(the_false_discovery_rate_holds),
		cmocka_unit_test(equal_run_variances_change_nothing),
		cmocka_unit_test(unequal_runs_are_taken_into_account),
		cmocka_unit_test(heavy_tails_are_called_odd),
	};

	return RUN_TESTS(tests);
}
