// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/measure/mshv_stats.h"

#include <dirent.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The hypervisor counts in units of 100 ns (TLFS, "Partition Reference Time"). */
#define UNIT_NS 100

/* A folder entry that is a number. */
static bool parse_entry(const struct dirent *e, uint64_t *number)
{
	char *end;

	*number = strtoull(e->d_name, &end, 10);
	return end != e->d_name && !*end;
}

static DIR *open_partitions(const char *folder)
{
	char path[300];

	snprintf(path, sizeof(path), "%.200s/partition", folder);
	return opendir(path);
}

void mshv_stats_begin(struct mshv_stats *s, const char *folder)
{
	DIR *dir = open_partitions(folder);
	struct dirent *e;
	uint64_t id;

	*s = (struct mshv_stats){.folder = dir ? folder : NULL};
	while (s->folder && (e = readdir(dir))) {
		if (!parse_entry(e, &id))
			continue;
		if (s->count == MSHV_STATS_MAX_KNOWN)
			s->folder = NULL;
		else
			s->known[s->count++] = id;
	}
	if (dir)
		closedir(dir);
}

static bool is_known(const struct mshv_stats *s, uint64_t id)
{
	size_t i;

	for (i = 0; i < s->count; i++)
		if (s->known[i] == id)
			return true;
	return false;
}

/* The only partition that is new. */
static bool find_new(const struct mshv_stats *s, uint64_t *found)
{
	DIR *dir = open_partitions(s->folder);
	struct dirent *e;
	size_t count = 0;
	uint64_t id;

	while (dir && (e = readdir(dir)))
		if (parse_entry(e, &id) && !is_known(s, id)) {
			*found = id;
			count++;
		}
	if (dir)
		closedir(dir);
	return count == 1;
}

/* "VpTotalRunTime   : 123"; the driver's first series wrote no PREFIX. */
static bool parse_counter(const char *line, const char *prefix,
			  const char *name, uint64_t *value)
{
	size_t len = strlen(prefix);

	if (!strncmp(line, prefix, len))
		line += len;
	len = strlen(name);
	return !strncmp(line, name, len) &&
	       sscanf(line + len, " : %" SCNu64, value) == 1;
}

static bool read_counter(const char *path, const char *prefix, const char *name,
			 uint64_t *value)
{
	FILE *f = fopen(path, "re");
	bool has_it = false;
	char line[128];

	while (f && !has_it && fgets(line, sizeof(line), f))
		has_it = parse_counter(line, prefix, name, value);
	if (f)
		fclose(f);
	return has_it;
}

bool mshv_stats_run_ns(const struct mshv_stats *s, uint64_t *ns)
{
	char folder[300], path[400];
	uint64_t id, vp, units, sum = 0;
	bool has_all = true;
	size_t count = 0;
	struct dirent *e;
	DIR *dir;

	if (!s->folder || !find_new(s, &id))
		return false;
	snprintf(folder, sizeof(folder), "%.200s/partition/%" PRIu64 "/vp",
		 s->folder, id);
	dir = opendir(folder);
	while (dir && has_all && (e = readdir(dir))) {
		if (!parse_entry(e, &vp))
			continue;
		snprintf(path, sizeof(path), "%s/%" PRIu64 "/stats", folder,
			 vp);
		has_all = read_counter(path, "Vp", "TotalRunTime", &units);
		sum += has_all ? units : 0;
		count++;
	}
	if (dir)
		closedir(dir);
	if (!count || !has_all)
		return false;
	*ns = sum * UNIT_NS;
	return true;
}

double mshv_stats_deposits(const char *folder)
{
	DIR *dir = open_partitions(folder);
	double sum = 0;
	bool is_shown = false;
	char path[600];
	struct dirent *e;
	uint64_t id, pages;

	while (dir && (e = readdir(dir))) {
		/* An L1VH parent's own is called so, and has what stays. */
		if (strcmp(e->d_name, "self") && !parse_entry(e, &id))
			continue;
		snprintf(path, sizeof(path), "%.200s/partition/%.255s/stats",
			 folder, e->d_name);
		if (read_counter(path, "Pt", "DepositedPages", &pages)) {
			sum += (double)pages;
			is_shown = true;
		}
	}
	if (dir)
		closedir(dir);
	return is_shown ? sum : NAN;
}
