// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/measure/placement.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <hwloc.h>
#include <hwloc/glibc-sched.h>
#include <inttypes.h>
#include <linux/mempolicy.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/stat_line.h"
#include "harness/base/xmalloc.h"

#define CPU_FIELD 39u /* proc(5), stat: that a thread was last on */
#define MAX_PASSES 8
/* Of a process's memory, that may be on other nodes. */
#define MAX_ELSEWHERE 0.1

/* --- which CPUs ----------------------------------------------------------- */

/* What this process may use, of PART. The caller frees it. */
static hwloc_bitmap_t usable_of(hwloc_topology_t topo,
				hwloc_const_bitmap_t part)
{
	hwloc_bitmap_t set = hwloc_bitmap_alloc();

	if (hwloc_get_cpubind(topo, set, HWLOC_CPUBIND_PROCESS))
		hwloc_bitmap_fill(set);
	hwloc_bitmap_and(set, set, part);
	return set;
}

static size_t count_cores(hwloc_topology_t topo, hwloc_const_bitmap_t usable)
{
	int i, all = hwloc_get_nbobjs_by_type(topo, HWLOC_OBJ_CORE);
	size_t count = 0;

	for (i = 0; i < all; i++)
		count += hwloc_bitmap_intersects(
			hwloc_get_obj_by_type(topo, HWLOC_OBJ_CORE, i)->cpuset,
			usable);
	return count;
}

/*
 * The first memory node whose cores are enough; else all of the host. Large parts
 * first would be no better: what else runs there is not known.
 */
static hwloc_bitmap_t choose_part(hwloc_topology_t topo, size_t core_count,
				  hwloc_bitmap_t nodes)
{
	int i, count = hwloc_get_nbobjs_by_type(topo, HWLOC_OBJ_NUMANODE);
	hwloc_obj_t root = hwloc_get_root_obj(topo);
	hwloc_bitmap_t usable;

	for (i = 0; i < count; i++) {
		hwloc_obj_t node =
			hwloc_get_obj_by_type(topo, HWLOC_OBJ_NUMANODE, i);

		usable = usable_of(topo, node->cpuset);
		if (count_cores(topo, usable) >= core_count) {
			hwloc_bitmap_copy(nodes, node->nodeset);
			return usable;
		}
		hwloc_bitmap_free(usable);
	}
	hwloc_bitmap_copy(nodes, root->nodeset);
	return usable_of(topo, root->cpuset);
}

/* Of the cores of USABLE the last ones, for CPU 0 has most of the host's own work.
 * What shares a core with a vCPU stays idle. */
static void deal_cores(hwloc_topology_t topo, hwloc_const_bitmap_t usable,
		       struct placement *p)
{
	int i = hwloc_get_nbobjs_by_type(topo, HWLOC_OBJ_CORE);
	hwloc_bitmap_t of_core = hwloc_bitmap_alloc();
	hwloc_bitmap_t others = hwloc_bitmap_dup(usable);
	uint32_t left = p->vcpu_count;

	while (i-- > 0) {
		hwloc_obj_t core =
			hwloc_get_obj_by_type(topo, HWLOC_OBJ_CORE, i);
		unsigned int share = (unsigned int)hwloc_bitmap_weight(
			core->complete_cpuset);

		hwloc_bitmap_and(of_core, core->cpuset, usable);
		if (hwloc_bitmap_iszero(of_core))
			continue;
		if (share > p->smt)
			p->smt = share;
		if (!left)
			continue;
		p->vcpu_cpus[--left] = hwloc_bitmap_first(of_core);
		CPU_SET((size_t)p->vcpu_cpus[left], &p->vcpus);
		hwloc_bitmap_andnot(others, others, core->cpuset);
	}
	hwloc_cpuset_to_glibc_sched_affinity(topo, others, &p->others,
					     sizeof(p->others));
	hwloc_bitmap_free(others);
	hwloc_bitmap_free(of_core);
}

static int choose_in(hwloc_topology_t topo, struct placement *p,
		     struct err *err)
{
	size_t wanted = p->vcpu_count + 1, cores;
	hwloc_bitmap_t nodes = hwloc_bitmap_alloc();
	hwloc_bitmap_t usable = choose_part(topo, wanted, nodes);

	cores = count_cores(topo, usable);
	if (cores < wanted) {
		err_set(err, -ENOSPC,
			"pinning needs %zu cores (%u for vCPUs, one for the VMM), and of this host's %zu may be used",
			wanted, p->vcpu_count, cores);
	} else {
		p->node_count = (size_t)hwloc_get_nbobjs_by_type(
			topo, HWLOC_OBJ_NUMANODE);
		hwloc_bitmap_to_ulongs(nodes, PLACEMENT_NODE_WORDS, p->nodes);
		deal_cores(topo, usable, p);
	}
	hwloc_bitmap_free(usable);
	hwloc_bitmap_free(nodes);
	return cores < wanted ? -ENOSPC : 0;
}

int placement_choose(uint32_t vcpu_count, struct placement *p, struct err *err)
{
	hwloc_topology_t topo;
	int ret;

	*p = (struct placement){.vcpu_count = vcpu_count};
	if (hwloc_topology_init(&topo))
		return err_set(err, -ENOMEM,
			       "no memory for this host's topology");
	p->vcpu_cpus = xcalloc(vcpu_count, sizeof(*p->vcpu_cpus));
	ret = hwloc_topology_load(topo)
		      ? err_set(err, -EIO,
				"the topology of this host cannot be read")
		      : choose_in(topo, p, err);
	hwloc_topology_destroy(topo);
	if (ret)
		placement_release(p);
	return ret;
}

void placement_release(struct placement *p)
{
	free(p->vcpu_cpus);
	*p = (struct placement){0};
}

/* --- to put threads there ------------------------------------------------- */

int placement_enter(const struct placement *p, bool is_native)
{
	cpu_set_t set;

	/* A VMM's threads part once its guest runs. */
	CPU_OR(&set, &p->vcpus, &p->others);
	if (sched_setaffinity(0, sizeof(set), is_native ? &p->vcpus : &set))
		return -errno;
	if (p->node_count > 1 && syscall(SYS_set_mempolicy, MPOL_BIND, p->nodes,
					 sizeof(p->nodes) * 8))
		return -errno;
	return 0;
}

int placement_vcpu_of(const char *thread)
{
	static const char *const patterns[] = {
		"vcpu%u%n",        /* ours, Cloud Hypervisor */
		"CPU %u/%n",       /* QEMU: "CPU 0/KVM" */
		"fc_vcpu %u%n",    /* Firecracker */
		"crosvm_vcpu%u%n", /* crosvm */
		"kvm-vcpu-%u%n",   /* kvmtool */
	};
	unsigned int vcpu;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(patterns); i++) {
		int end = 0;

		if (sscanf(thread, patterns[i], &vcpu, &end) == 1 && end &&
		    vcpu < CPU_SETSIZE)
			return (int)vcpu;
	}
	return -1;
}

struct thread {
	bool is_kernels; /* "iou-wrk-123", "iou-sqp-123" */
	pid_t tid;
	int vcpu;           /* -1: another */
	int cpu;            /* that it was on last */
	uint64_t run_count; /* how often it was on one */
};

static void read_of_thread(pid_t pid, const char *tid, const char *file,
			   char *line, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task/%.16s/%s", (int)pid, tid,
		 file);
	file_first_line(path, line, size);
}

/* proc(5): schedstat is "RUN_NS WAITED_NS RUN_COUNT". False: it has ended. */
static bool read_thread(pid_t pid, const char *tid, struct thread *t)
{
	char line[1024], name[32];
	const char *cpu;

	*t = (struct thread){.tid = (pid_t)strtol(tid, NULL, 10)};
	read_of_thread(pid, tid, "schedstat", line, sizeof(line));
	sscanf(line, "%*u %*u %" SCNu64, &t->run_count);
	read_of_thread(pid, tid, "stat", line, sizeof(line));
	cpu = stat_line_field(line, CPU_FIELD);
	if (!cpu || !stat_line_name(line, name, sizeof(name)))
		return false;
	t->vcpu = placement_vcpu_of(name);
	t->is_kernels = !strncmp(name, "iou-", 4);
	t->cpu = (int)strtol(cpu, NULL, 10);
	return t->cpu >= 0 && t->cpu < CPU_SETSIZE;
}

static void blame(struct placement_seen *seen, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* The first reason stays. */
static void blame(struct placement_seen *seen, const char *fmt, ...)
{
	va_list args;

	if (seen->error[0])
		return;
	va_start(args, fmt);
	vsnprintf(seen->error, sizeof(seen->error), fmt, args);
	va_end(args);
}

static void for_each_thread(pid_t pid,
			    void (*act)(const struct placement *p,
					const struct thread *t,
					struct placement_seen *seen),
			    const struct placement *p,
			    struct placement_seen *seen)
{
	char path[32];
	struct dirent *e;
	struct thread t;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	dir = opendir(path);
	if (!dir)
		blame(seen, "the threads of process %d cannot be listed: %s",
		      (int)pid, strerror(errno));
	while (dir && (e = readdir(dir)))
		if (isdigit((unsigned char)e->d_name[0]) &&
		    read_thread(pid, e->d_name, &t))
			act(p, &t, seen);
	if (dir)
		closedir(dir);
}

static bool is_ours(const struct placement *p, const struct thread *t)
{
	return t->vcpu >= 0 && (uint32_t)t->vcpu < p->vcpu_count;
}

/* What T is to have. */
static cpu_set_t cpus_of(const struct placement *p, const struct thread *t)
{
	cpu_set_t one;

	if (!is_ours(p, t))
		return p->others;
	CPU_ZERO(&one);
	CPU_SET((size_t)p->vcpu_cpus[t->vcpu], &one);
	return one;
}

/* NULL: it was not given CPUs by pin(). */
static const struct placement_thread *find_placed(
	const struct placement_seen *seen, pid_t tid)
{
	size_t i;

	for (i = 0; i < seen->placed_count; i++)
		if (seen->placed[i].tid == tid)
			return &seen->placed[i];
	return NULL;
}

static void pin(const struct placement *p, const struct thread *t,
		struct placement_seen *seen)
{
	cpu_set_t set = cpus_of(p, t);

	if (!sched_setaffinity(t->tid, sizeof(set), &set)) {
		if (find_placed(seen, t->tid))
			return;
		seen->news++;
		seen->placed = xrealloc(seen->placed, seen->placed_count + 1,
					sizeof(*seen->placed));
		seen->placed[seen->placed_count++] =
			(struct placement_thread){t->tid, t->run_count};
		return;
	}
	/* It has ended meanwhile. */
	if (errno != ESRCH && !t->is_kernels)
		blame(seen, "thread %d cannot be given its CPU: %s",
		      (int)t->tid, strerror(errno));
}

/* What was allocated before, where a daemon that had no such policy started it. */
static void move_memory(const struct placement *p, pid_t pid)
{
	unsigned long all[PLACEMENT_NODE_WORDS];

	if (p->node_count < 2)
		return;
	memset(all, 0xff, sizeof(all));
	/* What cannot be moved is seen at the end. */
	syscall(SYS_migrate_pages, pid, sizeof(all) * 8, all, p->nodes);
}

void placement_apply(const struct placement *p, pid_t pid,
		     struct placement_seen *seen)
{
	int pass;

	/* A thread that one of the old ones made meanwhile has its CPUs. */
	for (pass = 0; pass < MAX_PASSES; pass++) {
		seen->news = 0;
		for_each_thread(pid, pin, p, seen);
		if (!seen->news)
			break;
	}
	move_memory(p, pid);
}

/* --- and to see them there ------------------------------------------------ */

/* One that sleeps has no new CPU before it wakes. */
static bool has_run(const struct placement_seen *seen, const struct thread *t)
{
	const struct placement_thread *placed = find_placed(seen, t->tid);

	return !placed || placed->run_count != t->run_count;
}

/* Nobody else may have given it others, as a management daemon does. */
static bool has_its_cpus(const struct placement *p, const struct thread *t)
{
	cpu_set_t want = cpus_of(p, t), has;

	/* It has ended meanwhile. */
	if (sched_getaffinity(t->tid, sizeof(has), &has))
		return errno == ESRCH;
	return CPU_EQUAL(&want, &has);
}

static void note_thread(const struct placement *p, const struct thread *t,
			struct placement_seen *seen)
{
	bool is_vcpu = is_ours(p, t);
	char who[32] = "a thread of the VMM";
	cpu_set_t set = cpus_of(p, t);

	if (t->is_kernels) {
		seen->kernel_count++;
		CPU_SET((size_t)t->cpu, &seen->kernels);
		/* Where it may be moved, it stays. */
		sched_setaffinity(t->tid, sizeof(set), &set);
		return;
	}
	if (is_vcpu)
		snprintf(who, sizeof(who), "the thread of vCPU %d", t->vcpu);
	seen->vcpu_count += is_vcpu;
	seen->other_count += !is_vcpu;
	if (!has_its_cpus(p, t))
		blame(seen, "%s was given other CPUs by somebody else", who);
	if (!has_run(seen, t))
		return;
	CPU_SET((size_t)t->cpu,
		is_vcpu ? &seen->vcpus[t->vcpu] : &seen->others);
	if (!CPU_ISSET((size_t)t->cpu, &set))
		blame(seen, "%s ran on CPU %d, which is not its", who, t->cpu);
}

/* Natively each thread may have any of the vCPUs' CPUs. */
static void note_native(const struct placement *p, const struct thread *t,
			struct placement_seen *seen)
{
	cpu_set_t has;

	if (t->is_kernels)
		return;
	seen->other_count++;
	CPU_SET((size_t)t->cpu, &seen->others);
	if (!sched_getaffinity(t->tid, sizeof(has), &has) &&
	    !CPU_EQUAL(&has, &p->vcpus))
		blame(seen, "the agent was given other CPUs by somebody else");
	if (!CPU_ISSET((size_t)t->cpu, &p->vcpus))
		blame(seen, "the agent ran on CPU %d, which is not its",
		      t->cpu);
}

void placement_look(const struct placement *p, pid_t pid, bool is_native,
		    struct placement_seen *seen)
{
	if (!seen->vcpus)
		seen->vcpus = xcalloc(p->vcpu_count, sizeof(*seen->vcpus));
	seen->is_native = is_native;
	seen->look_count++;
	seen->vcpu_count = seen->other_count = seen->kernel_count = 0;
	for_each_thread(pid, is_native ? note_native : note_thread, p, seen);
	if (!is_native && seen->vcpu_count != p->vcpu_count)
		blame(seen, "%u threads have a vCPU's name, of %u vCPUs",
		      seen->vcpu_count, p->vcpu_count);
}

/* proc(5): each line of numa_maps ends with words as "N0=12 N1=3", pages of the size
 * that "kernelpagesize_kB=4" says. */
static void add_pages(const char *line, uint64_t *kib, size_t count)
{
	const char *word = strstr(line, "kernelpagesize_kB=");
	uint64_t page_kib =
		word ? strtoull(strchr(word, '=') + 1, NULL, 10) : 4;
	uint64_t pages;
	size_t node;
	int end;

	for (word = line; (word = strstr(word, " N")) != NULL; word++) {
		end = 0;
		if (sscanf(word, " N%zu=%" SCNu64 "%n", &node, &pages, &end) ==
			    2 &&
		    node < count)
			kib[node] += pages * page_kib;
	}
}

void placement_look_at_memory(const struct placement *p, pid_t pid,
			      struct placement_seen *seen)
{
	uint64_t kib[PLACEMENT_NODE_WORDS * 64] = {0};
	uint64_t all_kib = 0, elsewhere_kib = 0;
	size_t node, len = 0, size = 0;
	char path[48], *line = NULL;
	FILE *in;

	seen->memory[0] = '\0';
	if (p->node_count < 2)
		return;
	snprintf(path, sizeof(path), "/proc/%d/numa_maps", (int)pid);
	in = fopen(path, "re");
	while (in && getline(&line, &size, in) >= 0)
		add_pages(line, kib, ARRAY_SIZE(kib));
	free(line);
	if (in)
		fclose(in);
	for (node = 0; node < ARRAY_SIZE(kib); node++) {
		all_kib += kib[node];
		if (!(p->nodes[node / 64] & 1UL << node % 64))
			elsewhere_kib += kib[node];
	}
	if ((double)elsewhere_kib > MAX_ELSEWHERE * (double)all_kib)
		blame(seen,
		      "%" PRIu64 " of %" PRIu64
		      " KiB are on other memory nodes",
		      elsewhere_kib, all_kib);
	for (node = 0; node < ARRAY_SIZE(kib); node++)
		if (kib[node] && len < sizeof(seen->memory))
			len += (size_t)snprintf(
				seen->memory + len, sizeof(seen->memory) - len,
				"%sN%zu=%" PRIu64 " KiB", len ? ", " : "", node,
				kib[node]);
}

static void put_cpus(json_t *to, const char *key, const cpu_set_t *set)
{
	hwloc_bitmap_t bits = hwloc_bitmap_alloc();
	char text[512];
	int cpu;

	for (cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET((size_t)cpu, set))
			hwloc_bitmap_set(bits, (unsigned int)cpu);
	hwloc_bitmap_list_snprintf(text, sizeof(text), bits);
	hwloc_bitmap_free(bits);
	json_object_set_new(to, key, json_string(text));
}

static json_t *vcpus_to_json(const struct placement *p,
			     const struct placement_seen *seen)
{
	json_t *out = json_array();
	uint32_t i;

	for (i = 0; i < p->vcpu_count; i++) {
		json_t *o = json_pack("{s:i}", "cpu", p->vcpu_cpus[i]);

		if (!seen->is_native)
			put_cpus(o, "seen_on", &seen->vcpus[i]);
		json_array_append_new(out, o);
	}
	return out;
}

void placement_text(const struct placement_seen *seen, const char *scheduler,
		    char *buf, size_t size)
{
	if (scheduler)
		snprintf(buf, size,
			 "cores, advisory: the hypervisor has the %s",
			 scheduler);
	else if (seen->error[0])
		snprintf(buf, size, "cores, broken: %s", seen->error);
	else
		snprintf(buf, size, "cores, kept");
}

json_t *placement_to_json(const struct placement *p,
			  const struct placement_seen *seen,
			  const char *scheduler)
{
	const char *kept = scheduler ? "advisory" : "kept";
	json_t *others = json_pack("{s:i}", "threads", (int)seen->other_count);
	json_t *out = json_pack(
		"{s:s, s:s, s:i, s:i, s:i, s:o, s:s}", "pinning", "cores",
		"binding", seen->error[0] ? "broken" : kept, "cpus_per_core",
		(int)p->smt, "memory_nodes", (int)p->node_count, "looks",
		(int)seen->look_count, "vcpus", vcpus_to_json(p, seen), "error",
		seen->error);

	put_cpus(others, "cpus", seen->is_native ? &p->vcpus : &p->others);
	put_cpus(others, "seen_on", &seen->others);
	json_object_set_new(out, seen->is_native ? "agent" : "vmm", others);
	if (seen->kernel_count) {
		json_t *k =
			json_pack("{s:i}", "threads", (int)seen->kernel_count);

		put_cpus(k, "seen_on", &seen->kernels);
		json_object_set_new(out, "io_uring_workers", k);
	}
	if (scheduler)
		json_object_set_new(out, "scheduler", json_string(scheduler));
	if (seen->memory[0])
		json_object_set_new(out, "memory", json_string(seen->memory));
	return out;
}

void placement_seen_release(struct placement_seen *seen)
{
	free(seen->placed);
	free(seen->vcpus);
	*seen = (struct placement_seen){0};
}
