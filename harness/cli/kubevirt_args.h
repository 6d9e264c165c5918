/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_CLI_KUBEVIRT_ARGS_H
#define HARNESS_CLI_KUBEVIRT_ARGS_H

/* kubevirt_args - options that every command about KubeVirt has. -EINVAL with
 * the words that are known. */
#include "harness/kubevirt/overhead.h"

struct err;

int take_release(const char *text, const struct kubevirt_release **release,
		 struct err *err);
int take_hypervisor(const char *text, enum hypervisor_kind *kind,
		    struct err *err);

#endif
