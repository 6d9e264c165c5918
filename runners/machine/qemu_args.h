/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_MACHINE_QEMU_ARGS_H
#define RUNNERS_MACHINE_QEMU_ARGS_H

/* qemu_args - the command line of QEMU for one boot. */
#include <stdbool.h>

#define VHOST_NET_DEVICE "/dev/vhost-net"

/* Why --net-poll skips a network workload, whoever starts QEMU. */
#define QEMU_NO_NET_POLL "QEMU does not poll for packets"

struct args;
struct bench_case;
struct io_plan;
struct io_site;
struct vsock_listener;

/* ACCEL is "kvm", "mshv" or "tcg", CPU the value of -cpu. All are borrowed; the
 * descriptors that the words name are those of machine.h. */
void qemu_args_add(struct args *a, const char *accel, const char *cpu,
		   const struct bench_case *bc,
		   const struct vsock_listener *vsock,
		   const struct io_site *site);

/* Whether its card's packets are vhost's on this host. */
bool qemu_wants_vhost(const struct io_plan *io);

#endif
