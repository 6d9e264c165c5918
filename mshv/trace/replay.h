/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MSHV_TRACE_REPLAY_H
#define MSHV_TRACE_REPLAY_H

/*
 * replay - play a trace against the backend, without any device.
 *
 * The H lines have the VMM's calls to the backend and their results; the S
 * lines have the backend's calls to the device and their results. The replay
 * repeats the H calls and gives the recorded device results. The backend must
 * make the same device calls and reach the same results: registers, exits and
 * guest memory. So a trace recorded on a real node is a regression test of the
 * backend.
 */
#include <stdint.h>

struct err;

struct replay_summary {
	uint64_t calls;    /* H lines played */
	uint64_t syscalls; /* S lines that were answered */
	uint64_t runs;     /* entries into the guest among them */
};

/*
 * 0 if everything is as recorded; -EINVAL if the file is not a trace of an mshv
 * backend; -EBADMSG at the first difference, which ERR names with its line. The
 * trace is hostile data.
 */
int replay_run(const char *path, struct replay_summary *summary,
	       struct err *err);

#endif
