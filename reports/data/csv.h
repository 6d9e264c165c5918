/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_DATA_CSV_H
#define REPORTS_DATA_CSV_H

/* csv - a row for each series and runner, for spreadsheets (RFC 4180). */

struct findings;
struct strbuf;

void csv_write(const struct findings *f, struct strbuf *out);

#endif
