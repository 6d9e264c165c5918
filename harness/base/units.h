/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_BASE_UNITS_H
#define HARNESS_BASE_UNITS_H

#include <stddef.h>
#include <stdint.h>

struct err;

/* units - numbers with units, from and for people. */

/* "512M", "2G", "4096", "1536MiB" into bytes. 0 or -EINVAL. */
int units_parse_bytes(const char *text, uint64_t *bytes, struct err *err);

/* "90s", "30m", "2h" into nanoseconds, above 0 and at most a year. */
int units_parse_duration(const char *text, uint64_t *ns, struct err *err);

/* A whole decimal number in [MIN, MAX]. 0 or -EINVAL. */
int units_parse_uint(const char *text, uint64_t min, uint64_t max,
		     uint64_t *value, struct err *err);

/* 1.23 ms; 4.56 GB/s: VALUE of UNIT ("ns", "bytes_per_s", ...) into BUF. */
const char *units_format(double value, const char *unit, char *buf,
			 size_t size);

/* The same without trailing zeros, for a round number beside an axis: "16 KiB". */
const char *units_format_tick(double value, const char *unit, char *buf,
			      size_t size);

/* "2026-11-26 02:43"; the text itself does not say UTC. */
const char *units_format_date(uint64_t unix_ns, char *buf, size_t size);

/* "2026-11-26T02:43:05.1234567Z": ISO 8601, UTC, with the seven digits that .NET
 * and Kusto have. */
const char *units_format_instant(uint64_t unix_ns, char *buf, size_t size);

#endif
