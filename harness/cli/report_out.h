/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_CLI_REPORT_OUT_H
#define HARNESS_CLI_REPORT_OUT_H

/* report_out - one stored run to one kind of output. */
#include <stdint.h>
#include <stdio.h>

struct err;
struct store;

/* The run on one screen of stdout; DB is its store, PAGE its page. 0 or a
 * negative errno. */
int report_screen(struct store *store, int64_t run_id, const char *db,
		  const char *page, struct err *err);

/* How many series of a runner were measured but disturbed in every sample. */
int report_blind_count(struct store *store, int64_t run_id, size_t *count,
		       struct err *err);

/* Where the page of the latest run is: "results/l1vh.db" gives "results/l1vh.html",
 * as does a server's database. The caller frees it. */
char *report_page_path(const char *db);

/* The HTML page into a file, whole or not at all. */
int report_html_file(struct store *store, int64_t run_id, const char *path,
		     struct err *err);

/* Samples a boot that a stored run speaks for (0: it cannot tell), and its
 * UUID. */
int report_pilot(struct store *store, int64_t run_id, uint32_t *sample_count,
		 char *uuid, size_t uuid_size, struct err *err);

/* The one word that a command may have behind its options: a run. Without it
 * RUN_ID stays as it is. */
int report_take_run(int argc, char **argv, uint64_t *run_id, struct err *err);

/*
 * Show a stored run, 0 being the latest, in FORMAT, and return the exit status.
 * COMMAND names the caller in messages. DB may be NULL, for the default;
 * OUTPUT may be NULL, for stdout.
 */
int report_stored(const char *command, const char *db, uint64_t run_id,
		  const char *format, const char *output);

#endif
