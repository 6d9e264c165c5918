// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/machine/churn.h"

#include <gsl/gsl_fit.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/clock.h"
#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/proc.h"
#include "harness/core/bench_case.h"
#include "harness/core/result.h"
#include "runners/machine/micro_guest.h"
#include "runners/measure/mshv_stats.h"

#define WORKLOAD "churn"
#define POINT "guests"
#define MAX_GUESTS 2000u
/* Fewer give no tail and no slope. */
#define MIN_GUESTS 50u
#define TAIL_GUESTS 200u
/* Of the boot's time limit; the rest is for what else the boot does. */
#define TIME_SHARE 0.6
/* Guests from one reading of the host to the next. */
#define STEP 5u
#define MAX_READINGS (MAX_GUESTS / STEP + 1)

/* What a guest may leave behind. Readings of a row that the host does not have
 * are NaN. */
enum resource {
	RESOURCE_MEMORY,
	RESOURCE_DIRECT_MAP,
	RESOURCE_DESCRIPTORS,
	RESOURCE_DEPOSITS,
	RESOURCE_COUNT,
};

static const struct {
	const char *metric, *absent;
} resources[] = {
	[RESOURCE_MEMORY] = {"memory_growth", "/proc/meminfo says nothing"},
	[RESOURCE_DIRECT_MAP] = {"direct_map_growth",
				 "this kernel does not count DirectMap4k"},
	[RESOURCE_DESCRIPTORS] = {"descriptor_growth",
				  "/proc/sys/fs/file-nr says nothing"},
	[RESOURCE_DEPOSITS] = {"deposit_growth",
			       "this kernel does not show deposited pages"},
};
_Static_assert(ARRAY_SIZE(resources) == RESOURCE_COUNT,
	       "every resource has a metric");

struct churn {
	struct micro_vmm how;
	uint64_t deadline_ns;
	double gone_ns[MAX_GUESTS];
	size_t count;
	double guests[MAX_READINGS]; /* when a reading was taken */
	double values[RESOURCE_COUNT][MAX_READINGS];
	size_t reading_count;
	char failure[200]; /* of the guest that ended it; "" */
};

static double meminfo(const char *key)
{
	uint64_t bytes = file_key_number("/proc/meminfo", key) * KIB;

	return bytes ? (double)bytes : NAN;
}

static double open_files(void)
{
	char line[64];

	return strtod(
		file_first_line("/proc/sys/fs/file-nr", line, sizeof(line)),
		NULL);
}

static void take_reading(struct churn *c)
{
	size_t i = c->reading_count;
	double files = open_files();

	if (i == MAX_READINGS)
		return;
	c->reading_count++;
	c->guests[i] = (double)c->count;
	c->values[RESOURCE_MEMORY][i] =
		meminfo("MemTotal:") - meminfo("MemAvailable:");
	c->values[RESOURCE_DIRECT_MAP][i] = meminfo("DirectMap4k:");
	c->values[RESOURCE_DESCRIPTORS][i] = files > 0 ? files : NAN;
	c->values[RESOURCE_DEPOSITS][i] =
		mshv_stats_deposits(MSHV_STATS_FOLDER);
}

/* A tear-down that had to be forced, or crashed, has no time of its own. */
static void judge_end(struct churn *c, const struct micro_guest *g)
{
	const char *cause = g->cause[0] ? g->cause : "no reason given";
	char text[80];

	if (g->was_killed)
		snprintf(c->failure, sizeof(c->failure),
			 "its VMM did not end and was killed");
	else if (g->status)
		snprintf(c->failure, sizeof(c->failure), "its VMM %.80s: %.80s",
			 proc_status_text(g->status, text, sizeof(text)),
			 cause);
	else if (!g->phase_ns[MICRO_PHASE_COUNT - 1])
		snprintf(c->failure, sizeof(c->failure),
			 "it did not power off: %.120s", cause);
}

/* False: no other is to be started. */
static bool run_guest(struct churn *c)
{
	const struct micro_shape shape = {POINT, "64M", 1, false};
	struct err err = {0};
	struct micro_guest g;
	uint64_t gone_ns;
	bool is_fine = !micro_guest_start(&g, &c->how, &shape, &err);

	if (!is_fine)
		snprintf(c->failure, sizeof(c->failure), "%.199s", err.msg);
	else if (!micro_guests_await(&g, 1))
		snprintf(c->failure, sizeof(c->failure), "%.199s",
			 g.cause[0] ? g.cause
				    : "a guest was not ready in time");
	gone_ns = micro_guest_end(&g);
	if (!c->failure[0])
		judge_end(c, &g);
	if (c->failure[0])
		return false;
	c->gone_ns[c->count++] =
		(double)(gone_ns - g.phase_ns[MICRO_PHASE_COUNT - 1]);
	return true;
}

double churn_growth(const double *guests, const double *values, size_t count)
{
	double c0, c1, cov00, cov01, cov11, sumsq;

	if (count < 3)
		return NAN;
	gsl_fit_linear(guests, 1, values, 1, count, &c0, &c1, &cov00, &cov01,
		       &cov11, &sumsq);
	/* In use at the first of these readings, by the line. */
	c0 += c1 * guests[0];
	return c0 > 0 ? 1 + 1000 * c1 / c0 : NAN;
}

static struct series *add_series(struct result *res, const char *metric,
				 const char *unit)
{
	return result_metric_series(res, WORKLOAD, POINT, metric, unit);
}

static void add_value(struct result *res, const char *metric, const char *unit,
		      double value)
{
	series_add_value(add_series(res, metric, unit), value);
}

static void refuse(struct result *res, const char *metric, const char *unit,
		   enum run_status status, const char *why)
{
	series_refuse(add_series(res, metric, unit), status, why);
}

/* P of all tear-downs, which are sorted. */
static void add_teardown(const struct churn *c, const char *metric, double p,
			 struct result *res)
{
	add_value(res, metric, "ns",
		  gsl_stats_quantile_from_sorted_data(c->gone_ns, 1, c->count,
						      p));
}

/* The slope of fewer guests is stretched to 1000, and says so. */
static void add_growth(const struct churn *c, const char *metric, double growth,
		       struct result *res)
{
	struct series *s;

	add_value(res, metric, "ratio", growth);
	s = &res->series[res->series_count - 1];
	if (c->count < 1000)
		snprintf(s->reason, sizeof(s->reason),
			 "by the slope of %zu guests", c->count);
}

static void add_growths(const struct churn *c, struct result *res)
{
	size_t first = c->reading_count / 10, i;

	for (i = 0; i < RESOURCE_COUNT; i++) {
		double growth =
			churn_growth(c->guests + first, c->values[i] + first,
				     c->reading_count - first);

		/* A host that gives back more than it had says nothing. */
		if (isfinite(growth) && growth > 0)
			add_growth(c, resources[i].metric, growth, res);
		else
			refuse(res, resources[i].metric, "ratio", RUN_SKIPPED,
			       isnan(growth)
				       ? resources[i].absent
				       : "more was given back than was in use");
	}
}

static void add_all(struct churn *c, struct result *res)
{
	char why[240];

	if (c->failure[0]) {
		snprintf(why, sizeof(why), "guest %zu: %s", c->count + 1,
			 c->failure);
		refuse(res, "teardown_p50", "ns", RUN_RUNNER_FAILED, why);
		return;
	}
	if (c->count < MIN_GUESTS) {
		snprintf(
			why, sizeof(why),
			"only %zu guests fit into the boot's time limit; %u are the least",
			c->count, MIN_GUESTS);
		refuse(res, "teardown_p50", "ns", RUN_SKIPPED, why);
		return;
	}
	add_growths(c, res);
	gsl_sort(c->gone_ns, 1, c->count);
	add_teardown(c, "teardown_p50", 0.5, res);
	if (c->count >= TAIL_GUESTS)
		add_teardown(c, "teardown_p99", 0.99, res);
	else
		refuse(res, "teardown_p99", "ns", RUN_SKIPPED,
		       "fewer than 200 guests have no such tail");
}

void churn_run(const char *hv, const struct bench_case *bc, struct result *res)
{
	struct churn *c;

	if (!bench_case_has(bc, WORKLOAD))
		return;
	c = calloc(1, sizeof(*c));
	if (!c) {
		refuse(res, "teardown_p50", "ns", RUN_RUNNER_FAILED,
		       "no memory for the readings");
		return;
	}
	c->how = micro_vmm_of(hv, bc);
	c->deadline_ns = clock_mono_ns() +
			 (uint64_t)(TIME_SHARE * (double)bc->timeout_ns);
	take_reading(c);
	while (c->count < MAX_GUESTS && clock_mono_ns() < c->deadline_ns &&
	       run_guest(c))
		if (c->count % STEP == 0)
			take_reading(c);
	add_all(c, res);
	free(c);
}
