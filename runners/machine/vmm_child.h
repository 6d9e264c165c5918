/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_MACHINE_VMM_CHILD_H
#define RUNNERS_MACHINE_VMM_CHILD_H

/*
 * vmm_child - guests in our own VMM, which runs as a child process: a crash of
 * the VMM is only a recorded outcome.
 */
#include <stdbool.h>

#include "harness/core/grade.h"

struct result;
struct runner_ops;

extern const struct runner_ops runner_kvm, runner_mshv, runner_mshv_emu;

/*
 * The emulator can be preloaded into any process, this one included. Then
 * /dev/mshv is emulated, and no result may have its name.
 */
bool vmm_child_mshv_is_emulated(void);

/* Of guests under this host's /dev/mshv. */
enum grade vmm_child_mshv_grade(void);

/* Before a guest of a runner of /dev/mshv: RES gets its grade. False, and RES is
 * skipped, where that device is emulated, whose runner is called EMULATED. */
bool vmm_child_begin_mshv(const char *emulated, struct result *res);

#endif
