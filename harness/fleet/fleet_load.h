/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_FLEET_FLEET_LOAD_H
#define HARNESS_FLEET_FLEET_LOAD_H

/* fleet_load - a fleet from a store, by the figures that the store keeps for
 * ever: no samples are read. */
#include <stdint.h>

struct err;
struct fleet;
struct store;

/* What a report is of, unless somebody asks for more. */
#define FLEET_DAYS 1

/*
 * The runs of NAME's latest DAYS days (0: all) into F, which the caller has
 * initialised and on which it calls fleet_finish() afterwards. -ENOENT: the store has
 * no run of it.
 */
int fleet_load(struct store *store, const char *name, uint32_t days,
	       struct fleet *f, struct err *err);

/* The fleet that ran last, for free(). -ENOENT: the store has none. */
int fleet_latest(struct store *store, char **name, struct err *err);

#endif
