/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STORE_HISTORY_SET_H
#define HARNESS_STORE_HISTORY_SET_H

/*
 * history_set - the histories of many series, read in one pass over the runs: to ask
 * for each by itself looks into every run once a series, which for three years of two
 * thousand series is two million times.
 */
#include <stddef.h>

struct err;
struct history;
struct history_name;
struct history_set;
struct store;

/* Of COUNT series of RUNNER; NAMES is borrowed. HOST: as of a history_query. */
int history_set_load(struct store *store, const char *runner, const char *host,
		     const struct history_name *names, size_t count,
		     struct history_set **out, struct err *err);
void history_set_destroy(struct history_set *s); /* NULL is fine */

/* What history_load() gives of the series at AT, or a history without values. For
 * history_release(). Any thread may call. */
void history_set_get(const struct history_set *s, size_t at, struct history *h);

#endif
