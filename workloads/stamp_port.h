/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_STAMP_PORT_H
#define WORKLOADS_STAMP_PORT_H

/* stamp_port - the guest's side of runners/vmm/stamp.h. */
#define WL_STAMP_PORT 0x600
#define WL_STAMP_BEGIN 0x10000000u
#define WL_STAMP_END 0x20000000u
#define WL_STAMP_PHASE 0x30000000u
#define WL_STAMP_CALIBRATE 0x40000000u
#define WL_STAMP_COUNTS 0x50000000u

#define WL_STAMP_PHASE_INIT 2u
#define WL_STAMP_PHASE_AGENT_READY 3u
#define WL_STAMP_PHASE_GOES_ON 4u

#endif
