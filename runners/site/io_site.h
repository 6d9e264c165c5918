/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_SITE_IO_SITE_H
#define RUNNERS_SITE_IO_SITE_H

/*
 * io_site - disk, network and device of one case, natively or for a guest, made before
 * its machine starts and undone after it. If this host lacks a resource or
 * must not provide it, the series that need it are skipped. If creating it
 * failed, they fail.
 */
#include <stdbool.h>

#include "runners/link/agent_link.h"
#include "runners/site/device_site.h"
#include "runners/site/net_site.h"

struct bench_case;
struct shape_site;

struct io_site {
	const struct bench_case *bc; /* borrowed */
	struct link_env env;
	struct net_site net;
	bool has_disk;
	char disk[256]; /* what a guest's disk is of, with has_disk */
	struct device_site device;
	bool has_device; /* that vfio-pci has, for a guest */
	bool has_net;
	const struct shape_site *shape; /* borrowed; NULL: not of a shape */
	bool needs_tools; /* a guest needs the disk with programs */
	char *tools;      /* owned; its path */
};

void io_site_open(struct io_site *site, const struct bench_case *bc,
		  enum net_side side);
void io_site_close(struct io_site *site);

/* As io_site_open(); where WHY is not NULL no disk is made, nor anything written to the
 * one that the plan names, and what needs it is skipped with WHY. */
void io_site_open_but_disk(struct io_site *site, const struct bench_case *bc,
			   enum net_side side, const char *why);

/* What the VMM cannot have as the plan wants it: the series that need it are skipped,
 * with WHY. Before the machine's options are made. */
void io_site_deny_disk(struct io_site *site, const char *why);
void io_site_deny_net(struct io_site *site, const char *why);

#endif
