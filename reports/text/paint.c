// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/text/paint.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/base.h"

/* ECMA-48, 8.3.117: select graphic rendition. */
#define RED "\033[31m"
#define GREEN "\033[32m"
#define YELLOW "\033[33m"
#define BOLD_YELLOW "\033[1;33m"
#define RESET "\033[0m"

static const char *const colours[] = {
	[VERDICT_PASS] = GREEN,       [VERDICT_FAIL] = RED,
	[VERDICT_UNDECIDED] = YELLOW, [VERDICT_NOT_EVALUABLE] = YELLOW,
	[VERDICT_VOID] = YELLOW,
};
_Static_assert(ARRAY_SIZE(colours) == VERDICT_COUNT,
	       "every verdict has a colour");

static bool has_colour(FILE *out)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");
	/* A stream into memory has no descriptor. */
	int fd = fileno(out);

	if (no_color && *no_color)
		return false;
	return term && *term && strcmp(term, "dumb") != 0 && fd >= 0 &&
	       isatty(fd);
}

void paint_verdict(enum verdict verdict, int width, FILE *out)
{
	bool is_painted = has_colour(out);

	fprintf(out, "%s%-*s%s", is_painted ? colours[verdict] : "", width,
		verdict_name(verdict), is_painted ? RESET : "");
}

void paint_warning(const char *text, FILE *out)
{
	bool is_painted = has_colour(out);
	size_t len = strlen(text);
	bool has_newline = len && text[len - 1] == '\n';

	fprintf(out, "%s%.*s%s%s", is_painted ? BOLD_YELLOW : "",
		(int)(len - has_newline), text, is_painted ? RESET : "",
		has_newline ? "\n" : "");
}
