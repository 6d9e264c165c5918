/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_FLEET_NODE_MEASURING_H
#define HARNESS_FLEET_NODE_MEASURING_H

/* measuring - one `l1vh-bench run` as a child process, and what it left. */
#include <stdbool.h>
#include <stddef.h>

struct err;

struct measuring {
	const char *db;
	const char *const *options; /* of `run`, to a NULL */
	int lock_fd;                /* the child keeps it open; -1: none */
	const volatile bool *stop;  /* ends the child with SIGTERM */
};

struct measured {
	int wait_status;       /* of the child */
	bool is_stopped;       /* we ended it */
	bool is_out_of_memory; /* the kernel killed something of this cgroup */
	char uuid[40];         /* of the last run it began; "": none */
	char status[24];       /* of that run; "running" where it was killed */
	size_t boot_count;     /* that ended */
	size_t failed_count;   /* of those, in whole or in part */
};

/* 0 also where the child failed; a negative errno where it could not be started
 * or its store not be read. */
int measuring_run(const struct measuring *m, struct measured *out,
		  struct err *err);

#endif
