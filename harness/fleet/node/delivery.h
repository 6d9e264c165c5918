/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_FLEET_NODE_DELIVERY_H
#define HARNESS_FLEET_NODE_DELIVERY_H

/*
 * delivery - the runs of one store on their way to a dashboard. A run is
 * delivered under its UUID: what is sent twice is stored once.
 */
#include <stddef.h>

struct err;
struct run_line;

struct delivery {
	/* Sends the bundle PATH of RUN; 0 once the dashboard has it. */
	int (*send)(void *arg, const char *path, const struct run_line *run,
		    struct err *err);
	void *arg;
};

struct delivery_count {
	size_t delivered; /* runs */
	size_t left;      /* runs that still have to be */
	size_t busy;      /* stores that another process writes */
};

/*
 * Send all runs of FOLDER/NAME.db that are not in FOLDER/NAME.delivered, the
 * oldest first, and add to COUNT. Nobody may write the store meanwhile: a run
 * that did not end is ended as "failed". No store: nothing to do. A rejected
 * run does not hold up the next; where nobody takes any, -EHOSTUNREACH.
 *
 * On a full disk the bundle, and if need be a copy of the store, go to $TMPDIR,
 * /tmp or /dev/shm, wherever there is room.
 */
int delivery_send(const struct delivery *d, const char *folder,
		  const char *name, struct delivery_count *count,
		  struct err *err);

#endif
