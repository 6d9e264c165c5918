/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_MACHINE_MICRO_BOOT_H
#define RUNNERS_MACHINE_MICRO_BOOT_H

/*
 * micro_boot - one boot of the micro guest. A point may stop the guest: the
 * hypervisor cannot run the point, or the guest hangs. Then only this point is
 * lost, and a fresh guest of the same shape measures the remaining points in
 * order.
 *
 * Each guest has its own channel, ledger and clock checks; the boot's result
 * is the sum. Points that fail on purpose (WL_SELFTEST) end the boot, as they
 * should.
 */
#include <stdint.h>

#include "harness/base/base.h"

struct bench_case;
struct machine_outcome;
struct result;

/* From one answer of the guest to the next, however slow the host is. */
#define MICRO_POINT_LIMIT_NS (10 * NS_PER_S)

/* Run one guest for BC; OUT says how it ended. */
typedef void micro_guest_run(void *arg, const struct bench_case *bc,
			     struct machine_outcome *out, struct result *res);

void micro_boot_run(micro_guest_run *run_guest, void *arg,
		    const struct bench_case *bc, struct result *res);

#endif
