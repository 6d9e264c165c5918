// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/kubevirt/vmi_fields.h"

#include <errno.h>
#include <stdlib.h>

#include "harness/base/err.h"
#include "harness/base/xmalloc.h"
#include "harness/base/yaml_stream.h"

int field_mistake(const struct yaml_value *v, const char *path,
		  const char *wanted, struct err *err)
{
	const char *text = yaml_text_of(v);

	return err_set(err, -EINVAL, "line %zu: '%s' is %s%.40s%s, not %s",
		       yaml_line_of(v), path, text ? "'" : "no scalar",
		       text ? text : "", text ? "'" : "", wanted);
}

int field_amount_from(const struct yaml_value *v, const char *path,
		      struct amount *out, struct err *err)
{
	enum yaml_kind kind = yaml_kind_of(v);

	if (kind == YAML_ABSENT)
		return 0;
	if (kind != YAML_TEXT && kind != YAML_NUMBER)
		return field_mistake(v, path, "an amount", err);
	if (quantity_read(yaml_text_of(v), &out->q, err))
		return err_wrap(err, "line %zu: '%s'", yaml_line_of(v), path);
	out->is_set = true;
	return 0;
}

int field_amount(const struct yaml_value *spec, const char *path,
		 struct amount *out, struct err *err)
{
	return field_amount_from(yaml_at(spec, path), path, out, err);
}

int field_count(const struct yaml_value *spec, const char *path, uint32_t *out,
		struct err *err)
{
	const struct yaml_value *v = yaml_at(spec, path);
	uint64_t count;

	if (!v)
		return 0;
	if (!yaml_count_of(v, &count) || count > UINT32_MAX)
		return field_mistake(v, path, "a whole number", err);
	*out = (uint32_t)count;
	return 0;
}

int field_flag(const struct yaml_value *spec, const char *path,
	       enum vmi_flag *out, struct err *err)
{
	const struct yaml_value *v = yaml_at(spec, path);

	if (!v)
		return 0;
	if (yaml_kind_of(v) != YAML_BOOL)
		return field_mistake(v, path, "true or false", err);
	*out = yaml_is_true(v) ? FLAG_TRUE : FLAG_FALSE;
	return 0;
}

int field_bool(const struct yaml_value *spec, const char *path, bool *out,
	       struct err *err)
{
	enum vmi_flag flag = *out ? FLAG_TRUE : FLAG_UNSET;
	int ret = field_flag(spec, path, &flag, err);

	*out = flag == FLAG_TRUE;
	return ret;
}

int field_text(const struct yaml_value *spec, const char *path,
	       const char **out, struct err *err)
{
	const struct yaml_value *v = yaml_at(spec, path);

	if (!v)
		return 0;
	if (yaml_kind_of(v) != YAML_TEXT)
		return field_mistake(v, path, "a text", err);
	*out = yaml_text_of(v);
	return 0;
}

/* A Go pointer to a struct: {} is there, null is not. */
int field_presence(const struct yaml_value *spec, const char *path, bool *out,
		   struct err *err)
{
	const struct yaml_value *v = yaml_at(spec, path);

	if (!v)
		return 0;
	if (yaml_kind_of(v) != YAML_MAP)
		return field_mistake(v, path, "a map", err);
	*out = true;
	return 0;
}

unsigned int field_given(const struct yaml_value *spec, const char *path,
			 enum vmi_given bit)
{
	const struct yaml_value *v = yaml_at(spec, path);
	const char *text = yaml_text_of(v);

	return v && !(text && !*text) ? bit : 0;
}

/* --- lists --- */

/* How many items a list has; a thing that is no list of maps is an error. */
int field_count_items(const struct yaml_value *list, const char *path,
		      size_t *count, struct err *err)
{
	const struct yaml_value *item;

	*count = 0;
	if (list && yaml_kind_of(list) != YAML_LIST)
		return field_mistake(list, path, "a list", err);
	for (item = yaml_each(list, NULL); item; item = yaml_each(list, item)) {
		if (yaml_kind_of(item) != YAML_MAP)
			return field_mistake(item, path, "a list of maps", err);
		++*count;
	}
	return 0;
}

/* Replaces *ITEMS with the list at PATH, if it is there. */
int field_list(const struct yaml_value *spec, const char *path, void **items,
	       size_t size, size_t *count, read_item_fn *read, struct err *err)
{
	const struct yaml_value *list = yaml_at(spec, path), *item;
	size_t n;
	char *at;
	int ret = field_count_items(list, path, &n, err);

	if (ret || !list)
		return ret;
	free(*items);
	*items = n ? xcalloc(n, size) : NULL;
	*count = n;
	at = *items;
	for (item = yaml_each(list, NULL); item && !ret;
	     item = yaml_each(list, item), at += size)
		ret = read(item, at, err);
	return ret;
}

int field_device(const struct yaml_value *item, void *out, struct err *err)
{
	struct vmi_device *d = out;

	*d = (struct vmi_device){
		.resource = "",
		.has_claim = yaml_member(item, "claimName") ||
			     yaml_member(item, "requestName"),
	};
	return field_text(item, "deviceName", &d->resource, err);
}
