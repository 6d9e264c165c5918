/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_MACHINE_DEVICE_HOST_H
#define RUNNERS_MACHINE_DEVICE_HOST_H

/*
 * device_host - what the host does for a device that a guest is to have, with no
 * guest: another driver, opening, reset, and the memory that it may reach, by the
 * size of its pages. The workload passthrough_host; it is the kernel's work, and
 * the same for every VMM.
 */
struct bench_case;
struct result;

/* Adds its series to RES, if the case wants them. */
void device_host_run(const struct bench_case *bc, struct result *res);

#endif
