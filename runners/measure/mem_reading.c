// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/measure/mem_reading.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness/base/base.h"
#include "harness/base/file.h"
#include "harness/base/strbuf.h"

#define FILE_MAX_BYTES (16u * MIB)
#define MSHV_STATS "/sys/kernel/debug/mshv/partition"
#define PAGE_BYTES 4096u

#define SETTLE_STEP_NS (100 * NS_PER_MS)
#define SETTLE_STEPS 30
#define SETTLE_SAME 3
#define SETTLE_BYTES (256 * KIB)

/* A key at the start of a line: "Pss:  12 kB". Two are added up. */
struct row {
	const char *name;
	const char *file;
	const char *key, *more;
	bool is_count; /* else KiB */
};

static const struct row proc_rows[PROC_VALUE_COUNT] = {
	[PROC_RSS] = {"rss", "smaps_rollup", "Rss:", NULL, false},
	[PROC_PSS] = {"pss", "smaps_rollup", "Pss:", NULL, false},
	[PROC_PRIVATE] = {"private", "smaps_rollup",
			  "Private_Clean:", "Private_Dirty:", false},
	[PROC_SHARED] = {"shared", "smaps_rollup",
			 "Shared_Clean:", "Shared_Dirty:", false},
	[PROC_GUEST_RSS] = {"guest_rss", NULL, NULL, NULL, false},
	[PROC_PAGE_TABLES] = {"page_tables", "status", "VmPTE:", NULL, false},
	[PROC_LOCKED] = {"locked", "status", "VmLck:", NULL, false},
	[PROC_PINNED] = {"pinned", "status", "VmPin:", NULL, false},
	[PROC_THREADS] = {"threads", "status", "Threads:", NULL, true},
};

static const struct row host_rows[HOST_VALUE_COUNT] = {
	[HOST_USED] = {"used", NULL, NULL, NULL, false},
	[HOST_AVAILABLE] = {"available", NULL, "MemAvailable:", NULL, false},
	[HOST_FREE] = {"free", NULL, "MemFree:", NULL, false},
	[HOST_SLAB] = {"slab", NULL, "Slab:", NULL, false},
	[HOST_PAGE_TABLES] = {"page_tables", NULL, "PageTables:", NULL, false},
	[HOST_SEC_PAGE_TABLES] = {"sec_page_tables", NULL,
				  "SecPageTables:", NULL, false},
	[HOST_VMALLOC] = {"vmalloc", NULL, "VmallocUsed:", NULL, false},
	[HOST_PERCPU] = {"percpu", NULL, "Percpu:", NULL, false},
	[HOST_SHMEM] = {"shmem", NULL, "Shmem:", NULL, false},
	[HOST_MLOCKED] = {"mlocked", NULL, "Mlocked:", NULL, false},
	[HOST_MSHV_DEPOSITED] = {"mshv_deposited", NULL, NULL, NULL, false},
};

const char *proc_value_name(enum proc_value value)
{
	return proc_rows[value].name;
}

const char *host_value_name(enum host_value value)
{
	return host_rows[value].name;
}

static const char *next_line(const char *p)
{
	p = strchr(p, '\n');
	return p ? p + 1 : NULL;
}

static uint64_t keyed(const char *text, const char *key, uint64_t unit)
{
	const char *p;

	for (p = text; p && *p; p = next_line(p))
		if (!strncmp(p, key, strlen(key)))
			return strtoull(p + strlen(key), NULL, 10) * unit;
	return UINT64_MAX;
}

static uint64_t row_value(const struct row *r, const char *text)
{
	uint64_t unit = r->is_count ? 1 : KIB;
	uint64_t value = keyed(text, r->key, unit);
	uint64_t more = r->more ? keyed(text, r->more, unit) : 0;

	return value == UINT64_MAX || more == UINT64_MAX ? UINT64_MAX
							 : value + more;
}

static const char *read_proc(pid_t pid, const char *name, struct strbuf *text)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	file_read(path, FILE_MAX_BYTES, text);
	return strbuf_str(text);
}

/* "7f..-7f.. rw-p ..." begins a mapping, "Rss: N kB" is of it. */
static uint64_t guest_rss(pid_t pid, uint64_t ram_bytes)
{
	uint64_t best_bytes = UINT64_MAX, rss = UINT64_MAX, bytes = 0;
	struct strbuf text = {0};
	const char *p;

	for (p = read_proc(pid, "smaps", &text); p && *p; p = next_line(p)) {
		unsigned long long from, to, kib;

		if (sscanf(p, "%llx-%llx ", &from, &to) == 2) {
			bytes = to - from;
		} else if (sscanf(p, "Rss: %llu kB", &kib) == 1 &&
			   bytes >= ram_bytes && bytes < best_bytes) {
			best_bytes = bytes;
			rss = kib * KIB;
		}
	}
	strbuf_release(&text);
	return rss;
}

void proc_values_read(pid_t pid, uint64_t ram_bytes,
		      uint64_t values[PROC_VALUE_COUNT])
{
	struct strbuf rollup = {0}, status = {0};
	size_t i;

	read_proc(pid, "smaps_rollup", &rollup);
	read_proc(pid, "status", &status);
	for (i = 0; i < PROC_VALUE_COUNT; i++) {
		const struct row *r = &proc_rows[i];

		if (r->file)
			values[i] = row_value(
				r, strbuf_str(strcmp(r->file, "status")
						      ? &rollup
						      : &status));
	}
	values[PROC_GUEST_RSS] = ram_bytes ? guest_rss(pid, ram_bytes) : 0;
	strbuf_release(&rollup);
	strbuf_release(&status);
}

/* "PtDepositedPages : 123" of each partition (since Linux 7.0). */
static uint64_t mshv_deposited(void)
{
	uint64_t sum = UINT64_MAX;
	DIR *dir = opendir(MSHV_STATS);
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		struct strbuf text = {0};
		char path[400];
		const char *p;

		snprintf(path, sizeof(path), MSHV_STATS "/%.255s/stats",
			 e->d_name);
		if (e->d_name[0] != '.' &&
		    !file_read(path, FILE_MAX_BYTES, &text) &&
		    (p = strstr(strbuf_str(&text), "PtDepositedPages")) &&
		    (p = strchr(p, ':'))) {
			if (sum == UINT64_MAX)
				sum = 0;
			sum += strtoull(p + 1, NULL, 10) * PAGE_BYTES;
		}
		strbuf_release(&text);
	}
	if (dir)
		closedir(dir);
	return sum;
}

static uint64_t own_anonymous(void)
{
	struct strbuf text = {0};
	uint64_t bytes;

	file_read("/proc/self/status", FILE_MAX_BYTES, &text);
	bytes = keyed(strbuf_str(&text), "RssAnon:", KIB);
	strbuf_release(&text);
	return bytes;
}

/* Shared memory is counted as cached, and cannot be dropped. */
static uint64_t used_of(const char *meminfo)
{
	static const char *const more[] = {"MemTotal:", "Shmem:"};
	static const char *const less[] = {
		"MemFree:", "Buffers:", "Cached:", "SReclaimable:"};
	uint64_t used = 0, own = own_anonymous(), value;
	bool is_known = own != UINT64_MAX;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(more); i++) {
		value = keyed(meminfo, more[i], KIB);
		is_known &= value != UINT64_MAX;
		used += value;
	}
	for (i = 0; i < ARRAY_SIZE(less); i++) {
		value = keyed(meminfo, less[i], KIB);
		is_known &= value != UINT64_MAX;
		used -= value;
	}
	return is_known ? used - own : UINT64_MAX;
}

void host_values_read(uint64_t values[HOST_VALUE_COUNT])
{
	struct strbuf text = {0};
	size_t i;

	file_read("/proc/meminfo", FILE_MAX_BYTES, &text);
	for (i = 0; i < HOST_VALUE_COUNT; i++)
		if (host_rows[i].key)
			values[i] = row_value(&host_rows[i], strbuf_str(&text));
	values[HOST_USED] = used_of(strbuf_str(&text));
	values[HOST_MSHV_DEPOSITED] = mshv_deposited();
	strbuf_release(&text);
}

void host_values_settle(uint64_t values[HOST_VALUE_COUNT])
{
	const struct timespec step = {.tv_nsec = SETTLE_STEP_NS};
	uint64_t last = 0;
	int i, same = 0;

	for (i = 0; i < SETTLE_STEPS && same < SETTLE_SAME; i++) {
		uint64_t gap;

		if (i)
			nanosleep(&step, NULL);
		host_values_read(values);
		gap = values[HOST_USED] > last ? values[HOST_USED] - last
					       : last - values[HOST_USED];
		same = gap <= SETTLE_BYTES ? same + 1 : 0;
		last = values[HOST_USED];
	}
}

void host_values_return(uint64_t values[HOST_VALUE_COUNT],
			const uint64_t before[HOST_VALUE_COUNT])
{
	const struct timespec step = {.tv_nsec = SETTLE_STEP_NS};
	int i;

	for (i = 0; i < SETTLE_STEPS; i++) {
		host_values_read(values);
		if (values[HOST_USED] <= before[HOST_USED])
			return;
		nanosleep(&step, NULL);
	}
}
