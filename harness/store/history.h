/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STORE_HISTORY_H
#define HARNESS_STORE_HISTORY_H

/* history - one series under one runner over all stored runs: one value per
 * boot, the median of its undisturbed samples. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct store;

struct history_run {
	int64_t id;
	char uuid[40];
	uint64_t started_unix_ns;
	char revision[64];
	char grade[16];
	char *fingerprint;   /* owned, but see is_of_a_set; JSON */
	size_t first, count; /* of the values */
};

struct history {
	char unit[16];
	bool lower_is_better;
	double *values; /* owned; in the order in which boots were */
	size_t value_count;
	struct history_run *runs; /* owned; those that have a value, by time */
	size_t run_count;
	bool has_more; /* runs before these */
	/* Its fingerprints belong to a struct history_set, which must outlive it. */
	bool is_of_a_set;
};

struct history_query {
	const char *workload, *point, *runner;
	const char *host; /* of the fingerprint; NULL: any */
	size_t max_runs;  /* the latest of those that have it; 0: all */
	size_t skip_runs; /* that are later still */
	uint64_t from_unix_ns,
		to_unix_ns; /* started then or later, and before; 0:
					    * no limit */
};

/* -ENOENT if no stored boot has the series. */
int history_load(struct store *store, const struct history_query *q,
		 struct history *h, struct err *err);
void history_release(struct history *h);

struct history_name {
	char workload[32];
	char point[32];
};

/* The series that the latest run measured under RUNNER, in the order of
 * listings; the caller frees *NAMES. -ENOENT if there are none. */
int history_names(struct store *store, const char *runner,
		  struct history_name **names, size_t *count, struct err *err);

#endif
