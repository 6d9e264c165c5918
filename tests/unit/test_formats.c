// SPDX-License-Identifier: GPL-3.0-or-later
/* reports for other programs: whatever a run holds, it stays data. */
#include "tests/unit/test.h"

#include <math.h>

#include "harness/base/strbuf.h"
#include "reports/portable.h"

static void assert_portable(const char *text, const struct escape *table,
			    const char *want)
{
	struct strbuf out = {0};

	portable_text(&out, text, table);
	assert_string_equal(strbuf_str(&out), want);
	strbuf_release(&out);
}

#define BAD "\xef\xbf\xbd"

static void damaged_text_is_replaced(void **state)
{
	static const struct escape none[] = {{NULL, NULL}};
	static const char *const cases[][2] = {
		{"", ""},
		{"plain\tand\r\n", "plain\tand\r\n"},
		{"\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80",
		 "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80"},
		{"\x01\x1b[31m\x7f", BAD BAD "[31m" BAD},
		/* Cut, alone, overlong, a surrogate, beyond the last, C1. */
		{"\xe2\x82", BAD BAD},
		{"\x80z", BAD "z"},
		{"\xc0\xaf", BAD BAD},
		{"\xed\xa0\x80", BAD BAD BAD},
		{"\xf4\x90\x80\x80", BAD BAD BAD BAD},
		{"\xff\xfe", BAD BAD},
		{"\xc2\x85", BAD BAD},
		{"\xef\xbf\xbf", BAD BAD BAD},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		assert_portable(cases[i][0], none, cases[i][1]);
}

static void markup_is_escaped(void **state)
{
	(void)state;
	assert_portable("<a b='\"&\n", escape_markup,
			"&lt;a b=&#39;&quot;&amp;\n");
	assert_portable("a\tb\r\n", escape_attribute, "a&#9;b&#13;&#10;");
}

static void numbers_come_back_as_they_were(void **state)
{
	static const double values[] = {
		0,      0.1,         1.0 / 3,
		1e-300, 1e300,       -2.5,
		5e-324, 123456789.0, 1 + 2.220446049250313e-16};
	char buf[32];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(values); i++)
		assert_true(strtod(portable_number(values[i], buf, sizeof(buf)),
				   NULL) == values[i]);
	assert_string_equal(portable_number(0.1, buf, sizeof(buf)), "0.1");
	assert_string_equal(portable_number(NAN, buf, sizeof(buf)), "");
	assert_string_equal(portable_number(-INFINITY, buf, sizeof(buf)), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(damaged_text_is_replaced),
		cmocka_unit_test(markup_is_escaped),
		cmocka_unit_test(numbers_come_back_as_they_were),
	};

	return RUN_TESTS(tests);
}
