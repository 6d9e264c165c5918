// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/core/metric.h"

#include <stddef.h>
#include <string.h>

#include "workloads/workload.h"

const struct metric metrics[] = {
	{"iops", "ops_per_s", false, false, "IOPS", "operations per second"},
	{"bandwidth", "bytes_per_s", false, false, "bandwidth",
	 "bytes per second, both ways together"},
	{"p50", "ns", true, false, "p50", "median latency of a request"},
	{"cycles", "cycles", true, true, "p50 in cycles",
	 "the same median in cycles of the machine's TSC"},
	{"p99", "ns", true, false, "p99",
	 "latency that 1 % of requests exceed"},
	{"p999", "ns", true, true, "p99.9",
	 "latency that 0.1 % of requests exceed"},
	{"loss", "ratio", true, false, "loss",
	 "share of datagrams that were lost"},
	{"verified", "bytes", false, false, "verified",
	 "bytes written, read back and verified"},
	{"cpu_per_gib", "s_per_gib", true, false, "CPU per GiB",
	 "CPU seconds of the host per GiB: guest, VMM, vhost and kernel threads"},
	{"cpu_per_kop", "s_per_kop", true, false, "CPU per 1000",
	 "CPU seconds of the host per 1000 operations, of the same tasks"},
	{"exits", "per_op", true, true, "exits",
	 "VM exits per operation, as KVM counts them"},
	{"halts", "per_op", true, true, "halts",
	 "exits per operation because the guest was idle"},
	{"host_irqs", "per_op", true, true, "host interrupts",
	 "exits per operation because of a host interrupt"},
	{"vmm_exits", "per_op", true, true, "exits to the VMM",
	 "exits per operation that reached the VMM"},
	{"vmm_ns", "ns", true, true, "time in the VMM",
	 "time per operation that the VMM spent between exit and entry"},
	{"vmm_p50", "ns", true, true, "VMM p50",
	 "median of the VMM's time between one exit and the next entry"},
	{"vmm_p99", "ns", true, true, "VMM p99",
	 "the VMM's time between exit and entry that 1 % of exits exceed"},
	{"ledger_gap", "ratio", true, true, "unaccounted",
	 "share of the series' time, by the guest's clock, missing from the VMM's ledger"},
	{"doorbells", "per_op", true, false, "doorbells",
	 "the driver's notifications per operation"},
	{"clock", "ns", true, true, "clock",
	 "one reading of the clock by which the program timed"},
	{"interrupts", "per_op", true, true, "interrupts",
	 "the device's interrupts per operation"},
	/* Of micro_start; all but the last three from the process's start. */
	{"vmm_main", "ns", true, true, "VMM's main", "the VMM's code runs"},
	{"vm_created", "ns", true, true, "VM created",
	 "the hypervisor has made a VM"},
	{"ram_mapped", "ns", true, true, "RAM mapped",
	 "guest RAM is allocated and mapped"},
	{"devices_created", "ns", true, true, "devices", "devices are there"},
	{"vcpus_created", "ns", true, true, "vCPUs", "all vCPUs are there"},
	{"vm_ready", "ns", true, true, "ready to run",
	 "the guest is loaded and its registers are set"},
	{"first_instruction", "ns", true, true, "first instruction",
	 "the guest has run its first instruction"},
	{"agent_ready", "ns", true, false, "guest ready",
	 "the guest has set itself up and says so"},
	{"gone", "ns", true, true, "torn down",
	 "from the guest's power-off to the end of the VMM's process"},
	{"all_ready", "ns", true, false, "all ready",
	 "from the first process's start until the last guest is ready"},
	{"pss_each", "bytes", true, false, "PSS each",
	 "proportional share of memory of each VMM while all are ready"},
	/* Of churn; growth is over 1000 guests, 1 without a leak. */
	{"teardown_p50", "ns", true, false, "torn down p50",
	 "median time from a guest's power-off to the end of its VMM"},
	{"teardown_p99", "ns", true, false, "torn down p99",
	 "that time, which 1 % of guests exceed"},
	{"memory_growth", "ratio", true, false, "memory",
	 "the host's memory in use after 1000 guests, over that before"},
	{"direct_map_growth", "ratio", true, false, "direct map 4k",
	 "the kernel's direct map in small pages, the same way"},
	{"descriptor_growth", "ratio", true, false, "descriptors",
	 "open files of the host, the same way"},
	{"deposit_growth", "ratio", true, false, "deposits",
	 "pages deposited with Microsoft's hypervisor, the same way"},
	/* Of restore. */
	{"first_word", "ns", true, false, "first word",
	 "from the process's start until the guest's first word to the harness"},
	{"all_words", "ns", true, false, "all spoke",
	 "from the first process's start until the last clone's first word"},
	{"minor_faults", "per_op", true, true, "minor faults",
	 "page faults of each VMM without I/O, until the last clone's first word"},
	/* Of the footprint; a guest, once it has touched all its memory. */
	{"charged", "bytes", true, false, "charged",
	 "what its cgroup is charged and cannot give back, without guest RAM"},
	{"beside_pss", "bytes", true, false, "PSS",
	 "proportional share of its processes' memory, without guest RAM"},
	{"beside_rss", "bytes", true, true, "RSS",
	 "resident memory of its processes, without guest RAM"},
	{"pagetables", "bytes", true, true, "page tables",
	 "page tables of its processes and of the guest's memory"},
	{NULL, NULL, false, false, NULL, NULL},
};

const struct metric *metric_find(const char *name)
{
	const struct metric *m;

	for (m = metrics; m->name; m++)
		if (!strcmp(m->name, name))
			return m;
	return NULL;
}

const struct metric *metric_of_point(const char *point)
{
	const char *slash = strchr(point, '/');

	return slash ? metric_find(slash + 1) : NULL;
}

bool metric_is_growth(const struct metric *m)
{
	static const char end[] = "_growth";
	size_t len = strlen(m->name);

	return len > sizeof(end) - 1 &&
	       !strcmp(m->name + len - (sizeof(end) - 1), end);
}

uint32_t metric_index(const struct metric *m)
{
	return (uint32_t)(m - metrics);
}

bool metric_is_main(const struct metric *m, const char *workload)
{
	const struct workload *wl = workload_find(workload);

	return wl && wl->main_metric && !strcmp(m->name, wl->main_metric);
}
