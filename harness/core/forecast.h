/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_CORE_FORECAST_H
#define HARNESS_CORE_FORECAST_H

/*
 * forecast - the expected duration of a schedule's cases.
 *
 * Each case has a prior from its series. Cases with the same runner and kind
 * are one class. A class's prior is scaled by the times of its finished cases;
 * if it has none, by their times in an earlier run and by the slowdown of its
 * runner and its kind in other classes. Pure: it reads no clock and no store.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/core/plan.h"

struct forecast_class {
	char runner[32];
	enum boot_kind kind;
	double prior_ns; /* of the cases that are done */
	double taken_ns;
	double learned_ns; /* mean of an earlier run's cases; 0: unknown */
	double mean_prior_ns;
	size_t case_count;
};

struct forecast {
	const struct schedule *sched;   /* borrowed */
	double *prior_ns;               /* owned; of each case */
	struct forecast_class *classes; /* owned */
	size_t class_count;
};

/* IS_LAB: all guests are emulated, and start slowly. */
void forecast_init(struct forecast *f, const struct schedule *sched,
		   bool is_lab);
void forecast_release(struct forecast *f);

/* In an earlier run of the same plan, such a case took MEAN_NS. */
void forecast_learn(struct forecast *f, const char *runner, enum boot_kind kind,
		    uint64_t mean_ns);

/* Case INDEX is over. */
void forecast_take(struct forecast *f, size_t index, uint64_t taken_ns);

/* The expected time of the cases from FIRST on. */
uint64_t forecast_left_ns(const struct forecast *f, size_t first);

#endif
