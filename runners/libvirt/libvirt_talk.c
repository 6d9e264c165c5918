// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/libvirt/libvirt_talk.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness/base/file.h"
#include "runners/machine/args.h"
#include "runners/machine/qemu_program.h"

/* The helper is the machine's process, but not part of a guest's cost. */
void libvirt_talk_relay(void *arg, enum watch_moment moment,
			const struct watch_process *processes, size_t count)
{
	struct libvirt_talk *talk = arg;

	(void)processes;
	(void)count;
	if (talk->outer && talk->outer->at)
		talk->outer->at(talk->outer->arg, moment, talk->processes,
				sizeof(talk->processes) /
					sizeof(talk->processes[0]));
}

/* "paused QEMU VIRTQEMUD VIRTLOGD", or "place 0xRIP" */
const char *libvirt_talk_line(void *arg, pid_t helper, const char *line)
{
	struct libvirt_talk *talk = arg;
	int qemu, virtqemud, virtlogd;

	if (sscanf(line, "place 0x%" SCNx64, &talk->place.rip) == 1) {
		talk->place.knows_rip = true;
		return NULL;
	}
	if (sscanf(line, "paused %d %d %d", &qemu, &virtqemud, &virtlogd) != 3)
		return NULL;
	talk->processes[0] = (struct watch_process){"vmm", qemu};
	talk->processes[1] = (struct watch_process){"virtqemud", virtqemud};
	talk->processes[2] = (struct watch_process){"virtlogd", virtlogd};
	if (!qemu_has_open(qemu, talk->device)) {
		snprintf(talk->reason, sizeof(talk->reason),
			 "libvirt's QEMU does not use %s", talk->device);
		return talk->reason;
	}
	watch_at(&talk->relay, WATCH_STARTED, helper);
	if (write(talk->events_fd, "\n", 1) != 1)
		return "the helper has gone";
	return NULL;
}

/* The helper asks libvirt; the guest is QEMU's. */
pid_t libvirt_talk_ask(void *arg, pid_t helper)
{
	struct libvirt_talk *talk = arg;

	talk->place.knows_rip = false;
	if (talk->processes[0].pid <= 0)
		return 0; /* there is no QEMU yet */
	if (write(talk->events_fd, "?", 1) != 1)
		return helper; /* it has gone, and so has QEMU */
	return talk->processes[0].pid;
}

void libvirt_talk_add_args(struct args *a, const struct libvirt_talk *talk)
{
	const struct libvirt_domain *d = &talk->domain;
	const struct watch *watch = talk->outer;
	char link[64], path[400];
	char *self = file_beside_exe("l1vh-bench");
	ssize_t n = -1;

	args_add(a, "%s", self);
	args_add(a, "libvirt-helper");
	args_add(a, "%s", d->name);
	args_add(a, "%s", d->xml);
	args_add(a, "%s", d->console);
	if (watch && watch->procs_fd >= 0) {
		snprintf(link, sizeof(link), "/proc/self/fd/%d",
			 watch->procs_fd);
		n = readlink(link, path, sizeof(path) - 1);
	}
	path[n > 0 ? n : 0] = '\0';
	args_add(a, "%s", n > 0 ? path : "-");
	if (watch && watch->has_memlock)
		args_add(a, "%" PRIu64, watch->memlock_bytes);
	else
		args_add(a, "-");
	free(self);
}

/* QEMU is not the helper's child: one that was killed leaves it behind. */
void libvirt_talk_end(const struct libvirt_talk *talk)
{
	pid_t pid = talk->processes[0].pid;

	if (pid > 0 && qemu_has_open(pid, talk->device))
		kill(pid, SIGKILL);
}
