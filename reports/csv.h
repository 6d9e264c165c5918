/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_CSV_H
#define REPORTS_CSV_H

/* csv - a row for each series and runner, for spreadsheets (RFC 4180). */

struct model;
struct strbuf;

void csv_write(const struct model *m, struct strbuf *out);

#endif
