// SPDX-License-Identifier: GPL-3.0-or-later
/* What each thread of the VMM asks of KVM once the machine is made. */
#include <linux/kvm.h>

#include "harness/base/base.h"
#include "runners/vmm/kvm.h"
#include "runners/vmm/sandbox/rules.h"

#define V SANDBOX_BIT(SANDBOX_VCPU)
#define MV (SANDBOX_BIT(SANDBOX_MAIN) | V)

static const struct sandbox_request requests[] = {
	{KVM_RUN, V},
	{KVM_SIGNAL_MSI, SANDBOX_SERVERS},
	{KVM_IRQFD, MV},
	{KVM_IOEVENTFD, MV},
	{KVM_SET_GSI_ROUTING, MV},
	{KVM_SET_USER_MEMORY_REGION, MV},
	{KVM_GET_REGS, V},
	{KVM_SET_REGS, V},
	{KVM_GET_SREGS, V},
	{KVM_SET_SREGS, V},
};
const struct sandbox_requests kvm_requests = {requests, ARRAY_SIZE(requests)};
