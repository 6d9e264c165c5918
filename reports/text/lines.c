// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/text/lines.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/portable.h"
#include "harness/base/strbuf.h"

#define LEAST_COLUMNS 40 /* narrower ones get broken lines */

/* By the variable that counts (POSIX, 8.2), for it says what the user's
 * terminal shows, whether or not the locale is installed on this host. */
static bool is_utf8_locale(void)
{
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		const char *value = getenv(names[i]);

		if (value && *value)
			return strcasestr(value, "utf-8") ||
			       strcasestr(value, "utf8");
	}
	return false;
}

struct line_style line_style_of(FILE *out)
{
	struct line_style s = {LINES_COLUMNS, is_utf8_locale()};
	struct winsize size;
	/* A stream into memory has no descriptor. */
	int fd = fileno(out);

	if (fd < 0 || ioctl(fd, TIOCGWINSZ, &size) || !size.ws_col)
		return s;
	if (size.ws_col < LINES_COLUMNS)
		s.columns = size.ws_col;
	if (s.columns < LEAST_COLUMNS)
		s.columns = LEAST_COLUMNS;
	return s;
}

/* Bytes of a character that portable_text() has passed. */
static size_t char_bytes(const char *text)
{
	uint8_t lead = (uint8_t)*text;

	return lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

/* From U+1100 on some take two columns, and none does below. */
static size_t char_width(const char *text)
{
	return memcmp(text, "\xe1\x84\x80", 3) < 0 ? 1 : 2;
}

size_t line_width(const char *text)
{
	size_t width = 0;

	for (; *text; text += char_bytes(text))
		width += (uint8_t)*text < 0xe1 ? 1 : char_width(text);
	return width;
}

/* Every character is one that the terminal shows, and a blank is a blank. */
static void clean(struct strbuf *out, const char *text, bool is_utf8)
{
	static const struct escape blanks[] = {
		{"\r\n", " "}, {"\n", " "},  {"\r", " "},
		{"\t", " "},   {NULL, NULL},
	};
	struct strbuf valid = {0};
	const char *at;

	portable_text(&valid, text, blanks);
	for (at = strbuf_str(&valid); *at; at += char_bytes(at)) {
		if (is_utf8 || char_bytes(at) == 1)
			strbuf_add(out, at, char_bytes(at));
		else
			strbuf_puts(out, "?");
	}
	strbuf_release(&valid);
}

/* The bytes at TEXT that fit into COLUMNS. */
static size_t fitting(const char *text, size_t columns)
{
	const char *at = text;
	size_t width = 0;

	while (*at) {
		width += (uint8_t)*at < 0xe1 ? 1 : char_width(at);
		if (width > columns)
			break;
		at += char_bytes(at);
	}
	return (size_t)(at - text);
}

static void cut(struct strbuf *out, const char *text, size_t columns)
{
	size_t len = fitting(text, columns);

	if (!text[len]) {
		strbuf_puts(out, text);
		return;
	}
	strbuf_add(out, text, fitting(text, columns ? columns - 1 : 0));
	if (columns)
		strbuf_puts(out, "~");
}

void line_cut(struct strbuf *out, const char *text, size_t columns,
	      const struct line_style *style)
{
	struct strbuf line = {0};

	clean(&line, text, style->is_utf8);
	cut(out, strbuf_str(&line), columns);
	strbuf_release(&line);
}

void line_pad(struct strbuf *out, const char *text, size_t columns,
	      const struct line_style *style)
{
	size_t before = out->len, width;

	line_cut(out, text, columns, style);
	width = line_width(strbuf_str(out) + before);
	strbuf_printf(out, "%*s", (int)(columns - width), "");
}

void line_print(const char *text, size_t least, size_t most, FILE *out)
{
	struct line_style style = line_style_of(out);
	struct strbuf line = {0};
	size_t width;

	line_cut(&line, text, most, &style);
	width = line_width(strbuf_str(&line));
	fprintf(out, "%s%*s", strbuf_str(&line),
		width < least ? (int)(least - width) : 0, "");
	strbuf_release(&line);
}

/* How much of TEXT stands on a line: up to the last blank that leaves it short
 * enough, or all that fits of what has none. */
static size_t line_of(const char *text, size_t columns)
{
	size_t len = fitting(text, columns);
	size_t at = len;

	if (!text[len])
		return len;
	while (at && text[at] != ' ')
		at--;
	return at ? at : len;
}

void line_wrap(struct strbuf *out, const char *text, size_t indent, size_t most,
	       const struct line_style *style)
{
	size_t columns = style->columns, i;
	struct strbuf whole = {0};
	const char *at;

	clean(&whole, text, style->is_utf8);
	while (whole.len && whole.str[whole.len - 1] == ' ')
		whole.str[--whole.len] = '\0';
	at = strbuf_str(&whole);
	for (i = 0; i < most && *at; i++) {
		size_t len = line_of(at, columns);

		if (i)
			strbuf_printf(out, "%*s", (int)indent, "");
		if (i + 1 == most)
			cut(out, at, columns);
		else
			strbuf_add(out, at, len);
		strbuf_puts(out, "\n");
		at += len;
		at += strspn(at, " ");
		columns = style->columns - indent;
	}
	strbuf_release(&whole);
}

const char *line_plural(size_t count)
{
	return count == 1 ? "" : "s";
}

size_t line_count(const char *text)
{
	size_t count = 0;

	while ((text = strchr(text, '\n')) != NULL) {
		count++;
		text++;
	}
	return count;
}

void line_bar(struct strbuf *out, double part, size_t cells,
	      const struct line_style *style)
{
	/* U+258F to U+2588: an eighth, two, ... of a cell. */
	static const char *const eighths[] = {"",
					      "\xe2\x96\x8f",
					      "\xe2\x96\x8e",
					      "\xe2\x96\x8d",
					      "\xe2\x96\x8c",
					      "\xe2\x96\x8b",
					      "\xe2\x96\x8a",
					      "\xe2\x96\x89"};
	size_t per_cell = style->is_utf8 ? ARRAY_SIZE(eighths) : 1;
	double wanted = fmin(fmax(part, 0), 1) * (double)(cells * per_cell);
	size_t filled = (size_t)lround(wanted);

	for (; filled >= per_cell; filled -= per_cell)
		strbuf_puts(out, style->is_utf8 ? "\xe2\x96\x88" : "#");
	strbuf_puts(out, eighths[style->is_utf8 ? filled : 0]);
}
