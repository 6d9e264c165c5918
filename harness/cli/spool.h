/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_CLI_SPOOL_H
#define HARNESS_CLI_SPOOL_H

/* spool - an input that is read more than once, from wherever it comes. */
#include <stdint.h>

#include "harness/base/base.h"

struct err;

#define SPOOL_PATH_SIZE 32
/* As bundles may have when unpacked. */
#define SPOOL_BUNDLE_BYTES (1 * GIB)

struct spool {
	int fd;                     /* owned; of a regular file */
	char path[SPOOL_PATH_SIZE]; /* by which it may be opened again */
};

/* PATH, "-" for the standard input. A pipe or a device is copied until it ends, at
 * most MAX bytes of it, into a file without a name. 0 or a negative errno. */
int spool_open(struct spool *s, const char *path, uint64_t max_bytes,
	       struct err *err);
void spool_close(struct spool *s);

#endif
