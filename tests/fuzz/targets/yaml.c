// SPDX-License-Identifier: GPL-3.0-or-later
/* YAML and JSON streams of others, and YAML that is written here. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/err.h"
#include "harness/base/yaml_stream.h"
#include "harness/fleet/engine/yaml_out.h"
#include "tests/fuzz/fuzz.h"

#define MAX_VISITS 100000

/* Everything that can be asked of a value; false: too many of them. */
static bool visit(const struct yaml_value *v, unsigned int *left)
{
	const struct yaml_value *member;
	uint64_t count;

	if (!(*left)--)
		return false;
	yaml_line_of(v);
	yaml_text_of(v);
	yaml_count_of(v, &count);
	if (yaml_kind_of(v) == YAML_BOOL)
		yaml_is_true(v);
	yaml_member(v, "a");
	yaml_text_at(v, "a.b");
	for (member = yaml_each(v, NULL); member;
	     member = yaml_each(v, member)) {
		if (yaml_kind_of(v) == YAML_MAP && !yaml_key_of(member))
			abort();
		if (!visit(member, left))
			return false;
	}
	return true;
}

static void fuzz_yaml(const uint8_t *data, size_t size)
{
	static const char *const skipped[] = {"status", NULL};
	struct yaml_stream *s =
		yaml_stream_open_bytes((const char *)data, size, skipped);
	const struct yaml_value *root;
	unsigned int left = MAX_VISITS;
	struct err err;

	while (yaml_stream_next(s, &root, &err) > 0)
		if (root)
			visit(root, &left);
	yaml_stream_close(s);
}

static void same(const json_t *json, const struct yaml_value *v)
{
	const struct yaml_value *item = NULL;
	const char *key;
	json_t *value;
	size_t i;

	if (json_is_object(json)) {
		json_object_foreach((json_t *)json, key, value) {
			item = yaml_each(v, item);
			if (!item || strcmp(yaml_key_of(item), key))
				abort();
			same(value, item);
		}
	} else if (json_is_array(json)) {
		json_array_foreach(json, i, value) {
			item = yaml_each(v, item);
			same(value, item);
		}
	} else if (json_is_string(json)) {
		if (yaml_kind_of(v) != YAML_TEXT ||
		    strcmp(yaml_text_of(v), json_string_value(json)))
			abort();
	} else if (json_is_boolean(json)) {
		if (yaml_kind_of(v) != YAML_BOOL ||
		    yaml_is_true(v) != json_is_true(json))
			abort();
	} else if (json_is_integer(json)) {
		if (yaml_kind_of(v) != YAML_NUMBER)
			abort();
	}
}

/* JSON that is written as YAML is read back as what it was. */
static void fuzz_yaml_out(const uint8_t *data, size_t size)
{
	json_t *json = json_loadb((const char *)data, size, 0, NULL);
	const struct yaml_value *root;
	struct yaml_stream *s;
	char *text = NULL;
	size_t len = 0;
	FILE *out;
	struct err err;

	if (!json)
		return;
	out = open_memstream(&text, &len);
	if (!out || yaml_out_write(json, out, &err) || fclose(out))
		abort();
	s = yaml_stream_open_bytes(text, len, NULL);
	if (yaml_stream_next(s, &root, &err) != 1)
		abort();
	same(json, root);
	yaml_stream_close(s);
	free(text);
	json_decref(json);
}

const struct fuzz_target targets_yaml[] = {
	{.name = "yaml",
	 .run = fuzz_yaml,
	 .max_bytes = 512,
	 .dictionary = "yaml"},
	{.name = "yaml_out",
	 .run = fuzz_yaml_out,
	 .max_bytes = 256,
	 .dictionary = "yaml"},
	{0},
};
