// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What a thread does that asked for a forbidden call. The kernel has not carried
 * it out, and will not: a guest that rules the VMM can make this message lie, but
 * cannot get the call.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "runners/vmm/sandbox/sandbox_priv.h"

static int report_fd = -1;
static _Thread_local enum sandbox_thread own_kind;

/* Signal handlers may not use stdio. */
static size_t append(char *text, size_t at, size_t size, const char *part)
{
	while (*part && at + 1 < size)
		text[at++] = *part++;
	text[at] = '\0';
	return at;
}

static size_t append_number(char *text, size_t at, size_t size,
			    unsigned int number, unsigned int base)
{
	char digits[12], *p = digits + sizeof(digits) - 1;

	*p = '\0';
	do {
		*--p = "0123456789abcdef"[number % base];
		number /= base;
	} while (number);
	return append(text, at, size, p);
}

/* An ioctl's request is its second argument. */
static size_t append_request(char *text, size_t at, size_t size,
			     const ucontext_t *context)
{
	at = append(text, at, size, ", request 0x");
	return append_number(text, at, size,
			     (unsigned int)context->uc_mcontext.gregs[REG_RSI],
			     16);
}

static void say(int fd, const char *text, size_t len)
{
	if (fd >= 0)
		syscall(SYS_write, fd, text, len);
}

/* A newline comes first, for another thread may be in the midst of a line. */
static void on_forbidden(int sig, siginfo_t *info, void *context)
{
	const char *name = filter_call_name(info->si_syscall);
	char text[160];
	size_t at;

	(void)sig;
	at = append(text, 0, sizeof(text),
		    "\nerror the VMM was stopped by its sandbox: system call ");
	if (name)
		at = append(text, at, sizeof(text), name);
	else
		at = append_number(text, at, sizeof(text),
				   (unsigned int)info->si_syscall, 10);
	at = append(text, at, sizeof(text), " in the ");
	at = append(text, at, sizeof(text), sandbox_thread_name(own_kind));
	at = append(text, at, sizeof(text), " thread");
	if (info->si_syscall == SYS_ioctl)
		at = append_request(text, at, sizeof(text), context);
	at = append(text, at, sizeof(text), "\n");
	say(report_fd, text, at);
	say(STDERR_FILENO, text, at);
	/* Not by a library's _exit(), which may want to make calls first. */
	for (;;)
		syscall(SYS_exit_group, TRAP_EXIT_STATUS);
}

int trap_set(int events_fd)
{
	struct sigaction action = {.sa_sigaction = on_forbidden,
				   .sa_flags = SA_SIGINFO | SA_NODEFER};

	report_fd = events_fd;
	return sigaction(SIGSYS, &action, NULL) ? -errno : 0;
}

void trap_set_kind(enum sandbox_thread kind)
{
	own_kind = kind;
}
