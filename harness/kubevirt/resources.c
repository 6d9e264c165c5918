// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/kubevirt/resources.h"

#include <string.h>

static struct resource *find(const struct resources *r, const char *name)
{
	size_t i;

	for (i = 0; i < r->count; i++)
		if (!strcmp(r->items[i].name, name))
			return (struct resource *)&r->items[i];
	return NULL;
}

struct amount resources_get(const struct resources *r, const char *name)
{
	const struct resource *one = find(r, name);

	return one ? (struct amount){one->amount, true} : (struct amount){};
}

void resources_set(struct resources *r, const char *name, struct quantity q)
{
	struct resource *one = find(r, name);

	if (one)
		one->amount = q;
	else if (r->count < RESOURCES_MAX)
		r->items[r->count++] = (struct resource){name, q};
	else
		r->is_full = true;
}

void resources_add(struct resources *r, const char *name, struct quantity q)
{
	resources_set(r, name, quantity_add(resources_get(r, name).q, q));
}

void resources_copy(struct resources *into, const struct resources *from)
{
	size_t i;

	for (i = 0; i < from->count; i++)
		resources_set(into, from->items[i].name, from->items[i].amount);
	into->is_full |= from->is_full;
}

json_t *resources_to_json(const struct resources *r)
{
	json_t *out = json_object();
	size_t i;

	for (i = 0; i < r->count; i++) {
		const struct resource *one = &r->items[i];
		int64_t value = strcmp(one->name, RESOURCE_CPU)
					? quantity_value(one->amount)
					: quantity_milli(one->amount);

		json_object_set_new(out, one->name, json_integer(value));
	}
	return out;
}
