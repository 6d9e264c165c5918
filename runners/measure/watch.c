// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/measure/watch.h"

#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>

#include "harness/base/base.h"
#include "harness/base/file.h"
#include "harness/base/stat_line.h"
#include "runners/measure/cgroup.h"

#define STOP_STEP_NS (2 * NS_PER_MS)
#define STATE_FIELD 3u /* proc(5), stat */
#define STOP_STEPS 1000

static const char *const names[] = {
	[WATCH_STARTED] = "started",
	[WATCH_READY] = "ready",
	[WATCH_TOUCHED] = "touched",
	[WATCH_GONE] = "gone",
};

const char *watch_moment_name(enum watch_moment moment)
{
	return names[moment];
}

void watch_at(const struct watch *w, enum watch_moment moment, pid_t pid)
{
	const struct watch_process vmm = {.role = "vmm", .pid = pid};

	if (w && w->at)
		w->at(w->arg, moment, &vmm, 1);
}

static bool is_stopped(pid_t pid)
{
	char path[64], line[512];
	const char *state;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	state = stat_line_field(file_first_line(path, line, sizeof(line)),
				STATE_FIELD);
	return state && *state == 'T';
}

void watch_stopped(const struct watch *w, enum watch_moment moment, pid_t pid)
{
	const struct timespec step = {.tv_nsec = STOP_STEP_NS};
	int i;

	if (!w)
		return;
	kill(pid, SIGSTOP);
	for (i = 0; i < STOP_STEPS && !is_stopped(pid); i++)
		nanosleep(&step, NULL);
	watch_at(w, moment, pid);
	kill(pid, SIGCONT);
}

int watch_enter(const struct watch *w)
{
	struct rlimit limit;
	int ret = 0;

	if (!w)
		return 0;
	if (w->procs_fd >= 0)
		ret = cgroup_join(w->procs_fd);
	if (ret || !w->has_memlock)
		return ret;
	limit.rlim_cur = limit.rlim_max = w->memlock_bytes;
	if (setrlimit(RLIMIT_MEMLOCK, &limit))
		return -errno;
	/* A program that root starts would have it again, and no limit. */
	return prctl(PR_CAPBSET_DROP, CAP_IPC_LOCK, 0, 0, 0) ? -errno : 0;
}
