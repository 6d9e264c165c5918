/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_MACHINE_QEMU_H
#define RUNNERS_MACHINE_QEMU_H

/*
 * qemu - the same guest in QEMU, as KubeVirt starts it: q35, modern virtio, an
 * I/O thread.
 */
struct runner_ops;

extern const struct runner_ops runner_qemu_kvm, runner_qemu_mshv;
extern const struct runner_ops runner_qemu_mshv_emu, runner_qemu_tcg;

#endif
