/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_CLI_COMMANDS_H
#define HARNESS_CLI_COMMANDS_H

/* commands - declarations for registry.c; each is in its cmd_NAME.c. */
#include "harness/cli/command.h"

extern const struct command cmd_run, cmd_report, cmd_probe, cmd_list;
extern const struct command cmd_explain, cmd_stats, cmd_plan, cmd_compare;
extern const struct command cmd_export, cmd_import, cmd_overhead, cmd_footprint;
extern const struct command cmd_verify;
extern const struct command cmd_history, cmd_serve, cmd_push, cmd_prune;
extern const struct command cmd_guest, cmd_vmm, cmd_worker;
extern const struct command cmd_selftest, cmd_mshv_emu, cmd_qualify;
extern const struct command cmd_peer, cmd_net_helper, cmd_libvirt_helper;
extern const struct command cmd_device_guard;
extern const struct command cmd_fleet, cmd_fleet_manifest, cmd_fleet_node,
	cmd_fleet_report, cmd_fleet_sbatch;

#endif
