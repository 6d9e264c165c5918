/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STORE_STORE_PRIV_H
#define HARNESS_STORE_STORE_PRIV_H

/* store_priv - internals that the store's files share. */
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

struct err;

struct store {
	sqlite3 *db;
	char *path;
	bool is_writer;
	int spare_fd;    /* -1: opened for reading, or given up */
	int failed_code; /* SQLite's, what store_error() was last called for */
};

/* What SQLite failed with, as ours; -ENOSPC for a full disk. */
int store_error(struct store *store, const char *what, struct err *err);

/* Statements without values; 0 or what store_error() makes of it. */
int store_exec(struct store *store, const char *sql, struct err *err);

/* The first value that SQL gives; MISSING where it gives none or fails. */
int64_t store_scalar(struct store *store, const char *sql, int64_t missing);

/* Frees the spare space; does nothing if it is already free. */
void store_spare_remove(struct store *store);

/*
 * One statement with its values, by a format: i int64, d double, s text,
 * z text or null if empty. Rows have few columns; preparing anew each time
 * costs nothing beside a boot.
 */
int store_insert(struct store *store, struct err *err, const char *sql,
		 const char *format, ...);

#endif
