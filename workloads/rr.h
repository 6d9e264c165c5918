/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_RR_H
#define WORKLOADS_RR_H

/*
 * rr - request and response: the client sends some bytes and waits for the
 * same number back, one pair at a time, over TCP or UDP. The time of one pair
 * is the latency that an application sees.
 */
#include <stdint.h>

/* Both servers of a peer. */
#define RR_IPERF_PORT 5201
#define RR_IPERF_PORT_TEXT "5201"
#define RR_PORT 5202

#define RR_MAX_BYTES 1024

/*
 * Talk to a server for NS and print the result as a JSON object:
 *   {"rr": {"protocol", "request_bytes", "elapsed_ns", "count", "lost_count",
 *           "lat_ns": {"bins": {"NS": COUNT, ...}}}}
 * PROTOCOL is "tcp" or "udp". Returns 0, or 1 with a line on stderr.
 */
int rr_client(const char *protocol, const char *address, uint32_t bytes,
	      uint64_t ns);

/* Echo on RR_PORT, both protocols, until the process ends. 1 on failure. */
int rr_serve(void);

#endif
