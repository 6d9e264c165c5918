// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * harness/stats/cluster, cluster_power: nodes with several runs. The figures
 * are those of R 4.2 (docs/statistics.md has the commands), and of simulated
 * fleets whose truth is known.
 */
#include "tests/unit/test.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>

#include "harness/stats/cluster.h"
#include "harness/stats/cluster_power.h"
#include "harness/stats/margin.h"
#include "harness/stats/ratio.h"
#include "tests/unit/fixture/expect.h"

#define NODE(...)                                                        \
	{                                                                \
		(const double[]){__VA_ARGS__},                           \
			sizeof((double[]){__VA_ARGS__}) / sizeof(double) \
	}
#define ARM(nodes)                       \
	{                                \
		nodes, ARRAY_SIZE(nodes) \
	}

/* --- worked examples ------------------------------------------------------- */

/* The example of docs/statistics.md. */
static const struct cluster_node nested_nodes[] = {
	NODE(.30, .32, .31), NODE(.36, .34), NODE(.28, .29, .27, .28),
	NODE(.33)};
static const struct cluster_node l1vh_nodes[] = {
	NODE(.24, .26), NODE(.21, .22, .20), NODE(.27, .28, .29, .28)};
static const struct cluster_arm nested = ARM(nested_nodes);
static const struct cluster_arm l1vh = ARM(l1vh_nodes);

/* R: t.test(sapply(l1vh, mean), sapply(nested, mean)). */
static void arms_are_compared_by_node_means(void **state)
{
	struct cluster_difference d = cluster_compare(&nested, &l1vh, .95);
	struct ratio r = ratio_from_log(d.log);

	(void)state;
	assert_null(d.reason);
	assert_close(d.baseline.mean.difference, .3175, 1e-12);
	assert_close(d.candidate.mean.difference, .2466666667, 5e-11);
	assert_close(d.log.difference, -.0708333333, 5e-11);
	assert_close(d.log.se, .02517990822, 5e-12);
	assert_close(d.log.df, 3.97734983, 5e-9);
	assert_close(d.log.t, -2.8130894, 5e-8);
	assert_close(d.log.p, .04847981794, 5e-11);
	assert_close(d.log.low, -.1409012596, 5e-11);
	assert_close(d.log.high, -.0007654070463, 5e-13);
	assert_close(r.ratio, .9316171487, 5e-11);
	assert_close(r.high, .9992348858, 5e-11);
	assert_int_equal(d.node_count, 3);
}

static void variances_are_those_of_the_example(void **state)
{
	struct cluster_difference d = cluster_compare(&nested, &l1vh, .95);
	const struct cluster_parts *p = &d.baseline.parts;

	(void)state;
	assert_int_equal(p->node_count, 4);
	assert_int_equal(p->run_count, 10);
	assert_close(p->runs_per_node, 2.333333333, 5e-10);
	assert_close(p->within, 1e-4, 1e-15);
	assert_close(p->between, .00098, 1e-15);
	assert_close(p->of_means, .0008916666667, 5e-14);
	assert_close(p->node_share, .9074074074, 5e-11);
	assert_close(p->node_share_of_mean, .9581005587, 5e-11);
	p = &d.candidate.parts;
	assert_close(p->runs_per_node, 2.888888889, 5e-10);
	assert_close(p->between, .001419230769, 5e-13);
}

/* R's chickwts (McNeil 1977), unbalanced: mean squares 46226 and 3009. */
static void variances_agree_with_chickwts(void **state)
{
	const struct cluster_node feeds[] = {
		NODE(368, 390, 379, 260, 404, 318, 352, 359, 216, 222, 283,
		     332),
		NODE(179, 160, 136, 227, 217, 168, 108, 124, 143, 140),
		NODE(309, 229, 181, 141, 260, 203, 148, 169, 213, 257, 244,
		     271),
		NODE(325, 257, 303, 315, 380, 153, 263, 242, 206, 344, 258),
		NODE(243, 230, 248, 327, 329, 250, 193, 271, 316, 267, 199, 171,
		     158, 248),
		NODE(423, 340, 392, 339, 341, 226, 320, 295, 334, 322, 297,
		     318),
	};
	const struct cluster_arm arm = ARM(feeds);
	struct cluster_mean m = cluster_of(&arm, .95);

	(void)state;
	assert_int_equal(m.parts.run_count, 71);
	assert_close(m.parts.within, 3008.554169, 5e-7);
	assert_close(m.parts.runs_per_node, 11.8084507, 5e-8);
	assert_close(m.parts.between, 3659.860157, 5e-7);
	assert_close(m.parts.node_share, .548835147, 5e-10);
	assert_close(m.parts.of_means, 4183.904535, 5e-7);
	assert_close(m.mean.difference, 259.1312771, 5e-8);
	assert_close(m.mean.low, 191.2505176, 5e-8);
	assert_close(m.mean.high, 327.0120365, 5e-8);
}

/* Davies 1947, balanced: there lme4's REML is the same, 1764.05 and 2451.25. */
static void variances_agree_with_dyestuff(void **state)
{
	const struct cluster_node batches[] = {
		NODE(1545, 1440, 1440, 1520, 1580),
		NODE(1540, 1555, 1490, 1560, 1495),
		NODE(1595, 1550, 1605, 1510, 1560),
		NODE(1445, 1440, 1595, 1465, 1545),
		NODE(1595, 1630, 1515, 1635, 1625),
		NODE(1520, 1455, 1450, 1480, 1445),
	};
	const struct cluster_arm arm = ARM(batches);
	struct cluster_mean m = cluster_of(&arm, .95);

	(void)state;
	assert_close(m.parts.between, 1764.05, 1e-8);
	assert_close(m.parts.within, 2451.25, 1e-8);
	assert_close(m.parts.runs_per_node, 5, 1e-12);
}

/* --- what cannot be said ------------------------------------------------------ */

static void an_arm_needs_two_nodes(void **state)
{
	const struct cluster_node one[] = {NODE(.1, .2, .3), {NULL, 0}};
	const struct cluster_arm arm = ARM(one), none = {NULL, 0};
	struct cluster_difference d = cluster_compare(&arm, &l1vh, .95);

	(void)state;
	assert_non_null(strstr(d.reason, "one node"));
	assert_close(d.log.difference, .2466666667 - .2, 5e-11);
	assert_true(isnan(d.log.low) && isnan(d.log.p));
	/* Runs within the node are known, and the interval of the other arm. */
	assert_close(d.baseline.parts.within, .01, 1e-15);
	assert_true(isnan(d.baseline.parts.between));
	assert_true(d.candidate.mean.low < d.candidate.mean.high);
	assert_int_equal(margin_judge(&d.log, d.node_count, .05,
				      MARGIN_NON_INFERIOR, .95)
				 .verdict,
			 VERDICT_NOT_EVALUABLE);
	d = cluster_compare(&l1vh, &none, .95);
	assert_non_null(strstr(d.reason, "no node has a run"));
	assert_true(isnan(d.log.difference));
}

static void nodes_with_one_run_have_an_interval(void **state)
{
	const struct cluster_node nodes[] = {NODE(.1), NODE(.2), NODE(.3)};
	const struct cluster_arm arm = ARM(nodes);
	struct cluster_mean m = cluster_of(&arm, .95);

	(void)state;
	assert_null(m.reason);
	/* t(2) 0.1 / sqrt 3 */
	assert_close(m.mean.high, .2 + 4.302652730 * .1 / sqrt(3), 1e-9);
	assert_close(m.parts.of_means, .01, 1e-15);
	assert_true(isnan(m.parts.within) && isnan(m.parts.between));
	assert_true(isnan(m.parts.node_share));
}

static void equal_nodes_have_no_interval(void **state)
{
	const struct cluster_node nodes[] = {NODE(.1, .3), NODE(.2, .2),
					     NODE(.15, .25)};
	const struct cluster_arm arm = ARM(nodes);
	struct cluster_difference d = cluster_compare(&arm, &arm, .95);

	(void)state;
	assert_non_null(strstr(d.reason, "no node differs"));
	assert_true(isnan(d.log.se));
	/* Less than by chance, and never below zero. */
	assert_true(d.baseline.parts.between == 0);
	/* One noisy arm is enough: Welch with its degrees of freedom. */
	d = cluster_compare(&arm, &l1vh, .95);
	assert_null(d.reason);
	assert_close(d.log.df, 2, 1e-9);
}

/* --- number of nodes ---------------------------------------------------------- */

struct need {
	struct cluster_plan plan;
	double nodes, power, power_before; /* of one node less */
};

#define SPREAD(node, run) \
	{node, run},      \
	{                 \
		node, run \
	}
#define NI MARGIN_NON_INFERIOR

/* R: 1 - pt(qt(.95, df), df, ncp = |log(1.05) - theta| / se); of equivalence
 * integrate() over the distribution of the standard error. */
static void nodes_needed_agree_with_r(void **state)
{
	static const struct need cases[] = {
		{{SPREAD(.05, .02), 1, .05, NI, 0, .95, .8},
		 16,
		 .80489844,
		 .78103309},
		{{SPREAD(.05, .02), 3, .05, NI, 0, .95, .8},
		 15,
		 .81466437,
		 .78940185},
		{{SPREAD(.05, .02), 5, .05, NI, 0, .95, .8},
		 15,
		 .82155829,
		 .79659348},
		{{SPREAD(.05, .02), 10, .05, NI, 0, .95, .8},
		 14,
		 .80203386,
		 .77420551},
		{{SPREAD(.05, .02), 5, .05, MARGIN_EQUIVALENT, 0, .95, .8},
		 20,
		 .81907444,
		 .79211858},
		{{SPREAD(.05, .02), 5, .05, NI, .01, .95, .8},
		 22,
		 .80145898,
		 .78451863},
		{{SPREAD(.05, .02), 5, .05, MARGIN_SUPERIOR, -.1, .95, .8},
		 13,
		 .80289507,
		 .77265792},
		{{{.03, .05}, {.01, .01}, 5, .05, NI, 0, .95, .8},
		 6,
		 .85149111,
		 .76564290},
		{{SPREAD(.01, .01), 1, .05, NI, 0, .95, .8},
		 3,
		 .96138812,
		 .70947776},
		/* Beyond the margin the truth deserves a FAIL. */
		{{SPREAD(.05, .02), 5, .05, NI, .1, .95, .8},
		 13,
		 .80289507,
		 .77265792},
		{{SPREAD(.05, .02), 5, .05, NI, 0, .975, .9},
		 24,
		 .90272991,
		 .88981810},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct need *c = &cases[i];
		size_t n = (size_t)c->nodes;

		assert_close(cluster_nodes_needed(&c->plan), c->nodes, 0);
		assert_close(cluster_power(&c->plan, n), c->power, 3e-4);
		assert_close(cluster_power(&c->plan, n - 1), c->power_before,
			     3e-4);
	}
}

static void some_plans_need_no_number(void **state)
{
	struct cluster_plan p = {SPREAD(.05, .02), 5, .05, NI, 0, .95, .8};

	(void)state;
	p.true_log = log1p(.05);
	assert_true(isnan(cluster_nodes_needed(&p)));
	p.true_log = 0;
	p.runs_per_node = 0;
	assert_true(isnan(cluster_nodes_needed(&p)));
	p.runs_per_node = 5;
	p.power = 1;
	assert_true(isnan(cluster_nodes_needed(&p)));
	p.power = .8;
	p.baseline.node_sd = 1e4;
	assert_true(isnan(cluster_nodes_needed(&p)));
	p.baseline.node_sd = NAN;
	assert_true(isnan(cluster_nodes_needed(&p)));
	p.baseline = p.candidate = (struct cluster_spread){0, 0};
	assert_close(cluster_nodes_needed(&p), 2, 0);
	assert_true(isnan(cluster_power(&p, 1)));
}

/* --- simulated fleets --------------------------------------------------------- */

#define NODES 20
#define MAX_RUNS 9
#define FLEETS 5000
#define MARGIN .05
/* Three standard errors of a rate of 5 % in FLEETS fleets. */
#define SLACK .0093

struct truth {
	const char *name;
	struct cluster_spread baseline, candidate;
	size_t least_runs, most_runs; /* each node has so many, at random */
};

static const struct truth truths[] = {
	{"nodes 2.5 x runs", SPREAD(.05, .02), 5, 5},
	{"nodes = runs", SPREAD(.02, .02), 5, 5},
	{"nodes alike", SPREAD(0, .02), 5, 5},
	{"1 to 9 runs", SPREAD(.02, .02), 1, 9},
	{"1 to 9, alike", SPREAD(0, .02), 1, 9},
	{"one arm noisier", {.05, .02}, {.01, .02}, 5, 5},
	{"one arm of 1 run", {.02, .05}, {.02, .02}, 1, 1},
};

/* The runs of one arm, whose true mean is 0. */
struct sim_arm {
	double values[NODES][MAX_RUNS];
	double all[NODES * MAX_RUNS];
	struct cluster_node nodes[NODES];
	struct cluster_arm arm;
	size_t run_count;
};

static void draw_arm(struct sim_arm *a, const struct truth *t,
		     const struct cluster_spread *s, gsl_rng *rng)
{
	size_t i, k;

	a->run_count = 0;
	for (i = 0; i < NODES; i++) {
		double node = gsl_ran_gaussian_ziggurat(rng, 1) * s->node_sd;
		size_t runs = t->least_runs +
			      gsl_rng_uniform_int(
				      rng, t->most_runs - t->least_runs + 1);

		for (k = 0; k < runs; k++) {
			double run = gsl_ran_gaussian_ziggurat(rng, s->run_sd);

			a->values[i][k] = node + run;
			a->all[a->run_count++] = node + run;
		}
		a->nodes[i] = (struct cluster_node){a->values[i], runs};
	}
	a->arm = (struct cluster_arm){a->nodes, NODES};
}

struct rates {
	double covered, covered_by_runs; /* by the interval of 95 % */
	double wrong_pass, wrong_fail;   /* the worst of three kinds */
	double between, within;          /* means of the estimates */
};

/* With the truth at the margin's edge, PASS and FAIL are both wrong. */
static void count_verdicts(const struct ttest *log, double *pass, double *fail)
{
	static const enum margin_kind kinds[] = {
		MARGIN_NON_INFERIOR, MARGIN_EQUIVALENT, MARGIN_SUPERIOR};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct ttest at_edge = *log;
		enum verdict v;

		at_edge.difference += kinds[i] == MARGIN_SUPERIOR
					      ? -log1p(MARGIN)
					      : log1p(MARGIN);
		v = margin_judge(&at_edge, NODES, MARGIN, kinds[i], .95)
			    .verdict;
		pass[i] += v == VERDICT_PASS;
		fail[i] += v == VERDICT_FAIL;
	}
}

static struct rates rates_of(const struct truth *t)
{
	static struct sim_arm base, candidate;
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	double pass[3] = {0}, fail[3] = {0};
	struct rates r = {0};
	size_t i;

	gsl_rng_set(rng, 26);
	for (i = 0; i < FLEETS; i++) {
		struct cluster_difference d;
		struct ttest runs;

		draw_arm(&base, t, &t->baseline, rng);
		draw_arm(&candidate, t, &t->candidate, rng);
		d = cluster_compare(&base.arm, &candidate.arm, .95);
		runs = ttest_welch(candidate.all, candidate.run_count, base.all,
				   base.run_count, .95);
		r.covered += d.log.low <= 0 && d.log.high >= 0;
		r.covered_by_runs += runs.low <= 0 && runs.high >= 0;
		r.between += d.baseline.parts.between / FLEETS;
		r.within += d.baseline.parts.within / FLEETS;
		count_verdicts(&d.log, pass, fail);
	}
	for (i = 0; i < 3; i++) {
		r.wrong_pass = fmax(r.wrong_pass, pass[i] / FLEETS);
		r.wrong_fail = fmax(r.wrong_fail, fail[i] / FLEETS);
	}
	r.covered /= FLEETS;
	r.covered_by_runs /= FLEETS;
	gsl_rng_free(rng);
	return r;
}

static void simulated_fleets_hold_the_error_rates(void **state)
{
	size_t i;

	(void)state;
	print_message("# %d fleets of %d nodes per arm, of each truth\n"
		      "# %-17s %8s %8s %6s %6s\n",
		      FLEETS, NODES, "truth", "covered", "by runs", "PASS",
		      "FAIL");
	for (i = 0; i < ARRAY_SIZE(truths); i++) {
		struct rates r = rates_of(&truths[i]);

		print_message("# %-17s %6.2f %% %6.2f %% %4.2f %% %4.2f %%\n",
			      truths[i].name, 100 * r.covered,
			      100 * r.covered_by_runs, 100 * r.wrong_pass,
			      100 * r.wrong_fail);
		assert_true(r.covered >= .93 && r.covered <= .97);
		assert_true(r.wrong_pass <= .05 + SLACK);
		assert_true(r.wrong_fail <= .05 + SLACK);
	}
}

static void variances_are_estimated_without_bias(void **state)
{
	struct rates r = rates_of(&truths[0]);

	(void)state;
	assert_close(r.between, .0025, .00003);
	assert_close(r.within, .0004, .00001);
	r = rates_of(&truths[3]);
	assert_close(r.between, .0004, .00001);
	assert_close(r.within, .0004, .00001);
	/* Runs of one node are no independent evidence. */
	assert_true(r.covered_by_runs < .85);
}

/* The power that 15 nodes are said to have, they have. */
static void the_power_is_real(void **state)
{
	const struct truth *t = &truths[0];
	const struct cluster_plan plan = {
		t->baseline, t->candidate, 5, MARGIN, NI, 0, .95, .8};
	static struct sim_arm base, candidate;
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	struct cluster_difference d;
	size_t i, passed = 0;

	(void)state;
	gsl_rng_set(rng, 15);
	for (i = 0; i < FLEETS; i++) {
		draw_arm(&base, t, &t->baseline, rng);
		draw_arm(&candidate, t, &t->candidate, rng);
		base.arm.count = candidate.arm.count = 15;
		d = cluster_compare(&base.arm, &candidate.arm, .95);
		passed += margin_judge(&d.log, 15, MARGIN, NI, .95).verdict ==
			  VERDICT_PASS;
	}
	print_message("# power with 15 nodes: %.2f %% of fleets, %.2f %% "
		      "computed\n",
		      100. * (double)passed / FLEETS,
		      100 * cluster_power(&plan, 15));
	/* Three standard errors. */
	assert_close((double)passed / FLEETS, cluster_power(&plan, 15), .017);
	gsl_rng_free(rng);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arms_are_compared_by_node_means),
		cmocka_unit_test(variances_are_those_of_the_example),
		cmocka_unit_test(variances_agree_with_chickwts),
		cmocka_unit_test(variances_agree_with_dyestuff),
		cmocka_unit_test(an_arm_needs_two_nodes),
		cmocka_unit_test(nodes_with_one_run_have_an_interval),
		cmocka_unit_test(equal_nodes_have_no_interval),
		cmocka_unit_test(nodes_needed_agree_with_r),
		cmocka_unit_test(some_plans_need_no_number),
		cmocka_unit_test(simulated_fleets_hold_the_error_rates),
		cmocka_unit_test(variances_are_estimated_without_bias),
		cmocka_unit_test(the_power_is_real),
	};

	return RUN_TESTS(tests);
}
