/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_BELL_CHECK_H
#define RUNNERS_VMM_BELL_CHECK_H

/*
 * bell_check - rings one doorbell from inside the guest before it boots. A
 * hypervisor may take a doorbell's registration and never signal it: then a
 * device waits for ever for its driver, and nothing says why.
 */
#include <stdbool.h>

struct hv_vcpu;
struct hv_vm;
struct mem;

/*
 * On the thread of VCPU, whose registers are set to long mode with the first
 * 4 GiB mapped; they and the RAM used are put back. *WORKS is false, and VM has
 * no doorbells from then on, if the bell was set and did not ring; it is true
 * also where that could not be found out. A negative errno where the registers
 * could not be put back, and the guest cannot begin.
 */
int bell_check(struct hv_vm *vm, struct hv_vcpu *vcpu, const struct mem *mem,
	       bool *works);

#endif
