/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_MACHINE_QEMU_H
#define RUNNERS_MACHINE_QEMU_H

/*
 * qemu - the same guest in the VMM that is used today, as KubeVirt starts
 * it: q35, modern virtio, an I/O thread. The accelerator is read back from
 * the running QEMU; one that fell back to another is a failed run.
 */
#include <stdbool.h>
#include <sys/types.h>

struct runner_ops;

/* Whether the process has DEVICE open: what no message can claim. */
bool qemu_has_open(pid_t pid, const char *device);
/* What $L1VH_QEMU names, or the one in PATH. */
const char *qemu_path(void);

extern const struct runner_ops runner_qemu_kvm, runner_qemu_mshv;
extern const struct runner_ops runner_qemu_tcg;

#endif
