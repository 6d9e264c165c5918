/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_KUBEVIRT_VMI_FIELDS_H
#define HARNESS_KUBEVIRT_VMI_FIELDS_H

/*
 * vmi_fields - single fields of manifests, by their type in Go. One that is
 * absent or null leaves *OUT as it is; one of another type is -EINVAL, with its
 * line and path.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/base.h"
#include "harness/kubevirt/vmi.h"

struct err;
struct yaml_value;

/* Always -EINVAL. */
int field_mistake(const struct yaml_value *v, const char *path,
		  const char *wanted, struct err *err);

/* Of a value, and of what is at PATH in SPEC. */
int field_amount_from(const struct yaml_value *v, const char *path,
		      struct amount *out, struct err *err);
int field_amount(const struct yaml_value *spec, const char *path,
		 struct amount *out, struct err *err);
int field_count(const struct yaml_value *spec, const char *path, uint32_t *out,
		struct err *err);
int field_flag(const struct yaml_value *spec, const char *path,
	       enum vmi_flag *out, struct err *err);
int field_bool(const struct yaml_value *spec, const char *path, bool *out,
	       struct err *err);
int field_text(const struct yaml_value *spec, const char *path,
	       const char **out, struct err *err);
/* A pointer to a struct: {} is there. */
int field_presence(const struct yaml_value *spec, const char *path, bool *out,
		   struct err *err);

/* BIT, if something is at PATH that is not "". */
unsigned int field_given(const struct yaml_value *spec, const char *path,
			 enum vmi_given bit);

/* How many maps a list has. */
int field_count_items(const struct yaml_value *list, const char *path,
		      size_t *count, struct err *err);

typedef int read_item_fn(const struct yaml_value *item, void *out,
			 struct err *err);

/* Replaces *ITEMS, which is owned, by the list at PATH, if it is there. */
int field_list(const struct yaml_value *spec, const char *path, void **items,
	       size_t size, size_t *count, read_item_fn *read, struct err *err);

read_item_fn field_device; /* struct vmi_device */

/* Rows of fields of one type, and reading them all. */
#define FIELD_ROWS(type, ...)     \
	const struct {            \
		const char *path; \
		type *out;        \
	} rows[] = {__VA_ARGS__}; \
	size_t i;                 \
	int ret = 0

#define READ_ROWS(read)                                \
	for (i = 0; i < ARRAY_SIZE(rows) && !ret; i++) \
	ret = read(spec, rows[i].path, rows[i].out, err)

#define READ_LIST(path, v, list, count, read)                           \
	field_list(spec, path, (void **)&(v)->list, sizeof(*(v)->list), \
		   &(v)->count, read, err)

#endif
