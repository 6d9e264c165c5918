// SPDX-License-Identifier: GPL-3.0-or-later
/* proc: what a child gets, how it ends, and what is left of it: nothing. */
#include "tests/unit/test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "harness/base/proc.h"
#include "harness/base/strbuf.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/scratch.h"

#define SHELL(script) ((const char *const[]){"sh", "-c", (script), NULL})

static void a_start_that_fails_says_why(void **state)
{
	static const char *const argv[] = {"/nonexistent/program", NULL};
	const struct proc_spec spec = {.argv = argv};
	struct strbuf out = {0};
	struct err err = {0};
	pid_t pid = 77;

	(void)state;
	assert_int_equal(proc_spawn(&spec, &pid, &err), -ENOENT);
	assert_contains(err.msg, "/nonexistent/program");
	assert_int_equal(pid, -1);
	assert_int_equal(proc_capture(argv, NULL, &out, &err), -ENOENT);
	assert_int_equal(out.len, 0);
}

static void status_of(const char *script, char *text, size_t size)
{
	const struct proc_spec spec = {.argv = SHELL(script)};
	struct err err = {0};
	pid_t pid;

	assert_int_equal(proc_spawn(&spec, &pid, &err), 0);
	proc_status_text(proc_reap(pid, 60 * NS_PER_S), text, size);
}

/* SCRIPT's output, when it is the first process of a PID namespace. */
static void said_in_pid_ns(const char *script, char *text, size_t size)
{
	int out[2];
	ssize_t n;

	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	{
		const struct proc_fd fds[] = {{out[1], 1}};
		const struct proc_spec spec = {.argv = SHELL(script),
					       .fds = fds,
					       .fd_count = 1,
					       .wants_pid_ns = true};
		struct err err = {0};
		pid_t pid;

		assert_int_equal(proc_spawn(&spec, &pid, &err), 0);
		assert_int_equal(proc_reap(pid, 60 * NS_PER_S), 0);
	}
	close(out[1]);
	n = read(out[0], text, size - 1);
	assert_true(n >= 0);
	text[n] = '\0';
	close(out[0]);
}

static void a_child_may_be_the_first_of_its_pid_namespace(void **state)
{
	char text[64], want[64];

	(void)state;
	snprintf(want, sizeof(want), "1 %u\n", (unsigned int)getuid());
	said_in_pid_ns("echo $$ $(id -u)", text, sizeof(text));
	if (strncmp(text, "1 ", 2) != 0) {
		printf("SKIP: this host permits no PID namespace\n");
		skip();
	}
	assert_string_equal(text, want);
}

static void endings_have_words(void **state)
{
	static const struct {
		const char *script, *text;
	} cases[] = {
		{"exit 0", "exited with status 0"},
		{"exit 3", "exited with status 3"},
		{"exit 255", "exited with status 255"},
		{"kill -9 $$", "was killed by signal 9 (Killed)"},
		{"kill -15 $$", "was killed by signal 15 (Terminated)"},
	};
	char text[80];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		status_of(cases[i].script, text, sizeof(text));
		assert_string_equal(text, cases[i].text);
	}
}

static void what_does_not_end_is_killed(void **state)
{
	const struct proc_spec spec = {
		.argv = SHELL("trap '' TERM; sleep 1000; sleep 1000")};
	struct err err = {0};
	int status;
	pid_t pid;

	(void)state;
	assert_int_equal(proc_spawn(&spec, &pid, &err), 0);
	status = proc_reap(pid, 10 * NS_PER_MS);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
	assert_int_equal(kill(pid, 0), -1);
}

/* Whether the other end of FD is closed by everybody, soon. */
static bool is_let_go(int fd)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN};
	char byte;

	return poll(&pfd, 1, 20000) == 1 && read(fd, &byte, 1) == 0;
}

/* The shell's own child holds the pipe for as long as it lives. */
static void children_of_a_child_go_with_it(void **state)
{
	static const char *const scripts[] = {
		"sleep 1000 & echo; wait", /* killed */
		"sleep 1000 & echo",       /* ends by itself */
	};
	struct err err = {0};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(scripts); i++) {
		int to = -1, from = -1;
		char byte;
		pid_t pid;

		assert_int_equal(proc_spawn_piped(SHELL(scripts[i]), &pid, &to,
						  &from, &err),
				 0);
		assert_int_equal(read(from, &byte, 1), 1);
		if (i == 0)
			proc_kill(pid);
		else
			assert_int_equal(proc_reap(pid, 60 * NS_PER_S), 0);
		assert_true(is_let_go(from));
		close(to);
		close(from);
	}
	/* Neither of these is a process; one would be this group. */
	proc_kill(0);
	proc_kill(-1);
}

static void pipes_go_both_ways(void **state)
{
	static const char *const cat[] = {"cat", NULL};
	int to = -1, from = -1;
	struct err err = {0};
	char buf[8] = "";
	pid_t pid;

	(void)state;
	assert_int_equal(proc_spawn_piped(cat, &pid, &to, &from, &err), 0);
	assert_int_equal(write(to, "there", 5), 5);
	assert_int_equal(read(from, buf, sizeof(buf) - 1), 5);
	assert_string_equal(buf, "there");
	close(to);
	assert_true(is_let_go(from));
	assert_int_equal(proc_reap(pid, 60 * NS_PER_S), 0);
	close(from);
}

/* Either is more than a pipe holds, and than is read at once. */
static void much_goes_in_and_comes_out(void **state)
{
	static const char *const cat[] = {"cat", NULL};
	struct strbuf in = {0}, out = {0};
	struct err err = {0};
	int i;

	(void)state;
	for (i = 0; i < 100000; i++)
		strbuf_printf(&in, "%d\n", i);
	strbuf_puts(&out, "before ");
	assert_int_equal(proc_capture(cat, in.str, &out, &err), 0);
	assert_int_equal(out.len, in.len + 7);
	assert_memory_equal(out.str, "before ", 7);
	assert_memory_equal(out.str + 7, in.str, in.len);
	strbuf_release(&in);
	strbuf_release(&out);
}

static void output_is_kept_whatever_the_end(void **state)
{
	static const struct {
		const char *script, *out, *says;
		int ret;
	} cases[] = {
		{"cat; echo out", "out\n", "", 0}, /* nothing to read */
		{"echo out; exit 2", "out\n", "'sh' exited with status 2",
		 -EIO},
		{"echo out; kill -6 $$", "out\n", "'sh' was killed by signal 6",
		 -EIO},
	};
	struct strbuf out = {0};
	struct err err = {0};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(
			proc_capture(SHELL(cases[i].script), NULL, &out, &err),
			cases[i].ret);
		assert_string_equal(out.str, cases[i].out);
		assert_contains(err.msg, cases[i].says);
		strbuf_release(&out);
	}
	assert_int_equal(proc_capture_all(SHELL("echo a; echo b >&2; echo c"),
					  &out, &err),
			 0);
	assert_string_equal(out.str, "a\nb\nc\n");
	strbuf_release(&out);
}

/* A file that holds TEXT, without a name. */
static int file_of(const char *text)
{
	char path[SCRATCH_SIZE];
	int fd;

	scratch_file(path, text, strlen(text));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	unlink(path);
	assert_true(fd >= 0);
	return fd;
}

/* What SPEC's child prints to a pipe that is its stdout. */
static void output_of(const char *script, struct proc_fd *fds, int fd_count,
		      char *buf, size_t size)
{
	struct proc_spec spec = {
		.argv = SHELL(script), .fds = fds, .fd_count = fd_count};
	struct err err = {0};
	int ends[2];
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	fds[0] = (struct proc_fd){ends[1], 1};
	if (proc_spawn(&spec, &pid, &err))
		fail_msg("%s", err.msg);
	close(ends[1]);
	assert_int_equal(proc_reap(pid, 60 * NS_PER_S), 0);
	n = read(ends[0], buf, size - 1);
	buf[n > 0 ? n : 0] = '\0';
	close(ends[0]);
}

/* Each wants the number that the other has here. */
static void descriptors_change_places(void **state)
{
	int a = file_of("a"), b = file_of("b");
	struct proc_fd fds[] = {{0, 0}, {a, b}, {b, a}, {a, 200}, {-1, 0}};
	char script[160], buf[64];

	(void)state;
	snprintf(script, sizeof(script),
		 "cd /proc/self/fd && cat %d && cat %d && cat 200 && cat", a,
		 b);
	output_of(script, fds, ARRAY_SIZE(fds), buf, sizeof(buf));
	assert_string_equal(buf, "baa");
	close(a);
	close(b);
}

/* Not even what somebody opened without O_CLOEXEC. */
static void a_child_inherits_nothing_else(void **state)
{
	struct proc_fd fds[] = {{0, 0}};
	int secret = file_of("secret");
	char script[200], buf[64];

	(void)state;
	assert_int_equal(fcntl(secret, F_SETFD, 0), 0);
	snprintf(script, sizeof(script),
		 "test -e /proc/$$/fd/%d || echo closed;"
		 " test $$ = $(cut -d' ' -f5 /proc/$$/stat) && echo leader",
		 secret);
	output_of(script, fds, 1, buf, sizeof(buf));
	assert_string_equal(buf, "closed\nleader\n");
	close(secret);
}

/* Whatever the harness blocks and ignores, a guest must hear. */
static void signals_are_as_they_were_made(void **state)
{
	static const char *const argv[] = {"grep", "^Sig[BI]",
					   "/proc/self/status", NULL};
	unsigned long long blocked = 1, ignored = 1;
	struct strbuf out = {0};
	struct err err = {0};
	sigset_t some, before;
	int ret;

	(void)state;
	sigemptyset(&some);
	sigaddset(&some, SIGTERM);
	assert_int_equal(sigprocmask(SIG_BLOCK, &some, &before), 0);
	signal(SIGUSR1, SIG_IGN);
	ret = proc_capture(argv, NULL, &out, &err);
	signal(SIGUSR1, SIG_DFL);
	sigprocmask(SIG_SETMASK, &before, NULL);
	assert_int_equal(ret, 0);
	assert_int_equal(sscanf(out.str, "SigBlk: %llx SigIgn: %llx", &blocked,
				&ignored),
			 2);
	assert_true(blocked == 0);
	assert_true((ignored & 1ULL << (SIGUSR1 - 1)) == 0);
	strbuf_release(&out);
}

static int say_pid(void *arg)
{
	const int *fd = arg;
	pid_t pid = getpid();

	return write(*fd, &pid, sizeof(pid)) == sizeof(pid) ? 0 : -EIO;
}

static int refuse(void *arg)
{
	(void)arg;
	return -EPERM;
}

static void preparations_are_the_childs(void **state)
{
	struct proc_spec spec = {.argv = SHELL("exit 0"), .prepare = say_pid};
	struct err err = {0};
	pid_t pid, said = 0;
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	spec.prepare_arg = &ends[1];
	assert_int_equal(proc_spawn(&spec, &pid, &err), 0);
	assert_int_equal(read(ends[0], &said, sizeof(said)), sizeof(said));
	assert_int_equal(said, pid);
	assert_int_equal(proc_reap(pid, 60 * NS_PER_S), 0);
	spec.prepare = refuse;
	assert_int_equal(proc_spawn(&spec, &pid, &err), -EPERM);
	close(ends[0]);
	close(ends[1]);
}

/* The pipe that tells of it has a number too, which nothing may take. */
static void a_failure_is_told_past_every_descriptor(void **state)
{
	static const char *const argv[] = {"/nonexistent/program", NULL};
	struct proc_fd fds[17];
	struct proc_spec spec = {.argv = argv, .fds = fds, .fd_count = 16};
	struct err err = {0};
	pid_t pid;
	int i;

	(void)state;
	for (i = 0; i < 17; i++)
		fds[i] = (struct proc_fd){-1, 95 + i};
	assert_int_equal(proc_spawn(&spec, &pid, &err), -ENOENT);
	spec.fd_count = 17;
	assert_int_equal(proc_spawn(&spec, &pid, &err), -EINVAL);
	fds[3].parent = 1000000; /* nobody's */
	spec.fd_count = 4;
	assert_int_equal(proc_spawn(&spec, &pid, &err), -EBADF);
	assert_int_equal(pid, -1);
}

/* The lowest number is that of the folder itself, which is free again. */
static int count_open(int *first_free)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	*first_free = dirfd(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

static int cat_with(rlim_t limit, int *to, int *from, pid_t *pid)
{
	static const char *const cat[] = {"cat", NULL};
	struct rlimit before, less;
	struct err err = {0};
	int ret;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	less = (struct rlimit){limit, before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &less), 0);
	ret = proc_spawn_piped(cat, pid, to, from, &err);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	return ret;
}

/* Two pipes, one for the start, and in the child four more; each may be the
 * first that there is no number for. */
static void without_descriptors_nothing_starts(void **state)
{
	int i, first, ret = -EMFILE, count = count_open(&first);

	(void)state;
	for (i = 0; ret && i < 20; i++) {
		int to = -1, from = -1;
		pid_t pid = -1;

		ret = cat_with((rlim_t)(first + i), &to, &from, &pid);
		/* The kernel says EINVAL of a number that may not be asked. */
		assert_true(!ret || ret == -EMFILE || ret == -EINVAL);
		assert_int_equal(to >= 0, i >= 4);
		if (to >= 0) {
			close(to);
			close(from);
		}
		if (!ret)
			assert_int_equal(proc_reap(pid, 60 * NS_PER_S), 0);
		assert_int_equal(count_open(&first), count);
	}
	assert_int_equal(ret, 0);
	assert_in_range(i, 7, 19);
}

static void on_alarm(int sig)
{
	(void)sig;
}

/* A signal is no end, and no answer is not yet none. */
static void signals_do_not_cut_a_line(void **state)
{
	const struct sigaction act = {.sa_handler = on_alarm};
	const struct itimerval often = {{0, 5000}, {0, 5000}}, never = {0};
	struct sigaction old;
	struct err err = {0};
	char line[64];
	int to, from, ret;
	pid_t pid;

	(void)state;
	assert_int_equal(
		proc_spawn_piped(
			SHELL("sleep 0.2; printf he; sleep 0.1; echo llo"),
			&pid, &to, &from, &err),
		0);
	sigaction(SIGALRM, &act, &old);
	setitimer(ITIMER_REAL, &often, NULL);
	ret = proc_read_line(from, 20000, line, sizeof(line));
	setitimer(ITIMER_REAL, &never, NULL);
	sigaction(SIGALRM, &old, NULL);
	assert_int_equal(ret, 0);
	assert_string_equal(line, "hello");
	assert_int_equal(proc_read_line(from, 20000, line, sizeof(line)),
			 -EPIPE);
	close(to);
	close(from);
	proc_reap(pid, 60 * NS_PER_S);
	/* What cannot be read has not ended. */
	to = open("/", O_RDONLY | O_CLOEXEC);
	assert_int_equal(proc_read_line(to, 0, line, sizeof(line)), -EISDIR);
	close(to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_start_that_fails_says_why),
		cmocka_unit_test(a_child_may_be_the_first_of_its_pid_namespace),
		cmocka_unit_test(endings_have_words),
		cmocka_unit_test(what_does_not_end_is_killed),
		cmocka_unit_test(children_of_a_child_go_with_it),
		cmocka_unit_test(pipes_go_both_ways),
		cmocka_unit_test(much_goes_in_and_comes_out),
		cmocka_unit_test(output_is_kept_whatever_the_end),
		cmocka_unit_test(signals_do_not_cut_a_line),
		cmocka_unit_test(descriptors_change_places),
		cmocka_unit_test(a_child_inherits_nothing_else),
		cmocka_unit_test(signals_are_as_they_were_made),
		cmocka_unit_test(preparations_are_the_childs),
		cmocka_unit_test(a_failure_is_told_past_every_descriptor),
		cmocka_unit_test(without_descriptors_nothing_starts),
	};

	return RUN_TESTS(tests);
}
