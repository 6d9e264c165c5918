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
 * 4 GiB mapped; they and the RAM used are put back. False, and VM has no
 * doorbells from then on, if the bell was set and did not ring. True also where
 * that could not be found out.
 */
bool bell_check(struct hv_vm *vm, struct hv_vcpu *vcpu, const struct mem *mem);

#endif
