// SPDX-License-Identifier: GPL-3.0-or-later
/* The composition root: which runners and commands there are. */
#include "harness/cli/command.h"
#include "harness/cli/commands.h"
#include "harness/core/runner.h"
#include "runners/libvirt/libvirt.h"
#include "runners/machine/native.h"
#include "runners/machine/qemu.h"
#include "runners/machine/vmm_child.h"
#include "runners/peers/peers.h"

const struct runner_ops *const runners[] = {
	&runner_native,
	&runner_native_again,
	&runner_kvm,
	&runner_mshv,
	&runner_mshv_emu,
	&runner_qemu_kvm,
	&runner_qemu_mshv,
	&runner_qemu_mshv_emu,
	&runner_qemu_tcg,
	&runner_libvirt_kvm,
	&runner_libvirt_hyperv,
	&runner_cloud_hypervisor,
	&runner_cloud_hypervisor_mshv,
	&runner_cloud_hypervisor_mshv_emu,
	&runner_firecracker,
	&runner_crosvm,
	&runner_kvmtool,
	NULL,
};

const struct command *const commands[] = {
	&cmd_run,      &cmd_report,     &cmd_explain,        &cmd_compare,
	&cmd_history,  &cmd_export,     &cmd_import,         &cmd_verify,
	&cmd_serve,    &cmd_push,       &cmd_fleet,          &cmd_prune,
	&cmd_overhead, &cmd_footprint,  &cmd_stats,          &cmd_plan,
	&cmd_probe,    &cmd_qualify,    &cmd_list,           &cmd_guest,
	&cmd_vmm,      &cmd_selftest,   &cmd_mshv_emu,       &cmd_peer,
	&cmd_worker,   &cmd_net_helper, &cmd_libvirt_helper, &cmd_device_guard,
	NULL,
};
