/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STORE_SCHEMA_POSTGRES_H
#define HARNESS_STORE_SCHEMA_POSTGRES_H

/* schema_postgres - the tables of harness/store/schema.h for PostgreSQL, with the
 * functions that the store's queries expect of a database. */

/* All statements that make an empty database ours. The caller frees it. */
char *schema_postgres_sql(void);

/* The change from version 4, the first that servers have; the caller frees it. */
char *schema_postgres_upgrade_sql(void);

#endif
