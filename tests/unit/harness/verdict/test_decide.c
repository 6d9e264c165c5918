// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * decide, sequential: published boundaries, and how often thousands of
 * experiments err whose truth is known: with heavy tails, boots that differ,
 * drift and neighbours that are alike.
 */
#include "tests/unit/test.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>

#include "harness/stats/sequential.h"
#include "harness/verdict/claims.h"
#include "harness/stats/diagnose.h"
#include "harness/verdict/decide.h"
#include "tests/unit/fixture/expect.h"

static const double quarters[] = {.25, .5, .75, 1};

/* Two-sided 5 % is twice one-sided 2.5 %, but for what crosses both. */
static void boundaries_are_those_published(void **state)
{
	const double fleming[] = {4.049, 2.863, 2.337, 2.024};
	const double pocock[] = {2.361, 2.361, 2.361, 2.361};
	const double spending[] = {4.3326, 2.9631, 2.3590, 2.0141};
	double levels[4];
	size_t i;

	(void)state;
	assert_close(2 * sequential_crossing(fleming, quarters, 4), .05, 1e-4);
	assert_close(2 * sequential_crossing(pocock, quarters, 4), .05, 1e-4);
	sequential_levels(quarters, 4, .025, true, levels);
	for (i = 0; i < 4; i++)
		assert_close(gsl_cdf_ugaussian_Qinv(levels[i]), spending[i],
			     5e-4);
}

static void levels_add_up_to_alpha(void **state)
{
	const double at[] = {.1, .35, .6};
	double levels[3], bounds[3];
	size_t i;

	(void)state;
	sequential_levels(at, 3, .05, true, levels);
	for (i = 0; i < 3; i++)
		bounds[i] = gsl_cdf_ugaussian_Qinv(levels[i]);
	assert_close(sequential_crossing(bounds, at, 3), .05, 1e-5);
	/* A look that is not the last leaves the rest for others. */
	sequential_levels(at, 3, .05, false, levels);
	for (i = 0; i < 3; i++)
		bounds[i] = gsl_cdf_ugaussian_Qinv(levels[i]);
	assert_close(sequential_crossing(bounds, at, 3),
		     sequential_spent(.6, .05), 1e-5);
	/* One look at the end is the plain test. */
	sequential_levels(at, 1, .05, true, levels);
	assert_close(levels[0], .05, 1e-9);
}

static void looks_have_blocks_enough(void **state)
{
	size_t looks[SEQUENTIAL_MAX_LOOKS];

	(void)state;
	assert_int_equal(sequential_looks(40, 4, looks), 4);
	assert_int_equal(looks[0], 10);
	assert_int_equal(looks[3], 40);
	assert_int_equal(sequential_looks(6, 4, looks), 3);
	assert_int_equal(looks[0], 3);
	assert_int_equal(looks[2], 6);
	assert_int_equal(sequential_looks(2, 4, looks), 1);
	assert_int_equal(looks[0], 2);
}

#define BLOCKS 20
#define EXPERIMENTS 2000

/*
 * The log figure of one boot: boots differ by a normal, samples within by
 * Student's with 3 degrees of freedom of which the median of five is taken, a
 * neighbour shares a third of it, and over the run the host slows down by 3 %.
 */
struct world {
	gsl_rng *rng;
	double noise, last;
	size_t boot;
};

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double boot(struct world *w)
{
	double samples[5];
	size_t i;

	for (i = 0; i < 5; i++)
		samples[i] = gsl_ran_tdist(w->rng, 3);
	qsort(samples, 5, sizeof(samples[0]), compare);
	w->last = w->last / 3 +
		  w->noise * (gsl_ran_gaussian(w->rng, 1) + .3 * samples[2]);
	return w->last + .03 * (double)w->boot++ / (4 * BLOCKS);
}

/* Candidate over baseline, of a block A B B A. */
static double block(struct world *w, double truth)
{
	bool is_first = gsl_rng_uniform_int(w->rng, 2);
	double outer = boot(w), inner = boot(w), d;

	inner += boot(w);
	outer += boot(w);
	d = (is_first ? outer - inner : inner - outer) / 2;
	return d + truth;
}

struct rates {
	double passed, failed, looks;
};

static struct rates simulate(enum margin_kind kind, double margin, double truth,
			     double noise, size_t look_count, int count)
{
	struct world w = {gsl_rng_alloc(gsl_rng_mt19937), noise, 0, 0};
	struct design d = {.planned = BLOCKS, .done = BLOCKS, .is_ended = true};
	struct rates r = {0, 0, 0};
	uint32_t blocks[BLOCKS];
	double logs[BLOCKS];
	struct evidence e = {logs, blocks, BLOCKS, true};
	struct decision got;
	int n;

	if (look_count)
		d.look_count = sequential_looks(BLOCKS, look_count, d.looks);
	gsl_rng_set(w.rng, 20261125);
	for (n = 0; n < count; n++) {
		uint32_t i;

		w.boot = 0;
		for (i = 0; i < BLOCKS; i++) {
			blocks[i] = i;
			logs[i] = block(&w, truth);
		}
		got = decide_margin(&e, &d, margin, kind, .95);
		r.passed += (got.test.verdict == VERDICT_PASS) / (double)count;
		r.failed += (got.test.verdict == VERDICT_FAIL) / (double)count;
		r.looks += (double)got.look / count;
	}
	gsl_rng_free(w.rng);
	return r;
}

/* What so many experiments that err in 5 % of cases may show. */
static double bound(int count)
{
	return .05 + 2.33 * sqrt(.05 * .95 / count);
}

/* The truth is at the margin: whatever is said of it is wrong, either way. */
static void verdicts_err_as_rarely_as_stated(void **state)
{
	const double edge = log(1.03);
	struct rates r;

	(void)state;
	r = simulate(MARGIN_NON_INFERIOR, .03, edge, .02, 0, EXPERIMENTS);
	assert_true(r.passed <= bound(EXPERIMENTS));
	assert_true(r.failed <= bound(EXPERIMENTS));
	assert_true(r.passed > .02 && r.failed > .02); /* and not by refusing */
	r = simulate(MARGIN_EQUIVALENT, .03, edge, .02, 0, EXPERIMENTS);
	assert_true(r.passed <= bound(EXPERIMENTS));
	assert_true(r.failed <= bound(EXPERIMENTS));
	r = simulate(MARGIN_SUPERIOR, .03, -edge, .02, 0, EXPERIMENTS);
	assert_true(r.passed <= bound(EXPERIMENTS));
	assert_true(r.failed <= bound(EXPERIMENTS));
	/* With four looks on the way. */
	r = simulate(MARGIN_NON_INFERIOR, .03, edge, .02, 4, EXPERIMENTS);
	assert_true(r.passed <= bound(EXPERIMENTS) &&
		    r.failed <= bound(EXPERIMENTS));
	r = simulate(MARGIN_EQUIVALENT, .03, edge, .02, 4, EXPERIMENTS);
	assert_true(r.passed <= bound(EXPERIMENTS) &&
		    r.failed <= bound(EXPERIMENTS));
	r = simulate(MARGIN_SUPERIOR, .03, -edge, .02, 4, EXPERIMENTS);
	assert_true(r.passed <= bound(EXPERIMENTS) &&
		    r.failed <= bound(EXPERIMENTS));
}

#define FIRST 8
#define MORE 8
#define TWO_MODES_EXPERIMENTS 200

/* Boots of which a third are in another mode, of candidate and baseline; and more of
 * them where chance has left it open. */
static bool passes_with_more(gsl_rng *rng, double margin, double truth,
			     size_t *block_count)
{
	struct design d = {.planned = FIRST + MORE, .done = FIRST};
	uint32_t blocks[FIRST + MORE];
	double logs[FIRST + MORE], values[FIRST + MORE];
	struct evidence e = {logs, blocks, FIRST + MORE, true};
	struct decision got = {.level = 0};
	uint32_t i;

	d.look_count = sequential_more_looks(FIRST, MORE, d.looks, d.spent);
	for (i = 0; i < FIRST + MORE; i++) {
		double base = .02 * gsl_ran_gaussian(rng, 1) +
			      (gsl_rng_uniform(rng) < 1. / 3 ? log(1.5) : 0);
		double own = .02 * gsl_ran_gaussian(rng, 1) +
			     (gsl_rng_uniform(rng) < 1. / 3 ? log(1.5) : 0);

		blocks[i] = i;
		values[i] = exp(own + truth);
		logs[i] = own + truth - base;
	}
	for (i = 0; i < d.look_count; i++) {
		d.done = d.looks[i];
		e.count = d.done;
		got = decide_margin(&e, &d, margin, MARGIN_NON_INFERIOR, .95);
		if (got.test.verdict != VERDICT_UNDECIDED ||
		    !diagnose_is_bimodal(values, d.done, NULL))
			break;
	}
	*block_count += d.done;
	return got.test.verdict == VERDICT_PASS;
}

/* That there is more data only where it is wanted gives no wrong verdict. */
static void more_blocks_err_as_rarely_as_stated(void **state)
{
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	size_t wrong = 0, right = 0, blocks = 0, n;

	(void)state;
	gsl_rng_set(rng, 20261130);
	for (n = 0; n < TWO_MODES_EXPERIMENTS; n++)
		wrong += passes_with_more(rng, .25, log(1.25), &blocks);
	assert_true((double)wrong <=
		    bound(TWO_MODES_EXPERIMENTS) * TWO_MODES_EXPERIMENTS);
	assert_true(blocks > (FIRST + 1) * TWO_MODES_EXPERIMENTS);
	for (n = 0; n < TWO_MODES_EXPERIMENTS / 4; n++)
		right += passes_with_more(rng, .25, 0, &blocks);
	assert_true(right > TWO_MODES_EXPERIMENTS / 16);
	gsl_rng_free(rng);
}

/* A look that is taken alone, and a run that time ended before its first. */
static void shares_are_of_looks(void **state)
{
	struct design d = {.planned = 16, .done = 8, .is_ended = true};
	double logs[16];
	uint32_t blocks[16];
	struct evidence e = {logs, blocks, 8, true};
	struct decision got;
	uint32_t i;

	(void)state;
	for (i = 0; i < 16; i++) {
		blocks[i] = i;
		logs[i] = i % 2 ? .01 : -.01;
	}
	d.look_count = sequential_more_looks(8, 8, d.looks, d.spent);
	assert_int_equal(d.look_count, 3);
	assert_int_equal(d.looks[1], 12);
	got = decide_margin(&e, &d, .05, MARGIN_EQUIVALENT, .95);
	assert_int_equal(got.look, 1);
	assert_true(fabs(got.level - .04) < 1e-6);
	d.done = 5;
	got = decide_margin(&e, &d, .05, MARGIN_EQUIVALENT, .95);
	assert_int_equal(got.look, 1);
	assert_int_equal(got.block_count, 5);
	assert_true(fabs(got.level - .04) < 1e-6);
	d.is_ended = false;
	assert_int_equal(
		decide_margin(&e, &d, .05, MARGIN_EQUIVALENT, .95).look, 0);
	assert_int_equal(sequential_more_looks(8, 1, d.looks, d.spent), 2);
	assert_true(d.looks[1] == 9 && d.spent[1] == 1);
}

/* A against A is hardly ever a FAIL, and what is decided early saves looks. */
static void equal_arms_are_told_early(void **state)
{
	struct rates r = simulate(MARGIN_EQUIVALENT, .05, 0, .02, 4, 200);

	(void)state;
	assert_true(r.failed <= .01);
	assert_true(r.passed > .9);
	assert_true(r.looks < 3.5);
	r = simulate(MARGIN_NON_INFERIOR, .05, 0, .02, 4, 200);
	assert_true(r.failed <= .01 && r.passed > .9);
}

/* The blocks that `plan power` names find a slow-down of 5 % in nine of ten
 * experiments, the noise being that of a run before. */
static void slow_downs_are_found(void **state)
{
	struct world w = {gsl_rng_alloc(gsl_rng_mt19937), .03, 0, 0};
	double logs[500];
	int found = 0, e;
	size_t i, n;

	(void)state;
	gsl_rng_set(w.rng, 20261126);
	for (i = 0; i < ARRAY_SIZE(logs); i++)
		logs[i] = block(&w, 0);
	n = (size_t)margin_pairs(gsl_stats_sd(logs, 1, ARRAY_SIZE(logs)), .05,
				 0, .95, .9);
	assert_in_range(n, 3, BLOCKS);
	for (e = 0; e < EXPERIMENTS; e++) {
		w.boot = 0;
		for (i = 0; i < n; i++)
			logs[i] = block(&w, log(1.05));
		found += ratio_of_logs(logs, n, .9).low > 1;
	}
	assert_true(found >= .89 * EXPERIMENTS);
	gsl_rng_free(w.rng);
}

/* --- the noise of a real run ---------------------------------------------- */

#define RECORDED_SERIES 28

/* tests/data/block-noise.txt, each line about its own mean. */
static void read_noise(double noise[RECORDED_SERIES][BLOCKS])
{
	FILE *f = fopen("tests/data/block-noise.txt", "r");
	char line[512];
	size_t row = 0, i;
	double mean;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		char *at = line;

		if (*line == '#')
			continue;
		assert_true(row < RECORDED_SERIES);
		for (i = 0; i < BLOCKS; i++)
			noise[row][i] = strtod(at, &at);
		mean = gsl_stats_mean(noise[row], 1, BLOCKS);
		for (i = 0; i < BLOCKS; i++)
			noise[row][i] -= mean;
		row++;
	}
	fclose(f);
	assert_int_equal(row, RECORDED_SERIES);
}

static void draw_blocks(gsl_rng *rng, const double *noise, double truth,
			double *logs, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		logs[i] = truth + noise[gsl_rng_uniform_int(rng, BLOCKS)];
}

#define DRAWS 200

/* At the blocks that `plan power` names for each of 28 series that were
 * measured, 5 % is found in nine of ten. */
static void real_noise_hides_no_slow_down(void **state)
{
	static double noise[RECORDED_SERIES][BLOCKS], logs[1000];
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	double found = 0, all = 0;
	size_t row, n;
	int e;

	(void)state;
	read_noise(noise);
	gsl_rng_set(rng, 20261127);
	for (row = 0; row < RECORDED_SERIES; row++) {
		double sd = gsl_stats_sd(noise[row], 1, BLOCKS);

		n = (size_t)margin_pairs(sd, .05, 0, .95, .9);
		assert_in_range(n, 2, ARRAY_SIZE(logs));
		for (e = 0; e < DRAWS; e++) {
			draw_blocks(rng, noise[row], log(1.05), logs, n);
			found += ratio_of_logs(logs, n, .9).low > 1;
			all++;
		}
	}
	assert_true(found >= .9 * all);
	gsl_rng_free(rng);
}

/* And at the margin itself it errs no more often than is stated. */
static void real_noise_makes_no_verdicts(void **state)
{
	static double noise[RECORDED_SERIES][BLOCKS];
	static const uint32_t blocks[BLOCKS] = {0,  1,  2,  3,  4,  5,  6,
						7,  8,  9,  10, 11, 12, 13,
						14, 15, 16, 17, 18, 19};
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	struct design d = {.planned = BLOCKS, .done = BLOCKS, .is_ended = true};
	double logs[BLOCKS], passed = 0, failed = 0, all = 0;
	struct evidence ev = {logs, blocks, BLOCKS, true};
	size_t row;
	int e;

	(void)state;
	read_noise(noise);
	gsl_rng_set(rng, 20261128);
	for (row = 0; row < RECORDED_SERIES; row++)
		for (e = 0; e < DRAWS; e++) {
			enum verdict v;

			draw_blocks(rng, noise[row], log(1.03), logs, BLOCKS);
			v = decide_margin(&ev, &d, .03, MARGIN_NON_INFERIOR,
					  .95)
				    .test.verdict;
			passed += v == VERDICT_PASS;
			failed += v == VERDICT_FAIL;
			all++;
		}
	assert_true(passed / all <= bound((int)all));
	assert_true(failed / all <= bound((int)all));
	gsl_rng_free(rng);
}

static const double rising[] = {.001, .002, -.001, .0015, .0005,
				.002, .001, .0005, .0012, .0009};
static const uint32_t ten[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};

/* What was said at a look stays said; later blocks do not change it. */
static void the_first_verdict_stands(void **state)
{
	double logs[10];
	struct evidence e = {logs, ten, 10, true};
	struct design d = {.planned = 10,
			   .done = 10,
			   .is_ended = true,
			   .looks = {5, 10},
			   .look_count = 2};
	struct decision got;

	(void)state;
	memcpy(logs, rising, sizeof(logs));
	logs[9] = 1; /* far off, behind the first look */
	got = decide_margin(&e, &d, .05, MARGIN_NON_INFERIOR, .95);
	assert_int_equal(got.test.verdict, VERDICT_PASS);
	assert_int_equal(got.look, 1);
	assert_int_equal(got.block_count, 5);
	assert_true(got.level < .02);
	d.look_count = 0;
	got = decide_margin(&e, &d, .05, MARGIN_NON_INFERIOR, .95);
	assert_int_equal(got.test.verdict, VERDICT_UNDECIDED);
}

/* A run that somebody stopped has had the looks that it reached, no other. */
static void a_stopped_run_takes_no_look(void **state)
{
	struct evidence e = {rising, ten, 4, true};
	struct design d = {
		.planned = 10, .done = 4, .looks = {5, 10}, .look_count = 2};
	struct decision got =
		decide_margin(&e, &d, .05, MARGIN_NON_INFERIOR, .95);

	(void)state;
	assert_int_equal(got.look, 0);
	assert_int_equal(got.test.verdict, VERDICT_NOT_EVALUABLE);
	d.is_ended = true; /* time was up */
	got = decide_margin(&e, &d, .05, MARGIN_NON_INFERIOR, .95);
	assert_int_equal(got.look, 1);
	assert_int_equal(got.test.verdict, VERDICT_PASS);
	assert_true(fabs(got.level - .05) < 1e-9);
}

/* Throughput is worse where it falls: the same verdicts, mirrored. */
static void higher_is_better_is_a_mirror(void **state)
{
	static const double margins[] = {.0005, .001, .002, .05};
	double mirrored[10];
	struct evidence lower = {rising, ten, 10, true};
	struct evidence higher = {mirrored, ten, 10, false};
	struct design d = {.planned = 10, .done = 10, .is_ended = true};
	size_t i;
	int kind;

	(void)state;
	for (i = 0; i < 10; i++)
		mirrored[i] = -rising[i];
	for (i = 0; i < ARRAY_SIZE(margins); i++)
		for (kind = MARGIN_NON_INFERIOR; kind <= MARGIN_SUPERIOR;
		     kind++) {
			struct decision a =
				decide_margin(&lower, &d, margins[i],
					      (enum margin_kind)kind, .95);
			struct decision b =
				decide_margin(&higher, &d, margins[i],
					      (enum margin_kind)kind, .95);

			assert_int_equal(a.test.verdict, b.test.verdict);
			assert_close(a.test.p, b.test.p, 1e-12);
			assert_close(a.ratio.ratio * b.ratio.ratio, 1, 1e-12);
			assert_close(a.ratio.low * b.ratio.high, 1, 1e-12);
		}
}

/* A look is taken after blocks that were run, and has those that count. */
static void looks_have_the_blocks_that_count(void **state)
{
	const uint32_t gaps[] = {0, 1, 3, 7, 8, 9};
	struct evidence e = {rising, gaps, 6, true};
	struct design d = {
		.planned = 10, .done = 7, .looks = {5, 10}, .look_count = 2};
	const struct claim claim = {
		.kind = MARGIN_NON_INFERIOR, .margin = .05, .confidence = .95};
	struct decision got = decide(&e, &d, &claim);

	(void)state;
	assert_int_equal(got.look, 1);
	assert_int_equal(got.block_count, 3);
	/* Its share of the data is 3 of 10, not 5. */
	assert_close(got.level, sequential_spent(.3, .05), 1e-9);
}

/* At a hundredth of the data nothing is spent; and where all looks are taken,
 * one more takes the place of the last. */
static void first_and_last_looks(void **state)
{
	struct evidence e = {rising, ten, 10, true};
	struct design d = {
		.planned = 1000, .done = 10, .looks = {10}, .look_count = 1};
	struct decision got =
		decide_margin(&e, &d, .05, MARGIN_NON_INFERIOR, .95);
	double logs[17];
	uint32_t blocks[17];
	struct evidence many = {logs, blocks, 17, true};
	size_t i;

	(void)state;
	assert_int_equal(got.look, 0);
	assert_int_equal(got.test.verdict, VERDICT_NOT_EVALUABLE);
	for (i = 0; i < 17; i++) {
		logs[i] = i % 2 ? .01 : -.01; /* for ever undecided */
		blocks[i] = (uint32_t)i;
	}
	d = (struct design){.planned = 17,
			    .done = 17,
			    .is_ended = true,
			    .look_count = SEQUENTIAL_MAX_LOOKS};
	for (i = 0; i < SEQUENTIAL_MAX_LOOKS; i++)
		d.looks[i] = i + 1;
	got = decide_margin(&many, &d, .001, MARGIN_NON_INFERIOR, .95);
	assert_int_equal(got.test.verdict, VERDICT_UNDECIDED);
	assert_int_equal(got.look, SEQUENTIAL_MAX_LOOKS);
	assert_int_equal(got.block_count, 17);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(boundaries_are_those_published),
		cmocka_unit_test(levels_add_up_to_alpha),
		cmocka_unit_test(looks_have_blocks_enough),
		cmocka_unit_test(verdicts_err_as_rarely_as_stated),
		cmocka_unit_test(more_blocks_err_as_rarely_as_stated),
		cmocka_unit_test(shares_are_of_looks),
		cmocka_unit_test(equal_arms_are_told_early),
		cmocka_unit_test(slow_downs_are_found),
		cmocka_unit_test(real_noise_hides_no_slow_down),
		cmocka_unit_test(real_noise_makes_no_verdicts),
		cmocka_unit_test(the_first_verdict_stands),
		cmocka_unit_test(a_stopped_run_takes_no_look),
		cmocka_unit_test(higher_is_better_is_a_mirror),
		cmocka_unit_test(looks_have_the_blocks_that_count),
		cmocka_unit_test(first_and_last_looks),
	};

	return RUN_TESTS(tests);
}
