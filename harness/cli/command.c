// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/cli/command.h"

#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "harness/cli/option.h"

#define LOOK_AGAIN_MS 200

volatile bool stop_wanted;

static void on_signal(int sig)
{
	(void)sig;
	stop_wanted = true;
}

void stop_on_signals(void)
{
	struct sigaction sa = {.sa_handler = on_signal};

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
}

/* A signal between a look and pause() would be lost, and so would be one that
 * another thread gets. */
bool wait_until_stopped(uint64_t until_ns)
{
	while (!stop_wanted && clock_mono_ns() < until_ns)
		poll(NULL, 0, LOOK_AGAIN_MS);
	return stop_wanted;
}

int complain(int status, const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fputs("l1vh-bench: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return status;
}

static void print_usage(const struct command *c)
{
	fputs(c->usage, stdout);
	if (c->options)
		option_write_help(c->options, c->help_column, stdout);
	if (c->notes)
		fputs(c->notes, stdout);
}

/* What is behind "--" is another program's. */
static bool wants_help(const struct command *c, int argc, char **argv)
{
	int i, end = c->options ? argc : 2;

	for (i = 1; i < argc && i < end && strcmp(argv[i], "--") != 0; i++)
		if (!strcmp(argv[i], "--help"))
			return c->usage;
	return false;
}

int command_call(const struct command *c, int argc, char **argv)
{
	if (wants_help(c, argc, argv)) {
		print_usage(c);
		return STATUS_OK;
	}
	return c->run(argc, argv);
}

static bool has_reader(int fd)
{
	struct pollfd p = {.fd = fd};

	return poll(&p, 1, 0) != 1 || !(p.revents & (POLLERR | POLLHUP));
}

int command_end(int status)
{
	bool is_lost = fflush(stdout) || ferror(stdout);

	if (!is_lost || !has_reader(STDOUT_FILENO))
		return status;
	return complain(
		STATUS_INTERNAL,
		"cannot write to the standard output: it is incomplete; check for a full disk");
}

enum exit_status status_of_verdict(enum verdict v)
{
	if (v == VERDICT_PASS)
		return STATUS_OK;
	return v == VERDICT_FAIL ? STATUS_WORSE : STATUS_UNDECIDED;
}
