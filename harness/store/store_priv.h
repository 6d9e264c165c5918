/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STORE_STORE_PRIV_H
#define HARNESS_STORE_STORE_PRIV_H

/* store_priv - internals that the store's files share. */
#include <stdbool.h>
#include <stdint.h>

#include "harness/store/sql.h"

struct err;
struct store;

/* Where a store is kept. */
struct store_ops {
	const char *name;
	bool (*is_mine)(const char *place);
	/* PLACE for messages; owned by the caller. NULL: as it is. */
	char *(*shown)(const char *place);

	/* For writing: makes what is missing. */
	int (*open)(struct store *store, int busy_ms, struct err *err);
	/* *IS_OLDER: it is ours, and has to be opened for writing once. */
	int (*open_to_read)(struct store *store, int busy_ms, bool *is_older,
			    struct err *err);
	void (*close)(struct store *store);
	int (*check)(struct store *store, struct err *err);
	int64_t (*data_version)(struct store *store);
	int (*copy)(struct store *store, const char *path, struct err *err);
};

extern const struct store_ops store_file_ops, store_server_ops;

struct store {
	const struct store_ops *ops;
	struct sql *db; /* NULL until it is open */
	char *place;    /* owned; may have a password */
	char *path;     /* owned; the same for messages */
	bool is_writer;
	int spare_fd;    /* -1: opened for reading, or given up */
	int failed_code; /* sql_code() when store_error() was last called */
};

/* What the database failed with, as ours; -ENOSPC for a full disk. */
int store_error(struct store *store, const char *what, struct err *err);

/* Statements without values; 0 or what store_error() makes of it. */
int store_exec(struct store *store, const char *sql, struct err *err);

/* The first value that SQL gives; MISSING where it gives none or fails. */
int64_t store_scalar(struct store *store, const char *sql, int64_t missing);

/* In place of a number of the store's own, which may be below 0. */
#define STORE_UNREADABLE INT64_MIN

/* The first version that is brought up; of a server's tables, which are younger. */
#define STORE_OLDEST_FILE_VERSION 3
#define STORE_OLDEST_SERVER_VERSION 4

/* VERSION is that of the store's tables, or STORE_UNREADABLE. */
int store_check_version(struct store *store, int64_t version, struct err *err);

/* Frees the spare space; does nothing if it is already free. */
void store_spare_remove(struct store *store);

/*
 * One statement with its values, by a format: i int64, s text. Rows have few
 * columns; preparing anew each time costs nothing beside a boot.
 */
int store_insert(struct store *store, struct err *err, const char *sql,
		 const char *format, ...);

/* The same for a statement that gives a number; 0 where it gives no row. */
int store_number(struct store *store, int64_t *value, struct err *err,
		 const char *sql, const char *format, ...);

#endif
