// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/core/envinfo.h"

#include <cpuid.h>
#include <dirent.h>
#include <hwloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/file.h"
#include "harness/base/strbuf.h"
#include "harness/core/build_id.h"
#include "harness/base/xmalloc.h"
#include "harness/core/grade.h"
#include "harness/core/hostprobe.h"
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
	{"overcommit_memory", "/proc/sys/vm/overcommit_memory"},
	{"swappiness", "/proc/sys/vm/swappiness"},
	{"cpufreq.driver",
	 "/sys/devices/system/cpu/cpu0/cpufreq/scaling_driver"},
	{"cpufreq.governor",
	 "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"},
	{"cpufreq.boost", "/sys/devices/system/cpu/cpufreq/boost"},
	{"cpufreq.no_turbo", "/sys/devices/system/cpu/intel_pstate/no_turbo"},
	{"cpuidle.driver", "/sys/devices/system/cpu/cpuidle/current_driver"},
	{"smt", "/sys/devices/system/cpu/smt/control"},
	{"dmi.vendor", "/sys/class/dmi/id/sys_vendor"},
	{"dmi.product", "/sys/class/dmi/id/product_name"},
	{"loadavg", "/proc/loadavg"},
	{"os", "/etc/debian_version"},
};

/* Of one file. Values are compared, and two long ones may differ at their ends: none
 * is cut. */
#define MAX_FILE_BYTES (1 * MIB)

/* The first line of a file. */
static void put_file(json_t *o, const char *key, const char *path)
{
	struct strbuf text = {0};

	file_read(path, MAX_FILE_BYTES, &text);
	if (text.len)
		text.str[strcspn(text.str, "\n")] = '\0';
	put(o, key, strbuf_str(&text));
	strbuf_release(&text);
}

/* The first line of TEXT that begins with KEY, "model\t: 1". */
static const char *find_line(const char *text, const char *key)
{
	size_t len = strlen(key);

	while (text && strncmp(text, key, len)) {
		text = strchr(text, '\n');
		text = text ? text + 1 : NULL;
	}
	return text;
}

/* Lines "KEY: VALUE" of a file of /proc. */
static void put_lines(json_t *o, const char *path, const char *const *keys,
		      const char *const *names, size_t count)
{
	struct strbuf text = {0};
	size_t i;

	file_read(path, MAX_FILE_BYTES, &text);
	for (i = 0; i < count; i++) {
		const char *line = find_line(strbuf_str(&text), keys[i]);
		const char *colon = line ? strchr(line, ':') : NULL;
		char *value;

		if (!colon)
			continue;
		colon += 1 + strspn(colon + 1, " \t");
		value = xasprintf("%.*s", (int)strcspn(colon, "\n"), colon);
		put(o, names[i], value);
		free(value);
	}
	strbuf_release(&text);
}

void envinfo_put_cpu(json_t *o, const char *path)
{
	static const char *const keys[] = {
		"vendor_id", "cpu family", "model\t", "model name",
		"stepping",  "microcode",  "flags"};
	static const char *const names[] = {
		"cpu.vendor_id", "cpu.family",    "cpu.model", "cpu.model_name",
		"cpu.stepping",  "cpu.microcode", "cpu.flags"};

	put_lines(o, path, keys, names, ARRAY_SIZE(keys));
}

static void put_process(json_t *o)
{
	static const char *const status_keys[] = {"CapEff", "Cpus_allowed_list",
						  "Mems_allowed_list"};
	static const char *const status_names[] = {
		"process.capabilities", "process.cpus", "process.nodes"};
	static const char *const mem_keys[] = {"MemAvailable", "SwapTotal"};
	static const char *const mem_names[] = {"memory.available",
						"memory.swap"};

	put_lines(o, "/proc/self/status", status_keys, status_names,
		  ARRAY_SIZE(status_keys));
	put_lines(o, "/proc/meminfo", mem_keys, mem_names,
		  ARRAY_SIZE(mem_keys));
}

static void put_entry(json_t *o, const char *prefix, const char *name,
		      const char *path)
{
	char *key = xasprintf("%s.%s", prefix, name);

	if (!access(path, R_OK))
		put_file(o, key, path);
	free(key);
}

/* Each file of it. */
static void put_folder(json_t *o, const char *prefix, const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		char *path = xasprintf("%s/%s", folder, e->d_name);

		if (e->d_name[0] != '.')
			put_entry(o, prefix, e->d_name, path);
		free(path);
	}
	if (dir)
		closedir(dir);
}

/* Parameters and version of what runs guests here. */
static void put_modules(json_t *o)
{
	static const char *const modules[] = {
		"kvm",       "kvm_intel", "kvm_amd",   "kvm_pvm",
		"mshv_root", "mshv_vtl",  "vhost_net", "zswap"};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(modules); i++) {
		char *version = xasprintf("/sys/module/%s/version", modules[i]);
		char *folder =
			xasprintf("/sys/module/%s/parameters", modules[i]);
		char *name = xasprintf("module.%s", modules[i]);

		put_entry(o, name, "version", version);
		put_folder(o, name, folder);
		free(name);
		free(folder);
		free(version);
	}
}

/* What the hypervisor below says of itself (TLFS, 2.4 and 2.5). */
static void put_hypervisor(json_t *o)
{
	char text[80];
	uint32_t a, b, c, d;

	__cpuid(1, a, b, c, d);
	if (!(c >> 31)) {
		put(o, "hypervisor", "none");
		return;
	}
	__cpuid(0x40000000, a, b, c, d);
	snprintf(text, sizeof(text), "%.4s%.4s%.4s", (char *)&b, (char *)&c,
		 (char *)&d);
	put(o, "hypervisor", text);
	if (strcmp(text, "Microsoft Hv"))
		return;
	__cpuid(0x40000002, a, b, c, d);
	snprintf(text, sizeof(text), "%u.%u.%u service %u.%u", b >> 16,
		 b & 0xffff, a, d >> 24, d & 0xffffff);
	put(o, "hyperv.build", text);
	__cpuid(0x40000003, a, b, c, d);
	snprintf(text, sizeof(text), "%#x %#x", a, b);
	put(o, "hyperv.privileges", text);
	__cpuid(0x40000004, a, b, c, d);
	snprintf(text, sizeof(text), "%#x", a);
	put(o, "hyperv.hints", text);
	put(o, "hyperv.partition", hostprobe_partition());
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

/* What a program built by other means lacks is left out. */
static void put_program(json_t *o)
{
	char id[BUILD_ID_SIZE];

	put(o, "l1vh.revision", envinfo_revision());
	if (*build_id_own(id))
		put(o, "l1vh.build_id", id);
	if (*build_id_beside("l1vh-vmm", id))
		put(o, "l1vh.vmm_build_id", id);
}

json_t *envinfo_fingerprint(void)
{
	json_t *o = json_object();
	struct utsname u;
	size_t i;

	put_program(o);
	put(o, "grade", grade_name(grade_of_host()));
	if (!uname(&u)) {
		put(o, "host", u.nodename);
		put(o, "kernel.release", u.release);
		put(o, "kernel.version", u.version);
	}
	for (i = 0; i < ARRAY_SIZE(files); i++)
		if (!access(files[i].path, R_OK))
			put_file(o, files[i].key, files[i].path);
	put(o, "kvm.module", kvm_vendor_module());
	envinfo_put_cpu(o, "/proc/cpuinfo");
	put_process(o);
	put_hypervisor(o);
	put_modules(o);
	put_topology(o);
	/* Each as the kernel words it. */
	put_folder(o, "mitigation", "/sys/devices/system/cpu/vulnerabilities");
	put_limits(o);
	return o;
}
