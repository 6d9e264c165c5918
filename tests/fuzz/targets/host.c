// SPDX-License-Identifier: GPL-3.0-or-later
/* What a kernel says of a host and of its processes. The first byte of an input
 * chooses the file that has the rest. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/file.h"
#include "harness/core/grade.h"
#include "harness/kubevirt/node/node_page.h"
#include "harness/kubevirt/node/nodeprobe.h"
#include "harness/kubevirt/node/prereq.h"
#include "harness/kubevirt/release.h"
#include "runners/measure/cgroup.h"
#include "runners/measure/guard.h"
#include "runners/measure/host_meter.h"
#include "runners/measure/mem_reading.h"
#include "tests/fuzz/files.h"
#include "tests/fuzz/fuzz.h"

#define PID 7

static void put_one_of(const char *const *paths, size_t count,
		       const uint8_t *data, size_t size)
{
	files_put(paths[data[0] % count], data + 1, size - 1);
}

static void fuzz_guard(const uint8_t *data, size_t size)
{
	static const char *const paths[] = {
		"/proc/stat",
		"/proc/pressure/memory",
		"/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq",
	};
	struct guard g = {.root = ""};

	if (!size)
		return;
	put_one_of(paths, ARRAY_SIZE(paths), data, size);
	guard_begin(&g);
	guard_next(&g);
	json_decref(guard_to_json(&g, 5));
	files_forget();
}

static void fuzz_proc_memory(const uint8_t *data, size_t size)
{
	static const char *const paths[] = {
		"/proc/7/smaps",
		"/proc/7/smaps_rollup",
		"/proc/7/status",
	};
	uint64_t values[PROC_VALUE_COUNT];

	if (!size)
		return;
	put_one_of(paths, ARRAY_SIZE(paths), data, size);
	proc_values_read(PID, data[0] & 0x80 ? 0 : 4096, values);
	files_forget();
}

static void fuzz_host_memory(const uint8_t *data, size_t size)
{
	static const char *const paths[] = {"/proc/meminfo",
					    "/proc/self/smaps_rollup"};
	uint64_t values[HOST_VALUE_COUNT];

	if (!size)
		return;
	put_one_of(paths, ARRAY_SIZE(paths), data, size);
	host_values_read(values);
	file_key_number("/proc/meminfo", "MemFree:");
	files_forget();
}

static void fuzz_cgroup(const uint8_t *data, size_t size)
{
	static const char *const names[] = {
		"memory.stat", "memory.events",         "memory.current",
		"memory.peak", "memory.usage_in_bytes", "memory.oom_control",
	};
	uint64_t values[CGROUP_VALUE_COUNT];
	struct cgroup cg = {.path = "/group", .procs_fd = -1};
	char path[64];

	if (!size)
		return;
	cg.is_v2 = data[0] & 0x80;
	snprintf(path, sizeof(path), "/group/%s",
		 names[data[0] % ARRAY_SIZE(names)]);
	files_put(path, data + 1, size - 1);
	files_put("/proc/7/cgroup", data + 1, size - 1);
	cgroup_read(&cg, values);
	cgroup_unreclaimable(values);
	cgroup_holds(&cg, PID);
	files_forget();
}

static void fuzz_process_time(const uint8_t *data, size_t size)
{
	const struct host_meter meter = {.machine = PID, .skips_threads = true};
	struct host_reading reading;

	files_put("/proc/7/stat", data, size);
	files_put("/proc/7/schedstat", data, size);
	host_meter_cpu_ns(&meter);
	host_meter_read(&meter, &reading);
	files_forget();
}

static void fuzz_node(const uint8_t *data, size_t size)
{
	static const char *const paths[] = {
		"/none/proc/misc",
		"/none/proc/cgroups",
		"/none/boot/config-6.12.0",
		"/none/sys/fs/cgroup/cgroup.controllers",
		"/none/sys/fs/cgroup/unified/cgroup.controllers",
		"/none/sys/module/vfio/parameters/enable_unsafe_noiommu_mode",
	};
	struct node_source source = {.root = "/none"};
	struct domain_wish wish = {.release = kubevirt_release_find("main")};
	struct node node;
	json_t *page;

	if (!size)
		return;
	snprintf(source.kernel_release, sizeof(source.kernel_release), "%s",
		 "6.12.0");
	put_one_of(paths, ARRAY_SIZE(paths), data, size);
	node_gather(&source, &node);
	page = node_page(&node, &wish);
	if (!page)
		abort();
	json_decref(page);
	files_forget();
}

const struct fuzz_target targets_host[] = {
	{.name = "guard",
	 .run = fuzz_guard,
	 .max_bytes = 256,
	 .dictionary = "proc"},
	{.name = "proc_memory",
	 .run = fuzz_proc_memory,
	 .max_bytes = 512,
	 .dictionary = "proc"},
	{.name = "host_memory",
	 .run = fuzz_host_memory,
	 .max_bytes = 512,
	 .dictionary = "proc"},
	{.name = "cgroup",
	 .run = fuzz_cgroup,
	 .max_bytes = 256,
	 .dictionary = "proc"},
	{.name = "process_time",
	 .run = fuzz_process_time,
	 .max_bytes = 256,
	 .dictionary = "proc"},
	{.name = "node",
	 .run = fuzz_node,
	 .max_bytes = 512,
	 .dictionary = "proc"},
	{0},
};
