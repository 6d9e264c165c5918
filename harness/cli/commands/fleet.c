// SPDX-License-Identifier: GPL-3.0-or-later
/* fleet - one plan on many nodes: a command of verbs, each in fleet_VERB.c. */
#include <stdio.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/cli/commands.h"

struct fleet_verb {
	const char *name;
	const struct command *command;
};

static const struct fleet_verb verbs[] = {
	{"manifest", &cmd_fleet_manifest},
	{"node", &cmd_fleet_node},
	{"report", &cmd_fleet_report},
	{"sbatch", &cmd_fleet_sbatch},
};

static const struct fleet_verb *find_verb(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(verbs); i++)
		if (!strcmp(verbs[i].name, name))
			return &verbs[i];
	return NULL;
}

/* The verbs stand here as the commands do in the program's own help. */
static int print_help(void)
{
	size_t i;

	fputs("usage: l1vh-bench fleet VERB [options]\n"
	      "A fleet is a named set of nodes that run one plan (docs/fleet.md).\n"
	      "'l1vh-bench fleet VERB --help' says more.\n\n",
	      stdout);
	for (i = 0; i < ARRAY_SIZE(verbs); i++)
		printf("  %-9s %s\n", verbs[i].name, verbs[i].command->summary);
	return STATUS_OK;
}

static int fleet_run(int argc, char **argv)
{
	const struct fleet_verb *verb = argc > 1 ? find_verb(argv[1]) : NULL;
	char name[32];

	if (argc > 1 && !strcmp(argv[1], "--help"))
		return print_help();
	if (!verb)
		return complain(
			STATUS_USAGE,
			"fleet: unknown verb '%s'; 'l1vh-bench fleet --help' lists them",
			argc > 1 ? argv[1] : "");
	/* By this name it speaks of itself. */
	snprintf(name, sizeof(name), "fleet %s", verb->name);
	argv[1] = name;
	return command_call(verb->command, argc - 1, argv + 1);
}

/* It prints its help itself. */
const struct command cmd_fleet = {
	.name = "fleet",
	.summary = "one plan on many nodes, by Kubernetes or Slurm",
	.run = fleet_run,
};
