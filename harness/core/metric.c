// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/core/metric.h"

#include <stddef.h>
#include <string.h>

const struct metric metrics[] = {
	{"iops", "ops_per_s", false, false, "IOPS", "operations per second"},
	{"bandwidth", "bytes_per_s", false, false, "bandwidth",
	 "bytes per second, both ways together"},
	{"p50", "ns", true, false, "p50", "median latency of a request"},
	{"p99", "ns", true, false, "p99",
	 "latency that 1 % of requests exceed"},
	{"p999", "ns", true, true, "p99.9",
	 "latency that 0.1 % of requests exceed"},
	{"loss", "ratio", true, false, "loss",
	 "share of datagrams that were lost"},
	{"verified", "bytes", false, false, "verified",
	 "bytes written, read back and found right"},
	{"cpu_per_gib", "s_per_gib", true, false, "CPU per GiB",
	 "CPU seconds of the host for each GiB: guest, VMM, vhost and kernel threads"},
	{"cpu_per_kop", "s_per_kop", true, false, "CPU per 1000",
	 "CPU seconds of the host for 1000 operations, of the same"},
	{"exits", "per_op", true, true, "exits",
	 "VM exits for each operation, as KVM counts them"},
	{"vmm_exits", "per_op", true, true, "exits to the VMM",
	 "exits for each operation that reached the VMM"},
	{"doorbells", "per_op", true, false, "doorbells",
	 "the driver's notifications for each operation"},
	{"interrupts", "per_op", true, true, "interrupts",
	 "the device's interrupts for each operation"},
	{NULL, NULL, false, false, NULL, NULL},
};

const struct metric *metric_of_point(const char *point)
{
	const char *slash = strchr(point, '/');
	const struct metric *m;

	for (m = metrics; slash && m->name; m++)
		if (!strcmp(m->name, slash + 1))
			return m;
	return NULL;
}

uint32_t metric_index(const struct metric *m)
{
	return (uint32_t)(m - metrics);
}
