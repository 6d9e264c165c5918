/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_HTML_HTML_MICRO_H
#define REPORTS_HTML_HTML_MICRO_H

/* html_micro - the cost of single operations: what the micro guest measured. */
#include <stddef.h>

struct model;
struct strbuf;

/* The table of WORKLOAD, "micro_exit"; nothing if the run has not measured it. */
void html_micro_write(const struct model *m, const char *workload,
		      struct strbuf *out);

/* Exits and other primitives, a lane each, as pictures; returns how many. */
size_t html_micro_write_exits(const struct model *m, struct strbuf *out);

#endif
