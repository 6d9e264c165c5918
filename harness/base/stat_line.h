/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_BASE_STAT_LINE_H
#define HARNESS_BASE_STAT_LINE_H

/* stat_line - a line of /proc/PID/stat, "PID (NAME) STATE PPID ..." (proc(5)), whose
 * name may be anything, brackets and blanks too. */
#include <stdbool.h>
#include <stddef.h>

/* The name without its brackets, cut to fit. False: LINE has none. */
bool stat_line_name(const char *line, char *buf, size_t size);

/* Where the field NUMBER begins, as proc(5) counts: 3 is the state. NULL: LINE is too
 * short. For fields behind the name. */
const char *stat_line_field(const char *line, unsigned int number);

#endif
