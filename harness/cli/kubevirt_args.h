/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_CLI_KUBEVIRT_ARGS_H
#define HARNESS_CLI_KUBEVIRT_ARGS_H

/* kubevirt_args - options that every command about KubeVirt has: into the field
 * of the row, -EINVAL with the words that are known. */
#include "harness/cli/option.h"
#include "harness/kubevirt/cluster.h"
#include "harness/kubevirt/release.h"

option_take_fn take_release, take_hypervisor;

#define OPTION_RELEASE(type, field) \
	.take = take_release,       \
	.offset = OPTION_FIELD(type, field, const struct kubevirt_release *)
#define OPTION_HYPERVISOR(type, field) \
	.take = take_hypervisor,       \
	.offset = OPTION_FIELD(type, field, enum hypervisor_kind)

#endif
