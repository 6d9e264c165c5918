// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/kubevirt/fields.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/yaml_stream.h"

/* Lines "TYPE FIELD FIELD=TYPE ...". */
static const char table[] = {
#include "fields.txt.hex"
	0};

struct check {
	unknown_field_fn *unknown;
	void *arg;
};

/* The fields of a type, up to the end of its line; NULL: there is no such. */
static const char *type_find(const char *name, size_t len)
{
	const char *line = table;

	while (line && *line) {
		if (!strncmp(line, name, len) && line[len] == ' ')
			return line + len + 1;
		line = strchr(line, '\n');
		line += line != NULL;
	}
	return NULL;
}

/* What FIELD of a type holds: "" for a scalar; NULL: there is no such. */
static const char *field_find(const char *fields, const char *field,
			      size_t *len)
{
	size_t wanted = strlen(field);

	while (*fields && *fields != '\n') {
		size_t word = strcspn(fields, " \n");
		size_t name = strcspn(fields, "= \n");

		if (name == wanted && !memcmp(fields, field, name)) {
			*len = word - name - (word > name);
			return fields + name + (word > name);
		}
		fields += word + (fields[word] == ' ');
	}
	return NULL;
}

static void check_value(const struct check *c, const struct yaml_value *value,
			const char *type, size_t type_len, const char *path);

static void check_member(const struct check *c, const struct yaml_value *member,
			 const char *fields, const char *path)
{
	const char *key = yaml_key_of(member), *type;
	char longer[240];
	size_t len;

	snprintf(longer, sizeof(longer), "%s.%s", path, key);
	type = field_find(fields, key, &len);
	if (!type)
		c->unknown(longer, member, c->arg);
	else if (len && *type != '*')
		check_value(c, member, type, len, longer);
}

static void check_value(const struct check *c, const struct yaml_value *value,
			const char *type, size_t type_len, const char *path)
{
	const char *fields = type_find(type, type_len);
	const struct yaml_value *child;

	if (!fields)
		return;
	for (child = yaml_each(value, NULL); child;
	     child = yaml_each(value, child))
		if (yaml_kind_of(value) == YAML_MAP)
			check_member(c, child, fields, path);
		else
			check_value(c, child, type, type_len, path);
}

/* Cluster-wide kinds have the fields of the others. */
static void type_of_kind(const char *kind, char *type, size_t size)
{
	static const char wide[] = "Cluster";
	const char *at = strstr(kind, wide);
	size_t before = at ? (size_t)(at - kind) : 0;

	snprintf(type, size, "%.*s%sSpec", (int)before, kind,
		 at ? at + sizeof(wide) - 1 : kind);
}

void fields_check(const struct yaml_value *spec, const char *kind,
		  unknown_field_fn *unknown, void *arg)
{
	const struct check c = {unknown, arg};
	char type[80];

	type_of_kind(kind, type, sizeof(type));
	check_value(&c, spec, type, strlen(type), "spec");
}
