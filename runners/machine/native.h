/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_MACHINE_NATIVE_H
#define RUNNERS_MACHINE_NATIVE_H

/* native - the agent as a plain process of the host, on as many CPUs and
 * with as much memory as the guest has. */
struct runner_ops;

extern const struct runner_ops runner_native;

/* The same under another name, for A/A comparisons. */
extern const struct runner_ops runner_native_again;

#endif
