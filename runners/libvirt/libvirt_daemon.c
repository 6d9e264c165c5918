// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/libvirt/libvirt_daemon.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/proc.h"
#include "runners/measure/cgroup.h"

const char *libvirt_daemon_name(void)
{
	return file_in_path("virtqemud")  ? "virtqemud"
	       : file_in_path("libvirtd") ? "libvirtd"
					  : NULL;
}

static bool is_heard(const char *path)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool heard;

	if (fd < 0)
		return false;
	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	heard = !connect(fd, (struct sockaddr *)&at, sizeof(at));
	close(fd);
	return heard;
}

const char *libvirt_daemon_socket(void)
{
	static const char *const paths[] = {"/run/libvirt/virtqemud-sock",
					    "/run/libvirt/libvirt-sock"};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(paths); i++)
		if (is_heard(paths[i]))
			return paths[i];
	return NULL;
}

/* In a daemon's process: into the guest's cgroup, and, where the guest is held
 * to a limit, without the right to pass it: like a pod's. */
static int enter(void *arg)
{
	const struct libvirt_limits *l = arg;
	int ret = l->procs_fd >= 0 ? cgroup_join(l->procs_fd) : 0;

	if (ret || !l->has_memlock)
		return ret;
	if (prctl(PR_CAPBSET_DROP, CAP_IPC_LOCK, 0, 0, 0) ||
	    prctl(PR_CAPBSET_DROP, CAP_SYS_RESOURCE, 0, 0, 0))
		return -errno;
	return 0;
}

int libvirt_daemon_start(const struct libvirt_limits *l, const char *program,
			 pid_t *pid, struct err *err)
{
	const char *const argv[] = {program, NULL};
	const struct proc_fd fds[] = {
		{-1, 0}, {STDOUT_FILENO, 1}, {STDOUT_FILENO, 2}};
	const struct proc_spec spec = {.argv = argv,
				       .fds = fds,
				       .fd_count = ARRAY_SIZE(fds),
				       .prepare = enter,
				       .prepare_arg = (void *)l};

	return proc_spawn(&spec, pid, err);
}

/* As virt-handler does from outside, for what libvirt's child inherits. */
int libvirt_daemon_limit(const struct libvirt_limits *l, pid_t daemon,
			 struct err *err)
{
	const struct rlimit limit = {.rlim_cur = l->memlock_bytes,
				     .rlim_max = l->memlock_bytes};

	if (l->has_memlock && prlimit(daemon, RLIMIT_MEMLOCK, &limit, NULL))
		return err_sys(err, -errno,
			       "cannot set RLIMIT_MEMLOCK of virtqemud");
	return 0;
}
