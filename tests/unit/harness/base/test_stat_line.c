// SPDX-License-Identifier: GPL-3.0-or-later
/* stat_line: names that look like fields, and lines that end early. */
#include "tests/unit/test.h"

#include <unistd.h>

#include "harness/base/file.h"
#include "harness/base/stat_line.h"

static void names_may_be_anything(void **state)
{
	static const char line[] = "12 (a) S (b ) R 7 8 9";
	char name[32], cut[4];

	(void)state;
	assert_true(stat_line_name(line, name, sizeof(name)));
	assert_string_equal(name, "a) S (b ");
	assert_true(stat_line_name(line, cut, sizeof(cut)));
	assert_string_equal(cut, "a) ");
	assert_string_equal(stat_line_field(line, 3), "R 7 8 9");
	assert_string_equal(stat_line_field(line, 4), "7 8 9");
	assert_string_equal(stat_line_field(line, 6), "9");
	assert_null(stat_line_field(line, 7));
	assert_null(stat_line_field(line, 100));
}

static void what_is_no_line_has_nothing(void **state)
{
	char name[8];

	(void)state;
	assert_false(stat_line_name("", name, sizeof(name)));
	assert_false(stat_line_name("12 name S", name, sizeof(name)));
	assert_null(stat_line_field("", 3));
	assert_null(stat_line_field("12 (name)", 3));
}

/* The kernel's own: this process's parent. */
static void the_kernel_writes_such_lines(void **state)
{
	char line[512];
	const char *at;

	(void)state;
	at = stat_line_field(
		file_first_line("/proc/self/stat", line, sizeof(line)), 4);
	assert_non_null(at);
	assert_int_equal(strtol(at, NULL, 10), getppid());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_may_be_anything),
		cmocka_unit_test(what_is_no_line_has_nothing),
		cmocka_unit_test(the_kernel_writes_such_lines),
	};

	return RUN_TESTS(tests);
}
