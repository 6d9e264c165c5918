/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_CLI_COMMAND_H
#define HARNESS_CLI_COMMAND_H

/* command - one subcommand. Those without a summary are not shown. */
#include <stdbool.h>
#include <stdint.h>

#include "harness/stats/margin.h"

/* What every command may end with; the manual's section EXIT STATUS. */
enum exit_status {
	STATUS_OK = 0,
	STATUS_WORSE = 1,
	STATUS_UNDECIDED = 2, /* or cases failed */
	STATUS_USAGE = 64,
	STATUS_INTERNAL = 70,
};

struct option_row;

/* What --help prints of it: the usage, the options, the notes. */
struct command {
	const char *name;
	const char *summary;
	const char *usage;
	const struct option_row *options;  /* NULL: it has none */
	int help_column;                   /* where their text begins */
	const char *notes;                 /* NULL: none */
	int (*run)(int argc, char **argv); /* argv[0] is the command */
};

/* NULL-terminated; in registry.c. */
extern const struct command *const commands[];

/* Run C, or print its help where that is the first argument. Exit status. */
int command_call(const struct command *c, int argc, char **argv);

/* 0 PASS, 1 FAIL, 2 all others. */
enum exit_status status_of_verdict(enum verdict v);

/* "l1vh-bench: MESSAGE" to stderr; returns STATUS, for `return complain()` */
int complain(int status, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * What a command that came to STATUS ends with, once all that it printed is
 * out: the same, even where the reader had enough, as in `| head`; 70 where the
 * output could not be written for another reason. SIGPIPE must be ignored, so
 * that what is left to do is done.
 */
int command_end(int status);

/* Set by SIGINT and SIGTERM once stop_on_signals() was called. */
extern volatile bool stop_wanted;
void stop_on_signals(void);
/* After stop_on_signals(), until UNTIL_NS of the monotonic clock; UINT64_MAX: without
 * end. Whether it was stopped. */
bool wait_until_stopped(uint64_t until_ns);

#endif
