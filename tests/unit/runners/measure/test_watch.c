// SPDX-License-Identifier: GPL-3.0-or-later
/* A watcher: a machine that stops itself to be looked at, and the group that
 * its process joins before it becomes a VMM. */
#include "tests/unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/proc.h"
#include "runners/measure/watch.h"
#include "tests/unit/fixture/scratch.h"

struct seen {
	int count;
	enum watch_moment moment;
	struct watch_process process;
	char state; /* of the process, by proc(5) */
};

static char state_of(pid_t pid)
{
	char path[64], line[256] = "", *end;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	if (!fgets(line, sizeof(line), f))
		line[0] = '\0';
	fclose(f);
	end = strrchr(line, ')');
	return end ? end[2] : 0;
}

static void look(void *arg, enum watch_moment moment,
		 const struct watch_process *processes, size_t count)
{
	struct seen *s = arg;

	assert_int_equal(count, 1);
	s->count++;
	s->moment = moment;
	s->process = processes[0];
	s->state = state_of(processes[0].pid);
}

static void moments_have_names(void **state)
{
	(void)state;
	assert_string_equal(watch_moment_name(WATCH_STARTED), "started");
	assert_string_equal(watch_moment_name(WATCH_READY), "ready");
	assert_string_equal(watch_moment_name(WATCH_TOUCHED), "touched");
	assert_string_equal(watch_moment_name(WATCH_GONE), "gone");
}

static void a_watcher_may_be_missing(void **state)
{
	const struct watch idle = {.procs_fd = -1};

	(void)state;
	watch_at(NULL, WATCH_READY, 1);
	watch_at(&idle, WATCH_READY, 1);
	/* Nor is a process sent on that nobody looked at. */
	watch_stopped(NULL, WATCH_READY, 0x7ffffff0);
	assert_int_equal(watch_enter(NULL), 0);
	assert_int_equal(watch_enter(&idle), 0);
}

/* It is looked at while it stands still, and goes on afterwards. Its name has
 * brackets, behind which its state is found. */
static void a_process_that_stopped_goes_on(void **state)
{
	struct seen seen = {.count = 0};
	const struct watch w = {.at = look, .arg = &seen, .procs_fd = -1};
	sigset_t cont;
	int status, sig;
	pid_t pid;

	(void)state;
	/* As a VMM that is held. */
	sigemptyset(&cont);
	sigaddset(&cont, SIGCONT);
	sigprocmask(SIG_BLOCK, &cont, NULL);
	prctl(PR_SET_NAME, "a) S (b");
	pid = fork();
	prctl(PR_SET_NAME, pid ? "test_watch" : "a) S (b");
	if (pid == 0) {
		setpgid(0, 0);
		sigwait(&cont, &sig);
		_exit(7);
	}
	sigprocmask(SIG_UNBLOCK, &cont, NULL);
	watch_stopped(&w, WATCH_STARTED, pid);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.moment, WATCH_STARTED);
	assert_int_equal(seen.process.pid, pid);
	assert_string_equal(seen.process.role, "vmm");
	assert_int_equal(seen.state, 'T');
	status = proc_reap(pid, 5 * NS_PER_S);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 7);
}

/* 0, or the error of watch_enter() in a process of its own. */
static int enter(const struct watch *w)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(-watch_enter(w));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void a_process_joins_its_group(void **state)
{
	struct watch w = {.procs_fd = -1};
	char path[SCRATCH_SIZE], text[8] = "";
	int fd;

	(void)state;
	scratch_file(path, "", 0);
	fd = open(path, O_RDWR | O_CLOEXEC);
	w.procs_fd = fd;
	/* A process that writes 0 joins (cgroup-v2.rst, "Processes"). */
	assert_int_equal(enter(&w), 0);
	assert_int_equal(pread(fd, text, sizeof(text), 0), 1);
	assert_string_equal(text, "0");
	close(fd);
	w.procs_fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(enter(&w), EBADF);
	close(w.procs_fd);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(moments_have_names),
		cmocka_unit_test(a_watcher_may_be_missing),
		cmocka_unit_test(a_process_that_stopped_goes_on),
		cmocka_unit_test(a_process_joins_its_group),
	};

	return RUN_TESTS(tests);
}
