// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/libvirt/libvirt_helper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/clock.h"
#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/proc.h"
#include "harness/base/strbuf.h"
#include "runners/libvirt/libvirt_daemon.h"
#include "runners/libvirt/virsh.h"
#include "runners/machine/machine.h"

#define PID_FOLDER "/run/libvirt/qemu"
#define CONSOLE_MAX 65536
#define STEP_NS (20 * NS_PER_MS)
/* A daemon probes QEMU's capabilities twice before it answers. */
#define READY_NS (60 * NS_PER_S)
#define DAEMON_END_NS (3 * NS_PER_S)

struct helper {
	const char *name, *xml, *console;
	struct libvirt_limits limits;
	pid_t virtlogd, virtqemud, qemu;
};

static volatile sig_atomic_t end_asked;

static void on_signal(int sig)
{
	(void)sig;
	end_asked = 1;
}

static void step(void)
{
	const struct timespec ts = {.tv_nsec = STEP_NS};

	nanosleep(&ts, NULL);
}

/* It stays a zombie for end_all(), which kill() would take for a process. */
static bool has_ended(pid_t child)
{
	siginfo_t info = {.si_pid = 0};

	return waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG | WNOWAIT) ||
	       info.si_pid;
}

static int start_daemons(struct helper *h, struct err *err)
{
	uint64_t deadline = clock_mono_ns() + READY_NS;
	int ret =
		libvirt_daemon_start(&h->limits, "virtlogd", &h->virtlogd, err);

	if (!ret)
		ret = libvirt_daemon_start(&h->limits, libvirt_daemon_name(),
					   &h->virtqemud, err);
	while (!ret && !libvirt_daemon_socket() && !end_asked) {
		if (clock_mono_ns() > deadline || has_ended(h->virtqemud))
			return err_set(err, -ETIMEDOUT, "%s does not answer",
				       libvirt_daemon_name());
		step();
	}
	if (!ret)
		ret = libvirt_daemon_limit(&h->limits, h->virtqemud, err);
	return ret ? ret : virsh("version", NULL, NULL, err);
}

static int find_qemu(struct helper *h, struct err *err)
{
	char path[300], line[32];

	snprintf(path, sizeof(path), PID_FOLDER "/%s.pid", h->name);
	h->qemu = (pid_t)strtol(file_first_line(path, line, sizeof(line)), NULL,
				10);
	return h->qemu > 0 ? 0
			   : err_set(err, -ESRCH, "'%s' has no process", path);
}

/* A signal may come just before a read, which would then wait for ever. */
static bool hears_a_line(void)
{
	struct pollfd fd = {.fd = MACHINE_EVENTS_FD, .events = POLLIN};
	char c;

	while (!end_asked) {
		if (poll(&fd, 1, STEP_NS / NS_PER_MS) <= 0)
			continue;
		if (read(MACHINE_EVENTS_FD, &c, 1) != 1)
			return false;
		/* Anything else is a question, which a paused guest has no
		 * answer to. */
		if (c == '\n')
			return true;
	}
	return false;
}

/* Somebody looks at the processes now, and says when he has. */
static void wait_to_go_on(const struct helper *h)
{
	char line[64];
	int len = snprintf(line, sizeof(line), "paused %d %d %d\n",
			   (int)h->qemu, (int)h->virtqemud, (int)h->virtlogd);

	if (write(MACHINE_EVENTS_FD, line, (size_t)len) != len ||
	    !hears_a_line())
		end_asked = 1;
}

/* Answer whoever wants to know where the guest is. */
static void tell_place(const struct helper *h)
{
	uint64_t rip;

	if (virsh_guest_rip(h->name, &rip))
		dprintf(MACHINE_EVENTS_FD, "place 0x%llx\n",
			(unsigned long long)rip);
}

/* Wait a step; a byte meanwhile is a question. */
static void serve_step(const struct helper *h)
{
	struct pollfd pfd = {.fd = MACHINE_EVENTS_FD, .events = POLLIN};
	char c;

	if (poll(&pfd, 1, STEP_NS / NS_PER_MS) <= 0)
		return;
	if (read(pfd.fd, &c, 1) == 1)
		tell_place(h);
	else
		end_asked = 1;
}

static int run_domain(struct helper *h, struct err *err)
{
	int ret = virsh("create", h->xml, "--paused", err);

	if (!ret)
		ret = find_qemu(h, err);
	if (ret)
		return ret;
	wait_to_go_on(h);
	if (!end_asked)
		ret = virsh("resume", h->name, NULL, err);
	while (!ret && !end_asked && !kill(h->qemu, 0))
		serve_step(h);
	return ret;
}

static void show_console(const struct helper *h)
{
	struct strbuf text = {0};

	file_read(h->console, CONSOLE_MAX, &text);
	if (write(STDOUT_FILENO, strbuf_str(&text), text.len) < 0)
		end_asked = 1;
	strbuf_release(&text);
}

/* QEMU is not our child, and outlives a daemon that is killed. */
static void end_all(struct helper *h)
{
	if (h->qemu > 0 && !kill(h->qemu, 0))
		kill(h->qemu, SIGKILL);
	if (h->virtqemud > 0) {
		kill(h->virtqemud, SIGTERM);
		proc_reap(h->virtqemud, DAEMON_END_NS);
	}
	if (h->virtlogd > 0) {
		kill(h->virtlogd, SIGTERM);
		proc_reap(h->virtlogd, DAEMON_END_NS);
	}
	if (h->limits.procs_fd >= 0)
		close(h->limits.procs_fd);
}

static int open_procs(struct helper *h, const char *path, struct err *err)
{
	h->limits.procs_fd = -1;
	if (!strcmp(path, "-"))
		return 0;
	h->limits.procs_fd = open(path, O_WRONLY | O_CLOEXEC);
	return h->limits.procs_fd >= 0
		       ? 0
		       : err_sys(err, -errno, "cannot open '%s'", path);
}

int libvirt_helper_main(int argc, char **argv)
{
	struct sigaction sa = {.sa_handler = on_signal};
	struct helper h = {.limits = {.procs_fd = -1}};
	struct err err = {0};
	int ret;

	if (argc != 6)
		return 64;
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	h.name = argv[1];
	h.xml = argv[2];
	h.console = argv[3];
	h.limits.has_memlock = strcmp(argv[5], "-") != 0;
	h.limits.memlock_bytes = strtoull(argv[5], NULL, 10);
	ret = open_procs(&h, argv[4], &err);
	if (!ret)
		ret = start_daemons(&h, &err);
	if (!ret)
		ret = run_domain(&h, &err);
	show_console(&h);
	if (ret)
		dprintf(STDOUT_FILENO, "%s\n", err.msg);
	end_all(&h);
	return ret ? 1 : 0;
}
