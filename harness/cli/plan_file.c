// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/cli/plan_file.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/base/yaml_file.h"
#include "harness/cli/option.h"

#define MAX_FILE_BYTES (64 * KIB)

#define MAX_VALUE_BYTES 4000
#define MAX_KEYS 32

/* What libcyaml reads a file into: a value for each key of the schema. */
struct values {
	char *name;
	char *reason;
	char *of_keys[MAX_KEYS];
};

struct plan_file {
	const struct option_row *keys[MAX_KEYS]; /* borrowed */
	size_t key_count;
	cyaml_schema_field_t fields[MAX_KEYS + 3];
	cyaml_schema_value_t schema;
	struct values *values;
	char *text; /* all of it, for the line of a mistake */
};

static cyaml_schema_field_t field_of(const char *key, size_t offset,
				     enum cyaml_flag flags)
{
	return (cyaml_schema_field_t){
		.key = key,
		.data_offset = (uint32_t)offset,
		.value = {CYAML_VALUE_STRING(flags | CYAML_FLAG_POINTER, char *,
					     1, MAX_VALUE_BYTES)},
	};
}

static void make_schema(struct plan_file *file, const struct option_row *table)
{
	cyaml_schema_field_t *f = file->fields;
	const struct option_row *o;

	*f++ = field_of("name", offsetof(struct values, name),
			CYAML_FLAG_DEFAULT);
	*f++ = field_of("reason", offsetof(struct values, reason),
			CYAML_FLAG_DEFAULT);
	for (o = table; !option_is_end(o); o++) {
		if (!o->is_plan_key || file->key_count == MAX_KEYS)
			continue;
		*f++ = field_of(o->name,
				offsetof(struct values, of_keys) +
					file->key_count * sizeof(char *),
				CYAML_FLAG_OPTIONAL);
		file->keys[file->key_count++] = o;
	}
	*f = (cyaml_schema_field_t)CYAML_FIELD_END;
	file->schema = (cyaml_schema_value_t){CYAML_VALUE_MAPPING(
		CYAML_FLAG_POINTER, struct values, file->fields)};
}

int plan_file_load(const char *name, const struct option_row *table,
		   struct plan_file **out, struct err *err)
{
	struct plan_file *file = xcalloc(1, sizeof(*file));
	char *path = file_shipped("harness/plans", name);
	struct strbuf text = {0};
	void *data = NULL;
	int ret = file_read_whole(path, MAX_FILE_BYTES, &text);

	make_schema(file, table);
	if (ret)
		err_sys(err, ret, "cannot read '%s'", path);
	else
		ret = yaml_file_parse(strbuf_str(&text), text.len,
				      &file->schema, &data, err);
	file->values = data;
	file->text = xstrdup(strbuf_str(&text));
	strbuf_release(&text);
	free(path);
	*out = file;
	return ret ? err_wrap(err, "plan '%s'", name) : 0;
}

void plan_file_free(struct plan_file *file)
{
	if (!file)
		return;
	yaml_file_free(&file->schema, file->values);
	free(file->text);
	free(file);
}

/* For people: where in the file the option is. */
static unsigned int line_of(const struct plan_file *file, const char *option)
{
	char *key = xasprintf("%s:", option);
	unsigned int line = yaml_file_line_of(file->text, key);

	free(key);
	return line;
}

int plan_file_apply(const struct plan_file *file, const char *name, void *args,
		    struct err *err)
{
	size_t i;

	for (i = 0; i < file->key_count; i++) {
		const struct option_row *o = file->keys[i];
		const char *value = file->values->of_keys[i];

		if (value && o->take(o, value, args, err))
			return err_wrap(err, "plan '%s', line %u, key '%s'",
					name, line_of(file, o->name), o->name);
	}
	return 0;
}
