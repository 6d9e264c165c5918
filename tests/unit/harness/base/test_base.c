// SPDX-License-Identifier: GPL-3.0-or-later
/* harness/base: err, strbuf. */
#include "tests/unit/test.h"

#include <errno.h>

#include "harness/base/strbuf.h"

static void err_wraps_in_front(void **state)
{
	struct err err = {0};

	(void)state;
	assert_int_equal(err_sys(&err, -ENOENT, "cannot open '%s'", "x"),
			 -ENOENT);
	assert_string_equal(err.msg,
			    "cannot open 'x': No such file or directory");
	assert_int_equal(err_wrap(&err, "cannot boot"), -ENOENT);
	assert_string_equal(
		err.msg,
		"cannot boot: cannot open 'x': No such file or directory");
}

static void err_survives_endless_text(void **state)
{
	struct err err = {0};
	char big[2000];
	int i;

	(void)state;
	memset(big, 'a', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	err_set(&err, -EIO, "%s", big);
	for (i = 0; i < 5; i++)
		err_wrap(&err, "%s", big);
	assert_true(strlen(err.msg) < sizeof(err.msg));
}

static void strbuf_grows_consumes_and_keeps_tails(void **state)
{
	struct strbuf sb = {0};
	int i;

	(void)state;
	assert_string_equal(strbuf_str(&sb), "");
	for (i = 0; i < 1000; i++)
		strbuf_printf(&sb, "%03d,", i);
	assert_int_equal(sb.len, 4000);
	strbuf_consume(&sb, 4);
	assert_memory_equal(sb.str, "001,", 4);
	strbuf_keep_tail(&sb, 4);
	assert_string_equal(sb.str, "999,");
	strbuf_release(&sb);
	assert_null(sb.str);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(err_wraps_in_front),
		cmocka_unit_test(err_survives_endless_text),
		cmocka_unit_test(strbuf_grows_consumes_and_keeps_tails),
	};

	return RUN_TESTS(tests);
}
