/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_KUBEVIRT_VMI_H
#define HARNESS_KUBEVIRT_VMI_H

/*
 * vmi - reads the fields of a VirtualMachineInstance or VirtualMachine
 * manifest that determine the memory overhead. YAML or JSON; of several
 * documents in a file the first of these kinds.
 */
#include <stddef.h>

#include "harness/kubevirt/overhead.h"

struct err;

/* Sets the fields that the manifest has, and leaves the others: earlier
 * options stay. NAME is its metadata.name. -EINVAL: it is not such a
 * manifest, or has an error, named by its key. */
int vmi_parse(const char *bytes, size_t len, struct vm_spec *spec, char *name,
	      size_t name_size, struct err *err);

#endif
