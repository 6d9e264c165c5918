/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MSHV_SELFTEST_CHECK_H
#define MSHV_SELFTEST_CHECK_H

/*
 * selftest_check - the claims that a check makes.
 *
 * A check is a child process. The first claim that does not hold is reported
 * and ends that process at once, so that checks read as a list of claims and
 * need no cleanup. A check that returns has passed. Claims are made on the
 * child's main thread only.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mshv/selftest/selftest.h"

struct mshv_sys;

struct check {
	const struct mshv_sys *sys; /* borrowed */
	const char *path;           /* borrowed */
	int report_fd;              /* takes one struct check_report */
};

struct selftest_check {
	const char *name; /* NULL ends a table */
	void (*run)(const struct check *check);
};

/* What a child says to its parent, in one write. */
struct check_report {
	enum selftest_status status;
	char detail[sizeof(((struct selftest_result *)NULL)->detail)];
};

extern const struct selftest_check selftest_device_checks[];
extern const struct selftest_check selftest_partition_checks[];
extern const struct selftest_check selftest_hvcall_checks[];
extern const struct selftest_check selftest_memory_checks[];
extern const struct selftest_check selftest_vp_checks[];
extern const struct selftest_check selftest_register_checks[];
extern const struct selftest_check selftest_message_checks[];
extern const struct selftest_check selftest_intercept_checks[];
extern const struct selftest_check selftest_irq_checks[];
extern const struct selftest_check selftest_eventfd_checks[];
extern const struct selftest_check selftest_synic_checks[];

/* Report and end the process. */
void check_end(const struct check *check, enum selftest_status status,
	       const char *fmt, ...)
	__attribute__((noreturn, format(printf, 3, 4)));

/* In all of these, FMT says what was done, in the terms of the ABI. */

/* RET, of a call that returns 0 or a negative errno. */
void check_ret(const struct check *check, int ret, int expected,
	       const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* As check_ret(), where kernels differ and both answers are documented. */
void check_ret_either(const struct check *check, int ret, int expected,
		      int other, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/* FD, of a call that returns a descriptor. */
void check_fd(const struct check *check, int fd, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

void check_u64(const struct check *check, uint64_t actual, uint64_t expected,
	       const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* FMT is the claim itself, as a finding: "the page is not zero". */
void check_true(const struct check *check, bool holds, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
