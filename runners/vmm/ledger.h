/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_LEDGER_H
#define RUNNERS_VMM_LEDGER_H

/*
 * ledger - the time of one vCPU's thread: in the hypervisor and the guest, or
 * in the VMM, by kind of exit. Each interval begins where the last one ended,
 * so the sum is the whole time.
 *
 * Only its own thread writes; any thread may read totals.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "runners/vmm/hv.h"

#define LEDGER_MAX_EACH 2048u

struct ledger {
	_Atomic uint64_t count[HV_EXIT_KIND_COUNT];
	_Atomic uint64_t handled_ns[HV_EXIT_KIND_COUNT]; /* exit to entry */
	_Atomic uint64_t run_ns;                         /* entry to exit */

	/* The same of single exits, since ledger_begin_each(). */
	uint32_t *each_ns; /* owned; NULL: not kept */
	uint32_t each_count;
	bool skips_next;
};

void ledger_add_run(struct ledger *l, uint64_t ns);
void ledger_add_exit(struct ledger *l, enum hv_exit_kind kind, uint64_t ns);

/* Keep single exits from now on; called within the handling of one, which is
 * not among them. False: no memory. */
bool ledger_begin_each(struct ledger *l);

/* "each NUMBER NS NS ..." lines, then none are kept. */
void ledger_write_each(struct ledger *l, uint32_t number, FILE *out);
void ledger_release(struct ledger *l);

#endif
