// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/host_meter.h"

#include <ctype.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness/base/base.h"
#include "harness/base/file.h"

#define KTHREADD_PID 2
#define KVM_STATS "/sys/kernel/debug/kvm"

/* Includes threads that have ended, which a sum over those there does not. */
static uint64_t process_ns(pid_t pid)
{
	struct timespec ts;
	clockid_t clock;

	if (pid <= 0 || clock_getcpuclockid(pid, &clock) ||
	    clock_gettime(clock, &ts))
		return 0;
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

/* proc(5): the first number of schedstat is time on the CPU. */
static uint64_t thread_ns(const char *pid)
{
	char path[64], line[128];

	snprintf(path, sizeof(path), "/proc/%.16s/schedstat", pid);
	return strtoull(file_first_line(path, line, sizeof(line)), NULL, 10);
}

/* proc(5): "PID (NAME) STATE PPID ...", where NAME may be anything. */
static bool is_kernel_thread(const char *pid, char *name, size_t size)
{
	char path[64], line[512];
	const char *open, *close;
	int parent = 0;

	snprintf(path, sizeof(path), "/proc/%.16s/stat", pid);
	file_first_line(path, line, sizeof(line));
	open = strchr(line, '(');
	close = strrchr(line, ')');
	if (!open || !close || sscanf(close + 1, " %*c %d", &parent) != 1)
		return false;
	snprintf(name, size, "%.*s", (int)(close - open - 1), open + 1);
	return parent == KTHREADD_PID;
}

static void read_kernel_threads(const struct host_meter *m,
				struct host_reading *out)
{
	char name[32], vhost[32];
	DIR *dir = opendir("/proc");
	struct dirent *e;

	/* vhost_worker names its thread after the process that owns it. */
	snprintf(vhost, sizeof(vhost), "vhost-%d", (int)m->machine);
	while (dir && (e = readdir(dir))) {
		if (!isdigit((unsigned char)e->d_name[0]) ||
		    !is_kernel_thread(e->d_name, name, sizeof(name)))
			continue;
		if (!strcmp(name, vhost))
			out->vhost_ns += thread_ns(e->d_name);
		else
			out->kernel_ns += thread_ns(e->d_name);
	}
	if (dir)
		closedir(dir);
}

/* A folder "PID-FD" for each VM, where debugfs is mounted and readable. */
static uint64_t read_kvm_exits(const struct host_meter *m)
{
	uint64_t sum = 0;
	bool found = false;
	char prefix[16], path[300], line[64];
	DIR *dir = m->reads_kvm ? opendir(KVM_STATS) : NULL;
	struct dirent *e;

	snprintf(prefix, sizeof(prefix), "%d-", (int)m->machine);
	while (dir && (e = readdir(dir))) {
		if (strncmp(e->d_name, prefix, strlen(prefix)))
			continue;
		snprintf(path, sizeof(path), KVM_STATS "/%s/exits", e->d_name);
		if (!*file_first_line(path, line, sizeof(line)))
			continue;
		sum += strtoull(line, NULL, 10);
		found = true;
	}
	if (dir)
		closedir(dir);
	return found ? sum : UINT64_MAX;
}

void host_meter_read(const struct host_meter *m, struct host_reading *out)
{
	*out = (struct host_reading){
		.machine_ns = process_ns(m->machine),
		.kvm_exits = read_kvm_exits(m),
	};
	read_kernel_threads(m, out);
}
