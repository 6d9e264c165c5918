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

#define MAX_FILE_BYTES (64 * KIB)

/* The options that a plan may have, in the order in which they are taken. */
#define OPTIONS(X)                \
	X("runners", runners)     \
	X("workloads", workloads) \
	X("blocks", blocks)       \
	X("samples", samples)     \
	X("target-ms", target_ms) \
	X("vcpus", vcpus)         \
	X("memory", memory)       \
	X("paravirt", paravirt)   \
	X("timeout", timeout)     \
	X("budget", budget)       \
	X("io-ms", io_ms)         \
	X("io-blocks", io_blocks) \
	X("disk-size", disk_size) \
	X("queues", queues)       \
	X("claims", claims)

#define MEMBER(key, member) char *member;

struct plan_file {
	char *name;
	char *reason;
	OPTIONS(MEMBER)
	char *text; /* all of it, for the line of a mistake */
};

#define KEY(key, member, flags) \
	CYAML_FIELD_STRING_PTR(key, flags, struct plan_file, member, 1, 4000),
#define OPTIONAL_KEY(key, member) \
	KEY(key, member, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)

static const cyaml_schema_field_t fields[] = {
	KEY("name", name, CYAML_FLAG_POINTER)
		KEY("reason", reason, CYAML_FLAG_POINTER) OPTIONS(OPTIONAL_KEY)
			CYAML_FIELD_END,
};

static const cyaml_schema_value_t schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct plan_file, fields),
};

int plan_file_load(const char *name, struct plan_file **out, struct err *err)
{
	char *path = file_shipped("harness/plans", name);
	struct strbuf file = {0};
	void *data = NULL;
	int ret = file_read(path, MAX_FILE_BYTES, &file);

	if (ret)
		err_sys(err, ret, "cannot read '%s'", path);
	else
		ret = yaml_file_parse(strbuf_str(&file), file.len, &schema,
				      &data, err);
	*out = data;
	if (!ret)
		(*out)->text = xstrdup(strbuf_str(&file));
	strbuf_release(&file);
	free(path);
	return ret ? err_wrap(err, "plan '%s'", name) : 0;
}

void plan_file_free(struct plan_file *file)
{
	if (file)
		free(file->text);
	yaml_file_free(&schema, file);
}

/* For people: where in the file the option is. */
static unsigned int line_of(const struct plan_file *file, const char *option)
{
	char *key = xasprintf("%s:", option);
	unsigned int line = yaml_file_line_of(file->text, key);

	free(key);
	return line;
}

int plan_file_apply(struct plan_file *file, const char *name,
		    int (*take)(void *arg, const char *option, char *value,
				struct err *err),
		    void *arg, struct err *err)
{
#define PAIR(key, member) {key, file->member},
	const struct {
		const char *option;
		char *value;
	} keys[] = {OPTIONS(PAIR)};
	size_t i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		if (!keys[i].value)
			continue;
		ret = take(arg, keys[i].option, keys[i].value, err);
		if (ret)
			return err_wrap(err, "plan '%s', line %u, key '%s'",
					name, line_of(file, keys[i].option),
					keys[i].option);
	}
	return 0;
}
