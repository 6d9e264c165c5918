/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_CORE_METRIC_H
#define HARNESS_CORE_METRIC_H

/*
 * metric - the figures that are read from the output of one program. A
 * program's run is one sample of each; the series is called "POINT/METRIC".
 */
#include <stdbool.h>
#include <stdint.h>

struct metric {
	const char *name;
	const char *unit;
	bool lower_is_better;
	bool is_detail;    /* of interest where the job itself is looked at */
	const char *title; /* head of a column */
	const char *text;  /* one line, for legends */
};

/* In the order in which they are shown; ends with a NULL name. */
extern const struct metric metrics[];

/* Of a point "randread-4k-qd1/iops"; NULL when it names none. */
const struct metric *metric_of_point(const char *point);
const struct metric *metric_find(const char *name); /* NULL: none */

/* Whether it is a ratio to what was before, 1 for no change. */
bool metric_is_growth(const struct metric *m);

/* Whether M is WORKLOAD's main metric. */
bool metric_is_main(const struct metric *m, const char *workload);
uint32_t metric_index(const struct metric *m);

#endif
