// SPDX-License-Identifier: GPL-3.0-or-later
/* What each thread of the VMM asks of KVM once the machine is made. */
#include <linux/kvm.h>

#include "harness/base/base.h"
#include "runners/vmm/kvm.h"
#include "runners/vmm/sandbox/rules.h"

#define V SANDBOX_BIT(SANDBOX_VCPU)
#define M SANDBOX_BIT(SANDBOX_MAIN)
#define MV (M | V)

static const struct sandbox_request requests[] = {
	{KVM_RUN, V},
	{KVM_SIGNAL_MSI, SANDBOX_SERVERS},
	{KVM_IRQFD, MV},
	{KVM_IOEVENTFD, MV},
	{KVM_SET_GSI_ROUTING, MV},
	{KVM_SET_USER_MEMORY_REGION, MV},
	{KVM_GET_REGS, MV},
	{KVM_SET_REGS, V},
	{KVM_GET_SREGS, MV},
	{KVM_SET_SREGS, V},
	/* A snapshot, once the vCPUs' threads have ended: all of them read. */
	{KVM_GET_XSAVE, M},
	{KVM_GET_XSAVE2, M},
	{KVM_GET_XCRS, M},
	{KVM_GET_MSRS, M},
	{KVM_GET_LAPIC, M},
	{KVM_GET_VCPU_EVENTS, M},
	{KVM_GET_MP_STATE, M},
	{KVM_GET_DEBUGREGS, M},
	{KVM_GET_CLOCK, M},
};
const struct sandbox_requests kvm_requests = {requests, ARRAY_SIZE(requests)};
