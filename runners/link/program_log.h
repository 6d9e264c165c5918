/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_LINK_PROGRAM_LOG_H
#define RUNNERS_LINK_PROGRAM_LOG_H

/*
 * program_log - the programs that an agent ran in one boot: each one's output,
 * and the counts of host and VMM from its start to its end. At the end of the
 * boot this becomes series, one per metric, and a document with everything.
 *
 * All input from the agent is hostile; bad input gives -EPROTO.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/strbuf.h"
#include "runners/measure/host_meter.h"

struct event;
struct result;

struct program_entry {
	char workload[32];
	char point[32];
	uint32_t number;
	bool has_begun, has_ended, is_complete;
	uint64_t elapsed_ns, user_ns, system_ns; /* by the agent */
	uint64_t round_trip_ns; /* of the channel, by the agent */
	/* What clock_gettime() and gettimeofday() take there, just before. */
	uint64_t clock_ps, timeofday_ps;
	uint64_t begin_ns, host_elapsed_ns;
	struct host_reading before, after;
	struct strbuf output;
};

/* EVENT_COUNTs of a VMM: 2 * number at the start, + 1 at the end. */
struct program_count {
	uint32_t number;
	char name[32];
	uint64_t value;
};

/* One exit between them: the VMM's time until the next entry. */
struct program_exit {
	uint32_t number;
	uint32_t handled_ns;
};

struct program_log {
	struct host_meter meter;
	char net_backend[16]; /* "vhost", "tap", "veth"; "" without network */
	bool is_native;       /* programs are not part of meter.machine */
	struct program_entry *entries; /* owned; the last may be open */
	size_t entry_count;
	struct program_count *counts; /* owned */
	size_t count_count;
	struct program_exit *exits; /* owned */
	size_t exit_count;
	size_t output_bytes; /* of all programs so far */
	bool is_open;
};

void program_log_release(struct program_log *log);

/* The main metric of a program that failed or was skipped: "iops". */
const char *program_main_metric(const char *workload);

void program_log_open(struct program_log *log, const char *workload,
		      const char *point);
int program_log_mark(struct program_log *log, const char *text);
int program_log_output(struct program_log *log, const char *bytes, size_t len);
int program_log_end(struct program_log *log, const char *text);
void program_log_drop(struct program_log *log); /* the open one failed */

void program_log_count(struct program_log *log, const struct event *e);
void program_log_each(struct program_log *log, const struct event *e);

/* Once all streams have closed: everything complete goes into RES. */
void program_log_finish(struct program_log *log, struct result *res);

#endif
