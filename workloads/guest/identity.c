// SPDX-License-Identifier: GPL-3.0-or-later
#include "workloads/guest/identity.h"

#include <cpuid.h>
#include <dirent.h>
#include <fcntl.h>
#include <immintrin.h>
#include <stdint.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

/* Values are compared, so that they are kept whole: more than the kernel's limits
 * of a command line and of a file in sysfs. */
#define MAX_LINE_BYTES 8192

struct out {
	char *buf;
	size_t size;
	size_t len;
};

__attribute__((format(printf, 2, 3))) static void line(struct out *o,
						       const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(o->buf + o->len, o->size - o->len, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n + 1 >= o->size - o->len) {
		o->buf[o->len] = '\0';
		return;
	}
	o->len += (size_t)n;
	o->buf[o->len++] = '\n';
	o->buf[o->len] = '\0';
}

static const char *first_line(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, size - 1);

	if (fd >= 0)
		close(fd);
	buf[n > 0 ? n : 0] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return buf;
}

static void file_line(struct out *o, const char *key, const char *path)
{
	char text[MAX_LINE_BYTES];

	line(o, "%s=%s", key, first_line(path, text, sizeof(text)));
}

/* One line a file of the folder, in name order. */
static void folder_lines(struct out *o, const char *key, const char *folder)
{
	struct dirent **names;
	char path[512];
	char text[MAX_LINE_BYTES];
	int n = scandir(folder, &names, NULL, alphasort);
	int i;

	for (i = 0; i < n; i++) {
		if (names[i]->d_name[0] != '.') {
			snprintf(path, sizeof(path), "%s/%s", folder,
				 names[i]->d_name);
			line(o, "%s.%s=%s", key, names[i]->d_name,
			     first_line(path, text, sizeof(text)));
		}
		free(names[i]);
	}
	if (n >= 0)
		free(names);
}

static void cpuid_leaf(struct out *o, uint32_t leaf, uint32_t sub)
{
	uint32_t a, b, c, d;

	__cpuid_count(leaf, sub, a, b, c, d);
	if (a | b | c | d)
		line(o, "cpuid.%08x.%u=%08x %08x %08x %08x", leaf, sub, a, b, c,
		     d);
}

/* Leaves that have subleaves, and how many are worth reading. */
static uint32_t subleaf_count(uint32_t leaf)
{
	switch (leaf) {
	case 0x4:
	case 0xb:
	case 0x1f:
	case 0x8000001d:
		return 8;
	case 0x7:
	case 0x14:
	case 0x17:
	case 0x18:
		return 4;
	case 0xd:
		return 64;
	default:
		return 1;
	}
}

static void cpuid_range(struct out *o, uint32_t base, uint32_t limit)
{
	uint32_t max = __get_cpuid_max(base, NULL);
	uint32_t a, b, c, d, leaf, sub;

	if (base == 0x40000000) {
		__cpuid(base, a, b, c, d);
		max = a;
		if (!a && (b | c | d))
			max = base;
	}
	if (max > base + limit)
		max = base + limit;
	for (leaf = base; leaf >= base && leaf <= max; leaf++)
		for (sub = 0; sub < subleaf_count(leaf); sub++)
			cpuid_leaf(o, leaf, sub);
}

__attribute__((target("xsave"))) static void xcr0_line(struct out *o)
{
	uint32_t a, b, c, d;

	__cpuid(1, a, b, c, d);
	if (c & bit_OSXSAVE)
		line(o, "xcr0=%016llx", (unsigned long long)_xgetbv(0));
}

static void memory_lines(struct out *o)
{
	char path[128], start[64], end[64], type[64];
	int i;

	for (i = 0; i < 64; i++) {
		snprintf(path, sizeof(path), "/sys/firmware/memmap/%d/start",
			 i);
		if (access(path, R_OK))
			return;
		first_line(path, start, sizeof(start));
		snprintf(path, sizeof(path), "/sys/firmware/memmap/%d/end", i);
		first_line(path, end, sizeof(end));
		snprintf(path, sizeof(path), "/sys/firmware/memmap/%d/type", i);
		first_line(path, type, sizeof(type));
		line(o, "memmap.%02d=%s-%s %s", i, start, end, type);
	}
}

static void pci_lines(struct out *o)
{
	static const char folder[] = "/sys/bus/pci/devices";
	static const char *const fields[] = {"vendor", "device", "class",
					     "subsystem_device"};
	struct dirent **names;
	char path[512], text[64], all[512];
	int n = scandir(folder, &names, NULL, alphasort);
	size_t f;
	int i;

	for (i = 0; i < n; i++) {
		all[0] = '\0';
		for (f = 0; f < sizeof(fields) / sizeof(fields[0]); f++) {
			size_t used = strlen(all);

			snprintf(path, sizeof(path), "%s/%s/%s", folder,
				 names[i]->d_name, fields[f]);
			snprintf(all + used, sizeof(all) - used, "%s%s",
				 used ? " " : "",
				 first_line(path, text, sizeof(text)));
		}
		if (names[i]->d_name[0] != '.')
			line(o, "pci.%s=%s", names[i]->d_name, all);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
}

/*
 * Linux calls the TSC "tsc-early" until a second into its life. It is the
 * same counter, and which boot is asked before that is chance.
 */
static void clocksource_line(struct out *o)
{
	char name[64];

	first_line(
		"/sys/devices/system/clocksource/clocksource0/current_clocksource",
		name, sizeof(name));
	line(o, "clocksource=%s", strcmp(name, "tsc-early") ? name : "tsc");
}

size_t identity_write(char *buf, size_t size)
{
	struct out o = {.buf = buf, .size = size};
	struct utsname u;

	buf[0] = '\0';
	if (!uname(&u)) {
		line(&o, "kernel.release=%s", u.release);
		line(&o, "kernel.version=%s", u.version);
	}
	file_line(&o, "kernel.cmdline", "/proc/cmdline");
	line(&o, "cpu.count=%ld", sysconf(_SC_NPROCESSORS_ONLN));
	line(&o, "memory.total_bytes=%lld",
	     (long long)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE));
	clocksource_line(&o);
	file_line(&o, "thp", "/sys/kernel/mm/transparent_hugepage/enabled");
	folder_lines(&o, "mitigation",
		     "/sys/devices/system/cpu/vulnerabilities");
	cpuid_range(&o, 0, 0x40);
	cpuid_range(&o, 0x40000000, 0x20);
	cpuid_range(&o, 0x80000000, 0x40);
	xcr0_line(&o);
	memory_lines(&o);
	pci_lines(&o);
	return o.len;
}
