// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * selftest - run each check in its own child process and turn the child's end
 * into a result. The checks are in the other files here.
 */
#include "mshv/selftest/selftest.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/clock.h"
#include "harness/base/err.h"
#include "mshv/selftest/check.h"
#include "mshv/sys.h"

#define LIMIT_S 20 /* 64 partitions take 6 s on an emulated host */
#define LIMIT_NS (LIMIT_S * NS_PER_S)
#define KILL_LIMIT_NS NS_PER_S
#define POLL_NS (200 * NS_PER_US)

static const struct selftest_check *const tables[] = {
	selftest_device_checks,  selftest_partition_checks,
	selftest_hvcall_checks,  selftest_memory_checks,
	selftest_vp_checks,      selftest_register_checks,
	selftest_message_checks, selftest_intercept_checks,
	selftest_irq_checks,     selftest_eventfd_checks,
	selftest_synic_checks,
};

struct child {
	pid_t pid;
	int report_fd;
	int wait_status;
	bool is_late;  /* had to be killed */
	bool is_stuck; /* and did not even die of that */
};

static void __attribute__((noreturn))
child_main(const struct selftest_check *what, struct check *check, pid_t parent)
{
	sigset_t none;

	/* No orphan may keep a partition when the run itself is killed. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);

	/* The checks end RUN_VP by signals, whatever our caller blocks. */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);

	what->run(check);
	check_end(check, SELFTEST_OK, "%s", "");
}

static int child_start(struct child *child, const struct selftest_check *what,
		       const struct mshv_sys *sys, const char *path)
{
	struct check check = {.sys = sys, .path = path};
	pid_t parent = getpid();
	int ends[2];
	int code;

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK))
		return -errno;
	child->pid = fork();
	if (child->pid < 0) {
		code = -errno;
		close(ends[0]);
		close(ends[1]);
		return code;
	}
	if (!child->pid) {
		close(ends[0]);
		check.report_fd = ends[1];
		child_main(what, &check, parent);
	}
	close(ends[1]);
	child->report_fd = ends[0];
	return 0;
}

static bool child_has_ended(struct child *child, uint64_t limit_ns)
{
	const struct timespec pause = {.tv_nsec = POLL_NS};
	uint64_t deadline_ns = clock_mono_ns() + limit_ns;

	while (clock_mono_ns() < deadline_ns) {
		/* Also where our caller ignores SIGCHLD: ECHILD, gone. */
		if (waitpid(child->pid, &child->wait_status, WNOHANG))
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}

static void child_wait(struct child *child)
{
	if (child_has_ended(child, LIMIT_NS))
		return;
	child->is_late = true;
	kill(child->pid, SIGKILL);
	child->is_stuck = !child_has_ended(child, KILL_LIMIT_NS);
}

static void child_result(struct child *child, struct selftest_result *result)
{
	struct check_report report;
	ssize_t n;

	n = read(child->report_fd, &report, sizeof(report));
	result->status = SELFTEST_DEVIATION;
	if (child->is_stuck)
		snprintf(result->detail, sizeof(result->detail),
			 "the process cannot be killed; a device call hangs");
	else if (child->is_late && n == (ssize_t)sizeof(report))
		snprintf(result->detail, sizeof(result->detail),
			 "closing the device takes more than %d s", LIMIT_S);
	else if (child->is_late)
		snprintf(result->detail, sizeof(result->detail),
			 "no answer within %d s", LIMIT_S);
	else if (WIFSIGNALED(child->wait_status))
		snprintf(result->detail, sizeof(result->detail),
			 "killed by signal %d", WTERMSIG(child->wait_status));
	else if (n != (ssize_t)sizeof(report))
		snprintf(result->detail, sizeof(result->detail),
			 "ended with status %d and no answer",
			 WEXITSTATUS(child->wait_status));
	else {
		result->status = report.status;
		snprintf(result->detail, sizeof(result->detail), "%.*s",
			 (int)sizeof(report.detail) - 1, report.detail);
	}
}

static void run_one(const struct selftest_check *what,
		    const struct mshv_sys *sys, const char *path,
		    struct selftest_result *result)
{
	uint64_t started_mono_ns = clock_mono_ns();
	struct child child = {0};
	int ret;

	*result = (struct selftest_result){.name = what->name};
	ret = child_start(&child, what, sys, path);
	if (ret) {
		result->status = SELFTEST_SKIP;
		snprintf(result->detail, sizeof(result->detail),
			 "cannot start a process: %s", strerror(-ret));
		return;
	}
	child_wait(&child);
	child_result(&child, result);
	close(child.report_fd);
	result->elapsed_ns = clock_mono_ns() - started_mono_ns;
}

static void summary_add(struct selftest_summary *summary,
			enum selftest_status status)
{
	switch (status) {
	case SELFTEST_OK:
		summary->ok++;
		break;
	case SELFTEST_SKIP:
		summary->skipped++;
		break;
	case SELFTEST_DEVIATION:
	default:
		summary->deviations++;
		break;
	}
}

static bool is_chosen(const struct selftest_check *check, const char *only)
{
	return !only || strstr(check->name, only);
}

unsigned int selftest_count(const char *only)
{
	const struct selftest_check *check;
	unsigned int count = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tables); i++)
		for (check = tables[i]; check->name; check++)
			count += is_chosen(check, only);
	return count;
}

int selftest_run(const struct mshv_sys *sys, const char *path, const char *only,
		 selftest_report *report, void *arg,
		 struct selftest_summary *summary, struct err *err)
{
	const struct selftest_check *check;
	struct selftest_result result;
	size_t i;
	int fd;

	fd = sys_open(sys, path);
	if (fd < 0)
		return err_sys(err, fd, "cannot open '%s'", path);
	sys_close(sys, fd);

	*summary = (struct selftest_summary){0};
	for (i = 0; i < ARRAY_SIZE(tables); i++) {
		for (check = tables[i]; check->name; check++) {
			if (!is_chosen(check, only))
				continue;
			run_one(check, sys, path, &result);
			summary_add(summary, result.status);
			if (report)
				report(arg, &result);
		}
	}
	return 0;
}
