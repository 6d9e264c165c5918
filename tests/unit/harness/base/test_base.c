// SPDX-License-Identifier: GPL-3.0-or-later
/* harness/base: err, strbuf, xmalloc: texts of any length and content. */
#include "tests/unit/test.h"

#include <errno.h>
#include <stdbool.h>

#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "tests/unit/fixture/expect.h"

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

/* The cause is what matters: the front gives way to it. */
static void err_keeps_the_cause(void **state)
{
	struct err err = {0};
	char big[2000];
	int i;

	(void)state;
	memset(big, 'a', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	assert_int_equal(err_set(&err, -EIO, "the cause %d", 7), -EIO);
	assert_int_equal(err.code, -EIO);
	assert_int_equal(err_wrap(&err, "%s", big), -EIO);
	assert_contains(err.msg, "aaa: the cause 7");
	/* Its end is cut, and nothing behind the message is touched. */
	for (i = 0; i < 10; i++)
		err_wrap(&err, "layer %d", i);
	assert_int_equal(strncmp(err.msg, "layer 9: layer 8: ", 18), 0);
	assert_int_equal(err_sys(&err, -EACCES, "%s", big), -EACCES);
	assert_int_equal(strlen(err.msg), sizeof(err.msg) - 1);
	/* What is wrapped may be its own message. */
	err_set(&err, -EIO, "once");
	err_wrap(&err, "%s", err.msg);
	assert_string_equal(err.msg, "once: once");
}

static void strbuf_holds_any_bytes(void **state)
{
	struct strbuf sb = {0}, other = {0};

	(void)state;
	strbuf_add(&sb, "a\0b", 3);
	assert_int_equal(sb.len, 3);
	assert_memory_equal(sb.str, "a\0b", 4);
	strbuf_printf(&sb, "%s", "");
	strbuf_puts(&sb, "");
	assert_int_equal(sb.len, 3);
	strbuf_consume(&sb, 0);
	strbuf_keep_tail(&sb, 3);
	assert_int_equal(sb.len, 3);
	strbuf_keep_tail(&sb, 1);
	assert_string_equal(sb.str, "b");
	strbuf_keep_tail(&sb, 0);
	assert_string_equal(sb.str, "");
	strbuf_puts(&sb, "again");
	assert_string_equal(sb.str, "again");
	strbuf_consume(&sb, 5);
	assert_int_equal(sb.len, 0);
	assert_string_equal(sb.str, "");
	/* Of nothing nothing is dropped. */
	strbuf_consume(&other, 0);
	strbuf_keep_tail(&other, 10);
	assert_null(other.str);
	strbuf_puts(&other, "");
	assert_string_equal(other.str, "");
	strbuf_release(&other);
	strbuf_release(&sb);
	strbuf_release(&sb);
}

/* By doubling: a million bytes one by one are not copied a million times. */
static void strbuf_makes_room_ahead(void **state)
{
	struct strbuf sb = {0};
	size_t i, moves = 0, room = 0;

	(void)state;
	for (i = 0; i < 1000000; i++) {
		strbuf_add(&sb, "x", 1);
		assert_true(sb.capacity > sb.len);
		moves += sb.capacity != room;
		room = sb.capacity;
	}
	assert_true(moves < 25);
	assert_int_equal(strlen(sb.str), 1000000);
	strbuf_release(&sb);
}

static void text_is_made_plain(void **state)
{
	char all[256], text[] = "a\tb\n\x1b[0m\x7f\r\x80\xff~ ";
	int c;

	(void)state;
	text_clean(text);
	assert_string_equal(text, "a\tb\n?[0m????~ ");
	for (c = 1; c < 256; c++)
		all[c - 1] = (char)c;
	all[255] = '\0';
	text_clean(all);
	assert_int_equal(strlen(all), 255);
	for (c = 1; c < 256; c++) {
		bool is_plain =
			(c >= ' ' && c <= '~') || c == '\n' || c == '\t';

		assert_int_equal(all[c - 1], is_plain ? c : '?');
	}
}

static void memory_of_no_size_is_memory(void **state)
{
	char *none = xcalloc(0, 8), *text, *grown;

	(void)state;
	assert_non_null(none);
	free(none);
	none = xcalloc(8, 0);
	assert_non_null(none);
	grown = xrealloc(none, 0, 8);
	assert_non_null(grown);
	free(grown);
	text = xasprintf("%s-%d", "a", 5);
	assert_string_equal(text, "a-5");
	free(text);
	text = xstrdup("");
	assert_string_equal(text, "");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(err_wraps_in_front),
		cmocka_unit_test(err_survives_endless_text),
		cmocka_unit_test(err_keeps_the_cause),
		cmocka_unit_test(strbuf_grows_consumes_and_keeps_tails),
		cmocka_unit_test(strbuf_holds_any_bytes),
		cmocka_unit_test(strbuf_makes_room_ahead),
		cmocka_unit_test(text_is_made_plain),
		cmocka_unit_test(memory_of_no_size_is_memory),
	};

	return RUN_TESTS(tests);
}
