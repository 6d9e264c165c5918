// SPDX-License-Identifier: GPL-3.0-or-later
/* sql_postgres_text - texts as a server of encoding UTF8 can hold them. */
#include <stddef.h>
#include <string.h>

#include "harness/base/strbuf.h"
#include "harness/store/sql_postgres_priv.h"

#define REPLACEMENT "\357\277\275" /* U+FFFD */

/* Of the well-formed character at TEXT, by the table 3-7 of Unicode 15; 0: it is
 * none. */
static size_t character_bytes(const unsigned char *text)
{
	static const struct {
		unsigned char first_low, first_high, second_low, second_high;
		size_t bytes;
	} rows[] = {
		{0x01, 0x7f, 0x00, 0xff, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2},
		{0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
		{0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
		{0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4},
		{0xf4, 0xf4, 0x80, 0x8f, 4},
	};
	size_t i, k;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (text[0] < rows[i].first_low || text[0] > rows[i].first_high)
			continue;
		if (rows[i].bytes > 1 && (text[1] < rows[i].second_low ||
					  text[1] > rows[i].second_high))
			return 0;
		for (k = 2; k < rows[i].bytes; k++)
			if (text[k] < 0x80 || text[k] > 0xbf)
				return 0;
		return rows[i].bytes;
	}
	return 0;
}

/* Bytes of whole characters from TEXT on. */
static size_t good_bytes(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	size_t n;

	while (*at && (n = character_bytes(at)) != 0)
		at += n;
	return (size_t)(at - (const unsigned char *)text);
}

const char *pg_text(const char *text, char **copy)
{
	struct strbuf out = {0};

	*copy = NULL;
	if (!text || !text[good_bytes(text)])
		return text;
	for (;;) {
		size_t good = good_bytes(text);

		strbuf_add(&out, text, good);
		text += good;
		if (!*text)
			break;
		strbuf_puts(&out, REPLACEMENT);
		text++;
	}
	*copy = out.str;
	return out.str;
}
