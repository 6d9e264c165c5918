// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/base/portable.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/strbuf.h"

#define REPLACEMENT "\xef\xbf\xbd"

const struct escape escape_attribute[] = {
	{"\t", "&#9;"},   {"\n", "&#10;"}, {"\r", "&#13;"},
	{"&", "&amp;"},   {"<", "&lt;"},   {">", "&gt;"},
	{"\"", "&quot;"}, {"'", "&#39;"},  {NULL, NULL},
};

const struct escape *const escape_markup = &escape_attribute[3];

const struct escape escape_page[] = {
	{"&", "&amp;"},         {"<", "&lt;"},          {">", "&gt;"},
	{"\"", "&quot;"},       {"'", "&#39;"},         {"\u061c", "[U+061C]"},
	{"\u200e", "[U+200E]"}, {"\u200f", "[U+200F]"}, {"\u202a", "[U+202A]"},
	{"\u202b", "[U+202B]"}, {"\u202c", "[U+202C]"}, {"\u202d", "[U+202D]"},
	{"\u202e", "[U+202E]"}, {"\u2066", "[U+2066]"}, {"\u2067", "[U+2067]"},
	{"\u2068", "[U+2068]"}, {"\u2069", "[U+2069]"}, {NULL, NULL},
};

/* By the first byte: of how many a character has, and the smallest that may
 * be written so (RFC 3629, 3). */
static const struct {
	uint8_t mask, lead;
	uint32_t smallest;
} forms[] = {
	{0x80, 0x00, 0},
	{0xe0, 0xc0, 0x80},
	{0xf0, 0xe0, 0x800},
	{0xf8, 0xf0, 0x10000},
};

/* Char of XML 1.0, 2.2, less the controls that it only discourages. */
static bool is_allowed(uint32_t c)
{
	if (c < 0x20)
		return c == '\t' || c == '\n' || c == '\r';
	return (c < 0x7f || c > 0x9f) && (c < 0xd800 || c > 0xdfff) &&
	       c != 0xfffe && c != 0xffff && c <= 0x10ffff;
}

/* Bytes of the character that TEXT begins with; 0: it is none we write. */
static size_t char_length(const char *text)
{
	const uint8_t *p = (const uint8_t *)text;
	uint32_t c;
	size_t i, n;

	for (n = 0; n < ARRAY_SIZE(forms); n++)
		if ((p[0] & forms[n].mask) == forms[n].lead)
			break;
	if (n == ARRAY_SIZE(forms))
		return 0;
	c = p[0] & (uint8_t)~forms[n].mask;
	for (i = 1; i <= n; i++) {
		/* The end of the string is no continuation either. */
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	return c >= forms[n].smallest && is_allowed(c) ? n + 1 : 0;
}

bool portable_is_text(const char *text)
{
	size_t n = 1;

	while (*text && n) {
		n = char_length(text);
		text += n;
	}
	return n;
}

static const struct escape *find_escape(const struct escape *table,
					const char *text)
{
	for (; table->text; table++)
		if (*text == *table->text &&
		    !strncmp(text, table->text, strlen(table->text)))
			return table;
	return NULL;
}

void portable_text(struct strbuf *out, const char *text,
		   const struct escape *table)
{
	while (*text) {
		const struct escape *e = find_escape(table, text);
		size_t len = e ? strlen(e->text) : char_length(text);

		if (e)
			strbuf_puts(out, e->instead);
		else if (len)
			strbuf_add(out, text, len);
		else
			strbuf_puts(out, REPLACEMENT);
		text += len ? len : 1;
	}
}

const char *portable_number(double value, char *buf, size_t size)
{
	int digits;

	buf[0] = '\0';
	if (!isfinite(value))
		return buf;
	for (digits = 15; digits <= 17; digits++) {
		snprintf(buf, size, "%.*g", digits, value);
		if (strtod(buf, NULL) == value)
			break;
	}
	return buf;
}
