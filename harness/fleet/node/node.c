// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/fleet/node/node.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "harness/base/base.h"
#include "harness/base/clock.h"
#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/proc.h"
#include "harness/fleet/node/measuring.h"
#include "harness/fleet/node/outbox.h"

#define LOOK_AGAIN_MS 200
#define STATUS_USAGE 64

/* A restarted container waits for its forerunner's children to be gone. */
#define LOCK_WAIT_NS (10 * NS_PER_S)

static void say(struct node_report *r, enum node_condition condition,
		const char *text)
{
	r->condition = condition;
	snprintf(r->text, sizeof(r->text), "%s", text);
}

static void add(struct node_report *r, const char *text)
{
	size_t len = strlen(r->text);

	snprintf(r->text + len, sizeof(r->text) - len, "%s%s", len ? "; " : "",
		 text);
}

/* --- what the run came to -------------------------------------------------- */

static void judge_killed(const struct measured *m, struct node_report *r)
{
	char text[128], how[80];

	proc_status_text(m->wait_status, how, sizeof(how));
	snprintf(text, sizeof(text), "the run %s%s", how,
		 m->is_out_of_memory ? ", out of memory" : "");
	say(r, NODE_UNKNOWN, text);
}

/* One that was measured to its end. */
static void judge_ended(const struct measured *m, int status,
			struct node_report *r)
{
	char text[80];

	if (m->failed_count) {
		snprintf(text, sizeof(text), "%zu of %zu boots failed",
			 m->failed_count, m->boot_count);
		say(r, NODE_PROBLEM, text);
	} else if (status == 1) {
		say(r, NODE_PROBLEM, "measured; a claim fails");
	} else {
		say(r, NODE_OK, status ? "measured; undecided" : "measured");
	}
}

static bool was_cut_short(const struct measured *m)
{
	return m->is_stopped || !strcmp(m->status, "stopped");
}

static void judge(const struct measured *m, struct node_report *r)
{
	int status =
		WIFEXITED(m->wait_status) ? WEXITSTATUS(m->wait_status) : -1;
	char text[80];

	snprintf(r->uuid, sizeof(r->uuid), "%s", m->uuid);
	r->is_usage = status == STATUS_USAGE && !*m->uuid;
	if (was_cut_short(m)) {
		say(r, NODE_UNKNOWN, "stopped before the end");
	} else if (status < 0) {
		judge_killed(m, r);
	} else if (status <= 2 && *m->uuid) {
		judge_ended(m, status, r);
	} else {
		snprintf(text, sizeof(text), "%s: 'run' ended with status %d",
			 m->boot_count ? "measured in part" : "not measured",
			 status);
		say(r, NODE_UNKNOWN, text);
	}
}

/* --- delivery -------------------------------------------------------------- */

/* What others left is no fault of this run; it stays for the next attempt. */
static void deliver_others(const struct outbox *o, const struct delivery *d,
			   struct node_report *r)
{
	struct delivery_count count = {0};
	struct err err = {0};
	char text[400];
	int ret = outbox_deliver_others(o, d, &count, &err);

	if (count.delivered) {
		snprintf(text, sizeof(text), "%zu earlier run%s delivered",
			 count.delivered, count.delivered == 1 ? "" : "s");
		add(r, text);
	}
	if (ret) {
		snprintf(text, sizeof(text),
			 "earlier runs are not delivered: %.300s", err.msg);
		add(r, text);
	}
}

static void deliver_own(const struct outbox *o, const struct delivery *d,
			struct node_report *r)
{
	struct delivery_count count = {0};
	struct err err = {0};
	char text[400];

	if (!outbox_deliver_own(o, d, &count, &err)) {
		if (count.delivered)
			add(r, "delivered");
		return;
	}
	r->condition = NODE_UNKNOWN;
	snprintf(text, sizeof(text), "not delivered, but kept: %.300s",
		 err.msg);
	add(r, text);
}

static void deliver_all(const struct node_task *task, const struct outbox *o,
			struct node_report *r)
{
	if (!task->patient)
		return;
	deliver_own(o, task->patient, r);
	deliver_others(o, task->brief, r);
}

/* --- the node -------------------------------------------------------------- */

/* The file is a mount of its own, so it is written in place. */
static void leave_message(const struct node_task *task,
			  const struct node_report *r)
{
	char line[600];

	snprintf(line, sizeof(line), "%s%s%s%s\n", *r->uuid ? "run " : "",
		 r->uuid, *r->uuid ? ": " : "", r->text);
	if (task->message_file)
		file_put(task->message_file, line);
}

static void hold(const struct node_task *task, uint64_t until_ns)
{
	while (!*task->stop && clock_mono_ns() < until_ns)
		poll(NULL, 0, LOOK_AGAIN_MS);
}

static void measure(const struct node_task *task, const struct outbox *o,
		    struct node_report *r)
{
	const struct measuring m = {.db = o->db,
				    .options = task->run,
				    .lock_fd = o->lock_fd,
				    .stop = task->stop};
	struct measured measured;
	struct err err = {0};

	if (measuring_run(&m, &measured, &err))
		say(r, NODE_UNKNOWN, err.msg);
	else
		judge(&measured, r);
}

static int open_outbox(const struct node_task *task, uint64_t wait_ns,
		       struct outbox *o, struct node_report *r)
{
	struct err err = {0};
	int ret = outbox_open(o, task->folder, &err);

	*r = (struct node_report){.condition = NODE_OK};
	if (!ret)
		ret = outbox_lock(o, wait_ns, &err);
	if (ret)
		say(r, NODE_UNKNOWN, err.msg);
	return ret;
}

void node_measure(const struct node_task *task, struct node_report *r)
{
	uint64_t until_ns = clock_mono_ns() + task->hold_ns;
	struct node_report earlier = {.condition = NODE_OK};
	struct outbox o;

	if (!open_outbox(task, LOCK_WAIT_NS, &o, r)) {
		/* Theirs first: this node may not live to the end of its run. */
		if (task->brief) {
			deliver_own(&o, task->brief, &earlier);
			deliver_others(&o, task->brief, &earlier);
		}
		measure(task, &o, r);
		deliver_all(task, &o, r);
	}
	leave_message(task, r);
	outbox_close(&o);
	if (!r->is_usage)
		hold(task, until_ns);
}

void node_rescue(const struct node_task *task, uint64_t wait_ns,
		 struct node_report *r)
{
	struct outbox o;

	if (!open_outbox(task, wait_ns, &o, r)) {
		deliver_all(task, &o, r);
		if (!*r->text)
			add(r, "nothing was left to deliver");
	}
	outbox_close(&o);
}
