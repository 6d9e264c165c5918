/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MSHV_TRACE_SYS_TRACE_H
#define MSHV_TRACE_SYS_TRACE_H

/*
 * sys_trace - the S lines of a trace: arguments and results of mshv's system
 * calls. Pointers are left out and the data that they point to is included, so
 * that two runs of the same guest look the same.
 */
#include <stddef.h>
#include <stdint.h>

struct mshv_sys;

/* INNER with lines in the trace, or INNER itself when there is no trace. */
const struct mshv_sys *sys_trace(const struct mshv_sys *inner);

/* What kind of descriptor a request is meant for. */
enum sys_kind { SYS_DEVICE, SYS_PARTITION, SYS_VP };

/* The largest call: a hypercall with a page of input. */
#define SYS_CALL_MAX_BYTES 4352

/* The input of a call, or its output, without addresses; returns bytes. */
size_t sys_call_input(enum sys_kind kind, unsigned long request,
		      const void *arg, uint8_t *bytes);
size_t sys_call_output(enum sys_kind kind, unsigned long request,
		       const void *arg, uint8_t *bytes);

/* Put recorded output where the caller of the ioctl looks for it. */
void sys_call_deliver(enum sys_kind kind, unsigned long request, void *arg,
		      const uint8_t *bytes, size_t len);

#endif
