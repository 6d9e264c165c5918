/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_FINDINGS_TREND_H
#define HARNESS_FINDINGS_TREND_H

/*
 * trend - where the history of a series changed, and which keys of the host's
 * fingerprint changed with it. The history breaks at a change of machine,
 * guest or measurement; figures before and after a break are never compared.
 */
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/stats/changes.h"

struct difference;
struct differences;
struct history;

struct trend_change {
	struct change c; /* indexes of the whole history */
	size_t run;      /* whose boots it begins with */
	bool is_worse;
};

struct trend {
	const struct history *h;      /* borrowed */
	struct trend_change *changes; /* owned; in order */
	size_t change_count;
	size_t *breaks; /* owned; runs before which the history breaks */
	size_t break_count;
};

void trend_init(struct trend *t, const struct history *h,
		const struct change_options *opts);
void trend_release(struct trend *t);

/*
 * Which runs of one store differ from the one before: their fingerprints are parsed
 * once for all series. Zeroed memory is a valid empty one; one thread at a time.
 */
struct trend_memo {
	struct trend_pair *pairs; /* owned */
	size_t count, room;
	size_t at;    /* behind the last one that was asked for */
	json_t *last; /* owned; the fingerprint that was parsed last */
	int64_t last_id;
};

/* The same, for one series of many; MEMO is of all of them. */
void trend_init_by(struct trend *t, const struct history *h,
		   const struct change_options *opts, struct trend_memo *memo);
void trend_memo_release(struct trend_memo *memo);

/*
 * The last change, if it made the series worse by at least SHARE (0.05: 5 %)
 * in one of the last RECENT runs; NULL: there is none. Of undecided changes the one
 * before counts as well. IS_OPEN: permutations leave open whether there is such a
 * change; not where there is one whichever of the undecided ones happened.
 */
const struct trend_change *trend_regression(const struct trend *t, double share,
					    size_t recent, bool *is_open);

/* Whether it is outside the 95 % prediction interval of the runs before it,
 * at most the last ten of its machine. Also false if there are fewer than
 * two such runs, because then the difference between runs is unknown. */
bool trend_stands_out(const struct trend *t, const struct trend_change *c);

/* The median of the boots of one run of H. */
double trend_run_median(const struct history *h, size_t run);

/* The fingerprint's changes from the run before to RUN, from 1. For
 * differences_release(). */
void trend_differences(const struct trend *t, size_t run,
		       struct differences *d);

/* Whether D may be why a series changed: it is not harmless, and not our own revision,
 * which is told apart. */
bool trend_is_cause(const struct difference *d);

#endif
