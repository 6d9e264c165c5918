// SPDX-License-Identifier: GPL-3.0-or-later
/* yaml_out: what is written is read back as the same values of the same types. */
#include "tests/unit/test.h"

#include "harness/base/xmalloc.h"
#include "harness/base/yaml_stream.h"
#include "harness/fleet/engine/yaml_out.h"

static char *written(json_t *value)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	struct err err;

	assert_non_null(value);
	assert_int_equal(yaml_out_write(value, out, &err), 0);
	fclose(out);
	json_decref(value);
	return text;
}

/* A text that YAML 1.1 or 1.2 would take for something else. */
static void texts_stay_texts(void **state)
{
	static const char *const texts[] = {
		"",
		"y",
		"No",
		"ON",
		"true",
		"null",
		"~",
		"1",
		"010",
		"0x1f",
		"1e3",
		"1_000",
		"-1",
		"+1",
		".5",
		".inf",
		"190:20:30",
		"2026-11-30",
		"<<",
		"=",
		"a: b",
		"a:",
		"a #b",
		"# a",
		"- a",
		"--",
		"--push",
		"*a",
		"&a",
		"!a",
		"%a",
		"@a",
		"`a",
		"{a}",
		"[a]",
		"a, b",
		"'a'",
		"\"a\"",
		"a\\b",
		" a",
		"a ",
		"\ta",
		"a\tb",
		"a\nb",
		"a\nb\n",
		"a\n\nb\n\n\n",
		"\na",
		"  a\nb\n",
		"a\n  b\nc",
		"a \nb\n",
		"\n",
		"$(sh)",
		"h\303\266\n\342\202\254\n",
		"\360\237\230\200",
		"\302\205",
		"\342\200\250",
		"\001",
		"a\rb\n",
		"---",
		"...",
		"a\n---\nb\n",
		"a\n...\nb\n",
		"/dev/kvm",
		"https://a.b:8443/c?d=e",
		"metadata.labels['a/b']",
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		/* yaml_stream takes the quoted key for a merge as well. */
		const char *key = strcmp(texts[i], "<<") ? texts[i] : "x";
		char *yaml = written(json_pack("{ss s[s]}", key, texts[i],
					       "list", texts[i]));
		const struct yaml_value *root, *v;
		struct yaml_stream *s =
			yaml_stream_open_bytes(yaml, strlen(yaml), NULL);
		struct err err;

		if (yaml_stream_next(s, &root, &err) != 1)
			fail_msg("%s: %s", yaml, err.msg);
		v = yaml_each(root, NULL);
		assert_string_equal(yaml_key_of(v), key);
		if (yaml_kind_of(v) != YAML_TEXT ||
		    strcmp(yaml_text_of(v), texts[i]) != 0)
			fail_msg("'%s' became '%s': %s", texts[i],
				 yaml_text_of(v), yaml);
		v = yaml_each(yaml_member(root, "list"), NULL);
		assert_string_equal(yaml_text_of(v), texts[i]);
		assert_int_equal(yaml_stream_next(s, &root, &err), 0);
		yaml_stream_close(s);
		free(yaml);
	}
}

static void the_rest_is_as_it_was(void **state)
{
	char *yaml = written(json_pack("{sI sb sb s{} s[] s[{si}] ss}",
				       "number", (json_int_t)-9007199254740993,
				       "yes", 1, "off", 0, "map", "list",
				       "rows", "a", 1, "plain", "a-b.c/d:e"));

	(void)state;
	assert_string_equal(yaml, "---\n"
				  "number: -9007199254740993\n"
				  "\"yes\": true\n"
				  "\"off\": false\n"
				  "map: {}\n"
				  "list: []\n"
				  "rows:\n"
				  "- a: 1\n"
				  "plain: a-b.c/d:e\n");
	free(yaml);
}

static void a_full_disk_is_an_error(void **state)
{
	json_t *value = json_pack("{ss}", "a", "b");
	FILE *out = fopen("/dev/full", "w");
	struct err err = {0};
	int ret;

	(void)state;
	assert_non_null(out);
	setvbuf(out, NULL, _IONBF, 0);
	ret = yaml_out_write(value, out, &err);
	assert_int_not_equal(ret, 0);
	assert_string_equal(err.msg, "cannot write the YAML");
	fclose(out);
	json_decref(value);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_stay_texts),
		cmocka_unit_test(the_rest_is_as_it_was),
		cmocka_unit_test(a_full_disk_is_an_error),
	};

	return RUN_TESTS(tests);
}
