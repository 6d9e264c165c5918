/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_MARKDOWN_H
#define REPORTS_MARKDOWN_H

/* markdown - the comparison table for issues and merge requests, in GitHub's
 * dialect. */

struct model;
struct strbuf;

void markdown_write(const struct model *m, struct strbuf *out);

#endif
