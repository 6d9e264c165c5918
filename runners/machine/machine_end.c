// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/machine/machine_end.h"

#include <stdio.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/proc.h"
#include "harness/core/bench_case.h"
#include "harness/core/result.h"
#include "runners/link/agent_link.h"
#include "runners/machine/machine.h"

/* What a person wants to see first of a guest that died, or of a VMM that
 * did not come so far as to have one. */
static void console_cause(const struct result *res, char *buf, size_t size)
{
	static const char panic[] = "Kernel panic - not syncing: ";
	const char *text = res->console ? res->console : "";
	const char *p = strstr(text, panic);
	int len;

	buf[0] = '\0';
	if (p) {
		snprintf(buf, size, "; guest kernel panic: %.*s",
			 (int)strcspn(p + strlen(panic), "\r\n"),
			 p + strlen(panic));
	} else if (!res->identity) {
		p = text_last_line(text, &len);
		snprintf(buf, size, "%s%.*s", len ? ": " : "", len, p);
	}
}

/* "hypervisor_error KVM internal error": the VMM's last line has the name of
 * the end and its details. */
static void fill_outcome(const struct agent_link *link, int status,
			 bool is_late, struct machine_outcome *out)
{
	static const char hypervisor[] = "hypervisor_error";
	size_t name = strcspn(link->end, " ");
	bool is_hypervisor = name == strlen(hypervisor) &&
			     !strncmp(link->end, hypervisor, name);

	if (is_late)
		out->end = link->is_point_late ? MACHINE_END_POINT_LATE
					       : MACHINE_END_LATE;
	else if (link->state == LINK_BROKEN)
		out->end = MACHINE_END_BROKEN;
	else if (link->state == LINK_SHUTTING_DOWN && !status)
		out->end = MACHINE_END_DONE;
	else
		out->end = is_hypervisor ? MACHINE_END_HYPERVISOR
					 : MACHINE_END_DIED;
	out->item = agent_link_item(link);
	snprintf(out->detail, sizeof(out->detail), "%.199s",
		 is_hypervisor && link->end[name] ? link->end + name + 1
						  : link->end);
}

/* What a machine was in the middle of: ", in 'null'", or "". */
static void what_it_did(const struct agent_link *link, char *buf, size_t size)
{
	size_t item = agent_link_item(link);

	buf[0] = '\0';
	if (link->state == LINK_SHUTTING_DOWN)
		snprintf(buf, size, ", at its power-off");
	else if (link->state == LINK_RUNNING && item < link->bc->item_count)
		snprintf(buf, size, ", in '%s'",
			 link->bc->items[item].workload);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

void machine_end_judge(const struct agent_link *link,
		       const struct machine_spec *spec, const char *late,
		       int status, struct result *res)
{
	const char *what = base_name(spec->argv[0]);
	uint64_t limit_ns = link->is_point_late ? spec->point_limit_ns
						: link->bc->timeout_ns;
	char cause[200], text[80], doing[64];

	console_cause(res, cause, sizeof(cause));
	what_it_did(link, doing, sizeof(doing));
	if (spec->outcome)
		fill_outcome(link, status, late != NULL, spec->outcome);
	if (late && late[0] && link->state == LINK_WANTS_HELLO)
		result_fail(res, RUN_TIMEOUT, "%s: no hello after %.1f s: %s",
			    what, (double)limit_ns / NS_PER_S, late);
	else if (late)
		result_fail(res, RUN_TIMEOUT,
			    "%s: no end after %.1f s%s%s%s%s%s%s", what,
			    (double)limit_ns / NS_PER_S, doing,
			    link->end[0] ? ": " : "", link->end,
			    late[0] ? ": " : "", late, cause);
	else if (link->state == LINK_BROKEN)
		result_fail(res, RUN_RUNNER_FAILED, "%s: %s", what,
			    link->error);
	else if (link->state != LINK_SHUTTING_DOWN || status)
		result_fail(res, RUN_RUNNER_FAILED, "%s %s%s%s%s", what,
			    proc_status_text(status, text, sizeof(text)),
			    link->end[0] ? ": " : "", link->end, cause);
}
