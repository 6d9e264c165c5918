/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_KVM_H
#define RUNNERS_VMM_KVM_H

/* kvm - the backend over /dev/kvm. L1VH_KVM_DEVICE names another node. */
struct hv_ops;
struct sandbox_requests;

extern const struct hv_ops hv_kvm;

/* What the VMM's threads ask of it while a guest runs. */
extern const struct sandbox_requests kvm_requests;

#endif
