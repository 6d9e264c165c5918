// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/html/html_distributions.h"

#include <string.h>

#include "harness/base/strbuf.h"
#include "harness/core/metric.h"
#include "harness/findings/model.h"
#include "reports/html/html_parts.h"
#include "reports/html/pictures/strip_svg.h"

void html_distributions_write(const struct model *m, struct strbuf *out)
{
	char removal[96];
	size_t i;

	html_fold_begin(out, "distributions", "Distributions");
	if (*run_data_removal(m->run, removal, sizeof(removal))) {
		html_cell(out, "<p class=\"note\">There is nothing to draw: ",
			  removal, ". The figures stay.</p>\n");
		html_fold_end(out);
		return;
	}
	strbuf_puts(
		out,
		"<p class=\"note\">Every dot is an undisturbed sample; overlapping dots are drawn as one. The height within the strip has no meaning.</p>\n<div class=\"plots\">\n");
	for (i = 0; i < m->row_count; i++) {
		if (!strcmp(m->rows[i].workload, "mem_latency") ||
		    metric_of_point(m->rows[i].point))
			continue;
		strbuf_puts(out, "<figure>");
		if (!strip_svg(m, &m->rows[i], out))
			strbuf_puts(
				out,
				"<p class=\"note\">No samples to draw.</p>");
		strbuf_puts(out, "</figure>\n");
	}
	strbuf_puts(out, "</div>\n");
	html_fold_end(out);
}
