/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_CLI_VMM_ARGS_H
#define HARNESS_CLI_VMM_ARGS_H

/* vmm_args - the options of `l1vh-bench vmm` that describe a device, as
 * "WORD,KEY=VALUE,...". TEXT is cut up and must outlive the config. */
struct blk_config;
struct err;
struct net_config;

int vmm_args_disk(char *text, struct blk_config *cfg, struct err *err);
int vmm_args_net(char *text, struct net_config *cfg, struct err *err);

#endif
