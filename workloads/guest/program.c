// SPDX-License-Identifier: GPL-3.0-or-later
#include "workloads/guest/program.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* Exit status of a child that found no program, as in a shell. */
#define NO_PROGRAM 127

/* The agent keeps to one CPU; what it starts may use all it was given. */
static cpu_set_t cpus;
static bool has_cpus;

void program_remember_cpus(void)
{
	has_cpus = !sched_getaffinity(0, sizeof(cpus), &cpus);
}

static uint64_t timeval_ns(const struct timeval *tv)
{
	return (uint64_t)tv->tv_sec * 1000000000u +
	       (uint64_t)tv->tv_usec * 1000u;
}

/* Its files are in memory: a full pipe would stop the program. */
struct streams {
	int in, out, err;
};

static int open_streams(struct streams *s, const char *input)
{
	size_t len = strlen(input);

	s->in = memfd_create("in", MFD_CLOEXEC);
	s->out = memfd_create("out", MFD_CLOEXEC);
	s->err = memfd_create("err", MFD_CLOEXEC);
	if (s->in < 0 || s->out < 0 || s->err < 0 ||
	    write(s->in, input, len) != (ssize_t)len ||
	    lseek(s->in, 0, SEEK_SET))
		return -1;
	return 0;
}

static void close_streams(const struct streams *s)
{
	if (s->in >= 0)
		close(s->in);
	if (s->out >= 0)
		close(s->out);
	if (s->err >= 0)
		close(s->err);
}

static void child_exec(const struct wl_program *p, const struct streams *s)
{
	if (dup2(s->in, 0) < 0 || dup2(s->out, 1) < 0 || dup2(s->err, 2) < 0)
		_exit(126);
	if (has_cpus && sched_setaffinity(0, sizeof(cpus), &cpus))
		_exit(126);
	execvp(p->argv[0], (char *const *)p->argv);
	_exit(errno == ENOENT ? NO_PROGRAM : 126);
}

static char *read_all(int fd, size_t max, size_t *len)
{
	off_t end = lseek(fd, 0, SEEK_END);
	char *text;
	ssize_t n;

	*len = 0;
	if (end < 0 || (size_t)end > max)
		return NULL;
	text = malloc((size_t)end + 1);
	if (!text)
		return NULL;
	n = pread(fd, text, (size_t)end, 0);
	*len = n > 0 ? (size_t)n : 0;
	text[*len] = '\0';
	return text;
}

/* The last line that is not empty: programs print the cause last. */
static void last_line(int fd, char *buf, size_t size)
{
	size_t len;
	char *text = read_all(fd, PROGRAM_OUTPUT_MAX, &len);
	char *line;

	buf[0] = '\0';
	if (!text)
		return;
	while (len && text[len - 1] == '\n')
		text[--len] = '\0';
	line = strrchr(text, '\n');
	snprintf(buf, size, "%s", line ? line + 1 : text);
	free(text);
}

/* iperf3 says why it failed in its JSON, and nothing on stderr. */
static void json_error(const char *output, char *buf, size_t size)
{
	static const char key[] = "\"error\":\t\"";
	const char *p = output ? strstr(output, key) : NULL;

	if (!p)
		return;
	p += strlen(key);
	snprintf(buf, size, "%.*s", (int)strcspn(p, "\""), p);
}

static enum wl_answer judge_end(const struct wl_program *p, int status,
				const struct streams *s,
				struct program_run *run, char *reason,
				size_t size)
{
	char said[160];

	if (WIFEXITED(status) && WEXITSTATUS(status) == NO_PROGRAM) {
		snprintf(reason, size, "there is no %s here", p->argv[0]);
		return WL_SKIP;
	}
	run->output = read_all(s->out, PROGRAM_OUTPUT_MAX, &run->output_len);
	last_line(s->err, said, sizeof(said));
	if (WIFSIGNALED(status)) {
		snprintf(reason, size, "%s was killed by signal %d%s%s",
			 p->argv[0], WTERMSIG(status), said[0] ? ": " : "",
			 said);
		return WL_FAIL;
	}
	if (WEXITSTATUS(status)) {
		json_error(run->output, said, sizeof(said));
		snprintf(reason, size, "%s ended with %d: %s", p->argv[0],
			 WEXITSTATUS(status), said);
		return WL_FAIL;
	}
	if (!run->output) {
		snprintf(reason, size, "%s said too much", p->argv[0]);
		return WL_FAIL;
	}
	return WL_OK;
}

enum wl_answer program_run(const struct wl_program *program,
			   struct program_run *run, char *reason, size_t size)
{
	struct streams s = {-1, -1, -1};
	enum wl_answer answer = WL_FAIL;
	struct rusage usage;
	int status = 0;
	pid_t pid;

	memset(run, 0, sizeof(*run));
	snprintf(reason, size, "cannot start %s", program->argv[0]);
	if (open_streams(&s, program->input)) {
		close_streams(&s);
		return WL_FAIL;
	}
	pid = fork();
	if (pid == 0)
		child_exec(program, &s);
	if (pid > 0) {
		while (wait4(pid, &status, 0, &usage) < 0 && errno == EINTR)
			;
		run->user_ns = timeval_ns(&usage.ru_utime);
		run->system_ns = timeval_ns(&usage.ru_stime);
		answer = judge_end(program, status, &s, run, reason, size);
	}
	close_streams(&s);
	return answer;
}

void program_run_release(struct program_run *run)
{
	free(run->output);
	run->output = NULL;
}
