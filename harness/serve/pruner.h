/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_SERVE_PRUNER_H
#define HARNESS_SERVE_PRUNER_H

/*
 * pruner - removes the raw samples of old runs while the dashboard serves: at once,
 * and then every hour. It is a writer as any other, one run per transaction.
 */
#include <stdint.h>

struct err;
struct pruner;

/* Of runs that ended more than KEEP_NS ago. DB is borrowed. A store that cannot be
 * written to is tried again an hour later; standard error says why. */
int pruner_start(const char *db, uint64_t keep_ns, struct pruner **out,
		 struct err *err);

/* Ends it between two runs. NULL is fine. */
void pruner_stop(struct pruner *p);

/* How often it has looked, from any thread; it wakes who waits for more. */
uint64_t pruner_wait(struct pruner *p, uint64_t more_than);

#endif
