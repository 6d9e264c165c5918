/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_KUBEVIRT_VMI_H
#define HARNESS_KUBEVIRT_VMI_H

/*
 * vmi - a VirtualMachineInstance, or a VirtualMachine, as people write them:
 * what of it the memory overhead hangs on. YAML or JSON; of several documents
 * in a file the first of these kinds.
 */
#include <stddef.h>

#include "harness/kubevirt/overhead.h"

struct err;

/* Sets what the manifest says, and leaves what it does not: options given
 * before stay. NAME is its metadata.name. -EINVAL: it is no such thing, or has
 * a mistake, by its key. */
int vmi_parse(const char *bytes, size_t len, struct vm_spec *spec, char *name,
	      size_t name_size, struct err *err);

#endif
