/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_SERVE_STORES_H
#define HARNESS_SERVE_STORES_H

/*
 * stores - one result file, open for reading several times. A handle is lent to
 * a request and kept for the next. A writer is never kept waiting: the file is
 * in WAL mode, where readers and a writer do not exclude each other
 * (sqlite.org/wal.html). All calls may come from any thread.
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
	uint64_t file; /* which one the path led to: it may be replaced */
};

/*
 * -EBUSY when all were lent for eight seconds; else what opening failed with,
 * for example on a file of another schema or one that stays locked.
 */
int stores_take(struct stores *s, struct lease *lease, struct err *err);

/* IS_SOUND: the store did what was asked of it. */
void stores_give(struct stores *s, struct lease *lease, bool is_sound);

/* The same number: nobody wrote to the file in between. 0: unknown. */
uint64_t stores_generation(struct stores *s);

#endif
