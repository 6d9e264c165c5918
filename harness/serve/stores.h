/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_SERVE_STORES_H
#define HARNESS_SERVE_STORES_H

/*
 * stores - one result file, open as often as there is use for it. Handles are
 * lent to requests and kept for the next; when none came for a moment all are
 * closed, so that who writes the file finds it free. All calls may come from
 * any thread.
 */
#include <stdbool.h>
#include <stdint.h>

struct err;
struct store;
struct stores;

/* DB is borrowed. */
int stores_create(const char *db, struct stores **out, struct err *err);
void stores_destroy(struct stores *s); /* NULL is fine; all is given back */

struct lease {
	struct store *store;
	uint64_t file; /* which one the path led to: it may be replaced */
};

/*
 * For reading. -EBUSY when all were lent for eight seconds; what opening fails
 * with, which includes a file of another schema and one that stays locked.
 */
int stores_take(struct stores *s, struct lease *lease, struct err *err);

/* IS_SOUND: it did what was asked of it. */
void stores_give(struct stores *s, struct lease *lease, bool is_sound);

/* For writing, one at a time: the others wait. */
int stores_take_writer(struct stores *s, struct store **out, struct err *err);
void stores_give_writer(struct stores *s, bool is_sound);

/* As long as this is the same nothing was written, by nobody; 0: unknown. */
uint64_t stores_generation(struct stores *s);

#endif
