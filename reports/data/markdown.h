/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_DATA_MARKDOWN_H
#define REPORTS_DATA_MARKDOWN_H

/* markdown - the comparison table for issues and merge requests, in GitHub's
 * dialect. */

struct findings;
struct strbuf;

void markdown_write(const struct findings *f, struct strbuf *out);

#endif
