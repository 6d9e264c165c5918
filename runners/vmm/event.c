// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/vmm/event.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void event_phase(FILE *out, const char *name, uint64_t mono_ns)
{
	if (out)
		fprintf(out, "phase %s %" PRIu64 "\n", name, mono_ns);
}

static bool parse_phase(const char *line, struct event *e)
{
	return sscanf(line, "phase %31s %" SCNu64, e->name, &e->ns) == 2;
}

void event_stamp(FILE *out, uint32_t section, uint64_t begin_ns,
		 uint64_t end_ns, uint64_t waited_ns)
{
	if (out)
		fprintf(out,
			"stamp %" PRIu32 " %" PRIu64 " %" PRIu64 " %" PRIu64
			"\n",
			section, begin_ns, end_ns, waited_ns);
}

static bool parse_stamp(const char *line, struct event *e)
{
	return sscanf(line,
		      "stamp %" SCNu32 " %" SCNu64 " %" SCNu64 " %" SCNu64,
		      &e->number, &e->begin_ns, &e->ns, &e->waited_ns) >= 3;
}

void event_exit_cost(FILE *out, uint64_t ns)
{
	if (out)
		fprintf(out, "exit_cost %" PRIu64 "\n", ns);
}

static bool parse_exit_cost(const char *line, struct event *e)
{
	return sscanf(line, "exit_cost %" SCNu64, &e->ns) == 1;
}

void event_ledger(FILE *out, uint32_t vcpu, const char *kind, uint64_t count,
		  uint64_t handled_ns)
{
	if (out)
		fprintf(out, "ledger %" PRIu32 " %s %" PRIu64 " %" PRIu64 "\n",
			vcpu, kind, count, handled_ns);
}

static bool parse_ledger(const char *line, struct event *e)
{
	return sscanf(line, "ledger %" SCNu32 " %15s %" SCNu64 " %" SCNu64,
		      &e->number, e->name, &e->count, &e->ns) == 4;
}

void event_count(FILE *out, uint32_t number, uint64_t value, const char *name,
		 ...)
{
	char text[sizeof(((struct event *)0)->name)];
	va_list ap;

	if (!out)
		return;
	va_start(ap, name);
	vsnprintf(text, sizeof(text), name, ap);
	va_end(ap);
	/* At once: another vCPU may write as well. */
	fprintf(out, "count %" PRIu32 " %s %" PRIu64 "\n", number, text, value);
}

static bool parse_count(const char *line, struct event *e)
{
	return sscanf(line, "count %" SCNu32 " %31s %" SCNu64, &e->number,
		      e->name, &e->count) == 3;
}

void event_each_begin(FILE *out, uint32_t number)
{
	if (out)
		fprintf(out, "each %" PRIu32, number);
}

void event_each_add(FILE *out, uint64_t ns)
{
	if (out)
		fprintf(out, " %" PRIu64, ns);
}

void event_each_end(FILE *out)
{
	if (out)
		fputc('\n', out);
}

static bool parse_each(const char *line, struct event *e)
{
	int used = 0;

	if (sscanf(line, "each %" SCNu32 "%n", &e->number, &used) != 1)
		return false;
	e->text = line + used;
	return true;
}

bool event_next_ns(const char **text, uint64_t *ns)
{
	char *end;

	if (**text != ' ')
		return false;
	*ns = strtoull(*text, &end, 10);
	if (end == *text)
		return false;
	*text = end;
	return true;
}

void event_device_net(FILE *out, const char *backend)
{
	if (out)
		fprintf(out, "device net %s\n", backend);
}

static bool parse_device_net(const char *line, struct event *e)
{
	return sscanf(line, "device net %15s", e->name) == 1;
}

void event_fact(FILE *out, const char *name, const char *text)
{
	if (out)
		fprintf(out, "fact %s %s\n", name, text);
}

static bool parse_fact(const char *line, struct event *e)
{
	int used = 0;

	if (sscanf(line, "fact %31s %n", e->name, &used) != 1 || !used)
		return false;
	e->text = line + used;
	return true;
}

void event_place(FILE *out, uint64_t rip, uint64_t disk_requests)
{
	if (out)
		fprintf(out, "place 0x%" PRIx64 " %" PRIu64 "\n", rip,
			disk_requests);
}

static bool parse_place(const char *line, struct event *e)
{
	return sscanf(line, "place 0x%" SCNx64 " %" SCNu64, &e->rip,
		      &e->count) == 2;
}

void event_end(FILE *out, const char *how, const char *detail)
{
	if (out)
		fprintf(out, "end %s %s\n", how, detail);
}

bool event_finish(FILE *out, const char *how, const char *detail)
{
	bool is_told = !fflush(out) && !ferror(out);

	clearerr(out);
	if (is_told)
		event_end(out, how, detail);
	else
		event_end(out, "events_lost",
			  "the VMM could not write an event");
	return !fflush(out) && is_told;
}

void event_error(FILE *out, const char *reason)
{
	if (out)
		fprintf(out, "error %s\n", reason);
}

static bool parse_text(const char *line, struct event *e)
{
	e->text = strchr(line, ' ');
	if (!e->text)
		return false;
	e->text++;
	return true;
}

/* By the first word of a line. */
static const struct {
	const char *word;
	bool (*parse)(const char *line, struct event *e);
} kinds[] = {
	[EVENT_PHASE] = {"phase", parse_phase},
	[EVENT_STAMP] = {"stamp", parse_stamp},
	[EVENT_EXIT_COST] = {"exit_cost", parse_exit_cost},
	[EVENT_LEDGER] = {"ledger", parse_ledger},
	[EVENT_COUNT] = {"count", parse_count},
	[EVENT_EACH] = {"each", parse_each},
	[EVENT_DEVICE_NET] = {"device", parse_device_net},
	[EVENT_FACT] = {"fact", parse_fact},
	[EVENT_PLACE] = {"place", parse_place},
	[EVENT_END] = {"end", parse_text},
	[EVENT_ERROR] = {"error", parse_text},
};

bool event_parse(const char *line, struct event *event)
{
	size_t len = strcspn(line, " ");
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strlen(kinds[i].word) == len &&
		    !strncmp(kinds[i].word, line, len)) {
			*event = (struct event){.kind = (enum event_kind)i};
			return kinds[i].parse(line, event);
		}
	return false;
}
