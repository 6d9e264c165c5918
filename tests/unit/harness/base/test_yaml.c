// SPDX-License-Identifier: GPL-3.0-or-later
/* yaml_tree, yaml_file: what foreign files say, and where they are wrong. */
#include "tests/unit/test.h"

#include <errno.h>

#include "harness/base/strbuf.h"
#include "harness/base/yaml_file.h"
#include "harness/base/yaml_tree.h"
#include "tests/unit/fixture/expect.h"

static const struct {
	const char *yaml, *json;
} trees[] = {
	{"", "[]"},
	{"# a remark\n", "[]"},
	{"---\n", "[null]"},
	{"x", "[\"x\"]"},
	{"a: 1\nb: true\nc: 1.50\n",
	 "[{\"a\":\"1\",\"b\":\"true\",\"c\":\"1.50\"}]"},
	{"a: ~\nb: null\nc:\nd: \"\"\ne: 'null'\nf: \"~\"\n",
	 "[{\"a\":null,\"b\":null,\"c\":null,\"d\":\"\",\"e\":\"null\","
	 "\"f\":\"~\"}]"},
	{"- a\n- [b, {c: d}]\n-\n- - e\n",
	 "[[\"a\",[\"b\",{\"c\":\"d\"}],null,[\"e\"]]]"},
	{"--- x\n---\ny: [ ]\n...\n--- {}\n", "[\"x\",{\"y\":[]},{}]"},
	{"a: |\n  one\n  two\nb: >\n  one\n  two\n",
	 "[{\"a\":\"one\\ntwo\\n\",\"b\":\"one two\\n\"}]"},
	{"{\"a\": [1, null, {\"b\": \"\\u00e4\\n\"}]}",
	 "[{\"a\":[\"1\",null,{\"b\":\"\xc3\xa4\\n\"}]}]"},
	/* The same key in two maps; an anchor that nobody refers to. */
	{"x: {k: 1}\ny: &here {k: 2}\n",
	 "[{\"x\":{\"k\":\"1\"},\"y\":{\"k\":\"2\"}}]"},
	{"\xef\xbb\xbf"
	 "a: b\n",
	 "[{\"a\":\"b\"}]"},
	{"a: \"1\\x002\"\n", "[{\"a\":\"1\\u00002\"}]"},
};

static void documents_become_trees(void **state)
{
	struct err err = {0};
	json_t *tree;
	char *text;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(trees); i++) {
		if (yaml_tree_parse(trees[i].yaml, strlen(trees[i].yaml), &tree,
				    &err))
			fail_msg("%s: %s", trees[i].yaml, err.msg);
		text = json_dumps(tree, JSON_COMPACT);
		assert_string_equal(text, trees[i].json);
		free(text);
		json_decref(tree);
	}
}

/* At every length something ends, and nothing is left over or read past. */
static void cut_documents_do_no_harm(void **state)
{
	struct err err = {0};
	json_t *tree;
	size_t i, len;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(trees); i++)
		for (len = 0; len < strlen(trees[i].yaml); len++) {
			char *copy = malloc(len + 1);
			int ret;

			memcpy(copy, trees[i].yaml, len);
			ret = yaml_tree_parse(copy, len, &tree, &err);
			assert_true(ret == 0 || ret == -EINVAL);
			assert_int_equal(!tree, ret != 0);
			json_decref(tree);
			free(copy);
		}
}

static void mistakes_have_their_line(void **state)
{
	static const struct {
		const char *yaml, *says;
	} cases[] = {
		{"a: [", "line "},
		{"a: b: c\n", "line 1: "},
		{"a: 1\n\tb: 2\n", "line 2: "},
		{"a: &x 1\nb: *x\n", "line 2: aliases"},
		{"- &x\n- *x\n", "line 2: aliases"},
		{"a: 1\nb: 2\na: 3\n", "line 3: a key stands there twice"},
		{"x:\n  - k: 1\n    k: 2\n",
		 "line 3: a key stands there twice"},
		{"? [a]\n: b\n", "line 1: a key is no short text"},
		{"? {a: b}\n: c\n", "line 1: a key is no short text"},
		{"a: \"\\ud800\"\n", "line 1: "},
		{"a: \xff\n", "line "},
		{"a: \x01\n", "line "},
		{"a: !!binary [\n", "line "},
		{"- a\n---\n- b\n- c: [\n", "line "},
	};
	struct err err = {0};
	json_t *tree;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		if (!yaml_tree_parse(cases[i].yaml, strlen(cases[i].yaml),
				     &tree, &err))
			fail_msg("taken: %s", cases[i].yaml);
		assert_null(tree);
		assert_contains(err.msg, cases[i].says);
	}
}

static int parse_key(size_t len)
{
	char text[400];
	struct err err = {0};
	json_t *tree;
	int ret;

	memset(text, 'k', len);
	snprintf(text + len, sizeof(text) - len, ": v\n");
	ret = yaml_tree_parse(text, strlen(text), &tree, &err);
	json_decref(tree);
	return ret;
}

static int parse_depth(size_t depth)
{
	struct strbuf text = {0};
	struct err err = {0};
	json_t *tree;
	size_t i;
	int ret;

	for (i = 0; i < depth; i++)
		strbuf_puts(&text, i % 2 ? "{a: " : "[");
	for (i = depth; i-- > 0;)
		strbuf_puts(&text, i % 2 ? "}" : "]");
	ret = yaml_tree_parse(text.str, text.len, &tree, &err);
	json_decref(tree);
	strbuf_release(&text);
	return ret;
}

static void sizes_are_bounded(void **state)
{
	(void)state;
	assert_int_equal(parse_key(255), 0);
	assert_int_equal(parse_key(256), -EINVAL);
	/* The value of the last map's key is one deeper. */
	assert_int_equal(parse_depth(63), 0);
	assert_int_equal(parse_depth(64), -EINVAL);
}

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
		cmocka_unit_test(documents_become_trees),
		cmocka_unit_test(cut_documents_do_no_harm),
		cmocka_unit_test(mistakes_have_their_line),
		cmocka_unit_test(sizes_are_bounded),
		cmocka_unit_test(files_follow_their_schema),
		cmocka_unit_test(lines_are_found_by_their_begin),
	};

	return RUN_TESTS(tests);
}
