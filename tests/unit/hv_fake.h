/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TESTS_UNIT_HV_FAKE_H
#define TESTS_UNIT_HV_FAKE_H

/*
 * hv_fake - a backend with no hypervisor behind it: it fails its n-th call
 * that can fail, counts live objects, keeps the messages sent, what eventfds
 * it should listen to and which doorbells are set, and plays a script of
 * exits.
 */
#include "runners/vmm/hv.h"

extern const struct hv_ops hv_fake;

#define HV_FAKE_BELLS 64

struct hv_fake_irqfd {
	bool is_on;
	int fd;
	struct hv_msi msi;
};

struct hv_fake_state {
	int fail_at; /* 1: the first call; 0: never */
	int calls;   /* that could have failed */
	int live_objects;
	struct hv_msi sent[64];
	int sent_count;
	struct hv_msi routes[HV_ROUTE_COUNT];
	bool route_set[HV_ROUTE_COUNT];
	struct hv_fake_irqfd irqfds[HV_IRQFD_COUNT];
	struct hv_doorbell bells[HV_FAKE_BELLS];
	int bell_count;
	const struct hv_exit *script; /* for vCPU 0; then it is kicked */
	int script_len;
	int script_at;
	uint64_t reads[16]; /* what reads in the script were answered */
	int read_count;
};

extern struct hv_fake_state hv_fake_state;
void hv_fake_reset(void);

#endif
