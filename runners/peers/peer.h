/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_PEERS_PEER_H
#define RUNNERS_PEERS_PEER_H

/*
 * peer - our guest in the VMM of others: the same kernel, initramfs and agent,
 * which calls over vsock. What all of them share; each has a file of its own with
 * its options.
 *
 * A peer has a serial console and a vsock, where it says so a disk and a card, and no
 * device of the host's. Its programs are looked for in the folder $PEERS, if that is set, and
 * in PATH.
 */
#include <stdbool.h>
#include <stdint.h>

#include "harness/core/grade.h"

struct args;
struct bench_case;
struct err;
struct io_site;
struct peer_version;
struct result;

/* What a machine of a VMM is called that wants a name for it. */
#define PEER_NAME "l1vh"

/* How a VMM passes on what a guest's agent says. */
enum peer_vsock {
	PEER_VSOCK_KERNEL, /* by /dev/vhost-vsock */
	PEER_VSOCK_FILE,   /* by a Unix socket, whose path is an option */
};

/* What there is for one boot; all borrowed. */
struct peer_boot {
	const struct bench_case *bc;
	const char *program;
	const struct peer_version *version;
	const char *kernel; /* a bzImage, or the ELF inside it: see needs_elf */
	const char *initrd, *cmdline;
	const char *folder;         /* for files, see peer_folder.h */
	const char *socket;         /* the VMM's own, with PEER_VSOCK_FILE */
	uint32_t cid;               /* the guest's */
	const struct io_site *site; /* its disks and its card */
};

/* What of a disk and a card a VMM has here. */
struct peer_io {
	bool has_disks;
	bool has_direct_io; /* else all goes through the host's page cache */
	bool has_queues;    /* for one disk or card as many as vCPUs */
	bool has_card;      /* over a TAP that has a name */
	/* The serial number that it gives a disk of PATH; caller frees. NULL: it takes
	 * those of workload.h. */
	char *(*serial)(const char *path);
};

struct peer {
	const char *title; /* "Firecracker": in reasons, and with its version */
	const char *program; /* "firecracker" */
	const char *version; /* the word that makes it tell its version */
	unsigned int least_major, least_minor; /* an older one is not started */
	const char *lacks_before; /* what that one does not have; or NULL */
	const char *device;       /* that it must have open */
	bool is_emulated;         /* the device, by mshv/emu */
	bool needs_elf;
	enum peer_vsock vsock;
	const char *more_cmdline; /* "": nothing */
	struct peer_io io;

	/* The command line, with the program first. 0 or a negative errno. */
	int (*add_args)(struct args *a, const struct peer_boot *boot,
			struct err *err);
};

/* One that was found; of one boot, or of all copies of one shape. */
struct peer_case {
	const struct peer *peer;
	const char *program;
	const struct peer_version *version;
};

/* Run BC and fill RES, whose grade will be GRADE. */
void peer_run(const struct peer *p, enum grade grade,
	      const struct bench_case *bc, struct result *res);

/* The path of its program; the caller frees it. NULL: there is none. */
char *peer_find(const struct peer *p);

/* More of the command line for a VMM that ends when its guest resets itself, and by
 * nothing else that the guest can do. */
#define PEER_ENDS_BY_RESET " reboot=k l1vh_reboot=1"

#endif
