/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_KUBEVIRT_RESOURCES_H
#define HARNESS_KUBEVIRT_RESOURCES_H

/*
 * resources - what a container asks for, by name: a Kubernetes ResourceList.
 * Names are borrowed and must outlive it. Pure.
 */
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "harness/kubevirt/quantity.h"

#define RESOURCE_CPU "cpu"
#define RESOURCE_MEMORY "memory"
#define RESOURCE_EPHEMERAL "ephemeral-storage"
#define RESOURCES_MAX 40

struct resource {
	const char *name;
	struct quantity amount;
};

struct resources {
	struct resource items[RESOURCES_MAX];
	size_t count;
	bool is_full; /* one more was set, and is missing */
};

/* Not set: zero. */
struct amount resources_get(const struct resources *r, const char *name);
void resources_set(struct resources *r, const char *name, struct quantity q);
/* Into one that is there, or a new one. */
void resources_add(struct resources *r, const char *name, struct quantity q);
/* Those of FROM replace those of INTO. */
void resources_copy(struct resources *into, const struct resources *from);

/* Bytes and counts; CPUs are thousandths. Caller owns. */
json_t *resources_to_json(const struct resources *r);

#endif
