// SPDX-License-Identifier: GPL-3.0-or-later
#include <fcntl.h>
#include <gsl/gsl_errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/xmalloc.h"
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

static int unknown(const char *name)
{
	return complain(STATUS_USAGE,
			"unknown command '%s'; 'l1vh-bench --help' lists them",
			name);
}

/* NULL: none of that name. */
static const struct command *find_command(const char *name)
{
	const struct command *const *c;

	for (c = commands; *c; c++)
		if (!strcmp(name, (*c)->name))
			return *c;
	return NULL;
}

/* `help COMMAND` is `COMMAND --help`, and `help fleet VERB` that verb's. WORDS are
 * behind "help". */
static int help(int count, char **words)
{
	const struct command *c = count > 0 ? find_command(words[0]) : NULL;
	char option[] = "--help";
	char *of_command[] = {words[0], option, NULL};
	char *of_verb[] = {words[0], words[1], option, NULL};

	if (count <= 0) {
		print_help(stdout);
		return STATUS_OK;
	}
	if (!c || !c->summary)
		return unknown(words[0]);
	return count > 1 ? command_call(c, 3, of_verb)
			 : command_call(c, 2, of_command);
}

static int dispatch(int argc, char **argv)
{
	const struct command *c;

	if (argc < 2) {
		print_help(stderr);
		return STATUS_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
	    !strcmp(argv[1], "help"))
		return help(argc - 2, argv + 2);
	if (!strcmp(argv[1], "--version")) {
		printf("l1vh-bench %s\n", envinfo_revision());
		return STATUS_OK;
	}
	c = find_command(argv[1]);
	return c ? command_call(c, argc - 1, argv + 1) : unknown(argv[1]);
}

/* Or the results would be the first file to get the number of a stream that the
 * caller has closed, and messages would be written into them. What stands in for it
 * fails when it is used. */
static void streams_fill(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", fd ? O_RDONLY : O_WRONLY) != fd)
			return;
}

int main(int argc, char **argv)
{
	streams_fill();
	signal(SIGPIPE, SIG_IGN);
	/* It ends the process where a quantile does not converge; without it the
	 * caller gets a NaN. */
	gsl_set_error_handler_off();
	/* Without memory it would leave characters out of a text and go on. */
	json_set_alloc_funcs(xmalloc, free);
	return command_end(dispatch(argc, argv));
}
