/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STORE_RUN_LIST_H
#define HARNESS_STORE_RUN_LIST_H

/*
 * run_list - stored runs, one line per run, the newest first, and their hosts.
 * Search terms are always bound parameters, never part of a statement.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct store;

/* NULL and 0 match every run. */
struct run_filter {
	const char *host, *runner, *workload;
	const char *words;     /* part of the revision or of the uuid */
	const char *uuid;      /* that one run */
	int64_t id;            /* or that one */
	uint64_t from_unix_ns; /* started then or later */
	uint64_t to_unix_ns;   /* started before */
	bool is_latest_of_host;
	bool is_unfinished;
	size_t skip_count;
	size_t max_count; /* 0: all */
};

/* Texts are owned, and "" where they are absent. */
struct run_line {
	int64_t id;
	char *uuid, *host, *status, *revision, *runners, *grades;
	char *kernel, *cpu; /* of the host then */
	uint64_t started_unix_ns;
	uint64_t ended_unix_ns; /* 0: it did not end */
	uint64_t scheduled_count, boot_count;
	uint64_t host_run_count; /* of the same host */
	bool is_lab;
};

struct run_list {
	struct run_line *lines; /* owned */
	size_t count;
	bool has_more; /* than max_count */
};

int run_list_load(struct store *store, const struct run_filter *f,
		  struct run_list *list, struct err *err);
void run_list_release(struct run_list *list);

/* "7 of 10" into BUF; "7" for a search for a limit, which has no planned end. */
const char *run_line_boots(const struct run_line *line, char *buf, size_t size);

/* -ENOENT if no run has that uuid. */
int run_list_find(struct store *store, const char *uuid, int64_t *run_id,
		  struct err *err);

#endif
