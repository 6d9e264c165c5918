/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_HTML_HTML_FLEET_H
#define REPORTS_HTML_HTML_FLEET_H

/* html_fleet - a fleet's report as parts of a page of the dashboard. */
#include <stddef.h>

struct fleet_report;
struct strbuf;

/* Which rows of the table of nodes are shown. */
struct html_fleet_rows {
	const char *search; /* in the name, arm or state; NULL: all */
	size_t skip_count, max_count;
};

/* A sentence, arms, claims, odd nodes, and nodes to look at. */
void html_fleet_write(const struct fleet_report *r, struct strbuf *out);

/* The table of nodes; returns how many match and come after those shown. */
size_t html_fleet_nodes(const struct fleet_report *r,
			const struct html_fleet_rows *rows, struct strbuf *out);

#endif
