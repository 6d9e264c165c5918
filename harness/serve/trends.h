/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_SERVE_TRENDS_H
#define HARNESS_SERVE_TRENDS_H

/*
 * trends - what trend_init() finds in a history, found once: a search of tens of
 * milliseconds, which each run that is added elsewhere would have repeated. Any
 * thread may call.
 */
struct history;
struct trend;

/* H is borrowed. For trend_release(). */
void trends_find(struct trend *t, const struct history *h);

#endif
