/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_KUBEVIRT_INSTANCETYPE_TYPES_H
#define HARNESS_KUBEVIRT_INSTANCETYPE_TYPES_H

/* instancetype_types - what instancetype.c reads and instancetype_apply.c
 * applies; for no one else. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/kubevirt/vmi.h"

struct instancetype {
	struct instancetype *next;
	char *name, *space; /* "" in files that do not say */
	bool is_cluster, is_common;
	uint32_t cpu_count, overcommit_percent;
	struct vmi fields; /* all others; its lists and names are owned */
	char **texts;
	size_t text_count;
};

struct preference {
	struct preference *next;
	char *name, *space, *topology, *across, *model;
	bool is_cluster, is_common;
	uint32_t ratio;
	struct vmi fields;
};

#endif
