// SPDX-License-Identifier: GPL-3.0-or-later
/* command_text: a command that a shell takes, and that tells no secret. */
#include "tests/unit/test.h"

#include "harness/cli/command_text.h"

static void must_be(const char *word, const char *want)
{
	char *const argv[] = {(char *)"run", (char *)word, NULL};
	char *text = command_text(2, (char **)argv, 7), all[160];

	snprintf(all, sizeof(all), "build/l1vh-bench run %s --seed 7", want);
	assert_string_equal(text, all);
	free(text);
}

static void words_are_quoted(void **state)
{
	(void)state;
	must_be("--blocks=2", "--blocks=2");
	must_be("a b", "'a b'");
	must_be("it's", "'it'\\''s'");
	must_be("", "''");
	must_be("postgres.db", "postgres.db");
}

static void no_password_is_told(void **state)
{
	(void)state;
	must_be("postgresql://u:p@h:1/d", "postgresql://h:1/d");
	must_be("--db=postgres://u:p@h/d?sslmode=require",
		"--db=postgresql://h/d");
	must_be("postgresql://u:p@q@h/d", "'postgresql://?'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_quoted),
		cmocka_unit_test(no_password_is_told),
	};

	return RUN_TESTS(tests);
}
