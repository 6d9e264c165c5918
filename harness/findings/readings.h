/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_FINDINGS_READINGS_H
#define HARNESS_FINDINGS_READINGS_H

/*
 * readings - what boots used of a limit, as ratios that should be at most 1, by
 * population: boots of one shape, or one process of them, are alike, and those
 * of different ones are not.
 */
#include <stdbool.h>
#include <stddef.h>

struct reading {
	char name[96]; /* of its population */
	double ratio;  /* NaN: it should have been read */
};

struct readings {
	struct reading *rows; /* owned */
	size_t count;
};

void readings_add(struct readings *all, const char *name, double ratio);
void readings_release(struct readings *all);

struct population {
	const char *name; /* borrowed from the readings */
	size_t count;     /* without what was not read */
	double mean, sd;  /* NaN: of too few */
	double most;      /* 0: none was read */
};

/* By name, in the order of their first reading. */
struct populations {
	struct population *rows; /* owned */
	size_t count;
	size_t judged_count; /* of those with two readings at least */
};

void populations_init(struct populations *all, const struct readings *readings);
void populations_release(struct populations *all);

/* The upper tolerance limit: with CONFIDENCE, COVERAGE of all stay below it.
 * NaN: too few readings. */
double population_limit(const struct population *p, double coverage,
			double confidence);

/* Whether even the mean is beyond 1 with CONFIDENCE, by Student's one-sided
 * test, corrected for JUDGED_COUNT populations (Bonferroni). */
bool population_is_beyond(const struct population *p, double confidence,
			  size_t judged_count);

#endif
