// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/base/yaml_tree.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <yaml.h>

#include "harness/base/err.h"

#define MAX_DEPTH 64

struct tree {
	yaml_parser_t parser;
	yaml_event_t event;
	bool has_event;
	struct err *err;
};

static int mistake(struct tree *t, size_t line, const char *what)
{
	return err_set(t->err, -EINVAL, "line %zu: %s", line + 1, what);
}

static int next_event(struct tree *t)
{
	if (t->has_event)
		yaml_event_delete(&t->event);
	t->has_event = yaml_parser_parse(&t->parser, &t->event);
	if (t->has_event)
		return 0;
	return mistake(t, t->parser.problem_mark.line,
		       t->parser.problem ? t->parser.problem : "it is no YAML");
}

static int build(struct tree *t, int depth, json_t **out);

static bool is_null(const yaml_event_t *e)
{
	const char *text = (const char *)e->data.scalar.value;

	return e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	       (!*text || !strcmp(text, "~") || !strcmp(text, "null"));
}

static int build_scalar(struct tree *t, json_t **out)
{
	const yaml_event_t *e = &t->event;

	*out = is_null(e) ? json_null()
			  : json_stringn((const char *)e->data.scalar.value,
					 e->data.scalar.length);
	return *out ? 0 : mistake(t, e->start_mark.line, "a text is not UTF-8");
}

static int build_list(struct tree *t, int depth, json_t **out)
{
	int ret = next_event(t);

	*out = json_array();
	while (!ret && t->event.type != YAML_SEQUENCE_END_EVENT) {
		json_t *item = NULL;

		ret = build(t, depth, &item);
		if (!ret)
			json_array_append_new(*out, item);
		if (!ret)
			ret = next_event(t);
	}
	return ret;
}

static int build_pair(struct tree *t, int depth, json_t *into)
{
	char key[256];
	size_t line = t->event.start_mark.line;
	json_t *value = NULL;
	int ret;

	if (t->event.type != YAML_SCALAR_EVENT ||
	    t->event.data.scalar.length >= sizeof(key))
		return mistake(t, line, "a key is no short text");
	memcpy(key, t->event.data.scalar.value,
	       t->event.data.scalar.length + 1);
	if (json_object_get(into, key))
		return mistake(t, line, "a key stands there twice");
	ret = next_event(t);
	if (!ret)
		ret = build(t, depth, &value);
	if (!ret && json_object_set_new(into, key, value))
		ret = mistake(t, line, "a key is not UTF-8");
	return ret;
}

static int build_map(struct tree *t, int depth, json_t **out)
{
	int ret = next_event(t);

	*out = json_object();
	while (!ret && t->event.type != YAML_MAPPING_END_EVENT) {
		ret = build_pair(t, depth, *out);
		if (!ret)
			ret = next_event(t);
	}
	return ret;
}

/* From the event in hand to the last one of what it begins. */
static int build(struct tree *t, int depth, json_t **out)
{
	size_t line = t->event.start_mark.line;
	int ret;

	if (depth >= MAX_DEPTH)
		return mistake(t, line, "it is nested too deeply");
	if (t->event.type == YAML_SCALAR_EVENT)
		ret = build_scalar(t, out);
	else if (t->event.type == YAML_SEQUENCE_START_EVENT)
		ret = build_list(t, depth + 1, out);
	else if (t->event.type == YAML_MAPPING_START_EVENT)
		ret = build_map(t, depth + 1, out);
	else
		return mistake(t, line, "aliases are not supported here");
	if (ret) {
		json_decref(*out);
		*out = NULL;
	}
	return ret;
}

static int build_documents(struct tree *t, json_t *out)
{
	int ret = next_event(t); /* the stream's start */

	if (!ret)
		ret = next_event(t);
	while (!ret && t->event.type == YAML_DOCUMENT_START_EVENT) {
		json_t *document = NULL;

		ret = next_event(t);
		if (!ret)
			ret = build(t, 0, &document);
		if (!ret)
			json_array_append_new(out, document);
		if (!ret)
			ret = next_event(t); /* the document's end */
		if (!ret)
			ret = next_event(t);
	}
	return ret;
}

int yaml_tree_parse(const char *bytes, size_t len, json_t **out,
		    struct err *err)
{
	struct tree t = {.err = err};
	int ret;

	*out = json_array();
	if (!yaml_parser_initialize(&t.parser))
		return err_set(err, -ENOMEM, "out of memory");
	yaml_parser_set_input_string(&t.parser, (const unsigned char *)bytes,
				     len);
	ret = build_documents(&t, *out);
	if (t.has_event)
		yaml_event_delete(&t.event);
	yaml_parser_delete(&t.parser);
	if (ret) {
		json_decref(*out);
		*out = NULL;
	}
	return ret;
}
