// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/qmp.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char requests[] =
	"{\"execute\":\"qmp_capabilities\"}\n"
	"{\"execute\":\"query-kvm\",\"id\":\"kvm\"}\n"
	"{\"execute\":\"query-accelerators\",\"id\":\"accelerators\"}\n";

void qmp_continue(struct qmp *q)
{
	static const char request[] = "{\"execute\":\"cont\"}\n";

	/* A QEMU that does not read is one that times out. */
	if (write(q->fd, request, strlen(request)) < 0)
		q->knows_kvm = false;
}

static void take_answer(struct qmp *q, const char *id, json_t *value)
{
	const json_t *enabled = json_object_get(value, "enabled");

	if (!strcmp(id, "kvm") && json_is_boolean(enabled)) {
		q->knows_kvm = true;
		q->kvm_enabled = json_is_true(enabled);
	} else if (!strcmp(id, "accelerators") && json_is_string(enabled)) {
		snprintf(q->accelerator, sizeof(q->accelerator), "%s",
			 json_string_value(enabled));
	}
}

void qmp_line(void *arg, const char *line)
{
	struct qmp *q = arg;
	json_t *o = json_loads(line, 0, NULL);
	const char *id = json_string_value(json_object_get(o, "id"));

	if (json_object_get(o, "QMP") && !q->has_greeting) {
		q->has_greeting = true;
		if (write(q->fd, requests, strlen(requests)) < 0)
			q->knows_kvm = false; /* and so it will stay */
	} else if (id) {
		take_answer(q, id, json_object_get(o, "return"));
	}
	json_decref(o);
}
