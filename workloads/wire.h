/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_WIRE_H
#define WORKLOADS_WIRE_H

/*
 * wire - frames between the harness and an agent, over any byte stream.
 *
 *   offset  0  magic      "L1VF"
 *           4  type       enum wire_type
 *           8  sequence   counts up from 0 in each direction
 *          12  length     of the payload in bytes, at most WIRE_MAX_PAYLOAD
 *          16  checksum   CRC-32 (IEEE 802.3) of bytes 4 to 15 and payload
 *          20  payload    text, not terminated
 *
 * All numbers little endian. Payloads by type:
 *   JOB      first "=KEY VALUE" lines, see struct wl_env; then a line a
 *            series: "WORKLOAD POINT WARMUP TARGET_NS", POINT "-" for
 *            none
 *   SHUTDOWN empty
 *   HELLO    "KEY=VALUE" lines: who the agent is, what it sees
 *   SERIES   "WORKLOAD POINT UNIT ITERATIONS"
 *   SAMPLE   "SECTION ELAPSED_NS VALUE WAITED_NS", the last for a CPU; the
 *            agent waits for GO, so that the host is idle while a section runs
 *   MARK     "begin NUMBER", "ping", or "end NUMBER ELAPSED_NS USER_NS SYSTEM_NS
 *            ROUND_TRIP_NS CLOCK_PS TIMEOFDAY_PS": a program of series NUMBER
 *            starts or has ended, the times by the machine's own clock, the last
 *            two of one clock_gettime() and gettimeofday() before it; the agent
 *            waits for GO
 *   GO       the answer to MARK, empty; or to SAMPLE: "1" for another one, "0"
 *            for enough
 *   OUTPUT   a part of what the program printed
 *   END      the number of samples since SERIES, or of programs
 *   SKIP     "WORKLOAD POINT REASON", in place of a series
 *   FAIL     "WORKLOAD POINT REASON", in place of a series or inside one
 *   DONE     empty: the job is finished
 */
#include <stddef.h>
#include <stdint.h>

enum wire_type {
	WIRE_JOB = 1,
	WIRE_SHUTDOWN,
	WIRE_HELLO,
	WIRE_SERIES,
	WIRE_SAMPLE,
	WIRE_END,
	WIRE_SKIP,
	WIRE_FAIL,
	WIRE_DONE,
	WIRE_MARK,
	WIRE_GO,
	WIRE_OUTPUT,
	WIRE_TYPE_COUNT,
};

#define WIRE_HEADER_BYTES 20u
#define WIRE_MAX_PAYLOAD 65536u

struct wire_frame {
	uint32_t type;
	uint32_t sequence;
	uint32_t length;
	const char *payload; /* borrowed from the decoded buffer */
};

/* Into BUF of at least WIRE_HEADER_BYTES + length; returns bytes used. */
size_t wire_encode(uint32_t type, uint32_t sequence, const void *payload,
		   uint32_t length, void *buf);

/*
 * Read one frame from LEN bytes. Returns its length, 0 if the frame is not
 * complete yet, -EPROTO if this is not a frame or a damaged one.
 */
long wire_decode(const void *buf, size_t len, struct wire_frame *frame);

#endif
