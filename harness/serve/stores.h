/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_SERVE_STORES_H
#define HARNESS_SERVE_STORES_H

/*
 * stores - a pool of read handles on one store. A request borrows a handle and
 * returns it. Readers never block a writer: a file is in WAL mode
 * (sqlite.org/wal.html), and a PostgreSQL server keeps versions of rows. Any thread
 * may call.
 */
#include <stdbool.h>
#include <stdint.h>

struct err;
struct store;
struct stores;

/* DB is borrowed. */
struct stores *stores_create(const char *db);
void stores_destroy(struct stores *s); /* NULL is fine; all are given back */

struct lease {
	struct store *store;
	uint64_t file; /* which file the path named: it may be replaced */
};

/*
 * -EBUSY if no handle was free for eight seconds; else the error of opening,
 * for example on a file of another schema or one that stays locked.
 */
int stores_take(struct stores *s, struct lease *lease, struct err *err);

/* IS_SOUND: all calls on the store succeeded. */
void stores_give(struct stores *s, struct lease *lease, bool is_sound);

/* An equal number means no write in between. 0: unknown. */
uint64_t stores_generation(struct stores *s);

#endif
