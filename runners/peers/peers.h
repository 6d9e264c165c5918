/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_PEERS_PEERS_H
#define RUNNERS_PEERS_PEERS_H

/* peers - the runners of other VMMs, see peer.h. */
struct runner_ops;

extern const struct runner_ops runner_cloud_hypervisor;
extern const struct runner_ops runner_cloud_hypervisor_mshv;
extern const struct runner_ops runner_cloud_hypervisor_mshv_emu;
extern const struct runner_ops runner_crosvm;
extern const struct runner_ops runner_firecracker;
extern const struct runner_ops runner_kvmtool;

#endif
