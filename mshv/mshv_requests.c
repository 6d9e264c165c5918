// SPDX-License-Identifier: GPL-3.0-or-later
/* What each thread of the VMM asks of the device once the machine is made. */
#include "harness/base/base.h"
#include "mshv/abi.h"
#include "mshv/mshv.h"
#include "runners/vmm/sandbox/rules.h"

#define V SANDBOX_BIT(SANDBOX_VCPU)
#define MV (SANDBOX_BIT(SANDBOX_MAIN) | V)

/* Interrupts are sent by a hypercall. */
static const struct sandbox_request requests[] = {
	{MSHV_RUN_VP, V},           {MSHV_ROOT_HVCALL, SANDBOX_SERVERS},
	{MSHV_IRQFD, MV},           {MSHV_IOEVENTFD, MV},
	{MSHV_SET_MSI_ROUTING, MV}, {MSHV_SET_GUEST_MEMORY, MV},
	{MSHV_GET_VP_STATE, MV},    {MSHV_SET_VP_STATE, V},
};
const struct sandbox_requests mshv_requests = {requests, ARRAY_SIZE(requests)};
