/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_SERVE_WATCH_H
#define HARNESS_SERVE_WATCH_H

/*
 * watch - the standing of every host, kept up to date by a thread of its own: to find
 * change points takes longer than a reader waits. A host is looked at again when a run
 * of it began or ended. Any thread may call.
 */
#include <stdbool.h>
#include <stddef.h>

struct standing;
struct stores;
struct watch;

/* STORES is borrowed. */
struct watch *watch_create(struct stores *stores);
void watch_destroy(struct watch *w); /* NULL is fine */

struct watch_view {
	const struct standing *hosts; /* the latest run first */
	size_t count;
	bool has_looked;      /* so that it is known which hosts there are */
	size_t pending_count; /* hosts that have not been looked at yet */
	const char *reason;   /* why nothing could be read last time; "" */
};

/*
 * What is known now, locked until watch_leave(). It waits a moment for a thread that
 * has just begun, so that a small store is complete at first sight.
 */
void watch_look(struct watch *w, struct watch_view *v);
void watch_leave(struct watch *w);

/* Whether what is not in it is not in the store. */
bool watch_is_whole(const struct watch_view *v);

/* The host with that name; NULL: none. */
const struct standing *watch_find(const struct watch_view *v, const char *host);

#endif
