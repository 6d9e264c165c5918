/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_LIBVIRT_LIBVIRT_H
#define RUNNERS_LIBVIRT_LIBVIRT_H

/*
 * libvirt - QEMU as KubeVirt starts it: by libvirt's own daemons, whose memory
 * counts as the guest's. A daemon that already runs may serve other guests, so
 * these runners start their own daemons or skip the boot.
 */
#include "harness/core/runner.h"

extern const struct runner_ops runner_libvirt_kvm, runner_libvirt_hyperv;

#endif
