// SPDX-License-Identifier: GPL-3.0-or-later
/* lines: text fits, whatever the terminal is and wherever the text is from. */
#include "tests/unit/test.h"

#include <unistd.h>

#include "harness/base/strbuf.h"
#include "reports/text/lines.h"
#include "tests/unit/fixture/terminal.h"

static const struct line_style wide = {LINES_COLUMNS, true};
static const struct line_style ascii = {LINES_COLUMNS, false};

/* Bars are of one scale: half full is four times native. */
static void bars_tell_doublings(void **state)
{
	static const struct {
		double part;
		const char *utf8, *ascii;
	} cases[] = {
		{0, "", ""},
		{-1, "", ""},
		{.5, "\xe2\x96\x88\xe2\x96\x88", "##"},
		{.53125, "\xe2\x96\x88\xe2\x96\x88\xe2\x96\x8f", "##"},
		{2, "\xe2\x96\x88\xe2\x96\x88\xe2\x96\x88\xe2\x96\x88", "####"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct strbuf bar = {0};

		line_bar(&bar, cases[i].part, 4, &wide);
		assert_string_equal(strbuf_str(&bar), cases[i].utf8);
		strbuf_release(&bar);
		line_bar(&bar, cases[i].part, 4, &ascii);
		assert_string_equal(strbuf_str(&bar), cases[i].ascii);
		strbuf_release(&bar);
	}
}

static void lines_are_broken_and_cut(void **state)
{
	const struct line_style ten = {10, true};
	struct strbuf out = {0};

	(void)state;
	line_wrap(&out, "one two three four", 2, 9, &ten);
	assert_string_equal(out.str, "one two\n  three\n  four\n");
	strbuf_release(&out);
	line_wrap(&out, "one two three four", 0, 1, &ten);
	assert_string_equal(out.str, "one two t~\n");
	strbuf_release(&out);
	line_wrap(&out, "12345678901234 5", 0, 9, &ten);
	assert_string_equal(out.str, "1234567890\n1234 5\n");
	strbuf_release(&out);
	/* Whatever may be wide counts for two. */
	line_cut(&out, "\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2", 5, &ten);
	assert_string_equal(out.str, "\xe6\xbc\xa2\xe6\xbc\xa2~");
	strbuf_release(&out);
	line_pad(&out, "a\tb\n", 5, &ten);
	assert_string_equal(out.str, "a b  ");
	strbuf_release(&out);
}

static void printed_lines_are_cut_and_filled(void **state)
{
	static const struct {
		const char *text, *want;
		size_t least, most;
	} cases[] = {
		{"ab", "ab", 0, 9},
		{"ab", "ab  ", 4, 9},
		{"abcdef", "abc~", 2, 4},
		{"abcdef", "abc~ ", 5, 4},
		{"a\tb\nc", "a b c", 0, 9},
		/* Escape, a C1 control and half a character. */
		{"\x1b[m\xc2\x9bx\xe2\x82", "?[m??x??", 0, 9},
		{"\xe2\x82\xac", "? ", 2, 9},
	};
	char *text;
	size_t size, i;

	(void)state;
	setenv("LC_ALL", "C", 1);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		FILE *out = open_memstream(&text, &size);

		line_print(cases[i].text, cases[i].least, cases[i].most, out);
		fclose(out);
		assert_string_equal(text, cases[i].want);
		free(text);
	}
}

static void the_locale_tells_the_alphabet(void **state)
{
	static const struct {
		const char *all, *type, *lang;
		bool is_utf8;
	} cases[] = {
		{"", "", "en_US.UTF-8", true}, {"", "", "C.utf8", true},
		{"C", "", "C.UTF-8", false},   {"", "de_DE.UTF-8", "C", true},
		{"", "", "", false},           {"", "", "POSIX", false},
	};
	char *text = NULL;
	size_t size, i;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct line_style s;

		setenv("LC_ALL", cases[i].all, 1);
		setenv("LC_CTYPE", cases[i].type, 1);
		setenv("LANG", cases[i].lang, 1);
		s = line_style_of(out);
		assert_int_equal(s.is_utf8, cases[i].is_utf8);
		/* No terminal. */
		assert_int_equal(s.columns, LINES_COLUMNS);
	}
	fclose(out);
	free(text);
}

static void the_terminal_tells_its_width(void **state)
{
	static const size_t cases[][2] = {{60, 60},
					  {100, 100},
					  {250, LINES_COLUMNS},
					  {0, LINES_COLUMNS},
					  {10, 40}};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		int master;
		FILE *out = terminal_open(&master, (unsigned short)cases[i][0]);

		assert_int_equal(line_style_of(out).columns, cases[i][1]);
		fclose(out);
		close(master);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bars_tell_doublings),
		cmocka_unit_test(lines_are_broken_and_cut),
		cmocka_unit_test(printed_lines_are_cut_and_filled),
		cmocka_unit_test(the_locale_tells_the_alphabet),
		cmocka_unit_test(the_terminal_tells_its_width),
	};

	return RUN_TESTS(tests);
}
