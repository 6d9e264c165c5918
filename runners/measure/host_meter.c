// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/measure/host_meter.h"

#include <ctype.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness/base/base.h"
#include "harness/base/file.h"
#include "harness/base/stat_line.h"

#define KTHREADD_PID 2
#define PARENT_FIELD 4u /* proc(5), stat */
#define KVM_STATS "/sys/kernel/debug/kvm"

/* Includes threads that have ended; a sum over existing threads does not. */
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

static bool is_kernel_thread(const char *pid, char *name, size_t size)
{
	char path[64], line[512];
	const char *parent;

	snprintf(path, sizeof(path), "/proc/%.16s/stat", pid);
	file_first_line(path, line, sizeof(line));
	parent = stat_line_field(line, PARENT_FIELD);
	return parent && stat_line_name(line, name, size) &&
	       strtol(parent, NULL, 10) == KTHREADD_PID;
}

pid_t host_meter_machine(const struct host_meter *m)
{
	return m->vmm && *m->vmm > 0 ? *m->vmm : m->machine;
}

/* False where /proc cannot be listed. */
static bool read_kernel_threads(const struct host_meter *m,
				struct host_reading *out)
{
	char name[32], vhost[32];
	DIR *dir = opendir("/proc");
	struct dirent *e;

	/* vhost_worker names its thread after the process that owns it. */
	snprintf(vhost, sizeof(vhost), "vhost-%d", (int)host_meter_machine(m));
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
	return dir != NULL;
}

static void add_stats(const char *folder, struct host_reading *out)
{
	static const char *const names[] = {
		[KVM_STAT_EXITS] = "exits",
		[KVM_STAT_HALT_EXITS] = "halt_exits",
		[KVM_STAT_IRQ_EXITS] = "irq_exits",
	};
	char path[300], line[64];
	size_t i;

	for (i = 0; i < KVM_STAT_COUNT; i++) {
		snprintf(path, sizeof(path), KVM_STATS "/%.200s/%s", folder,
			 names[i]);
		if (!*file_first_line(path, line, sizeof(line)))
			continue;
		if (out->kvm[i] == UINT64_MAX)
			out->kvm[i] = 0;
		out->kvm[i] += strtoull(line, NULL, 10);
	}
}

/* A folder "PID-FD" for each VM, where debugfs is mounted and readable. */
static void read_kvm(const struct host_meter *m, struct host_reading *out)
{
	DIR *dir = m->reads_kvm ? opendir(KVM_STATS) : NULL;
	struct dirent *e;
	char prefix[16];
	size_t i;

	for (i = 0; i < KVM_STAT_COUNT; i++)
		out->kvm[i] = UINT64_MAX;
	snprintf(prefix, sizeof(prefix), "%d-", (int)host_meter_machine(m));
	while (dir && (e = readdir(dir)))
		if (!strncmp(e->d_name, prefix, strlen(prefix)))
			add_stats(e->d_name, out);
	if (dir)
		closedir(dir);
}

uint64_t host_meter_cpu_ns(const struct host_meter *m)
{
	return process_ns(host_meter_machine(m));
}

void host_meter_read(const struct host_meter *m, struct host_reading *out)
{
	uint64_t vps_ns;

	*out = (struct host_reading){.has_machine = !m->hides_cpu,
				     .machine_ns =
					     process_ns(host_meter_machine(m))};
	if (m->hides_cpu && mshv_stats_run_ns(&m->vps, &vps_ns)) {
		out->has_machine = true;
		out->machine_ns += vps_ns;
	}
	read_kvm(m, out);
	out->has_threads = !m->skips_threads && read_kernel_threads(m, out);
}
