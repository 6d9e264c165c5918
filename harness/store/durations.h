/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STORE_DURATIONS_H
#define HARNESS_STORE_DURATIONS_H

/*
 * durations - how long the boots of an earlier run of the same plan took.
 */
#include <stdbool.h>
#include <stdint.h>

struct err;
struct store;

/* Mean of the boots of RUNNER that measured WORKLOAD, among others. */
typedef void durations_fn(void *arg, const char *runner, const char *workload,
			  uint64_t mean_ns);

/*
 * Calls FN for the newest run before RUN_ID that measured the same series for
 * the same time, both in the lab or both outside; no call if there is none.
 */
int durations_load(struct store *store, int64_t run_id, durations_fn *fn,
		   void *arg, struct err *err);

#endif
