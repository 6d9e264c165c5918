// SPDX-License-Identifier: GPL-3.0-or-later
/* column: what is a number, what is a comment, and which line is neither. */
#include "tests/unit/test.h"

#include <errno.h>
#include <math.h>
#include <unistd.h>

#include "harness/cli/column.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/scratch.h"

/* Column C of a file that holds TEXT. */
static int read_text(const char *text, size_t len, struct column *c,
		     struct err *err)
{
	char path[SCRATCH_SIZE];
	int ret;

	*c = (struct column){0};
	*err = (struct err){0};
	scratch_file(path, text, len);
	ret = column_read(path, c, err);
	unlink(path);
	return ret;
}

static void a_word_is_a_number_as_a_whole(void **state)
{
	static const struct {
		const char *word;
		double value;
	} good[] = {
		{"1", 1},
		{"-0.5", -.5},
		{"1e3", 1000},
		{" 7\r\n", 7},
		{"+.25\t ", .25},
		{"1e-320", 1e-320}, /* subnormal, but finite */
	};
	static const char *const bad[] = {"",
					  " ",
					  "x",
					  "1x",
					  "1 2",
					  "nan",
					  "inf",
					  "-inf",
					  "1e999",
					  "1,5",
					  "--1",
					  ".",
					  "0x10",
					  "0x1p3",
					  "1e-999",
					  "1_000",
					  "\v1",
					  "1\f",
					  "1 ms",
					  "\xe2\x88\x92"
					  "1",
					  "1\xe2\x80\xaf"
					  "000"};
	double value;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(column_number(good[i].word, &value), 0);
		assert_true(value == good[i].value);
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		if (column_number(bad[i], &value) != -EINVAL)
			fail_msg("'%s' is %g", bad[i], value);
}

static void comments_and_empty_lines_are_skipped(void **state)
{
	static const char text[] = "# a comment\n\n  \t\r\n1\r\n#2\n 3 \n4";
	struct column c;
	struct err err;

	(void)state;
	assert_int_equal(read_text(text, strlen(text), &c, &err), 0);
	assert_int_equal(c.count, 3);
	assert_true(c.values[0] == 1 && c.values[1] == 3 && c.values[2] == 4);
	free(c.values);
}

/* The array grows at powers of two: one more and one less than each. */
static void a_column_has_any_length(void **state)
{
	static const size_t lengths[] = {1, 2, 3, 4, 5, 7, 8, 9, 1023, 1025};
	char text[8 * 1025];
	struct column c;
	struct err err;
	size_t i, k, len;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		for (k = 0, len = 0; k < lengths[i]; k++)
			len += (size_t)snprintf(text + len, sizeof(text) - len,
						"%zu\n", k);
		assert_int_equal(read_text(text, len, &c, &err), 0);
		assert_int_equal(c.count, lengths[i]);
		for (k = 0; k < c.count; k++)
			assert_true(c.values[k] == (double)k);
		free(c.values);
	}
}

static void the_line_that_is_wrong_is_named(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{"1\n2\nthree\n4\n", ":3: 'three' is not"},
		{"# c\n\n1 2\n", ":3: '1 2' is not"},
		{"nan\n", ":1: 'nan' is not"},
		{" # indented\n", ":1:"},
		{"1\r2\r3\n",
		 ":1: '1' is not a finite number: it has a carriage"},
		{"1\n# c\r2\n", ":2: '# c' is not"},
		{"1\n\r2\n", ":2: '' is not"},
		{"1\r\r\n", "carriage return"},
		{"1,5\n", "a comma is no decimal point"},
		{"1,000.5\n", "a comma is no decimal point"},
		{"\xe2\x88\x92"
		 "1\n",
		 "U+2212"},
		{"1\xe2\x80\xaf"
		 "000\n",
		 "outside ASCII"},
		{"\xef\xbc\x91\n", "outside ASCII"},
		{"1_000\n", "underscore"},
		{"0x1p3\n", "in decimal"},
		{"1e999\n", "too large"},
		{"1e-999\n", "too small"},
		{"-inf\n", "infinite"},
		{"1 ms\n", "leave out units"},
		{"12%\n", "leave out units"},
		{"1;2\n", "leave out units"},
		{"1 -2\n", "one number per line"},
		{"\"1\"\n", "one number per line"},
	};
	struct column c;
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(read_text(cases[i].text, strlen(cases[i].text),
					   &c, &err),
				 -EINVAL);
		assert_contains(err.msg, cases[i].says);
		free(c.values);
	}
}

/* A number that a byte of zero ends would hide what follows it. */
static void a_line_with_a_zero_byte_is_no_number(void **state)
{
	static const char text[] = "1\n2\0 apples\n3\n";
	struct column c;
	struct err err;

	(void)state;
	assert_int_equal(read_text(text, sizeof(text) - 1, &c, &err), -EINVAL);
	assert_contains(err.msg, ":2:");
	free(c.values);
}

static void utf_16_is_told(void **state)
{
	static const char little[] = "\xff\xfe"
				     "1\0\n\0"
				     "2\0\n\0";
	static const char big[] = "\xfe\xff\0"
				  "1\0\n";
	static const char bare[] = "1\0\n\0"
				   "2\0\n\0";
	struct column c;
	struct err err;

	(void)state;
	assert_int_equal(read_text(little, sizeof(little) - 1, &c, &err),
			 -EINVAL);
	assert_contains(err.msg, "UTF-16");
	assert_int_equal(read_text(big, sizeof(big) - 1, &c, &err), -EINVAL);
	assert_contains(err.msg, "UTF-16");
	assert_int_equal(read_text(bare, sizeof(bare) - 1, &c, &err), -EINVAL);
	assert_contains(err.msg, "NUL byte");
	free(c.values);
}

/* What editors write in front of UTF-8, but only there. */
static void a_byte_order_mark_is_no_number(void **state)
{
	static const char first[] = "\xef\xbb\xbf"
				    "1\r\n2";
	static const char later[] = "1\n\xef\xbb\xbf"
				    "2\n";
	struct column c;
	struct err err;

	(void)state;
	assert_int_equal(read_text(first, sizeof(first) - 1, &c, &err), 0);
	assert_int_equal(c.count, 2);
	assert_true(c.values[0] == 1 && c.values[1] == 2);
	free(c.values);
	assert_int_equal(read_text(later, sizeof(later) - 1, &c, &err),
			 -EINVAL);
	assert_contains(err.msg, ":2:");
	free(c.values);
}

static void a_file_without_an_end_is_left(void **state)
{
	struct column c = {0};
	struct err err;

	(void)state;
	assert_int_equal(column_read("/dev/zero", &c, &err), -EINVAL);
	assert_contains(err.msg, "more than 64 MiB");
	assert_null(c.values);
}

static void a_file_without_numbers_is_none(void **state)
{
	static const char *const texts[] = {"", "\n\n", "# nothing\n"};
	struct column c;
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		assert_int_equal(
			read_text(texts[i], strlen(texts[i]), &c, &err),
			-ENODATA);
		assert_null(c.values);
	}
	assert_int_equal(column_read("/no/such/file", &c, &err), -ENOENT);
	assert_contains(err.msg, "'/no/such/file'");
	/* A folder can be opened, but not read. */
	assert_true(column_read("/tmp", &c, &err) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_word_is_a_number_as_a_whole),
		cmocka_unit_test(comments_and_empty_lines_are_skipped),
		cmocka_unit_test(a_column_has_any_length),
		cmocka_unit_test(the_line_that_is_wrong_is_named),
		cmocka_unit_test(a_line_with_a_zero_byte_is_no_number),
		cmocka_unit_test(utf_16_is_told),
		cmocka_unit_test(a_byte_order_mark_is_no_number),
		cmocka_unit_test(a_file_without_an_end_is_left),
		cmocka_unit_test(a_file_without_numbers_is_none),
	};

	return RUN_TESTS(tests);
}
