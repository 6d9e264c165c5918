/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_BASE_XMALLOC_H
#define HARNESS_BASE_XMALLOC_H

#include <stddef.h>

/*
 * xmalloc - allocation in the harness, which ends the process when memory
 * is out. The VMM and the guest agent do not use it: there, -ENOMEM is an
 * error like any other.
 */
void *xmalloc(size_t size); /* for libraries, whose memory it is */
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *ptr, size_t count, size_t size);
char *xstrdup(const char *s);
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
