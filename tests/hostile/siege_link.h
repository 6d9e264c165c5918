/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TESTS_HOSTILE_SIEGE_LINK_H
#define TESTS_HOSTILE_SIEGE_LINK_H

/*
 * siege_link - a whole `l1vh-bench run` whose micro guest is the hostile one:
 * what it says reaches the link, the result, the store and the reports.
 */
#include <stdint.h>

struct err;

#define LINK_RUN_S 60u /* a run's limit; its boot's is half of it */

struct link_run {
	char folder[300]; /* owned; the programs, and their micro guest */
	int status;       /* as wait() has it */
	uint64_t memory_kib;
	uint64_t store_bytes;
	char said[4096]; /* its last words */
};

/* A folder within BUILD with the programs of it. */
int link_run_create(struct link_run *r, const char *build, struct err *err);

/* One run on HV with the image IMAGE_FD in the micro guest's place, SLOW times
 * its limit. NULL, or what is wrong; R has the rest. */
const char *link_run_try(struct link_run *r, const char *hv, int image_fd,
			 uint32_t slow);
void link_run_destroy(struct link_run *r);

#endif
