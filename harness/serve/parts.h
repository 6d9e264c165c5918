/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_SERVE_PARTS_H
#define HARNESS_SERVE_PARTS_H

/* parts - building blocks of the pages about hosts. */
#include <stdbool.h>
#include <stdint.h>

struct standing;
struct standing_run;
struct standing_series;
struct strbuf;
struct watch_view;

#define PART_RECENT_DAYS 14

/* PART_RECENT_DAYS before NOW_NS. */
uint64_t part_recent_ns(uint64_t now_ns);

/* "3 hours ago"; marked if it lies ahead, or, of the LATEST run, if a night was
 * missed. */
void part_age(uint64_t then_ns, uint64_t now_ns, bool is_latest,
	      struct strbuf *out);

/* An emulated grade never looks like another. */
void part_grades(const char *grades, struct strbuf *out);

/* The badge of a run with claims; of NULL that nothing was claimed. */
void part_verdict(const struct standing_run *judged, struct strbuf *out);

/* To the page of that run, by when it began. */
void part_run_link(const char *uuid, uint64_t started_unix_ns,
		   struct strbuf *out);

const char *part_host_name(const struct standing *s);
/* NAME=VALUE, percent-encoded (RFC 3986, 2.1). */
void part_parameter(const char *name, const char *value, struct strbuf *out);
void part_host_link(const struct standing *s, struct strbuf *out);
void part_history_link(const struct standing *s,
		       const struct standing_series *series,
		       struct strbuf *out);

/* The histories of a host's series, small and side by side. */
void part_tiles(const struct standing *s, struct strbuf *out);

/* That V is not complete, if it is not. */
void part_pending(const struct watch_view *v, struct strbuf *out);

#endif
