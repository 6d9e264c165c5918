/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_SERVE_STANDING_H
#define HARNESS_SERVE_STANDING_H

/*
 * standing - how a host stands: the verdicts of its latest runs, and the series that
 * matter with their last change. All of it is computed from raw samples; it is kept
 * only in memory (watch.h).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/core/grade.h"
#include "harness/stats/margin.h"

struct err;
struct run_line;
struct store;

#define STANDING_RUNS 20
#define STANDING_SERIES 10
#define STANDING_TREND_RUNS 40

struct standing_claim {
	char *id, *text; /* owned */
	enum verdict verdict;
};

struct standing_run {
	char uuid[40];
	uint64_t started_unix_ns;
	char *status;   /* owned, as all texts; of the run: "complete" */
	char *grades;   /* "" without a boot */
	char *runners;  /* "kvm, native" */
	char *claims;   /* the name of what was claimed; NULL: nothing */
	char *sentence; /* headline.h */
	enum verdict together;
	struct standing_claim *verdicts; /* owned; of each claim */
	size_t verdict_count;
};

/* The medians of runs since the history's last break, and the last decided change
 * among them. */
struct standing_series {
	char label[32], workload[32], point[32], unit[16], grade[16];
	bool lower_is_better;
	double medians[STANDING_TREND_RUNS]; /* oldest first */
	size_t count;
	bool is_open; /* there is an undecided change behind it */
	bool has_change;
	size_t change;    /* index of the first run after it */
	double magnitude; /* 0.04: 4 % more */
	double p;
	bool is_worse;
	uint64_t changed_unix_ns; /* when that run began */
};

struct standing {
	char *host; /* owned, as all texts; "" has no name */
	char *kernel, *cpu;
	uint64_t run_count;             /* all that are stored */
	struct standing_run *runs;      /* owned; the latest first */
	size_t shown_count;             /* of RUNS */
	char runner[32];                /* whose series these are; "": none */
	struct standing_series *series; /* owned */
	size_t series_count;
};

/*
 * Of the host whose latest run LINE is. BEFORE is its former standing, or NULL: runs
 * that had ended by then are not read again. Release it after 0 only.
 */
int standing_load(struct store *store, const struct run_line *line,
		  const struct standing *before, struct standing *s,
		  struct err *err);
void standing_release(struct standing *s);

/* Whether runs that were under way when S was loaded have ended since; it asks the store
 * for nothing where there were none. */
bool standing_is_stale(struct store *store, const struct standing *s);

/* Whether S became worse at or after SINCE. */
bool standing_is_regression(const struct standing_series *s,
			    uint64_t since_unix_ns);

/* The latest run that has a verdict on claims; NULL: none of RUNS has. */
const struct standing_run *standing_judged(const struct standing *s);

#endif
