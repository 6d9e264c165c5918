// SPDX-License-Identifier: GPL-3.0-or-later
/* portable: which of all characters may be written, and what becomes of bytes
 * that are none. */
#include "tests/unit/test.h"

#include <jansson.h>
#include <stdbool.h>

#include "harness/base/portable.h"
#include "harness/base/strbuf.h"

static const struct escape no_escapes[] = {{NULL, NULL}};

/* RFC 3629, 3, as its table has it. */
static void encode(uint32_t c, char text[5])
{
	uint8_t *p = (uint8_t *)text;

	memset(text, 0, 5);
	if (c < 0x80) {
		p[0] = (uint8_t)c;
	} else if (c < 0x800) {
		p[0] = (uint8_t)(0xc0 + c / 64);
		p[1] = (uint8_t)(0x80 + c % 64);
	} else if (c < 0x10000) {
		p[0] = (uint8_t)(0xe0 + c / 4096);
		p[1] = (uint8_t)(0x80 + c / 64 % 64);
		p[2] = (uint8_t)(0x80 + c % 64);
	} else {
		p[0] = (uint8_t)(0xf0 + c / 262144);
		p[1] = (uint8_t)(0x80 + c / 4096 % 64);
		p[2] = (uint8_t)(0x80 + c / 64 % 64);
		p[3] = (uint8_t)(0x80 + c % 64);
	}
}

/* XML 1.0, 2.2: the ranges of Char, and of the controls it discourages. */
static bool is_written(uint32_t c)
{
	static const struct {
		uint32_t first, last;
	} chars[] = {{0x9, 0xa},     {0xd, 0xd},       {0x20, 0x7e},
		     {0xa0, 0xd7ff}, {0xe000, 0xfffd}, {0x10000, 0x10ffff}};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(chars); i++)
		if (c >= chars[i].first && c <= chars[i].last)
			return true;
	return false;
}

static void every_character_is_decided(void **state)
{
	char text[5];
	uint32_t c;

	(void)state;
	for (c = 1; c < 0x120000; c++) {
		encode(c, text);
		if (portable_is_text(text) != is_written(c))
			fail_msg("U+%04X is decided wrongly", c);
	}
	assert_true(portable_is_text(""));
}

/* Whether another program's decoder takes it for UTF-8. */
static bool is_utf8(const char *text)
{
	json_t *string = json_string(text);

	json_decref(string);
	return string;
}

static void must_be_sound(const char *text)
{
	struct strbuf out = {0};
	bool is_text = portable_is_text(text);

	portable_text(&out, text, no_escapes);
	if (is_text != !strcmp(strbuf_str(&out), text))
		fail_msg("%02x %02x %02x is both text and none",
			 (uint8_t)text[0], (uint8_t)text[1], (uint8_t)text[2]);
	if ((is_text && !is_utf8(text)) || !portable_is_text(strbuf_str(&out)))
		fail_msg("%02x %02x %02x is no UTF-8", (uint8_t)text[0],
			 (uint8_t)text[1], (uint8_t)text[2]);
	strbuf_release(&out);
}

/* All pairs; of three and four those at the edges of what may follow. */
static void damaged_bytes_never_pass(void **state)
{
	static const char edges[] = "\x01\x7f\x80\x8f\x90\x9f\xa0\xbf\xc0\xff";
	char text[5] = "";
	unsigned int a, b;
	size_t i, k;

	(void)state;
	for (a = 1; a < 256; a++)
		for (b = 1; b < 256; b++) {
			text[0] = (char)a;
			text[1] = (char)b;
			must_be_sound(text);
		}
	for (a = 0xc0; a < 256; a++)
		for (b = 0; b < sizeof(edges) - 1; b++)
			for (i = 0; i < sizeof(edges); i++)
				for (k = 0; k < sizeof(edges); k++) {
					text[0] = (char)a;
					text[1] = edges[b];
					text[2] = edges[i];
					text[3] = edges[k];
					must_be_sound(text);
				}
}

/* The first that fits is taken, and what stands instead is not read again. */
static void escapes_are_made_once(void **state)
{
	static const struct escape table[] = {
		{"ab", "<1>"}, {"a", "aa"}, {"\x01", "\\1"}, {NULL, NULL}};
	static const struct {
		const char *text, *want;
	} cases[] = {
		{"ab", "<1>"},
		{"aab", "aa<1>"},
		{"ba", "baa"},
		{"\x01z", "\\1z"},
		{"", ""},
		{"\xc3\xa4"
		 "a",
		 "\xc3\xa4"
		 "aa"},
		{"\xc3"
		 "ab",
		 "\xef\xbf\xbd<1>"},
	};
	struct strbuf out = {0};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		portable_text(&out, cases[i].text, table);
		assert_string_equal(strbuf_str(&out), cases[i].want);
		strbuf_release(&out);
	}
}

/* Those that count: without zeros in front of the first. */
static int digits_of(const char *number)
{
	int count = 0;

	number += strspn(number, "-0.");
	for (; *number && *number != 'e'; number++)
		count += *number != '.';
	return count;
}

/* Bits of all kinds, by a generator that is the same everywhere. */
static void numbers_are_as_short_as_can_be(void **state)
{
	char buf[40], shorter[400];
	uint64_t bits = 1;
	double value;
	int i, digits;

	(void)state;
	for (i = 0; i < 20000; i++) {
		bits = bits * 6364136223846793005u + 1442695040888963407u;
		memcpy(&value, &bits, sizeof(value));
		portable_number(value, buf, sizeof(buf));
		if (value - value != 0) { /* infinite, or no number */
			assert_string_equal(buf, "");
			continue;
		}
		assert_true(strtod(buf, NULL) == value);
		digits = digits_of(buf);
		if (digits < 16)
			continue;
		snprintf(shorter, sizeof(shorter), "%.*g", digits - 1, value);
		assert_true(strtod(shorter, NULL) != value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_character_is_decided),
		cmocka_unit_test(damaged_bytes_never_pass),
		cmocka_unit_test(escapes_are_made_once),
		cmocka_unit_test(numbers_are_as_short_as_can_be),
	};

	return RUN_TESTS(tests);
}
