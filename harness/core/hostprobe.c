// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/core/hostprobe.h"

#include <cpuid.h>
#include <errno.h>
#include <inttypes.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/strbuf.h"
#include "harness/core/grade.h"

#define LOG_MAX_BYTES ((int)(4 * MIB))
#define HV_LEAF 0x40000000u
#define PRIV_CREATE_PARTITIONS (1u << 0)
#define PRIV_CPU_MANAGEMENT (1u << 12)
#define PRIV_ISOLATION (1u << 22)
#define LEAF1_ECX_HYPERVISOR (1u << 31)
#define LEAF1_ECX_VMX (1u << 5)
#define EXT1_ECX_SVM (1u << 2)

static const char *const partition_names[] = {
	[PARTITION_NONE] = "none",
	[PARTITION_GUEST] = "guest",
	[PARTITION_ROOT] = "root",
	[PARTITION_L1VH] = "l1vh",
};

const char *partition_name(enum partition_type type)
{
	return partition_names[type];
}

enum partition_type partition_classify(uint32_t leaf1_ecx,
				       const char signature[12],
				       uint32_t privileges_ebx)
{
	if (!(leaf1_ecx & LEAF1_ECX_HYPERVISOR) ||
	    memcmp(signature, "Microsoft Hv", 12))
		return PARTITION_NONE;
	if (!(privileges_ebx & PRIV_CREATE_PARTITIONS) ||
	    (privileges_ebx & PRIV_ISOLATION))
		return PARTITION_GUEST;
	return privileges_ebx & PRIV_CPU_MANAGEMENT ? PARTITION_ROOT
						    : PARTITION_L1VH;
}

/*
 * With gate ConfigurableHypervisor on and hyperv-direct first in the list,
 * KubeVirt asks for libvirt type `hyperv`; where the device is missing it
 * falls back to emulation (`qemu`) if that is allowed.
 */
const char *kubevirt_choice(int has_kvm, int has_mshv, int gate_on)
{
	if (gate_on)
		return has_mshv ? "hyperv" : "qemu";
	return has_kvm ? "kvm" : "qemu";
}

static json_t *device_json(const char *path)
{
	struct stat st;
	int fd;
	int usable;
	const char *why = "";

	if (stat(path, &st))
		return json_pack("{s:s, s:b, s:b, s:s}", "path", path,
				 "present", 0, "usable", 0, "reason",
				 "no such device");
	fd = open(path, O_RDWR | O_CLOEXEC);
	usable = fd >= 0;
	if (!usable)
		why = strerror(errno);
	else
		close(fd);
	return json_pack("{s:s, s:b, s:b, s:s, s:i}", "path", path, "present",
			 1, "usable", usable, "reason", why, "mode",
			 (int)(st.st_mode & 0777));
}

/* What CPUID says of the hypervisor below us. */
struct below {
	bool is_there;
	char signature[13];
	uint32_t privileges;
	enum partition_type type;
};

static void read_below(struct below *h)
{
	uint32_t a, b, c, d, ecx1;

	memset(h, 0, sizeof(*h));
	__cpuid(1, a, b, ecx1, d);
	h->is_there = ecx1 & LEAF1_ECX_HYPERVISOR;
	if (h->is_there) {
		__cpuid(HV_LEAF, a, b, c, d);
		memcpy(h->signature, &b, 4);
		memcpy(h->signature + 4, &c, 4);
		memcpy(h->signature + 8, &d, 4);
	}
	if (!memcmp(h->signature, "Microsoft Hv", 12))
		__cpuid(HV_LEAF + 3, a, h->privileges, c, d);
	h->type = partition_classify(ecx1, h->signature, h->privileges);
}

enum partition_type partition_of_host(void)
{
	struct below h;

	read_below(&h);
	return h.type;
}

const char *hostprobe_partition(void)
{
	return partition_name(partition_of_host());
}

static json_t *hypervisor_json(void)
{
	struct below h;
	json_t *o;

	read_below(&h);
	o = json_pack("{s:b, s:s, s:I}", "running_on_one", h.is_there,
		      "partition", partition_name(h.type), "privileges_ebx",
		      (json_int_t)h.privileges);
	json_object_set_new(o, "signature",
			    json_stringn(h.signature, strnlen(h.signature, 12))
				    ?: json_string("?"));
	return o;
}

int network_danger_of(enum partition_type type, struct err *err)
{
	if (type != PARTITION_L1VH)
		return 0;
	return err_set(
		err, -EPERM,
		"network load can panic an L1VH parent (checksums read into deposited pages); --network-may-panic-host measures anyway");
}

int network_danger(struct err *err)
{
	return network_danger_of(partition_of_host(), err);
}

static json_t *nested_json(void)
{
	uint32_t a, b, c1, c2 = 0, d;
	char text[16];

	__cpuid(1, a, b, c1, d);
	if (__get_cpuid_max(0x80000000, NULL) >= 0x80000001)
		__cpuid(0x80000001, a, b, c2, d);
	file_first_line("/sys/module/kvm_amd/parameters/nested", text,
			sizeof(text));
	if (!text[0])
		file_first_line("/sys/module/kvm_intel/parameters/nested", text,
				sizeof(text));
	return json_pack("{s:b, s:b, s:s}", "vmx", (c1 & LEAF1_ECX_VMX) != 0,
			 "svm", (c2 & EXT1_ECX_SVM) != 0, "kvm_nested",
			 text[0] ? text : "unknown");
}

static const char *const kernel_log_names[] = {
	[KERNEL_LOG_UNREADABLE] = "unreadable",
	[KERNEL_LOG_SILENT] = "silent",
	[KERNEL_LOG_ROOT] = "root",
	[KERNEL_LOG_L1VH] = "l1vh",
	[KERNEL_LOG_NO_MSHV_ROOT] = "no_mshv_root",
};

const char *kernel_log_name(enum kernel_log word)
{
	return kernel_log_names[word];
}

enum kernel_log kernel_log_classify(const char *log)
{
	if (strstr(log, "running as L1VH partition"))
		return KERNEL_LOG_L1VH;
	if (strstr(log, "running as root partition"))
		return KERNEL_LOG_ROOT;
	if (strstr(log, "CONFIG_MSHV_ROOT not enabled"))
		return KERNEL_LOG_NO_MSHV_ROOT;
	return KERNEL_LOG_SILENT;
}

char *kernel_log_text(void)
{
	char *log = malloc(LOG_MAX_BYTES + 1);
	int n = log ? klogctl(3 /* SYSLOG_ACTION_READ_ALL */, log,
			      LOG_MAX_BYTES)
		    : -1;

	if (n < 0) {
		free(log);
		return NULL;
	}
	log[n] = '\0';
	return log;
}

enum kernel_log kernel_log_of_host(void)
{
	char *log = kernel_log_text();
	enum kernel_log word =
		log ? kernel_log_classify(log) : KERNEL_LOG_UNREADABLE;

	free(log);
	return word;
}

bool kernel_log_is_unvalidated(const char *log)
{
	return strcasestr(log, "unvalidated Hyper-V version");
}

/* Deposits for guests split the kernel's direct map into small pages. */
static const char *direct_map_4k(char buf[32])
{
	uint64_t kib = file_key_number("/proc/meminfo", "DirectMap4k:");

	if (kib)
		snprintf(buf, 32, "%" PRIu64 " kB", kib);
	else
		snprintf(buf, 32, "unknown");
	return buf;
}

static json_t *memory_json(void)
{
	char two[32], one[32], map[32];

	file_first_line(
		"/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", two,
		sizeof(two));
	file_first_line(
		"/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages",
		one, sizeof(one));
	return json_pack(
		"{s:s, s:s, s:s, s:s}", "hugepages_2mib", two[0] ? two : "0",
		"hugepages_1gib", one[0] ? one : "0", "direct_map_4k",
		direct_map_4k(map), "cgroup",
		!access("/sys/fs/cgroup/cgroup.controllers", F_OK) ? "v2"
								   : "v1");
}

json_t *hostprobe_json(void)
{
	int has_kvm = !access("/dev/kvm", F_OK);
	int has_mshv = !access("/dev/mshv", F_OK);
	const char *module = kvm_vendor_module();
	char clocksource[64];
	json_t *kvm = device_json("/dev/kvm");
	char *log = kernel_log_text();
	json_t *json;

	json_object_set_new(kvm, "vendor_module",
			    json_string(module[0] ? module : "none"));
	json_object_set_new(
		kvm, "hardware_assisted",
		json_boolean(has_kvm && grade_of_kvm() == GRADE_HARDWARE));
	json_object_set_new(kvm, "grade",
			    json_string(grade_name(grade_of_kvm())));
	file_first_line(
		"/sys/devices/system/clocksource/clocksource0/current_clocksource",
		clocksource, sizeof(clocksource));
	json = json_pack(
		"{s:s, s:o, s:o, s:o, s:s, s:b, s:o, s:o, s:s, s:{s:s, s:s}}",
		"grade", grade_name(grade_of_host()), "kvm", kvm, "mshv",
		device_json("/dev/mshv"), "hypervisor", hypervisor_json(),
		"kernel_log_partition",
		kernel_log_name(log ? kernel_log_classify(log)
				    : KERNEL_LOG_UNREADABLE),
		"hypervisor_is_unvalidated",
		log && kernel_log_is_unvalidated(log), "nested", nested_json(),
		"memory", memory_json(), "clocksource", clocksource,
		"kubevirt_domain_type", "gate_off",
		kubevirt_choice(has_kvm, has_mshv, 0), "gate_on",
		kubevirt_choice(has_kvm, has_mshv, 1));
	free(log);
	return json;
}
