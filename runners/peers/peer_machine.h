/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_PEERS_PEER_MACHINE_H
#define RUNNERS_PEERS_PEER_MACHINE_H

/* peer_machine - one machine of a peer: its files, its command line, its end, and
 * whether it used the hypervisor that it was asked for. */
#include <stdbool.h>

#include "runners/link/vsock_listener.h"
#include "runners/machine/args.h"
#include "runners/peers/peer_folder.h"

struct bench_case;
struct err;
struct io_site;
struct peer;
struct peer_case;
struct result;
struct watch;

struct peer_machine {
	const struct peer *peer; /* borrowed, as the next */
	const struct bench_case *bc;
	const struct io_site *site;
	struct peer_folder folder;
	struct vsock_listener vsock;
	char *kernel, *initrd, *cmdline, *socket; /* owned, as all below */
	char *home;
	char **env; /* for the VMM; its words but the first are the process's */
	struct args args;
	bool has_device_open; /* when the agent said hello */
};

/* SITE has the case, the guest's environment, disks and card, and is borrowed. 0 or a
 * negative errno; close it in any case. */
int peer_machine_open(struct peer_machine *m, const struct peer_case *c,
		      const struct io_site *site, struct err *err);
void peer_machine_close(struct peer_machine *m);

/* Fills RES. */
void peer_machine_run(struct peer_machine *m, const struct watch *watch,
		      struct result *res);

/* Whether this host's kernel has a vsock for guests. */
bool peer_machine_has_vsock(void);

#endif
