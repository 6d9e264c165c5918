/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STORE_SAMPLES_DROP_H
#define HARNESS_STORE_SAMPLES_DROP_H

/*
 * samples_drop - removes the raw samples of old runs. Their figures, documents and
 * consoles stay for ever: reports, comparisons and verdicts come out the same.
 */
#include <stdint.h>

struct err;
struct store;

struct samples_dropped {
	int64_t run_id;
	char uuid[40];
	uint64_t ended_unix_ns;
	uint64_t sample_count;
};

/* What options take; a hundred years. */
#define SAMPLES_MAX_KEEP_DAYS 36500

/* After each run, outside its transaction. Nonzero: that was enough. */
typedef int samples_dropped_fn(void *arg, const struct samples_dropped *run);

/*
 * Of all runs that ended before BEFORE_UNIX_NS, one run per transaction, the
 * longest ago first. A run that is under way, or was killed, has no end and is
 * left alone. FN may be NULL. After an error the runs before it are done.
 */
int samples_drop(struct store *store, uint64_t before_unix_ns,
		 samples_dropped_fn *fn, void *arg, struct err *err);

#endif
