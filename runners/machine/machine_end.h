/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_MACHINE_MACHINE_END_H
#define RUNNERS_MACHINE_MACHINE_END_H

/*
 * machine_end - how a machine ended: from its exit status, the state of its
 * link, its VMM's last event and its console, one status and reason.
 */
struct agent_link;
struct machine_spec;
struct result;

/* The machine is gone. LATE: it had to be stopped, and where its guest hung, or
 * ""; NULL: it ended by itself. STATUS is waitpid()'s.
 * Fills SPEC->outcome, if there is one, and fails RES where the machine did not
 * end as it should. */
void machine_end_judge(const struct agent_link *link,
		       const struct machine_spec *spec, const char *late,
		       int status, struct result *res);

#endif
