/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_MACHINE_QEMU_WITNESS_H
#define RUNNERS_MACHINE_QEMU_WITNESS_H

/*
 * qemu_witness - which accelerator a QEMU really uses, read back while it runs:
 * by QMP at once, and by what it has open when the guest's agent says hello. A
 * QEMU that fell back to another accelerator is a failed run.
 */
#include <stdbool.h>
#include <sys/types.h>

#include "runners/machine/qmp.h"

struct io_site;
struct result;
struct watch;

struct qemu_witness {
	struct qmp qmp;
	struct io_site *site;      /* gets the packet path */
	const struct watch *watch; /* NULL: it does not start paused */
	const char *wanted;
	char reason[80];
	bool has_kvm_open, has_mshv_open;
};

/* These two for machine.h, with the witness as ARG: a line of QMP, after which a
 * reason ends the machine; and the agent's hello. */
const char *qemu_witness_line(void *arg, pid_t pid, const char *line);
void qemu_witness_look(void *arg, pid_t pid);

/* Makes RES a failed run where something else was measured than was asked for. */
void qemu_witness_judge(const struct qemu_witness *w, struct result *res);

/* QEMU's version, and its own reason for a bad end. */
void qemu_witness_add_words(const struct qmp *q, struct result *res);

#endif
