/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_MACHINE_MICRO_BOOT_H
#define RUNNERS_MACHINE_MICRO_BOOT_H

/*
 * micro_boot - one boot of the micro guest, which a point may take down: the
 * hypervisor cannot run it, or it hangs. That costs the point alone. A fresh
 * guest of the same shape goes on with the rest, in order.
 *
 * Each guest has a channel, a ledger and clocks of its own, and is judged by
 * them; the boot's result is the sum. Points that fail on purpose
 * (WL_SELFTEST) end the boot, because that is what they are to show.
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
