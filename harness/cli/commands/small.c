// SPDX-License-Identifier: GPL-3.0-or-later
/* The commands that need only a few lines: list, vmm, worker. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/file.h"
#include "harness/cli/commands.h"
#include "harness/cli/node_here.h"
#include "harness/core/runner.h"
#include "runners/worker.h"
#include "workloads/workload.h"

static int list_run(int argc, char **argv)
{
	const struct runner_ops *const *r;
	const struct workload *const *wl;

	if (argc > 1)
		return complain(STATUS_USAGE, "list: unexpected argument '%s'",
				argv[1]);
	puts("runners:");
	for (r = runners; *r; r++)
		printf("  %-25s %s\n", (*r)->name, (*r)->summary);
	puts("workloads (name, group, unit, better, what):");
	for (wl = workloads; *wl; wl++)
		if (!((*wl)->flags & WL_SELFTEST))
			printf("  %-16s %-10s %-11s %-6s  %s\n", (*wl)->name,
			       (*wl)->group, wl_unit_name((*wl)->unit),
			       wl_better_name((*wl)->better), (*wl)->summary);
	return STATUS_OK;
}

const struct command cmd_list = {
	.name = "list",
	.summary = "list the runners and workloads",
	.usage = "usage: l1vh-bench list\n",
	.notes = "Exit status: 0, 64 usage.\n",
	.run = list_run,
};

/* A process of its own, see vmm_main.c; its --help is its own too. */
static int vmm_run(int argc, char **argv)
{
	char *vmm = file_beside_exe("l1vh-vmm");

	(void)argc;
	execv(vmm, argv);
	return complain(STATUS_INTERNAL, "cannot start '%s': %s", vmm,
			strerror(errno));
}

const struct command cmd_vmm = {
	.name = "vmm",
	.summary = "boot one guest on the terminal, to debug it",
	.run = vmm_run,
};

static json_t *node_by_default(void)
{
	struct domain_wish wish = node_default_wish();

	return node_here(&wish);
}

static int worker_run(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	if (worker_serve(STDIN_FILENO, STDOUT_FILENO, node_by_default))
		return complain(STATUS_INTERNAL, "worker: invalid request");
	return STATUS_OK;
}

/* For the session alone: JSON on both sides, see runners/worker.h. */
const struct command cmd_worker = {
	.name = "worker",
	.run = worker_run,
};
