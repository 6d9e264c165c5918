// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/core/envinfo.h"

#include <hwloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/file.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/core/grade.h"
#include "revision.h"

const char *envinfo_revision(void)
{
	return L1VH_REVISION;
}

static void put(json_t *o, const char *key, const char *value)
{
	json_t *text = json_string(value && value[0] ? value : "unknown");

	json_object_set_new(o, key, text ? text : json_string("unknown"));
}

static const struct {
	const char *key;
	const char *path;
} files[] = {
	{"clocksource",
	 "/sys/devices/system/clocksource/clocksource0/current_clocksource"},
	{"clocksource.available",
	 "/sys/devices/system/clocksource/clocksource0/available_clocksource"},
	{"kernel.cmdline", "/proc/cmdline"},
	{"thp.enabled", "/sys/kernel/mm/transparent_hugepage/enabled"},
	{"thp.defrag", "/sys/kernel/mm/transparent_hugepage/defrag"},
	{"hugepages.2mib",
	 "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"},
	{"hugepages.1gib",
	 "/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages"},
	{"ksm", "/sys/kernel/mm/ksm/run"},
	{"numa_balancing", "/proc/sys/kernel/numa_balancing"},
	{"cpufreq.governor",
	 "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"},
	{"cpuidle.driver", "/sys/devices/system/cpu/cpuidle/current_driver"},
	{"smt", "/sys/devices/system/cpu/smt/control"},
	{"swappiness", "/proc/sys/vm/swappiness"},
	{"loadavg", "/proc/loadavg"},
	{"kvm.halt_poll_ns", "/sys/module/kvm/parameters/halt_poll_ns"},
	{"kvm.tdp_mmu", "/sys/module/kvm/parameters/tdp_mmu"},
	{"kvm_amd.npt", "/sys/module/kvm_amd/parameters/npt"},
	{"kvm_intel.ept", "/sys/module/kvm_intel/parameters/ept"},
	{"os", "/etc/debian_version"},
};

static void put_cpuinfo(json_t *o)
{
	static const char *const fields[] = {"vendor_id", "cpu family",
					     "model\t",   "model name",
					     "stepping",  "microcode"};
	struct strbuf text = {0};
	char key[64], value[160];
	size_t i;

	file_read("/proc/cpuinfo", 65536, &text);
	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		const char *p = strstr(strbuf_str(&text), fields[i]);
		const char *colon = p ? strchr(p, ':') : NULL;

		snprintf(key, sizeof(key), "cpu.%s", fields[i]);
		key[strcspn(key, "\t")] = '\0';
		value[0] = '\0';
		if (colon)
			snprintf(value, sizeof(value), "%.*s",
				 (int)strcspn(colon + 2, "\n"), colon + 2);
		put(o, key, value);
	}
	strbuf_release(&text);
}

static void put_mitigations(json_t *o)
{
	static const char *const names[] = {"gather_data_sampling",
					    "l1tf",
					    "mds",
					    "meltdown",
					    "mmio_stale_data",
					    "retbleed",
					    "spec_rstack_overflow",
					    "spec_store_bypass",
					    "spectre_v1",
					    "spectre_v2",
					    "srbds",
					    "tsx_async_abort"};
	char path[128], key[64], value[256];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path),
			 "/sys/devices/system/cpu/vulnerabilities/%s",
			 names[i]);
		if (access(path, R_OK))
			continue;
		snprintf(key, sizeof(key), "mitigation.%s", names[i]);
		put(o, key, file_first_line(path, value, sizeof(value)));
	}
}

static void put_topology(json_t *o)
{
	hwloc_topology_t topo;
	struct strbuf caches = {0};
	char text[128];
	static const hwloc_obj_type_t levels[] = {
		HWLOC_OBJ_L1CACHE, HWLOC_OBJ_L2CACHE, HWLOC_OBJ_L3CACHE};
	size_t i;

	if (hwloc_topology_init(&topo))
		return;
	if (!hwloc_topology_load(topo)) {
		snprintf(text, sizeof(text),
			 "%d packages, %d cores, %d PUs, %d NUMA nodes",
			 hwloc_get_nbobjs_by_type(topo, HWLOC_OBJ_PACKAGE),
			 hwloc_get_nbobjs_by_type(topo, HWLOC_OBJ_CORE),
			 hwloc_get_nbobjs_by_type(topo, HWLOC_OBJ_PU),
			 hwloc_get_nbobjs_by_type(topo, HWLOC_OBJ_NUMANODE));
		put(o, "cpu.topology", text);
		for (i = 0; i < ARRAY_SIZE(levels); i++) {
			hwloc_obj_t c =
				hwloc_get_obj_by_type(topo, levels[i], 0);

			if (c)
				strbuf_printf(&caches, "%sL%zu %llu KiB",
					      caches.len ? ", " : "", i + 1,
					      (unsigned long long)c->attr->cache
							      .size >>
						      10);
		}
		put(o, "cpu.caches", strbuf_str(&caches));
	}
	strbuf_release(&caches);
	hwloc_topology_destroy(topo);
}

static void put_limits(json_t *o)
{
	struct rlimit lim;
	char text[64];

	snprintf(text, sizeof(text), "%lld",
		 (long long)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE));
	put(o, "memory.total_bytes", text);
	if (!getrlimit(RLIMIT_MEMLOCK, &lim)) {
		if (lim.rlim_cur == RLIM_INFINITY)
			snprintf(text, sizeof(text), "unlimited");
		else
			snprintf(text, sizeof(text), "%llu",
				 (unsigned long long)lim.rlim_cur);
		put(o, "rlimit.memlock_bytes", text);
	}
	put(o, "cgroup",
	    !access("/sys/fs/cgroup/cgroup.controllers", F_OK) ? "v2" : "v1");
}

json_t *envinfo_fingerprint(void)
{
	json_t *o = json_object();
	struct utsname u;
	char value[1024];
	size_t i;

	put(o, "l1vh.revision", envinfo_revision());
	put(o, "grade", grade_name(grade_of_host()));
	if (!uname(&u)) {
		put(o, "host", u.nodename);
		put(o, "kernel.release", u.release);
		put(o, "kernel.version", u.version);
	}
	for (i = 0; i < ARRAY_SIZE(files); i++)
		if (!access(files[i].path, R_OK))
			put(o, files[i].key,
			    file_first_line(files[i].path, value,
					    sizeof(value)));
	put(o, "kvm.module", kvm_vendor_module());
	put_cpuinfo(o);
	put_topology(o);
	put_mitigations(o);
	put_limits(o);
	return o;
}
