// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/machine/qmp.h"

#include <inttypes.h>
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

void qmp_ask_place(struct qmp *q)
{
	static const char request[] =
		"{\"execute\":\"human-monitor-command\",\"id\":\"registers\","
		"\"arguments\":{\"command-line\":\"info registers\"}}\n"
		"{\"execute\":\"query-blockstats\",\"id\":\"blocks\"}\n";

	q->place = (struct guest_place){.knows_rip = false};
	/* A QEMU that does not read does not answer either. */
	if (q->has_greeting && write(q->fd, request, strlen(request)) < 0)
		q->knows_kvm = false;
}

bool qmp_parse_rip(const char *registers, uint64_t *rip)
{
	const char *p = strstr(registers, "RIP=");

	/* A vCPU that is not in long mode has a short one. */
	if (!p)
		p = strstr(registers, "EIP=");
	return p && sscanf(p + 4, "%" SCNx64, rip) == 1;
}

static void take_registers(struct qmp *q, const char *text)
{
	q->place.knows_rip = text && qmp_parse_rip(text, &q->place.rip);
}

static void take_blocks(struct qmp *q, const json_t *disks)
{
	json_int_t reads;
	json_t *disk;
	size_t i;

	q->place.knows_requests = json_is_array(disks);
	json_array_foreach(disks, i, disk)
		if (!json_unpack(disk, "{s:{s:I}}", "stats", "rd_operations",
				 &reads))
			q->place.disk_requests += (uint64_t)reads;
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
	} else if (!strcmp(id, "registers")) {
		take_registers(q, json_string_value(value));
	} else if (!strcmp(id, "blocks")) {
		take_blocks(q, value);
	}
}

static void take_greeting(struct qmp *q, json_t *greeting)
{
	int major, minor, micro;
	const char *package;

	q->has_greeting = true;
	if (!json_unpack(greeting, "{s:{s:{s:i, s:i, s:i}, s:s}}", "version",
			 "qemu", "major", &major, "minor", &minor, "micro",
			 &micro, "package", &package))
		snprintf(q->version, sizeof(q->version), "%d.%d.%d%s%.120s",
			 major, minor, micro, package[0] ? " " : "", package);
	if (write(q->fd, requests, strlen(requests)) < 0)
		q->knows_kvm = false; /* and so it will stay */
}

static void take_shutdown(struct qmp *q, const json_t *data)
{
	const char *reason = json_string_value(json_object_get(data, "reason"));

	snprintf(q->shutdown, sizeof(q->shutdown), "%s",
		 reason ? reason : "no reason given");
}

void qmp_line(void *arg, const char *line)
{
	struct qmp *q = arg;
	json_t *o = json_loads(line, 0, NULL);
	const char *id = json_string_value(json_object_get(o, "id"));
	const char *event = json_string_value(json_object_get(o, "event"));

	if (json_object_get(o, "QMP") && !q->has_greeting)
		take_greeting(q, json_object_get(o, "QMP"));
	else if (event && !strcmp(event, "SHUTDOWN"))
		take_shutdown(q, json_object_get(o, "data"));
	else if (id)
		take_answer(q, id, json_object_get(o, "return"));
	json_decref(o);
}
