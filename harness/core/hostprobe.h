/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_CORE_HOSTPROBE_H
#define HARNESS_CORE_HOSTPROBE_H

/*
 * hostprobe - what this host supports, and why not: devices, partition type,
 * nested features, and KubeVirt's choice of hypervisor. It only reads; other
 * code tries whether a guest really boots.
 */
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct err;

enum partition_type {
	PARTITION_NONE,  /* not on Microsoft's hypervisor */
	PARTITION_GUEST, /* an ordinary guest of it */
	PARTITION_ROOT,
	PARTITION_L1VH,
};

/*
 * From CPUID alone, by the rule of Linux's hv_identify_partition_type():
 * CreatePartitions without Isolation makes a parent, CpuManagement a root.
 */
enum partition_type partition_classify(uint32_t leaf1_ecx,
				       const char signature[12],
				       uint32_t privileges_ebx);
const char *partition_name(enum partition_type type);

/* Of this host; the other as "none", "guest", "root" or "l1vh". */
enum partition_type partition_of_host(void);
const char *hostprobe_partition(void);

/* The kernel's own word on the partition, in its log. */
enum kernel_log {
	KERNEL_LOG_UNREADABLE,
	KERNEL_LOG_SILENT, /* or its first lines are overwritten */
	KERNEL_LOG_ROOT,
	KERNEL_LOG_L1VH,
	KERNEL_LOG_NO_MSHV_ROOT, /* a parent, but built without the driver */
};

/* The log, or the last 4 MiB of it; NULL: it cannot be read. Caller frees. */
char *kernel_log_text(void);

enum kernel_log kernel_log_classify(const char *log);
enum kernel_log kernel_log_of_host(void);
const char *kernel_log_name(enum kernel_log word);

/* The driver says so of a hypervisor that is newer or older than those it was
 * tested with. */
bool kernel_log_is_unvalidated(const char *log);

/*
 * -EPERM where network traffic can bring the whole host down: on an L1VH
 * parent the kernel's checksums may read past a buffer into pages that
 * belong to the hypervisor, and no released kernel is known to be safe.
 */
int network_danger(struct err *err);
int network_danger_of(enum partition_type type, struct err *err);

/* KubeVirt's domain type for a host that has these devices. */
const char *kubevirt_choice(int has_kvm, int has_mshv, int gate_on);

json_t *hostprobe_json(void); /* caller owns */

#endif
