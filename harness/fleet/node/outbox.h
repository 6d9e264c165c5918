/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_FLEET_NODE_OUTBOX_H
#define HARNESS_FLEET_NODE_OUTBOX_H

/*
 * outbox - the folder in which a node keeps results until the dashboard has
 * them. Each attempt has three files of its own there, so that pods which share
 * the folder never meet:
 *
 *   NAME.db         its store
 *   NAME.lock       locked (flock) while a process of the attempt lives
 *   NAME.delivered  the UUIDs of the runs that the dashboard has, one per line
 *
 * A run is delivered under its UUID: what is sent twice is stored once. Nothing
 * is ever removed from a store.
 */
#include <stdbool.h>
#include <stdint.h>

struct delivery;
struct delivery_count;
struct err;

struct outbox {
	char *folder; /* owned */
	char *name;   /* owned; of this attempt */
	char *db;     /* owned; its store, which need not be there yet */
	int lock_fd;  /* -1: not ours */
};

/*
 * Make FOLDER if needed, and name this attempt by its place (harness/core/
 * place.h), or by time and process where it has none. For outbox_close() in any
 * case.
 */
int outbox_open(struct outbox *o, const char *folder, struct err *err);
void outbox_close(struct outbox *o);

/* Whether the place names the attempt, so that another process finds it. */
bool outbox_is_named(void);

/* Lock this attempt within WAIT_NS; -EBUSY: another process still has it. */
int outbox_lock(struct outbox *o, uint64_t wait_ns, struct err *err);

/* Send what is undelivered of this attempt, which must be locked (delivery.h). */
int outbox_deliver_own(const struct outbox *o, const struct delivery *d,
		       struct delivery_count *count, struct err *err);

/* The same of all other attempts whose processes have gone. Ends early where
 * nobody takes anything, -EHOSTUNREACH; else returns the last failure. */
int outbox_deliver_others(const struct outbox *o, const struct delivery *d,
			  struct delivery_count *count, struct err *err);

#endif
