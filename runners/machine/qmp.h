/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_MACHINE_QMP_H
#define RUNNERS_MACHINE_QMP_H

/*
 * qmp - asks a QEMU which accelerator it really uses, and reads its version and
 * why it ended (QEMU Machine Protocol, docs/interop/qmp-spec: the greeting, the
 * commands query-kvm and query-accelerators, the event SHUTDOWN).
 */
#include <stdbool.h>

#include "runners/link/guest_place.h"

struct qmp {
	int fd; /* borrowed; to write requests to */
	bool has_greeting;
	bool knows_kvm; /* query-kvm was answered */
	bool kvm_enabled;
	char accelerator[32]; /* by query-accelerators; "" if it has none */
	char version[160]; /* "10.0.2 (Debian ...)"; "" before the greeting */
	struct guest_place place; /* as qmp_ask_place() got it */
	char shutdown[32]; /* reason of SHUTDOWN, "guest-reset"; "" if none */
};

/* Resume a guest that was started paused (-S). */
void qmp_continue(struct qmp *q);

/* Ask where the guest is: its registers by the monitor's command, its disks by
 * query-blockstats. */
void qmp_ask_place(struct qmp *q);

/* RIP in the text of "info registers". */
bool qmp_parse_rip(const char *registers, uint64_t *rip);

/* One line that QEMU sent. ARG is a struct qmp. */
void qmp_line(void *arg, const char *line);

#endif
