/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_TRACE_H
#define RUNNERS_VMM_TRACE_H

/*
 * trace - every call to a hypervisor with its arguments, results and times,
 * one per line of text: "NANOSECONDS THREAD LAYER CALL ARGUMENTS = RESULTS".
 *
 * Layer H is hv.h, and the same for every backend; a backend may write lines
 * of its own in front of the one that they are part of (S: the system calls
 * of mshv). A process has at most one trace. Safe from any thread.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runners/vmm/hv.h"

#define TRACE_VERSION 1

int trace_open(const char *path, struct err *err);
void trace_close(void); /* no trace is fine */
bool trace_is_on(void);

/* Does nothing when there is no trace. */
void trace_line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * Bytes as text without blanks: two hex digits each, "*N;" for N zeros, "-"
 * for none at all.
 */
#define TRACE_TEXT_MAX(bytes) (2 * (bytes) + 2)
const char *trace_encode(const void *bytes, size_t len, char *text);

/* The inverse: -EINVAL if TEXT is not of this form, -E2BIG over CAP bytes. */
int trace_decode(const char *text, void *bytes, size_t cap, size_t *len);

/* The operations of INNER, with a line in the trace for each. */
const struct hv_ops *trace_wrap(const struct hv_ops *inner);

#endif
