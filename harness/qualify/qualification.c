// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/qualify/qualification.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"

/* The step that answers the question, and the one that says why not. */
#define BOOT_STEP "boot-mshv"
#define DEVICE_STEP "device"
#define AGAIN_STEP "run-mshv"

static const char *const status_names[] = {
	[STEP_WAITING] = "not reached",
	[STEP_RUNNING] = "under way",
	[STEP_OK] = "ok",
	[STEP_FINDING] = "finding",
	[STEP_LATE] = "out of time",
	[STEP_SKIPPED] = "skipped",
};
_Static_assert(ARRAY_SIZE(status_names) == STEP_STATUS_COUNT,
	       "every status has a name");

const char *step_status_name(enum step_status status)
{
	return status_names[status];
}

void qualification_init(struct qualification *q)
{
	*q = (struct qualification){.host = xstrdup(""),
				    .revision = xstrdup("")};
}

void qualification_release(struct qualification *q)
{
	size_t i;

	for (i = 0; i < q->step_count; i++) {
		free(q->steps[i].name);
		free(q->steps[i].title);
		free(q->steps[i].command);
		free(q->steps[i].finding);
		free(q->steps[i].output);
	}
	for (i = 0; i < q->exhibit_count; i++) {
		free(q->exhibits[i].name);
		free(q->exhibits[i].bytes);
	}
	free(q->steps);
	free(q->exhibits);
	free(q->host);
	free(q->revision);
	*q = (struct qualification){.host = NULL};
}

struct step *qualification_add_step(struct qualification *q, const char *name,
				    const char *title)
{
	struct step *s;

	q->steps = xrealloc(q->steps, q->step_count + 1, sizeof(*q->steps));
	s = &q->steps[q->step_count++];
	*s = (struct step){.name = xstrdup(name),
			   .title = xstrdup(title),
			   .command = xstrdup(""),
			   .exit_status = -1,
			   .finding = xstrdup(""),
			   .output = xstrdup("")};
	return s;
}

const struct step *qualification_step(const struct qualification *q,
				      const char *name)
{
	size_t i;

	for (i = 0; i < q->step_count; i++)
		if (!strcmp(q->steps[i].name, name))
			return &q->steps[i];
	return NULL;
}

static struct exhibit *exhibit_get(struct qualification *q, const char *name)
{
	struct exhibit *e;
	size_t i;

	for (i = 0; i < q->exhibit_count; i++)
		if (!strcmp(q->exhibits[i].name, name))
			return &q->exhibits[i];
	q->exhibits = xrealloc(q->exhibits, q->exhibit_count + 1,
			       sizeof(*q->exhibits));
	e = &q->exhibits[q->exhibit_count++];
	*e = (struct exhibit){.name = xstrdup(name)};
	return e;
}

void qualification_add_exhibit(struct qualification *q, const char *name,
			       const void *bytes, size_t len)
{
	struct exhibit *e = exhibit_get(q, name);

	free(e->bytes);
	e->bytes = xcalloc(1, len + 1);
	if (len)
		memcpy(e->bytes, bytes, len);
	e->len = len;
}

void step_end(struct step *s, enum step_status status, const char *finding)
{
	s->status = status;
	free(s->finding);
	s->finding = xstrdup(finding);
	text_clean(s->finding);
	s->finding[strcspn(s->finding, "\n")] = '\0';
}

static bool is_bad(const struct step *s)
{
	return s->status == STEP_FINDING || s->status == STEP_LATE;
}

static size_t count_of_status(const struct qualification *q,
			      enum step_status status)
{
	size_t i, n = 0;

	for (i = 0; i < q->step_count; i++)
		n += q->steps[i].status == status;
	return n;
}

size_t qualification_done_count(const struct qualification *q)
{
	return q->step_count - count_of_status(q, STEP_WAITING) -
	       count_of_status(q, STEP_RUNNING);
}

bool qualification_can_run(const struct qualification *q)
{
	const struct step *boot = qualification_step(q, BOOT_STEP);

	return boot && boot->status == STEP_OK;
}

bool qualification_is_clean(const struct qualification *q)
{
	return qualification_can_run(q) && !count_of_status(q, STEP_FINDING) &&
	       !count_of_status(q, STEP_LATE) &&
	       qualification_done_count(q) == q->step_count;
}

/* A boot that was tried and failed, or no device to try one on. */
bool qualification_cannot_run(const struct qualification *q)
{
	const struct step *device = qualification_step(q, DEVICE_STEP);
	const struct step *boot = qualification_step(q, BOOT_STEP);

	if (!boot || qualification_can_run(q))
		return false;
	return (device && is_bad(device)) || (is_bad(boot) && boot->elapsed_ns);
}

/* Why no guest runs: the device is not there, or the boot says it. Of one that
 * hung, the measured boot knows where. */
static const char *cause(const struct qualification *q)
{
	const struct step *device = qualification_step(q, DEVICE_STEP);
	const struct step *boot = qualification_step(q, BOOT_STEP);
	const struct step *again = qualification_step(q, AGAIN_STEP);

	if (device && is_bad(device))
		return device->finding;
	if (boot && boot->status == STEP_LATE && again && is_bad(again))
		return again->finding;
	return boot && boot->finding[0] ? boot->finding
					: "the boot gives no reason";
}

static void add_findings(const struct qualification *q, struct strbuf *out)
{
	size_t count = count_of_status(q, STEP_FINDING), shown = 0, i;
	size_t late = count_of_status(q, STEP_LATE);

	for (i = 0; i < q->step_count; i++) {
		const struct step *s = &q->steps[i];

		if (s->status == STEP_FINDING && shown < 2)
			strbuf_printf(out, "%s%s: %.140s",
				      shown++ ? "; " : ", but ", s->name,
				      s->finding);
	}
	if (count > shown)
		strbuf_printf(out, "; and %zu more", count - shown);
	if (late)
		strbuf_printf(out, "; %zu step%s ran out of time", late,
			      late == 1 ? "" : "s");
	else if (!count)
		strbuf_puts(out, "; no step has a finding");
}

/* How far it came, unless it is through. */
static void add_place(const struct qualification *q, struct strbuf *out)
{
	size_t done = qualification_done_count(q), i;

	if (done == q->step_count)
		return;
	strbuf_printf(out, " (%zu of %zu steps were taken", done,
		      q->step_count);
	for (i = 0; i < q->step_count; i++)
		if (q->steps[i].status == STEP_RUNNING)
			strbuf_printf(out, "; it ended in '%s'",
				      q->steps[i].name);
	strbuf_puts(out, ")");
}

const char *qualification_sentence(const struct qualification *q, char *buf,
				   size_t size)
{
	const struct step *boot = qualification_step(q, BOOT_STEP);
	const char *node = "This node", *device = "/dev/mshv";
	struct strbuf out = {0};

	if (q->is_emulated) {
		strbuf_puts(&out, "EMULATED, and so nothing about this node's "
				  "own /dev/mshv: ");
		node = "it";
		device = "the emulated one";
	}
	if (qualification_can_run(q)) {
		strbuf_printf(&out,
			      "%s can run guests under %s, because "
			      "Linux boots there and powers off",
			      node, device);
		add_findings(q, &out);
	} else if (qualification_cannot_run(q)) {
		strbuf_printf(&out, "%s cannot run guests under %s, because %s",
			      node, device, cause(q));
	} else {
		strbuf_printf(
			&out,
			"%s is not known whether this node can run guests "
			"under %s, because %s",
			q->is_emulated ? "it" : "It", device,
			boot && boot->finding[0] ? boot->finding
						 : "no boot was tried");
	}
	add_place(q, &out);
	strbuf_puts(&out, ".");
	snprintf(buf, size, "%s", out.str);
	strbuf_release(&out);
	return buf;
}
