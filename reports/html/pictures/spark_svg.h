/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_HTML_PICTURES_SPARK_SVG_H
#define REPORTS_HTML_PICTURES_SPARK_SVG_H

/* spark_svg - a history that is small enough to stand among others: one value per run,
 * the latest marked, and the last change. */
#include <stdbool.h>
#include <stddef.h>

struct strbuf;

struct spark {
	const double *values; /* borrowed */
	size_t count;
	bool has_change;
	size_t change; /* index of the first value after it */
	bool is_worse;
	const char *label; /* what one hears of it */
};

void spark_svg(const struct spark *s, struct strbuf *out);

#endif
