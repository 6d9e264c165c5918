// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/text/qualification_text.h"

#include <inttypes.h>

#include "harness/base/base.h"
#include "harness/base/strbuf.h"
#include "harness/qualify/qualification.h"
#include "reports/text/lines.h"

#define MOST_LINES 12

static void write_wrapped(const char *text, size_t indent, FILE *out)
{
	struct line_style style = line_style_of(out);
	struct strbuf lines = {0};

	line_wrap(&lines, text, indent, MOST_LINES, &style);
	fputs(strbuf_str(&lines), out);
	strbuf_release(&lines);
}

static void write_step(const struct step *s, FILE *out)
{
	char text[700];

	snprintf(text, sizeof(text), "%-16s %-11s %6.1f s  %s", s->name,
		 step_status_name(s->status), (double)s->elapsed_ns / NS_PER_S,
		 s->finding[0] ? s->finding : s->title);
	write_wrapped(text, 38, out);
}

void qualification_text_write(const struct qualification *q, FILE *out)
{
	char sentence[800];
	size_t i;

	for (i = 0; i < q->step_count; i++)
		write_step(&q->steps[i], out);
	fputc('\n', out);
	if (!q->ended_unix_ns)
		fprintf(out,
			"Cut off after %zu of %zu steps; what it had found by then is here.\n",
			qualification_done_count(q), q->step_count);
	write_wrapped(qualification_sentence(q, sentence, sizeof(sentence)), 0,
		      out);
}

void qualification_text_plan(const struct qualification *q, FILE *out)
{
	uint64_t sum_ns = 0;
	size_t i;

	for (i = 0; i < q->step_count; i++) {
		const struct step *s = &q->steps[i];

		if (s->status == STEP_SKIPPED) {
			fprintf(out, "%-16s skipped   %s: %s\n", s->name,
				s->title, s->finding);
			continue;
		}
		sum_ns += s->limit_ns;
		fprintf(out, "%-16s %5.0f s   %s\n", s->name,
			(double)s->limit_ns / NS_PER_S, s->title);
	}
	fprintf(out,
		"Limits, not forecasts: %.0f s in all; the budget is %.0f s, and the last step\n"
		"takes what is left of it.\n",
		(double)sum_ns / NS_PER_S, (double)q->budget_ns / NS_PER_S);
}
