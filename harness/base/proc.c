// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/clock.h"
#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/strbuf.h"

/* After SIGKILL; a machine's memory takes seconds to be given back. */
#define KILL_NS (20 * NS_PER_S)

/* The first number above all that SPEC's child is to see. */
static int child_first_free(const struct proc_spec *spec)
{
	int first = STDERR_FILENO + 1;
	int i;

	for (i = 0; i < spec->fd_count; i++)
		if (spec->fds[i].child >= first)
			first = spec->fds[i].child + 1;
	return first;
}

/*
 * Descriptors are first moved to FIRST_FREE and above, so that placing one
 * never overwrites another that has still to be placed.
 */
static int child_place_fds(const struct proc_spec *spec, int first_free)
{
	int moved[16];
	int i;

	if (spec->fd_count > (int)ARRAY_SIZE(moved))
		return -EINVAL;
	for (i = 0; i < spec->fd_count; i++) {
		int from = spec->fds[i].parent;

		if (from < 0)
			from = open("/dev/null", O_RDWR | O_CLOEXEC);
		moved[i] = fcntl(from, F_DUPFD_CLOEXEC, first_free);
		if (moved[i] < 0)
			return -errno;
	}
	for (i = 0; i < spec->fd_count; i++)
		if (dup2(moved[i], spec->fds[i].child) < 0)
			return -errno;
	return 0;
}

static void child_reset_signals(void)
{
	sigset_t none;
	int sig;

	for (sig = 1; sig < NSIG; sig++)
		if (sig != SIGKILL && sig != SIGSTOP)
			signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* In another PID namespace the parent has no number; it is the pipe's reader. */
static bool parent_is_gone(int status_fd, pid_t parent)
{
	struct pollfd pfd = {.fd = status_fd};

	if (getpid() == 1)
		return poll(&pfd, 1, 0) > 0 && pfd.revents & POLLERR;
	return getppid() != parent;
}

static void child_run(const struct proc_spec *spec, const int *status,
		      pid_t parent)
{
	int status_fd = status[1];
	int first_free = child_first_free(spec);
	int high = fcntl(status_fd, F_DUPFD_CLOEXEC, first_free);
	int ret = high < 0 ? -errno : 0;

	close(status[0]);
	child_reset_signals();
	setpgid(0, 0);
	/* The first process of a PID namespace ignores what it does not handle
	 * yet. */
	prctl(PR_SET_PDEATHSIG, getpid() == 1 ? SIGKILL : SIGTERM);
	/* The parent may have died before the line above took effect. */
	if (parent_is_gone(status_fd, parent))
		_exit(127);
	if (ret)
		high = status_fd;
	else
		ret = child_place_fds(spec, first_free);
	/* Whoever of us left a descriptor open: the child inherits the list. */
	close_range((unsigned int)first_free, ~0U, CLOSE_RANGE_CLOEXEC);
	if (!ret && spec->prepare)
		ret = spec->prepare(spec->prepare_arg);
	if (!ret) {
		execvp(spec->argv[0], (char *const *)spec->argv);
		ret = -errno;
	}
	if (write(high, &ret, sizeof(ret)) < 0)
		_exit(126);
	_exit(127);
}

/* The child is in its user namespace who it was outside: who has no number in one
 * cannot make another. */
static void map_own(const char *path, unsigned int id)
{
	char text[32];

	snprintf(text, sizeof(text), "%u %u 1", id, id);
	/* A namespace without a map is one all the same. */
	file_put(path, text);
}

/*
 * As fork() without its handlers: the child calls what a signal handler may, and
 * becomes another program. 0 in the child.
 */
static pid_t fork_into_pid_ns(void)
{
	unsigned int uid = getuid(), gid = getgid();
	pid_t pid =
		(pid_t)syscall(SYS_clone, SIGCHLD | CLONE_NEWPID, 0, 0, 0, 0);

	if (pid >= 0)
		return pid;
	pid = (pid_t)syscall(SYS_clone, SIGCHLD | CLONE_NEWPID | CLONE_NEWUSER,
			     0, 0, 0, 0);
	if (pid)
		return pid;
	file_put("/proc/self/setgroups", "deny");
	map_own("/proc/self/uid_map", uid);
	map_own("/proc/self/gid_map", gid);
	return 0;
}

int proc_spawn(const struct proc_spec *spec, pid_t *pid, struct err *err)
{
	pid_t self = getpid();
	int status[2];
	int code = 0;
	ssize_t n;

	if (pipe2(status, O_CLOEXEC))
		return err_sys(err, -errno, "cannot make a pipe");
	*pid = spec->wants_pid_ns ? fork_into_pid_ns() : -1;
	if (*pid < 0)
		*pid = fork();
	if (*pid == 0)
		child_run(spec, status, self);
	close(status[1]);
	if (*pid < 0) {
		close(status[0]);
		return err_sys(err, -errno, "cannot fork");
	}
	setpgid(*pid, *pid);
	do {
		n = read(status[0], &code, sizeof(code));
	} while (n < 0 && errno == EINTR);
	close(status[0]);
	if (n <= 0)
		return 0;
	waitpid(*pid, NULL, 0);
	*pid = -1;
	return err_sys(err, code, "cannot start '%s'", spec->argv[0]);
}

/* Until FD, of a process, says that it has ended, or the time is up. */
static void await_end(int fd, uint64_t timeout_ns)
{
	uint64_t deadline = clock_mono_ns() + timeout_ns;
	struct pollfd pfd = {.fd = fd, .events = POLLIN};

	while (fd >= 0) {
		uint64_t now = clock_mono_ns();

		if (now >= deadline ||
		    poll(&pfd, 1, (int)((deadline - now) / NS_PER_MS) + 1) > 0)
			break;
	}
}

int proc_reap(pid_t pid, uint64_t timeout_ns)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	int status = 0;
	pid_t ended;

	await_end(fd, timeout_ns);
	if (waitpid(pid, &status, WNOHANG) == 0) {
		kill(-pid, SIGKILL);
		await_end(fd, KILL_NS);
		/* Abandon a child that the kernel cannot kill: a wait without
		 * a limit would hang as well. */
		do {
			ended = waitpid(pid, &status, fd >= 0 ? WNOHANG : 0);
		} while (ended < 0 && errno == EINTR);
		if (ended == 0)
			status = SIGKILL;
	}
	/* What the child itself left running goes too. */
	kill(-pid, SIGKILL);
	if (fd >= 0)
		close(fd);
	return status;
}

void proc_kill(pid_t pid)
{
	if (pid <= 0)
		return;
	kill(-pid, SIGKILL);
	proc_reap(pid, 0);
}

const char *proc_status_text(int status, char *buf, size_t size)
{
	if (WIFSIGNALED(status))
		snprintf(buf, size, "was killed by signal %d (%s)",
			 WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(buf, size, "exited with status %d",
			 WEXITSTATUS(status));
	return buf;
}

/* Until the end of FD; a part of what is said is not what is said. */
static int drain(int fd, struct strbuf *out)
{
	char buf[16384];
	ssize_t n;

	for (;;) {
		n = read(fd, buf, sizeof(buf));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : 0;
		strbuf_add(out, buf, (size_t)n);
	}
}

/* Input goes through a memfd, so that it can never block against output. The
 * descriptor, or a negative errno. */
static int input_fd(const char *input)
{
	int fd = memfd_create("input", MFD_CLOEXEC);
	int ret = fd < 0 ? -errno : 0;

	if (!ret && input)
		ret = file_write_all(fd, input, strlen(input));
	if (!ret && lseek(fd, 0, SEEK_SET) < 0)
		ret = -errno;
	if (ret && fd >= 0)
		close(fd);
	return ret ? ret : fd;
}

static int capture(const char *const *argv, const char *input, bool with_stderr,
		   struct strbuf *out, struct err *err)
{
	int in = input_fd(input);
	int pipefd[2];
	char text[80];
	pid_t pid;
	int ret, lost;

	if (in < 0 || pipe2(pipefd, O_CLOEXEC)) {
		ret = err_sys(err, in < 0 ? in : -errno, "cannot prepare '%s'",
			      argv[0]);
		goto out;
	}
	{
		struct proc_fd fds[] = {
			{in, 0}, {pipefd[1], 1}, {pipefd[1], 2}};
		struct proc_spec spec = {.argv = argv,
					 .fds = fds,
					 .fd_count = with_stderr ? 3 : 2};

		ret = proc_spawn(&spec, &pid, err);
	}
	close(pipefd[1]);
	lost = ret ? 0 : drain(pipefd[0], out);
	/* Before the wait: what is not read any more must not block the child. */
	close(pipefd[0]);
	if (!ret) {
		ret = proc_reap(pid, 60 * NS_PER_S);
		if (ret)
			ret = err_set(
				err, -EIO, "'%s' %s", argv[0],
				proc_status_text(ret, text, sizeof(text)));
		else if (lost)
			ret = err_sys(err, lost, "cannot read what '%s' prints",
				      argv[0]);
	}
out:
	if (in >= 0)
		close(in);
	return ret;
}

int proc_capture(const char *const *argv, const char *input, struct strbuf *out,
		 struct err *err)
{
	return capture(argv, input, false, out, err);
}

int proc_capture_all(const char *const *argv, struct strbuf *out,
		     struct err *err)
{
	return capture(argv, NULL, true, out, err);
}

int proc_spawn_piped(const char *const *argv, pid_t *pid, int *to_fd,
		     int *from_fd, struct err *err)
{
	int to[2], from[2];
	int ret;

	if (pipe2(to, O_CLOEXEC))
		return err_sys(err, -errno, "cannot make a pipe");
	if (pipe2(from, O_CLOEXEC)) {
		close(to[0]);
		close(to[1]);
		return err_sys(err, -errno, "cannot make a pipe");
	}
	{
		const struct proc_fd fds[] = {
			{to[0], 0}, {from[1], 1}, {STDERR_FILENO, 2}};
		const struct proc_spec spec = {
			.argv = argv, .fds = fds, .fd_count = ARRAY_SIZE(fds)};

		ret = proc_spawn(&spec, pid, err);
	}
	close(to[0]);
	close(from[1]);
	*to_fd = to[1];
	*from_fd = from[0];
	return ret;
}

int proc_read_line(int fd, int timeout_ms, char *line, size_t size)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	size_t len = 0;

	while (len + 1 < size && !memchr(line, '\n', len)) {
		int ready = poll(&p, 1, timeout_ms);
		ssize_t n;

		if (ready < 0 && errno == EINTR)
			continue;
		if (ready <= 0)
			return ready ? -errno : -ETIMEDOUT;
		n = read(fd, line + len, size - 1 - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EPIPE;
		len += (size_t)n;
	}
	line[len] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return 0;
}
