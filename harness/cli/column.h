/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_CLI_COLUMN_H
#define HARNESS_CLI_COLUMN_H

/* column - numbers from a file, one a line; '#' begins a comment. */
#include <stddef.h>

struct err;

struct column {
	double *values; /* owned */
	size_t count;
};

/* "-" is the standard input. -EINVAL with the reason for a line that is no finite
 * number in decimal ASCII, -ENODATA where there is none. */
int column_read(const char *path, struct column *c, struct err *err);

/* A whole word that is a finite number. -EINVAL for anything else. */
int column_number(const char *word, double *out);

#endif
