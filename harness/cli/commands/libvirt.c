// SPDX-License-Identifier: GPL-3.0-or-later
/* libvirt-helper, which is for the runners alone. */
#include "harness/cli/commands.h"
#include "runners/libvirt/libvirt_helper.h"

const struct command cmd_libvirt_helper = {
	.name = "libvirt-helper",
	.run = libvirt_helper_main,
};
