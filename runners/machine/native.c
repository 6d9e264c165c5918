// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/machine/native.h"

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "harness/base/file.h"
#include "harness/core/bench_case.h"
#include "harness/core/result.h"
#include "harness/core/runner.h"
#include "runners/machine/device_host.h"
#include "runners/machine/machine.h"
#include "runners/site/io_site.h"
#include "workloads/workload.h"

/*
 * The first CPUs that we may use. The memory limit is on address space: it
 * needs no privilege and no cgroup, and the agent maps what it uses.
 */
static int limit(const struct bench_case *bc)
{
	struct rlimit lim = {.rlim_cur = bc->ram_bytes,
			     .rlim_max = bc->ram_bytes};
	uint32_t left = bc->vcpu_count;
	cpu_set_t have, want;
	int cpu;

	if (sched_getaffinity(0, sizeof(have), &have))
		return -errno;
	CPU_ZERO(&want);
	for (cpu = 0; cpu < CPU_SETSIZE && left; cpu++)
		if (CPU_ISSET(cpu, &have)) {
			CPU_SET(cpu, &want);
			left--;
		}
	if (sched_setaffinity(0, sizeof(want), &want) ||
	    setrlimit(RLIMIT_AS, &lim))
		return -errno;
	return 0;
}

/* The function that the plan names and that can be had; never one that some
 * environment names. */
static int name_device(const struct io_site *site)
{
	bool is_refused =
		site->env.disk_refusal[0] || site->env.disk_failure[0];

	if (!site->bc->io.device_count || is_refused)
		return unsetenv(WL_DEVICE) ? -errno : 0;
	return setenv(WL_DEVICE, site->bc->io.devices[0], 1) ? -errno : 0;
}

static int prepare(void *arg)
{
	const struct io_site *site = arg;
	int ret = name_device(site);

	return ret ? ret : limit(site->bc);
}

static void native_run(const struct bench_case *bc, struct result *res)
{
	char *agent = file_beside_exe("guest-agent");
	char fd[16];
	const char *const argv[] = {agent, "--channel-fd", fd, NULL};
	struct io_site site;
	const struct machine_spec spec = {.argv = argv,
					  .site = &site,
					  .prepare = prepare,
					  .prepare_arg = &site};

	snprintf(fd, sizeof(fd), "%d", MACHINE_CHANNEL_FD);
	res->grade = grade_of_host();
	io_site_open(&site, bc, NET_NATIVE);
	machine_run(&spec, bc, res);
	io_site_close(&site);
	device_host_run(bc, res);
	free(agent);
}

const struct runner_ops runner_native_again = {
	.name = "native-again",
	.vmm = RUNNER_NO_GUEST,
	.summary = "native under a second name, for A/A comparisons",
	.grade = grade_of_host,
	.run = native_run,
};

const struct runner_ops runner_native = {
	.name = "native",
	.vmm = RUNNER_NO_GUEST,
	.summary = "on the host itself, no guest",
	.grade = grade_of_host,
	.run = native_run,
};
