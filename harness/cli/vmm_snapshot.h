/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_CLI_VMM_SNAPSHOT_H
#define HARNESS_CLI_VMM_SNAPSHOT_H

/* vmm_snapshot - the VMM's command line about snapshots: a file that is restored,
 * one that is to be written, or both. */
#include <stdint.h>

#include "runners/vmm/snapshot/snap_file.h"
#include "runners/vmm/snapshot/snap_keeper.h"
#include "runners/vmm/snapshot/snapshot.h"
#include "runners/vmm/vm.h"

struct err;
struct vmm_options;

struct vmm_snapshot {
	struct snap_file from;
	struct snap_keeper to;
	struct snapshot_config cfg;
};

/* Opens what OPT names, and puts it into its machine's configuration, for the first
 * call in the process: it may fork. To be released in any case. */
int vmm_snapshot_open(struct vmm_snapshot *s, struct vmm_options *opt,
		      struct err *err);

/* VM has ended so: if it is to be saved, it is. */
int vmm_snapshot_end(struct vmm_snapshot *s, struct vm *vm, enum vm_end end,
		     struct err *err);
void vmm_snapshot_release(struct vmm_snapshot *s);

#endif
