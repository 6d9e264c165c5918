/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_MACHINE_RESTORE_H
#define RUNNERS_MACHINE_RESTORE_H

/*
 * restore - a guest out of a snapshot, which this boot makes first: a micro guest of
 * 64 MiB, and Linux with 256 MiB whose agent is ready; again and again, and as many
 * clones at once, each in a VMM of its own that maps the same file. Beside it the same
 * guest is started afresh, so that a ratio can be made of figures of one boot. They have names of their own: no figure of a guest that was
 * started is ever compared with one of a guest that was restored.
 */
struct bench_case;
struct result;

/* Adds the series of workloads `restore` and `restore_linux`, if BC has them; HV is the
 * VMM's word. */
void restore_run(const char *hv, const struct bench_case *bc,
		 struct result *res);

#endif
