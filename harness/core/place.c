// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/core/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timex.h>
#include <sys/utsname.h>

#include "harness/base/base.h"
#include "harness/base/file.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/core/fleet_keys.h"

static const struct {
	const char *key, *variable;
	const char *slurm; /* stands in for it in a Slurm job; NULL: nothing */
} rows[] = {
	{FLEET_NAME, "L1VH_FLEET", NULL},
	{FLEET_NODE, "L1VH_NODE", "SLURMD_NODENAME"},
	{FLEET_ARM, "L1VH_ARM", NULL},
	{FLEET_INDEX, "L1VH_INDEX", "SLURM_ARRAY_TASK_ID"},
	{FLEET_ATTEMPT, "L1VH_ATTEMPT", "SLURM_JOB_ID"},
	{FLEET_JOB, "L1VH_JOB", "SLURM_ARRAY_JOB_ID"},
	{FLEET_ENGINE, "L1VH_ENGINE", NULL},
	{FLEET_SIZE, "L1VH_FLEET_SIZE", NULL},
	{"node.instance_type", "L1VH_INSTANCE_TYPE", NULL},
	{"node.zone", "L1VH_ZONE", NULL},
	{"node.region", "L1VH_REGION", NULL},
};

static const char *variable(const char *name)
{
	const char *value = name ? getenv(name) : NULL;

	return value && *value ? value : NULL;
}

/* A job that is queued again keeps its number, so its restarts count too. The
 * array's own number leads, because sacct and scancel take that one. */
static char *slurm_attempt(const char *job)
{
	const char *array = variable("SLURM_ARRAY_JOB_ID");
	const char *restart = variable("SLURM_RESTART_COUNT");

	return xasprintf("%s%s%s%s%s", array ? array : "", array ? "/" : "",
			 job, restart ? "." : "", restart ? restart : "");
}

static char *value_of(size_t row)
{
	const char *job = variable("SLURM_JOB_ID");
	const char *value = variable(rows[row].variable);

	if (value || !job)
		return value ? xstrdup(value) : NULL;
	if (!strcmp(rows[row].key, FLEET_ENGINE))
		return xstrdup("slurm");
	if (!strcmp(rows[row].key, FLEET_ATTEMPT))
		return slurm_attempt(job);
	value = variable(rows[row].slurm);
	return value ? xstrdup(value) : NULL;
}

/* Whole: two values are compared, and two long ones may differ at their ends. */
char *place_value(const char *key)
{
	char *value = NULL;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows) && !value; i++)
		if (!strcmp(rows[i].key, key))
			value = value_of(i);
	if (value)
		text_clean(value);
	return value;
}

static void put(json_t *o, const char *key, const char *value)
{
	json_object_set_new(o, key, json_string(value));
}

static void put_text(json_t *o, const char *key, const char *value)
{
	char *clean = xstrdup(value);

	text_clean(clean);
	put(o, key, clean);
	free(clean);
}

/* Renaming a node changes no machine: names differ, and the boot is one. The
 * DMI's UUID would outlive a boot, but only root reads it. */
static void put_machine(json_t *o)
{
	struct timex clock = {.modes = 0};
	char id[64];
	int state = adjtimex(&clock);

	put(o, "node.boot_id",
	    *file_first_line("/proc/sys/kernel/random/boot_id", id, sizeof(id))
		    ? id
		    : "unknown");
	put(o, "clock.synchronised",
	    state < 0 ? "unknown" : (clock.status & STA_UNSYNC ? "no" : "yes"));
}

static void name_host(json_t *o, const char *node, bool is_lab)
{
	struct utsname pod;

	if (!uname(&pod) && strcmp(pod.nodename, node)) {
		text_clean(pod.nodename);
		put(o, FLEET_POD, pod.nodename);
	}
	if (!is_lab)
		put(o, "host", node);
}

void place_put(json_t *fingerprint, bool is_lab)
{
	const char *image = variable("L1VH_IMAGE");
	bool has_place = false;
	size_t i;

	/* A container outside a fleet has one as well. */
	if (image)
		put_text(fingerprint, "l1vh.image", image);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		char *value = place_value(rows[i].key);

		if (!value)
			continue;
		put(fingerprint, rows[i].key, value);
		if (!strcmp(rows[i].key, FLEET_NODE))
			name_host(fingerprint, value, is_lab);
		free(value);
		has_place = true;
	}
	if (has_place)
		put_machine(fingerprint);
}

void place_put_azure(json_t *fingerprint, const json_t *imds)
{
	static const char *const keys[] = {"vm_size", "location", "offer",
					   "sku"};
	const char *name;
	char *key;
	json_t *value;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		value = json_object_get(imds, keys[i]);
		key = xasprintf("azure.%s", keys[i]);
		if (value)
			json_object_set(fingerprint, key, value);
		free(key);
	}
	json_object_foreach(json_object_get(imds, "tags"), name, value) {
		key = xasprintf("azure.tag.%s", name);
		json_object_set(fingerprint, key, value);
		free(key);
	}
}
