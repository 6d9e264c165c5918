/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TESTS_FAULTS_CALL_TABLE_H
#define TESTS_FAULTS_CALL_TABLE_H

#include <stdbool.h>

/*
 * call_table - which system calls can fail, and how they do on real machines.
 *
 * No call fails here in a way that Linux does not document for it, except that
 * regular files may be interrupted, as they may be on NFS.
 */
struct call {
	const char *name; /* NULL: the end of the table */
	int nr;
	const char *class;
	const char *faults; /* "EIO,short": errno names, or half of the bytes */
};

#define CALL_MAX 200 /* of the table's calls */

extern const struct call calls[];

/* NULL where the table lacks this number. */
const struct call *call_find(int nr);
bool call_is_of(const struct call *c, const char *class);
bool call_has_fault(const struct call *c, const char *fault);

/* A positive errno; -1 for "short"; 0 for a name that no fault has. */
int call_errno(const char *fault);

/* "open, read, ...": static. */
const char *call_classes(void);

#endif
