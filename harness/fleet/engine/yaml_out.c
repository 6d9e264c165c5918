// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/fleet/engine/yaml_out.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <yaml.h>

#include "harness/base/err.h"

static int write_value(yaml_emitter_t *e, const json_t *value);

/* Plain are words that begin with a letter or "/" and have nothing but letters,
 * digits and a few signs: no number, date or time of YAML 1.1 is among them. */
static bool is_plain(const char *text)
{
	static const char *const words[] = {"y",   "n",    "yes",   "no",  "on",
					    "off", "true", "false", "null"};
	const char *p;
	size_t i;

	if (!isalpha((unsigned char)*text) && *text != '/')
		return false;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcasecmp(text, words[i]))
			return false;
	for (p = text; *p; p++) {
		/* A colon ends a key if a blank or nothing follows. */
		if (*p == ':' && p[1])
			continue;
		if (!isalnum((unsigned char)*p) && !strchr("-_./", *p))
			return false;
	}
	return true;
}

static int emit(yaml_emitter_t *e, yaml_event_t *event)
{
	return yaml_emitter_emit(e, event) ? 0 : -EIO;
}

static int write_scalar(yaml_emitter_t *e, const char *text,
			yaml_scalar_style_t style)
{
	yaml_event_t event;

	/* It does not change what it is given. */
	if (!yaml_scalar_event_initialize(&event, NULL, NULL,
					  (yaml_char_t *)(uintptr_t)text,
					  (int)strlen(text), 1, 1, style))
		return -EIO;
	return emit(e, &event);
}

static int write_text(yaml_emitter_t *e, const char *text)
{
	if (is_plain(text))
		return write_scalar(e, text, YAML_PLAIN_SCALAR_STYLE);
	return write_scalar(e, text,
			    strchr(text, '\n')
				    ? YAML_LITERAL_SCALAR_STYLE
				    : YAML_DOUBLE_QUOTED_SCALAR_STYLE);
}

static int write_object(yaml_emitter_t *e, const json_t *value)
{
	yaml_event_t event;
	const char *key;
	json_t *member;
	int ret;

	if (!yaml_mapping_start_event_initialize(&event, NULL, NULL, 1,
						 YAML_BLOCK_MAPPING_STYLE))
		return -EIO;
	ret = emit(e, &event);
	json_object_foreach((json_t *)(uintptr_t)value, key, member) {
		if (!ret)
			ret = write_text(e, key);
		if (!ret)
			ret = write_value(e, member);
	}
	if (ret || !yaml_mapping_end_event_initialize(&event))
		return -EIO;
	return emit(e, &event);
}

static int write_array(yaml_emitter_t *e, const json_t *value)
{
	yaml_event_t event;
	size_t i;
	int ret;

	if (!yaml_sequence_start_event_initialize(&event, NULL, NULL, 1,
						  YAML_BLOCK_SEQUENCE_STYLE))
		return -EIO;
	ret = emit(e, &event);
	for (i = 0; !ret && i < json_array_size(value); i++)
		ret = write_value(e, json_array_get(value, i));
	if (ret || !yaml_sequence_end_event_initialize(&event))
		return -EIO;
	return emit(e, &event);
}

static int write_integer(yaml_emitter_t *e, const json_t *value)
{
	char text[32];

	snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT,
		 json_integer_value(value));
	return write_scalar(e, text, YAML_PLAIN_SCALAR_STYLE);
}

static int write_value(yaml_emitter_t *e, const json_t *value)
{
	if (json_is_object(value))
		return write_object(e, value);
	if (json_is_array(value))
		return write_array(e, value);
	if (json_is_string(value))
		return write_text(e, json_string_value(value));
	if (json_is_integer(value))
		return write_integer(e, value);
	return write_scalar(e, json_is_true(value) ? "true" : "false",
			    YAML_PLAIN_SCALAR_STYLE);
}

static int write_stream(yaml_emitter_t *e, const json_t *value)
{
	yaml_event_t event;

	if (!yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING) ||
	    emit(e, &event) ||
	    !yaml_document_start_event_initialize(&event, NULL, NULL, NULL,
						  0) ||
	    emit(e, &event) || write_value(e, value) ||
	    !yaml_document_end_event_initialize(&event, 1) || emit(e, &event) ||
	    !yaml_stream_end_event_initialize(&event) || emit(e, &event))
		return -EIO;
	return 0;
}

static int take_bytes(void *out, unsigned char *bytes, size_t len)
{
	return fwrite(bytes, 1, len, out) == len;
}

int yaml_out_write(const json_t *value, FILE *out, struct err *err)
{
	yaml_emitter_t e;
	int ret = -EIO;

	if (yaml_emitter_initialize(&e)) {
		yaml_emitter_set_output(&e, take_bytes, out);
		yaml_emitter_set_width(&e, -1); /* no line is folded */
		yaml_emitter_set_unicode(&e, 1);
		ret = write_stream(&e, value);
		yaml_emitter_delete(&e);
	}
	return ret ? err_set(err, ret, "cannot write the YAML") : 0;
}
