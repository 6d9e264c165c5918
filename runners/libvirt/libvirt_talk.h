/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_LIBVIRT_LIBVIRT_TALK_H
#define RUNNERS_LIBVIRT_LIBVIRT_TALK_H

/*
 * libvirt_talk - a runner's end of the talk with the helper that starts a
 * domain: which processes the guest's memory is in, and where the guest is. The
 * helper is the machine's process, but not part of a guest's cost.
 */
#include <sys/types.h>

#include "runners/libvirt/libvirt_domain.h"
#include "runners/link/guest_place.h"
#include "runners/measure/watch.h"

struct args;

/* A domain and who watches it. */
struct libvirt_talk {
	struct libvirt_domain domain;
	const char *device;        /* that QEMU is to have open */
	const struct watch *outer; /* NULL: no watcher */
	struct watch relay;
	struct watch_process processes[3];
	struct guest_place place;
	int events_fd; /* to the helper */
	char reason[80];
};

/* The helper's command line. */
void libvirt_talk_add_args(struct args *a, const struct libvirt_talk *talk);

/* For machine.h and watch.h, with the talk as ARG: a line of the helper's,
 * "paused QEMU VIRTQEMUD VIRTLOGD" or "place 0xRIP"; a moment of the machine;
 * the question where the guest is. */
const char *libvirt_talk_line(void *arg, pid_t helper, const char *line);
void libvirt_talk_relay(void *arg, enum watch_moment moment,
			const struct watch_process *processes, size_t count);
pid_t libvirt_talk_ask(void *arg, pid_t helper);

/* The machine is gone: so is its QEMU, whatever became of the helper. */
void libvirt_talk_end(const struct libvirt_talk *talk);

#endif
