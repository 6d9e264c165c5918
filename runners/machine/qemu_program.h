/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_MACHINE_QEMU_PROGRAM_H
#define RUNNERS_MACHINE_QEMU_PROGRAM_H

/* qemu_program - the QEMU that is here, and what one of its processes has open. */
#include <stdbool.h>
#include <sys/types.h>

/* What $L1VH_QEMU names, or the one in PATH. */
const char *qemu_path(void);

/* Whether it lists ACCEL; false too where there is no QEMU. */
bool qemu_has_accelerator(const char *accel);

/* Whether the process has DEVICE open: what no message can claim. */
bool qemu_has_open(pid_t pid, const char *device);

#endif
