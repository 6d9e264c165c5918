/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MSHV_SELFTEST_SELFTEST_H
#define MSHV_SELFTEST_SELFTEST_H

/*
 * selftest - does this /dev/mshv behave as its ABI is documented?
 *
 * About a hundred independent checks, each in a child process with a time limit,
 * so a crash or a hang is one more finding. The checks reach the device only
 * through a struct mshv_sys: the same test judges the kernel's driver and the
 * emulator.
 */
#include <stdint.h>

struct err;
struct mshv_sys;

enum selftest_status {
	SELFTEST_OK,
	SELFTEST_DEVIATION, /* not what the ABI says, or no answer at all */
	SELFTEST_SKIP,      /* this kernel or host lacks what is checked */
};

struct selftest_result {
	const char *name; /* "partition_create"; static storage */
	enum selftest_status status;
	char detail[400]; /* first deviation or reason; "" only for OK */
	uint64_t elapsed_ns;
};

struct selftest_summary {
	unsigned int ok;
	unsigned int deviations;
	unsigned int skipped;
};

/* Called after each check, in order; RESULT is borrowed for the call. */
typedef void selftest_report(void *arg, const struct selftest_result *result);

/* How many checks have ONLY in their names; NULL: all. */
unsigned int selftest_count(const char *only);

/*
 * Run those checks on the device at PATH. REPORT may be NULL. SUMMARY is
 * filled if 0 is returned, which means that the checks ran, not that they
 * passed. If the device cannot be opened: a negative errno, with ERR filled.
 * Call it from a process with one thread: it forks.
 */
int selftest_run(const struct mshv_sys *sys, const char *path, const char *only,
		 selftest_report *report, void *arg,
		 struct selftest_summary *summary, struct err *err);

#endif
