/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_KVM_H
#define RUNNERS_VMM_KVM_H

/* kvm - the backend over /dev/kvm. L1VH_KVM_DEVICE names another node. */
struct hv_ops;

extern const struct hv_ops hv_kvm;

#endif
