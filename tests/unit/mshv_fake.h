/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TESTS_UNIT_MSHV_FAKE_H
#define TESTS_UNIT_MSHV_FAKE_H

/*
 * mshv_fake - a device that agrees with everything, but for what a test
 * wants: its n-th call fails, one kind of call fails some times, or a VP
 * stops for the messages of a script.
 */
#include <stdatomic.h>

#include "mshv/abi.h"
#include "mshv/sys.h"
#include "runners/vmm/hv.h"

struct mshv_fake_state {
	int fail_at; /* 1: the first call; 0: never */
	atomic_int calls;
	atomic_int
		open_count; /* descriptors and pages that are not given back */
	int open_error;     /* of open(), negative; 0: none */
	unsigned long failing_request;
	int failing_code; /* of such requests, negative */
	atomic_int failing_times;
	bool has_no_page;       /* no register page */
	atomic_bool run_blocks; /* RUN_VP never comes back, whatever is sent */
	struct mshv_message script[8]; /* then EINTR */
	int script_len, script_at;
	struct mshv_register_page page;      /* of VP 0 */
	struct mshv_register_page at_run[8]; /* as it was at each entry */
};

extern struct mshv_fake_state mshv_fake_state;
extern const struct mshv_sys mshv_fake_sys;
extern const struct hv_ops hv_mshv_fake; /* the backend on it */

void mshv_fake_reset(void);

#endif
