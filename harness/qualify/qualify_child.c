// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/qualify/qualify_child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/clock.h"
#include "harness/base/err.h"
#include "harness/base/proc.h"
#include "harness/base/strbuf.h"

#define OUTPUT_MAX_BYTES (256 * KIB)
#define READ_BYTES 16384
#define PIPE_BYTES (1024 * 1024) /* at most (pipe(7)) */
#define TICK_MS 100
/* To end by itself, and store what it has. */
#define LAST_WORDS_NS (5 * NS_PER_S)

/* The pipe's reading end is the caller's on success. */
static int spawn(char *const *words, pid_t *pid, int *out_fd, struct err *err)
{
	struct proc_fd fds[] = {{-1, 0}, {-1, 1}, {-1, 2}};
	const struct proc_spec spec = {.argv = (const char *const *)words,
				       .fds = fds,
				       .fd_count = ARRAY_SIZE(fds)};
	int out[2];
	int ret;

	if (pipe2(out, O_CLOEXEC))
		return err_sys(err, -errno, "cannot make a pipe");
	fds[1].parent = fds[2].parent = out[1];
	ret = proc_spawn(&spec, pid, err);
	close(out[1]);
	*out_fd = out[0];
	if (ret)
		close(out[0]);
	return ret;
}

/* False at the end of the stream. */
static bool take_output(int fd, int wait_ms, struct strbuf *output)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN};
	char buf[READ_BYTES];
	ssize_t n;

	if (poll(&pfd, 1, wait_ms) <= 0)
		return true;
	n = read(fd, buf, sizeof(buf));
	if (n > 0) {
		strbuf_add(output, buf, (size_t)n);
		strbuf_keep_tail(output, OUTPUT_MAX_BYTES);
	}
	return n > 0 || (n < 0 && errno == EINTR);
}

/* Until DEADLINE_NS: whether the process has ended. Its own children may hold
 * the stream, so the process counts and not the stream. */
static bool await(pid_t pid, int fd, uint64_t deadline_ns,
		  const volatile bool *stop, struct strbuf *output, int *status)
{
	bool has_stream = true;

	while (clock_mono_ns() < deadline_ns && !(stop && *stop)) {
		if (has_stream)
			has_stream = take_output(fd, TICK_MS, output);
		else
			poll(NULL, 0, TICK_MS);
		if (waitpid(pid, status, WNOHANG) == pid)
			return true;
	}
	return false;
}

/* What is still in the pipe: a pipe's worth, for a grandchild may write on. */
static void drain(int fd, struct strbuf *output)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN};
	int left = PIPE_BYTES / READ_BYTES + 1;

	while (left-- && poll(&pfd, 1, 0) == 1 && take_output(fd, 0, output))
		;
}

int child_run(char *const *words, uint64_t limit_ns, const volatile bool *stop,
	      struct strbuf *output, struct child_end *end, struct err *err)
{
	uint64_t start_ns = clock_mono_ns();
	int fd = -1, status = 0;
	bool has_ended;
	pid_t pid;
	int ret = spawn(words, &pid, &fd, err);

	*end = (struct child_end){.exit_status = -1};
	if (ret)
		return ret;
	has_ended = await(pid, fd, start_ns + limit_ns, stop, output, &status);
	end->is_stopped = !has_ended && stop && *stop;
	end->is_late = !has_ended && !end->is_stopped;
	if (!has_ended) {
		kill(-pid, SIGTERM);
		has_ended = await(pid, fd, clock_mono_ns() + LAST_WORDS_NS,
				  NULL, output, &status);
	}
	if (!has_ended)
		proc_kill(pid);
	else if (WIFEXITED(status))
		end->exit_status = WEXITSTATUS(status);
	drain(fd, output);
	close(fd);
	end->elapsed_ns = clock_mono_ns() - start_ns;
	return 0;
}
