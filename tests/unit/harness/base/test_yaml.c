// SPDX-License-Identifier: GPL-3.0-or-later
/* yaml_file: what files with a schema say, and where they are wrong. */
#include "tests/unit/test.h"

#include "harness/base/yaml_file.h"
#include "tests/unit/fixture/expect.h"

struct pair {
	char *first;
	int second;
};

static const cyaml_schema_field_t pair_fields[] = {
	CYAML_FIELD_STRING_PTR("first", CYAML_FLAG_POINTER, struct pair, first,
			       0, CYAML_UNLIMITED),
	CYAML_FIELD_INT("second", CYAML_FLAG_OPTIONAL, struct pair, second),
	CYAML_FIELD_END};
static const cyaml_schema_value_t pair_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct pair, pair_fields)};

static void files_follow_their_schema(void **state)
{
	static const struct {
		const char *yaml, *says;
	} bad[] = {
		{"", "empty"},
		{"# nothing\n", "says nothing"},
		{"first: &x a\nsecond: *x\n", "line"},
		{"second: 1\n", "first"},
		{"first: a\nthird: b\n", "third"},
		{"first: a\nsecond: b\n", "line: 2"},
		{"- first\n", "MAPPING"},
		{"first: [\n", ""},
	};
	struct err err = {0};
	void *data = NULL;
	const struct pair *pair;
	size_t i;

	(void)state;
	assert_int_equal(yaml_file_parse("first: a\nsecond: -3\n", 20,
					 &pair_schema, &data, &err),
			 0);
	pair = data;
	assert_string_equal(pair->first, "a");
	assert_int_equal(pair->second, -3);
	yaml_file_free(&pair_schema, data);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		memset(&err, 0, sizeof(err));
		if (!yaml_file_parse(bad[i].yaml, strlen(bad[i].yaml),
				     &pair_schema, &data, &err))
			fail_msg("taken: %s", bad[i].yaml);
		assert_null(data);
		assert_contains(err.msg, bad[i].says);
		assert_int_not_equal(strlen(err.msg), 0);
	}
	yaml_file_free(&pair_schema, NULL);
}

static void lines_are_found_by_their_begin(void **state)
{
	static const char file[] = "a: 1\n\n  - b: 2\n#c\n  ab: 3\nc: 4";
	static const struct {
		const char *text;
		unsigned int line;
	} cases[] = {{"a", 1},    {"a:", 1}, {"b", 3}, {"ab", 5},
		     {"c: 4", 6}, {"c", 6},  {"1", 0}, {"d", 0}};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(yaml_file_line_of(file, cases[i].text),
				 cases[i].line);
	assert_int_equal(yaml_file_line_of("", "a"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_follow_their_schema),
		cmocka_unit_test(lines_are_found_by_their_begin),
	};

	return RUN_TESTS(tests);
}
