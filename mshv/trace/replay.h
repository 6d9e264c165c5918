/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MSHV_TRACE_REPLAY_H
#define MSHV_TRACE_REPLAY_H

/*
 * replay - play a trace against the backend, without any device.
 *
 * The H lines say what the VMM asked of the backend and what came of it; the
 * S lines what the backend asked of the device, and its answers. The backend
 * is asked the same again, gets the recorded answers, and must make the same
 * calls and reach the same results: registers, exits and guest memory. So a
 * trace taken once on a real node guards the backend from then on.
 */
#include <stdint.h>

struct err;

struct replay_summary {
	uint64_t calls;    /* H lines played */
	uint64_t syscalls; /* S lines that were answered */
	uint64_t runs;     /* entries into the guest among them */
};

/*
 * 0 when everything came out as recorded; -EINVAL when the file is no trace
 * of an mshv backend; -EBADMSG at the first difference, which ERR names with
 * its line. The trace is hostile data.
 */
int replay_run(const char *path, struct replay_summary *summary,
	       struct err *err);

#endif
