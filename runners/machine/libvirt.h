/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_MACHINE_LIBVIRT_H
#define RUNNERS_MACHINE_LIBVIRT_H

/*
 * libvirt - QEMU as KubeVirt starts it: by libvirt's own daemons, whose memory
 * counts as the guest's. A daemon that already runs may serve other guests, so
 * these runners start their own daemons or skip the boot.
 */
#include "harness/core/runner.h"

struct bench_case;
struct strbuf;

extern const struct runner_ops runner_libvirt_kvm, runner_libvirt_hyperv;

/* The domain that such a runner creates for BC, without disks and cards. */
void libvirt_domain_xml(const char *type, const struct bench_case *bc,
			struct strbuf *out);

#endif
