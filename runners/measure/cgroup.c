// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/measure/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/strbuf.h"

#define PREFIX "l1vh-"
#define STAT_MAX 65536
/* A killed process leaves its group when it is gone, not at once. */
#define REMOVE_TRIES 500
#define REMOVE_WAIT_NS 10000000

static const struct {
	const char *name;
	const char *v2_file, *v2_key; /* no key: the file is the number */
	const char *v1_file, *v1_key;
} rows[] = {
	[CGROUP_CURRENT] = {"current", "memory.current", NULL,
			    "memory.usage_in_bytes", NULL},
	[CGROUP_PEAK] = {"peak", "memory.peak", NULL,
			 "memory.max_usage_in_bytes", NULL},
	[CGROUP_ANON] = {"anon", "memory.stat", "anon", "memory.stat",
			 "total_rss"},
	[CGROUP_FILE] = {"file", "memory.stat", "file", "memory.stat",
			 "total_cache"},
	[CGROUP_SHMEM] = {"shmem", "memory.stat", "shmem", "memory.stat",
			  "total_shmem"},
	[CGROUP_KERNEL] = {"kernel", "memory.stat", "kernel",
			   "memory.kmem.usage_in_bytes", NULL},
	[CGROUP_PAGETABLES] = {"pagetables", "memory.stat", "pagetables", NULL,
			       NULL},
	[CGROUP_SEC_PAGETABLES] = {"sec_pagetables", "memory.stat",
				   "sec_pagetables", NULL, NULL},
	[CGROUP_SLAB] = {"slab", "memory.stat", "slab", NULL, NULL},
	[CGROUP_SLAB_RECLAIMABLE] = {"slab_reclaimable", "memory.stat",
				     "slab_reclaimable", NULL, NULL},
	[CGROUP_SOCK] = {"sock", "memory.stat", "sock",
			 "memory.kmem.tcp.usage_in_bytes", NULL},
	[CGROUP_OOM_KILLS] = {"oom_kills", "memory.events", "oom_kill",
			      "memory.oom_control", "oom_kill"},
};

const char *cgroup_value_name(enum cgroup_value value)
{
	return rows[value].name;
}

static int write_text(const char *folder, const char *name, const char *text)
{
	char path[700];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return file_put(path, text);
}

/*
 * Where the controller is mounted, of /proc/mounts: "cgroup2" first, where
 * it has a memory controller at all.
 */
static bool find_mount(bool wants_v2, char *path, size_t size)
{
	FILE *file = fopen("/proc/mounts", "re");
	char line[1024], at[256], type[32], options[256];
	bool found = false;

	while (file && !found && fgets(line, sizeof(line), file)) {
		char list[512], words[256];

		if (sscanf(line, "%*s %255s %31s %255s", at, type, options) !=
		    3)
			continue;
		if (wants_v2 && !strcmp(type, "cgroup2")) {
			snprintf(list, sizeof(list), "%s/cgroup.controllers",
				 at);
			found = strstr(
				file_first_line(list, words, sizeof(words)),
				"memory");
		} else if (!wants_v2 && !strcmp(type, "cgroup")) {
			snprintf(list, sizeof(list), ",%s,", options);
			found = strstr(list, ",memory,");
		}
	}
	if (file)
		fclose(file);
	if (found)
		snprintf(path, size, "%s", at);
	return found;
}

/* Our own group's folder, of /proc/self/cgroup: "0::/a" or "4:memory:/a". */
static void find_own(const char *mount, bool is_v2, char *path, size_t size)
{
	FILE *file = fopen("/proc/self/cgroup", "re");
	char line[512], own[256] = "/";

	while (file && fgets(line, sizeof(line), file)) {
		const char *is = is_v2 ? "0::" : ":memory:";
		const char *p = strstr(line, is);

		if (p && (!is_v2 || p == line))
			snprintf(own, sizeof(own), "%.*s",
				 (int)strcspn(p + strlen(is), "\n"),
				 p + strlen(is));
	}
	if (file)
		fclose(file);
	snprintf(path, size, "%s%s", mount, strcmp(own, "/") ? own : "");
}

static void remove_group(const char *path)
{
	struct timespec wait = {.tv_nsec = REMOVE_WAIT_NS};
	int i;

	for (i = 0; i < REMOVE_TRIES; i++) {
		if (!rmdir(path) || errno != EBUSY)
			return;
		nanosleep(&wait, NULL);
	}
}

static void kill_all(const char *path)
{
	char procs[400];
	long pid;
	FILE *file;

	if (!write_text(path, "cgroup.kill", "1"))
		return;
	snprintf(procs, sizeof(procs), "%s/cgroup.procs", path);
	file = fopen(procs, "re");
	while (file && fscanf(file, "%ld", &pid) == 1)
		kill((pid_t)pid, SIGKILL);
	if (file)
		fclose(file);
}

/* A name contains a process id; if that process has ended, it is unused. */
static void sweep(const char *parent)
{
	DIR *dir = opendir(parent);
	struct dirent *e;
	char path[600];
	long pid;

	while (dir && (e = readdir(dir))) {
		if (sscanf(e->d_name, PREFIX "%ld-", &pid) != 1 ||
		    !kill((pid_t)pid, 0) || errno != ESRCH)
			continue;
		snprintf(path, sizeof(path), "%.300s/%.255s", parent,
			 e->d_name);
		kill_all(path);
		remove_group(path);
	}
	if (dir)
		closedir(dir);
}

static int make_in(struct cgroup *cg, const char *parent, struct err *err)
{
	static atomic_uint count;
	char folder[300], procs[400];
	int ret;

	sweep(parent);
	/* A v2 group with processes in it, the root apart, may not have
	 * this. */
	if (cg->is_v2) {
		ret = write_text(parent, "cgroup.subtree_control", "+memory");
		if (ret)
			return err_sys(err, ret,
				       "no cgroup below '%s' can have memory",
				       parent);
	}
	snprintf(folder, sizeof(folder), "%.200s/" PREFIX "%d-%u", parent,
		 (int)getpid(), atomic_fetch_add(&count, 1));
	if (mkdir(folder, 0755))
		return err_sys(err, -errno, "cannot make a cgroup in '%s'",
			       parent);
	snprintf(procs, sizeof(procs), "%s/cgroup.procs", folder);
	cg->procs_fd = open(procs, O_WRONLY | O_CLOEXEC);
	if (cg->procs_fd < 0) {
		ret = -errno;
		rmdir(folder);
		return err_sys(err, ret, "cannot write to '%s'", procs);
	}
	snprintf(cg->path, sizeof(cg->path), "%s", folder);
	return 0;
}

int cgroup_create(struct cgroup *cg, struct err *err)
{
	char mount[256], own[600];
	int ret;

	*cg = (struct cgroup){.procs_fd = -1};
	cg->is_v2 = find_mount(true, mount, sizeof(mount));
	if (!cg->is_v2 && !find_mount(false, mount, sizeof(mount)))
		return err_set(err, -EOPNOTSUPP,
			       "no cgroup with a memory controller is mounted");
	find_own(mount, cg->is_v2, own, sizeof(own));
	ret = make_in(cg, own, err);
	if (ret && strcmp(own, mount))
		ret = make_in(cg, mount, err);
	return ret;
}

void cgroup_destroy(struct cgroup *cg)
{
	if (cg->path[0]) {
		kill_all(cg->path);
		remove_group(cg->path);
	}
	if (cg->path[0] && cg->procs_fd >= 0)
		close(cg->procs_fd);
	cg->path[0] = '\0';
	cg->procs_fd = -1;
}

int cgroup_limit(const struct cgroup *cg, uint64_t bytes, struct err *err)
{
	/* Swapping would hide what a pod is killed for; where there is none
	 * the kernel may not have these files. That of v1 may never be below
	 * the limit, so that it goes before and after. */
	static const char v1_swap[] = "memory.memsw.limit_in_bytes";
	char text[32];
	int ret;

	snprintf(text, sizeof(text), "%" PRIu64, bytes);
	write_text(cg->path, cg->is_v2 ? "memory.swap.max" : v1_swap,
		   cg->is_v2 ? "0" : text);
	ret = write_text(cg->path,
			 cg->is_v2 ? "memory.max" : "memory.limit_in_bytes",
			 text);
	if (ret)
		return err_sys(err, ret,
			       "cannot limit '%s' to %" PRIu64 " bytes",
			       cg->path, bytes);
	if (!cg->is_v2)
		write_text(cg->path, v1_swap, text);
	return 0;
}

int cgroup_join(int procs_fd)
{
	return write(procs_fd, "0", 1) == 1 ? 0 : -errno;
}

bool cgroup_holds(const struct cgroup *cg, pid_t pid)
{
	/* Names are of this process and never used twice. */
	const char *name = strrchr(cg->path, '/');
	struct strbuf text = {0};
	bool holds = false;
	char path[64];
	const char *p;

	if (!name)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/cgroup", (int)pid);
	file_read(path, STAT_MAX, &text);
	/* One name may begin as another. */
	for (p = strbuf_str(&text); !holds && (p = strstr(p, name)); p++)
		holds = strchr("/\n", p[strlen(name)]);
	strbuf_release(&text);
	return holds;
}

/* "KEY NUMBER" at the start of a line. */
static uint64_t keyed(const char *text, const char *key)
{
	size_t len = strlen(key);
	const char *p = text;

	while (p && *p) {
		if (!strncmp(p, key, len) && p[len] == ' ')
			return strtoull(p + len + 1, NULL, 10);
		p = strchr(p, '\n');
		p = p ? p + 1 : NULL;
	}
	return UINT64_MAX;
}

static uint64_t read_value(const char *folder, const char *name,
			   const char *key)
{
	struct strbuf text = {0};
	uint64_t value = UINT64_MAX;
	char path[400];

	if (!name)
		return UINT64_MAX;
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	if (!file_read(path, STAT_MAX, &text) && text.len)
		value = key ? keyed(text.str, key)
			    : strtoull(text.str, NULL, 10);
	strbuf_release(&text);
	return value;
}

void cgroup_read(const struct cgroup *cg, uint64_t values[CGROUP_VALUE_COUNT])
{
	size_t i;

	for (i = 0; i < CGROUP_VALUE_COUNT; i++)
		values[i] = !cg->path[0] ? UINT64_MAX
			    : cg->is_v2  ? read_value(cg->path, rows[i].v2_file,
						      rows[i].v2_key)
					 : read_value(cg->path, rows[i].v1_file,
						      rows[i].v1_key);
}

uint64_t cgroup_unreclaimable(const uint64_t values[CGROUP_VALUE_COUNT])
{
	static const enum cgroup_value needed[] = {CGROUP_ANON, CGROUP_SHMEM,
						   CGROUP_KERNEL};
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(needed); i++) {
		if (values[needed[i]] == UINT64_MAX)
			return UINT64_MAX;
		sum += values[needed[i]];
	}
	if (values[CGROUP_SOCK] != UINT64_MAX)
		sum += values[CGROUP_SOCK];
	if (values[CGROUP_SLAB_RECLAIMABLE] != UINT64_MAX &&
	    values[CGROUP_SLAB_RECLAIMABLE] < sum)
		sum -= values[CGROUP_SLAB_RECLAIMABLE];
	return sum;
}
