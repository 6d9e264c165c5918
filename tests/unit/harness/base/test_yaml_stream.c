// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * yaml_stream: documents one after the other, with the types that YAML 1.1
 * gives them, aliases and merged maps; mistakes have their line, and what is
 * made to be too large is refused before it is.
 */
#include "tests/unit/test.h"

#include <errno.h>
#include <time.h>

#include "harness/base/strbuf.h"
#include "harness/base/yaml_stream.h"
#include "tests/unit/fixture/expect.h"

/* As JSON, but scalars as they are written: text in quotes. */
static void show(const struct yaml_value *v, struct strbuf *out)
{
	enum yaml_kind kind = yaml_kind_of(v);
	const struct yaml_value *child;

	if (kind == YAML_ABSENT) {
		strbuf_puts(out, "null");
	} else if (kind == YAML_BOOL) {
		strbuf_puts(out, yaml_is_true(v) ? "true" : "false");
	} else if (kind == YAML_NUMBER) {
		strbuf_puts(out, yaml_text_of(v));
	} else if (kind == YAML_TEXT) {
		strbuf_printf(out, "'%s'", yaml_text_of(v));
	} else {
		strbuf_puts(out, kind == YAML_LIST ? "[" : "{");
		for (child = yaml_each(v, NULL); child;
		     child = yaml_each(v, child)) {
			if (child != yaml_each(v, NULL))
				strbuf_puts(out, ",");
			if (kind == YAML_MAP)
				strbuf_printf(out, "%s:", yaml_key_of(child));
			show(child, out);
		}
		strbuf_puts(out, kind == YAML_LIST ? "]" : "}");
	}
}

/* All documents, with blanks between; what yaml_stream_next() said last. */
static int show_all(struct yaml_stream *s, struct strbuf *out, struct err *err)
{
	const struct yaml_value *root;
	int ret;

	while ((ret = yaml_stream_next(s, &root, err)) > 0) {
		if (out->len)
			strbuf_puts(out, " ");
		show(root, out);
	}
	return ret;
}

static int show_text(const char *yaml, size_t len, struct strbuf *out,
		     struct err *err)
{
	struct yaml_stream *s = yaml_stream_open_bytes(yaml, len, NULL);
	int ret = show_all(s, out, err);

	yaml_stream_close(s);
	return ret;
}

static const struct {
	const char *yaml, *shown;
} documents[] = {
	{"", ""},
	{"# a remark\n", ""},
	{"---\n", "null"},
	{"--- ~\n", "null"},
	{"x", "'x'"},
	{"a: 1\nb: true\nc: 1.50\n", "{a:1,b:true,c:1.50}"},
	{"a: ~\nb: null\nc:\nd: \"\"\ne: 'null'\nf: \"~\"\n",
	 "{a:null,b:null,c:null,d:'',e:'null',f:'~'}"},
	{"- a\n- [b, {c: d}]\n-\n- - e\n", "['a',['b',{c:'d'}],null,['e']]"},
	{"--- x\n---\ny: [ ]\n...\n--- {}\n", "'x' {y:[]} {}"},
	{"---\n---\n--- z\n---\n", "null null 'z' null"},
	{"a: |\n  one\n  two\nb: >\n  one\n  two\n",
	 "{a:'one\ntwo\n',b:'one two\n'}"},
	{"{\"a\": [1, null, {\"b\": \"\\u00e4\\n\"}]}",
	 "{a:[1,null,{b:'\xc3\xa4\n'}]}"},
	{"{\"a\": 1}\n---\n{\"a\": 2}\n", "{a:1} {a:2}"},
	{"\xef\xbb\xbf"
	 "a: b\n",
	 "{a:'b'}"},
	{"{a: &x {k: 1}, b: *x, c: [*x, &y z, *y]}",
	 "{a:{k:1},b:{k:1},c:[{k:1},'z','z']}"},
	/* An anchor may be given again; each alias is of the last one. */
	{"[&x 1, *x, &x 2, *x]", "[1,1,2,2]"},
	{"? a\n: b\n", "{a:'b'}"},
	{"%YAML 1.1\n---\na: !!str 1\n", "{a:'1'}"},
};

static void documents_become_values(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(documents); i++) {
		struct strbuf out = {0};
		struct err err;

		if (show_text(documents[i].yaml, strlen(documents[i].yaml),
			      &out, &err))
			fail_msg("%s: %s", documents[i].yaml, err.msg);
		assert_string_equal(strbuf_str(&out), documents[i].shown);
		strbuf_release(&out);
	}
}

/* At every length something ends, and nothing is left over or read past. */
static void cut_documents_do_no_harm(void **state)
{
	size_t i, len;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(documents); i++)
		for (len = 0; len < strlen(documents[i].yaml); len++) {
			struct strbuf out = {0};
			char *copy = malloc(len + 1);
			struct err err;
			int ret;

			memcpy(copy, documents[i].yaml, len);
			ret = show_text(copy, len, &out, &err);
			assert_true(ret == 0 || ret == -EINVAL);
			strbuf_release(&out);
			free(copy);
		}
}

/* The document of YAML in S, and then its end. */
static const struct yaml_value *open_one(struct yaml_stream **s,
					 const char *yaml)
{
	const struct yaml_value *root;
	struct err err;

	*s = yaml_stream_open_bytes(yaml, strlen(yaml), NULL);
	if (yaml_stream_next(*s, &root, &err) != 1)
		fail_msg("%s: %s", yaml, err.msg);
	return root;
}

#define B YAML_BOOL
#define N YAML_NUMBER
#define T YAML_TEXT
#define NONE UINT64_MAX /* it is no count */

static const struct {
	const char *yaml;
	enum yaml_kind kind;
	uint64_t value;
} scalars[] = {
	{"y", B, true},
	{"Y", B, true},
	{"yes", B, true},
	{"YES", B, true},
	{"true", B, true},
	{"True", B, true},
	{"on", B, true},
	{"On", B, true},
	{"n", B, false},
	{"no", B, false},
	{"No", B, false},
	{"False", B, false},
	{"off", B, false},
	{"OFF", B, false},
	{"yEs", T, NONE},
	{"'yes'", T, NONE},
	{"\"true\"", T, NONE},
	{"!!str true", T, NONE},
	{"~", YAML_ABSENT, NONE},
	{"null", YAML_ABSENT, NONE},
	{"Null", YAML_ABSENT, NONE},
	{"NULL", YAML_ABSENT, NONE},
	{"nULL", T, NONE},
	{"'~'", T, NONE},
	{"\"\"", T, NONE},
	{"0", N, 0},
	{"7", N, 7},
	{"+7", N, 7},
	{"-7", N, NONE},
	{"010", N, 8},
	{"0o10", N, 8},
	{"0x10", N, 16},
	{"0xfF", N, 255},
	{"0b101", N, 5},
	{"0b12", N, NONE},
	{"08", N, 8},
	{"1_000", N, 1000},
	{"1_0_", N, 10},
	{"_1", T, NONE},
	{"1e3", N, 1000},
	{"1E+3", N, 1000},
	{"1.5e1", N, 15},
	{"2.0", N, 2},
	{"2.", N, 2},
	{".5", N, NONE},
	{"1.5", N, NONE},
	{"1e-1", N, NONE},
	{"1e", T, NONE},
	{"1e99", N, NONE},
	{"18446744073709551615", N, UINT64_MAX},
	{"18446744073709551616", N, NONE},
	{"'7'", T, NONE},
	{"|\n 7\n", T, NONE},
	{"1Gi", T, NONE},
	{"1.2.3", T, NONE},
	{"0x", T, NONE},
	{"0xg", T, NONE},
	{"-", T, NONE},
	{".", T, NONE},
	{"1:20", T, NONE},
	{"2026-11-29", T, NONE},
	{"12345678901234567890123456789012", N, NONE},
};

static void scalars_have_the_types_of_yaml_1_1(void **state)
{
	char yaml[80];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(scalars); i++) {
		const struct yaml_value *root, *v;
		struct yaml_stream *s;
		uint64_t count = NONE;

		if (!strcmp(scalars[i].yaml, "-"))
			continue; /* alone it begins a list */
		snprintf(yaml, sizeof(yaml), "a: %s", scalars[i].yaml);
		root = open_one(&s, yaml);
		v = yaml_each(root, NULL);
		if (yaml_kind_of(v) != scalars[i].kind)
			fail_msg("%s: %d", yaml, (int)yaml_kind_of(v));
		if (yaml_is_true(v) !=
		    (scalars[i].kind == B && scalars[i].value))
			fail_msg("%s: true or not", yaml);
		if (scalars[i].kind != B &&
		    (!yaml_count_of(v, &count) ? NONE : count) !=
			    scalars[i].value)
			fail_msg("%s: counts %llu", yaml,
				 (unsigned long long)count);
		if ((scalars[i].kind == YAML_ABSENT) != !yaml_text_of(v))
			fail_msg("%s: its text", yaml);
		yaml_stream_close(s);
	}
}

static void what_is_not_there_is_nothing(void **state)
{
	uint64_t count = 5;

	(void)state;
	assert_int_equal(yaml_kind_of(NULL), YAML_ABSENT);
	assert_int_equal(yaml_line_of(NULL), 0);
	assert_null(yaml_text_of(NULL));
	assert_null(yaml_member(NULL, "a"));
	assert_null(yaml_at(NULL, "a.b"));
	assert_null(yaml_each(NULL, NULL));
	assert_false(yaml_is_true(NULL));
	assert_false(yaml_count_of(NULL, &count));
	assert_int_equal(count, 5);
	yaml_stream_close(NULL);
}

static void paths_lead_to_values_with_lines(void **state)
{
	static const char yaml[] = "\n"
				   "spec:\n"
				   "  domain: {cpu: {cores: 2}}\n"
				   "  list:\n"
				   "  - a\n"
				   "  none: null\n";
	static const struct {
		const char *path;
		size_t line; /* 0: it is not there */
	} cases[] = {
		{"spec", 2},      {"spec.domain.cpu.cores", 3},
		{"spec.list", 4}, {"spec.none", 0},
		{"spec.no", 0},   {"spec.list.a", 0},
		{"", 2},          {"spec.domain.cpu.cores.more", 0},
	};
	struct yaml_stream *s;
	const struct yaml_value *root = open_one(&s, yaml);
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(yaml_line_of(yaml_at(root, cases[i].path)),
				 cases[i].line);
	assert_null(yaml_member(yaml_at(root, "spec.list"), "a"));
	assert_int_equal(
		yaml_line_of(yaml_each(yaml_at(root, "spec.list"), NULL)), 5);
	yaml_stream_close(s);
}

static void maps_are_merged(void **state)
{
	static const struct {
		const char *yaml, *shown;
	} cases[] = {
		{"{x: &x {a: 1}, m: {<<: *x}}", "1"},
		/* A member of its own wins, wherever it stands. */
		{"{x: &x {a: 1}, m: {<<: *x, a: 2}}", "2"},
		{"{x: &x {a: 1}, m: {a: 2, <<: *x}}", "2"},
		{"{x: &x {a: 1}, m: {a: null, <<: *x}}", "null"},
		{"{m: {<<: {a: 3}}}", "3"},
		/* Of several the first that has it. */
		{"{x: &x {a: 1}, y: &y {a: 2}, m: {<<: [*x, *y]}}", "1"},
		{"{x: &x {b: 1}, y: &y {a: 2}, m: {<<: [*x, *y]}}", "2"},
		{"{x: &x {a: 1}, y: &y {<<: *x}, m: {<<: *y}}", "1"},
		{"{x: &x {b: 1}, m: {<<: *x}}", "null"},
		{"{x: &x {a: [1, 2]}, m: {<<: *x, b: 1}}", "[1,2]"},
		{"{m: {!!merge <<: {a: 3}}}", "3"},
		/* In quotes it is a key as any other, and so in JSON. */
		{"{\"m\": {\"<<\": {\"a\": 3}}}", "null"},
		{"{m: {'<<': [1], a: 2}}", "2"},
		{"{m: {!!str <<: {a: 3}}}", "null"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct strbuf out = {0};
		struct yaml_stream *s;
		const struct yaml_value *root = open_one(&s, cases[i].yaml);

		show(yaml_at(root, "m.a"), &out);
		if (strcmp(strbuf_str(&out), cases[i].shown) != 0)
			fail_msg("%s: %s", cases[i].yaml, strbuf_str(&out));
		strbuf_release(&out);
		yaml_stream_close(s);
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
		{"a: 1\nb: *x\n", "line 2: an alias refers to no anchor"},
		{"--- &x 1\n---\n- *x\n", "line 3: an alias refers to no"},
		{"a: &x\n  b: 1\n  c: *x\n",
		 "line 3: an alias refers to what contains it"},
		{"- &x\n  - - *x\n",
		 "line 2: an alias refers to what contains"},
		{"a: &x {<<: *x}\n", "line 1: an alias refers to what"},
		{"a: 1\nm: {<<: a}\n", "line 2: '<<' merges what is no map"},
		{"m: {<<: [{}, null]}\n", "line 1: '<<' merges what is no"},
		{"a: 1\nb: 2\na: 3\n", "line 3: a key stands there twice"},
		{"x:\n  - k: 1\n    k: 2\n",
		 "line 3: a key stands there twice"},
		{"? [a]\n: b\n", "line 1: a key is no text"},
		{"? {a: b}\n: c\n", "line 1: a key is no text"},
		{"a: &x b\n*x : c\n", "line 2: a key is no text"},
		{"a:\n  \"1\\x002\"\n", "line 2: a text has a NUL in it"},
		{"a: \"\\ud800\"\n", "line 1: "},
		{"a: \xff\n", "line "},
		{"a: \x01\n", "line "},
		{"a: !!binary [\n", "line "},
		{"- a\n---\n- b\n- c: [\n", "line "},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct strbuf out = {0};
		struct err err = {0};

		if (show_text(cases[i].yaml, strlen(cases[i].yaml), &out,
			      &err) != -EINVAL)
			fail_msg("taken: %s", cases[i].yaml);
		assert_contains(err.msg, cases[i].says);
		strbuf_release(&out);
	}
}

/* What came before a mistake was there; nothing comes after it. */
static void documents_before_a_mistake_are_read(void **state)
{
	static const char yaml[] = "a: 1\n---\nb: [\n";
	struct yaml_stream *s =
		yaml_stream_open_bytes(yaml, strlen(yaml), NULL);
	const struct yaml_value *root;
	struct err err;

	(void)state;
	assert_int_equal(yaml_stream_next(s, &root, &err), 1);
	assert_non_null(yaml_member(root, "a"));
	assert_int_equal(yaml_stream_next(s, &root, &err), -EINVAL);
	assert_null(root);
	yaml_stream_close(s);
}

/* LEVELS lists of nine, each of the level before: 9^LEVELS values. */
static void laughs(struct strbuf *out, int levels)
{
	int i, k;

	strbuf_puts(out, "a0: &a0 ha\n");
	for (i = 1; i <= levels; i++) {
		strbuf_printf(out, "a%d: &a%d [", i, i);
		for (k = 0; k < 9; k++)
			strbuf_printf(out, "%s*a%d", k ? "," : "", i - 1);
		strbuf_puts(out, "]\n");
	}
}

static void a_billion_laughs_are_refused_at_once(void **state)
{
	struct strbuf yaml = {0}, out = {0};
	struct err err;
	clock_t before = clock();

	(void)state;
	laughs(&yaml, 9);
	assert_int_equal(show_text(yaml.str, yaml.len, &out, &err), -EINVAL);
	assert_contains(err.msg, "the aliases stand for too many values");
	assert_contains(err.msg, "line 7: ");
	assert_true(clock() - before < CLOCKS_PER_SEC / 2);
	strbuf_release(&yaml);
	strbuf_release(&out);
	laughs(&yaml, 3);
	assert_int_equal(show_text(yaml.str, yaml.len, &out, &err), 0);
	assert_int_equal(count_of(out.str, "'ha'"), 1 + 9 + 81 + 729);
	strbuf_release(&yaml);
	strbuf_release(&out);
}

/* Aliases are counted by document. */
static void a_new_document_counts_anew(void **state)
{
	struct strbuf yaml = {0}, out = {0};
	struct err err;
	int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		strbuf_puts(&yaml, "---\n");
		laughs(&yaml, 5);
	}
	assert_int_equal(show_text(yaml.str, yaml.len, &out, &err), 0);
	strbuf_release(&yaml);
	strbuf_release(&out);
}

/* However little each of them does. */
static void aliases_of_a_stream_are_bounded(void **state)
{
	struct strbuf yaml = {0}, out = {0};
	struct err err;
	int i;

	(void)state;
	/* Each stands for 74,727 values, so the 27th is one too many. */
	for (i = 0; i < 30; i++) {
		strbuf_puts(&yaml, "---\n");
		laughs(&yaml, 5);
	}
	assert_int_equal(show_text(yaml.str, yaml.len, &out, &err), -EINVAL);
	assert_contains(err.msg, "line 189: the aliases of all documents");
	strbuf_release(&yaml);
	strbuf_release(&out);
}

static int show_anchors(size_t count, struct err *err)
{
	struct strbuf yaml = {0}, out = {0};
	size_t i;
	int ret;

	for (i = 0; i < count; i++)
		strbuf_printf(&yaml, "- &x%zu %zu\n- *x%zu\n", i, i, i / 2);
	ret = show_text(yaml.str, yaml.len, &out, err);
	if (!ret) /* the alias of the last one's half */
		assert_contains(out.str, ",998,499,999,499]");
	strbuf_release(&yaml);
	strbuf_release(&out);
	return ret;
}

static void anchors_are_bounded(void **state)
{
	struct err err;

	(void)state;
	assert_int_equal(show_anchors(1000, &err), 0);
	assert_int_equal(show_anchors(1001, &err), -EINVAL);
	assert_contains(err.msg, "line 2001: there are too many anchors");
}

static void many_aliases_are_found_at_once(void **state)
{
	struct strbuf yaml = {0};
	struct yaml_stream *s;
	const struct yaml_value *root;
	struct err err;
	clock_t before;
	size_t i;

	(void)state;
	for (i = 0; i < 1000; i++)
		strbuf_printf(&yaml, "- &an-anchor-%zu %zu\n", i, i);
	for (i = 0; i < 200000; i++)
		strbuf_printf(&yaml, "- *an-anchor-%zu\n", 999 - i % 1000);
	assert_true(yaml.len > 3000000);
	s = yaml_stream_open_bytes(yaml.str, yaml.len, NULL);
	before = clock();
	assert_int_equal(yaml_stream_next(s, &root, &err), 1);
	/* A sanitizer and a busy machine have their time, too. */
	assert_true(clock() - before < 3 * CLOCKS_PER_SEC);
	yaml_stream_close(s);
	strbuf_release(&yaml);
}

static void skipped_members_are_passed_over(void **state)
{
	static const char *const skipped[] = {"status", "fields", NULL};
	static const char yaml[] =
		"{a: {status: {x: [1, {y: 2}]}, b: 1}, status: &s 5,"
		" fields: *s, c: [{fields: [], d: 2}, status]}\n"
		"--- {status: [[[[]]]]}\n"
		"--- {status: {k: 1, k: 2}, e: 3}\n";
	struct yaml_stream *s =
		yaml_stream_open_bytes(yaml, strlen(yaml), skipped);
	struct strbuf out = {0};
	struct err err;

	(void)state;
	assert_int_equal(show_all(s, &out, &err), 0);
	assert_string_equal(out.str, "{a:{b:1},c:[{d:2},'status']} {} {e:3}");
	strbuf_release(&out);
	yaml_stream_close(s);
}

static int parse_depth(size_t depth)
{
	struct strbuf text = {0}, out = {0};
	struct err err;
	size_t i;
	int ret;

	for (i = 0; i < depth; i++)
		strbuf_puts(&text, i % 2 ? "{a: " : "[");
	for (i = depth; i-- > 0;)
		strbuf_puts(&text, i % 2 ? "}" : "]");
	ret = show_text(text.str, text.len, &out, &err);
	if (ret)
		assert_contains(err.msg, "nested too deeply");
	strbuf_release(&text);
	strbuf_release(&out);
	return ret;
}

static void depth_is_bounded(void **state)
{
	(void)state;
	/* The value of the last map's key is one deeper. */
	assert_int_equal(parse_depth(63), 0);
	assert_int_equal(parse_depth(64), -EINVAL);
	assert_int_equal(parse_depth(100000), -EINVAL);
}

/* As annotations have them, and values larger than a block of memory. */
static void long_keys_and_values_are_kept(void **state)
{
	char key[1000], yaml[1100];
	struct strbuf text = {0};
	struct yaml_stream *s;
	const struct yaml_value *root;
	size_t i;

	(void)state;
	memset(key, 'k', sizeof(key) - 1);
	key[sizeof(key) - 1] = '\0';
	snprintf(yaml, sizeof(yaml), "{? %s : v}", key);
	root = open_one(&s, yaml);
	assert_string_equal(yaml_text_of(yaml_member(root, key)), "v");
	key[900] = '\0';
	assert_null(yaml_member(root, key));
	yaml_stream_close(s);
	strbuf_puts(&text, "a: '");
	for (i = 0; i < 200000; i++)
		strbuf_puts(&text, "x");
	strbuf_puts(&text, "'\nb: 1\n");
	root = open_one(&s, text.str);
	assert_int_equal(strlen(yaml_text_of(yaml_member(root, "a"))), 200000);
	assert_string_equal(yaml_text_of(yaml_member(root, "b")), "1");
	yaml_stream_close(s);
	strbuf_release(&text);
}

/* A stream of many documents, which none of them fills. */
static void files_are_read_as_they_come(void **state)
{
	FILE *in = tmpfile();
	struct yaml_stream *s;
	const struct yaml_value *root;
	struct err err;
	int i;

	(void)state;
	assert_non_null(in);
	for (i = 0; i < 3000; i++)
		fprintf(in, "---\nname: guest-%d\nlist: [%0*d]\n", i, 200, i);
	rewind(in);
	s = yaml_stream_open(in, NULL);
	for (i = 0; yaml_stream_next(s, &root, &err) > 0; i++) {
		char name[32];

		snprintf(name, sizeof(name), "guest-%d", i);
		assert_string_equal(yaml_text_of(yaml_member(root, "name")),
				    name);
		assert_int_equal(yaml_line_of(yaml_member(root, "list")),
				 3 * i + 3);
	}
	assert_int_equal(i, 3000);
	yaml_stream_close(s);
	fclose(in);
}

static void scalars_are_replaced(void **state)
{
	char text[] = "7";
	struct yaml_stream *s;
	const struct yaml_value *root =
		open_one(&s, "{a: &x '${N}', b: *x, c: '${N}', d: x}");
	const struct yaml_value *c = yaml_member(root, "c");
	uint64_t count;

	(void)state;
	yaml_replace(s, yaml_member(root, "b"), text, true);
	yaml_replace(s, c, text, false);
	text[0] = '8'; /* it was copied */
	assert_true(yaml_count_of(yaml_member(root, "a"), &count));
	assert_int_equal(count, 7);
	assert_int_equal(yaml_kind_of(c), YAML_TEXT);
	assert_string_equal(yaml_text_of(c), "7");
	/* Once: what a value says is not looked at again. */
	assert_true(yaml_is_replaced(c));
	yaml_replace(s, c, "yes", true);
	assert_string_equal(yaml_text_of(c), "7");
	assert_false(yaml_is_replaced(yaml_member(root, "d")));
	yaml_replace(s, yaml_member(root, "d"), "null", true);
	assert_null(yaml_member(root, "d"));
	yaml_stream_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(documents_become_values),
		cmocka_unit_test(cut_documents_do_no_harm),
		cmocka_unit_test(scalars_have_the_types_of_yaml_1_1),
		cmocka_unit_test(what_is_not_there_is_nothing),
		cmocka_unit_test(paths_lead_to_values_with_lines),
		cmocka_unit_test(maps_are_merged),
		cmocka_unit_test(mistakes_have_their_line),
		cmocka_unit_test(documents_before_a_mistake_are_read),
		cmocka_unit_test(a_billion_laughs_are_refused_at_once),
		cmocka_unit_test(a_new_document_counts_anew),
		cmocka_unit_test(aliases_of_a_stream_are_bounded),
		cmocka_unit_test(anchors_are_bounded),
		cmocka_unit_test(many_aliases_are_found_at_once),
		cmocka_unit_test(skipped_members_are_passed_over),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(long_keys_and_values_are_kept),
		cmocka_unit_test(files_are_read_as_they_come),
		cmocka_unit_test(scalars_are_replaced),
	};

	return RUN_TESTS(tests);
}
