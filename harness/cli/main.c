// SPDX-License-Identifier: GPL-3.0-or-later
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "harness/cli/command.h"
#include "harness/core/envinfo.h"

static void print_help(FILE *out)
{
	const struct command *const *c;

	fputs("usage: l1vh-bench COMMAND [OPTIONS]\n"
	      "Boot identical guests, measure them and the host, compare.\n\n",
	      out);
	for (c = commands; *c; c++)
		if ((*c)->summary)
			fprintf(out, "  %-9s %s\n", (*c)->name, (*c)->summary);
	fputs("\n'l1vh-bench COMMAND --help' says more. Exit status: 0 all measured,\n"
	      "1 something worse, 2 undecided or cases failed, 64 usage, 70 internal.\n",
	      out);
}

int main(int argc, char **argv)
{
	const struct command *const *c;

	signal(SIGPIPE, SIG_IGN);
	if (argc < 2) {
		print_help(stderr);
		return STATUS_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
	    !strcmp(argv[1], "help")) {
		print_help(stdout);
		return STATUS_OK;
	}
	if (!strcmp(argv[1], "--version")) {
		printf("l1vh-bench %s\n", envinfo_revision());
		return STATUS_OK;
	}
	for (c = commands; *c; c++) {
		if (strcmp(argv[1], (*c)->name))
			continue;
		if (argc > 2 && !strcmp(argv[2], "--help") && (*c)->usage) {
			fputs((*c)->usage, stdout);
			return STATUS_OK;
		}
		return (*c)->run(argc - 1, argv + 1);
	}
	return complain(STATUS_USAGE,
			"unknown command '%s'; 'l1vh-bench --help' lists them",
			argv[1]);
}
