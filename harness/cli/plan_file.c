// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/cli/plan_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/base/yaml_file.h"

#define MAX_FILE_BYTES (64 * KIB)

#define OPTIONAL CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL
#define KEY(key, member, flags)                                        \
	CYAML_FIELD_STRING_PTR(key, flags, struct plan_file, member, 1, \
			       400)

static const cyaml_schema_field_t fields[] = {
	KEY("name", name, CYAML_FLAG_POINTER),
	KEY("reason", reason, CYAML_FLAG_POINTER),
	KEY("runners", runners, OPTIONAL),
	KEY("workloads", workloads, OPTIONAL),
	KEY("blocks", blocks, OPTIONAL),
	KEY("samples", samples, OPTIONAL),
	KEY("target-ms", target_ms, OPTIONAL),
	KEY("vcpus", vcpus, OPTIONAL),
	KEY("memory", memory, OPTIONAL),
	KEY("paravirt", paravirt, OPTIONAL),
	KEY("timeout", timeout, OPTIONAL),
	KEY("io-ms", io_ms, OPTIONAL),
	KEY("io-blocks", io_blocks, OPTIONAL),
	KEY("disk-size", disk_size, OPTIONAL),
	KEY("queues", queues, OPTIONAL),
	KEY("claims", claims, OPTIONAL),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct plan_file, fields),
};

static char *path_of(const char *name)
{
	char *inside, *path;

	if (strpbrk(name, "/."))
		return xstrdup(name);
	inside = xasprintf("../harness/plans/%s.yaml", name);
	path = file_beside_exe(inside);
	free(inside);
	return path;
}

static int read_it(const char *name, struct strbuf *file, struct err *err)
{
	char *path = path_of(name);
	int ret = file_read(path, MAX_FILE_BYTES, file);

	if (ret)
		err_sys(err, ret, "cannot read '%s'", path);
	free(path);
	return ret;
}

int plan_file_load(const char *name, struct plan_file **out, struct err *err)
{
	struct strbuf file = {0};
	void *data = NULL;
	int ret = read_it(name, &file, err);

	if (!ret)
		ret = yaml_file_parse(strbuf_str(&file), file.len, &schema,
				      &data, err);
	strbuf_release(&file);
	*out = data;
	return ret ? err_wrap(err, "plan '%s'", name) : 0;
}

void plan_file_free(struct plan_file *file)
{
	yaml_file_free(&schema, file);
}

/* For people: where in the file the option is. */
static unsigned int line_of(const char *name, const char *option)
{
	struct strbuf file = {0};
	struct err ignored = {0};
	char *key = xasprintf("%s:", option);
	unsigned int line = 0;

	if (!read_it(name, &file, &ignored))
		line = yaml_file_line_of(strbuf_str(&file), key);
	strbuf_release(&file);
	free(key);
	return line;
}

int plan_file_apply(struct plan_file *f, const char *name,
		    int (*take)(void *arg, const char *option, char *value,
				struct err *err),
		    void *arg, struct err *err)
{
	const struct {
		const char *option;
		char *value;
	} keys[] = {
		{"runners", f->runners},     {"workloads", f->workloads},
		{"blocks", f->blocks},       {"samples", f->samples},
		{"target-ms", f->target_ms}, {"vcpus", f->vcpus},
		{"memory", f->memory},       {"paravirt", f->paravirt},
		{"timeout", f->timeout},     {"io-ms", f->io_ms},
		{"io-blocks", f->io_blocks}, {"disk-size", f->disk_size},
		{"queues", f->queues},       {"claims", f->claims},
	};
	size_t i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		if (!keys[i].value)
			continue;
		ret = take(arg, keys[i].option, keys[i].value, err);
		if (ret)
			return err_wrap(err, "plan '%s', line %u, key '%s'",
					name, line_of(name, keys[i].option),
					keys[i].option);
	}
	return 0;
}
