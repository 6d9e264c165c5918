// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/faults/call_site.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/faults/call_table.h"

#define STACK_BYTES 65536
#define FRAME_COUNT 3

static size_t proc_file(pid_t tid, const char *name, char *buf, size_t size)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", tid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? 0 : read(fd, buf, size - 1);
	if (fd >= 0)
		close(fd);
	buf[n > 0 ? n : 0] = '\0';
	return n > 0 ? (size_t)n : 0;
}

static const char *proc_link(pid_t tid, const char *name, char *buf,
			     size_t size)
{
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/%s", tid, name);
	n = readlink(path, buf, size - 1);
	buf[n > 0 ? n : 0] = '\0';
	return buf;
}

pid_t call_site_tgid(pid_t tid)
{
	char buf[1024], *p;

	proc_file(tid, "status", buf, sizeof(buf));
	p = strstr(buf, "\nTgid:");
	return p ? (pid_t)strtol(p + 6, NULL, 10) : tid;
}

const char *call_site_command(pid_t pid)
{
	static char buf[400];
	size_t n = proc_file(pid, "cmdline", buf, sizeof(buf));
	size_t i;

	for (i = 0; i + 1 < n; i++)
		if (!buf[i])
			buf[i] = ' ';
	return buf;
}

/* Our programs have roles; what they start of others' has none: NULL. */
static const char *role_get(pid_t tid, char *exe, size_t size)
{
	const char *name = strrchr(proc_link(tid, "exe", exe, size), '/');
	const char *word;

	name = name ? name + 1 : "";
	if (!strncmp(name, "l1vh-vmm", 8))
		return "vmm";
	if (!strncmp(name, "guest-agent", 11))
		return "agent";
	if (strncmp(name, "l1vh-bench", 10))
		return NULL;
	word = strchr(call_site_command(tid), ' ');
	return word && !strcmp(word, " worker") ? "worker" : "bench";
}

/* Where the program's own code lies; its mappings come first in maps. */
static bool text_range(pid_t tid, const char *exe, uint64_t *base,
		       uint64_t *start, uint64_t *end)
{
	char buf[4096], *line, *rest = buf;
	uint64_t from, to;

	proc_file(tid, "maps", buf, sizeof(buf));
	*base = 0;
	while ((line = strsep(&rest, "\n"))) {
		char *p;

		if (!strstr(line, exe))
			continue;
		from = strtoull(line, &p, 16);
		to = strtoull(p + 1, &p, 16);
		if (!*base)
			*base = from;
		if (p[3] == 'x') {
			*start = from;
			*end = to;
			return true;
		}
	}
	return false;
}

/* Whether the address PC is in one of the libraries NAMES. */
static bool is_inside(pid_t tid, uint64_t pc, const char *const *names)
{
	char path[64], line[512];
	bool found = false;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/maps", tid);
	f = *names ? fopen(path, "re") : NULL;
	while (f && !found && fgets(line, sizeof(line), f)) {
		char *p;
		uint64_t from = strtoull(line, &p, 16);

		found = pc >= from && pc < strtoull(p + 1, NULL, 16);
	}
	if (f)
		fclose(f);
	for (; found && *names; names++)
		if (strstr(line, *names))
			return true;
	return false;
}

/* A return address follows a call: e8 and four bytes, or ff /2. */
static bool follows_call(pid_t tid, uint64_t address)
{
	unsigned char b[7];
	struct iovec ours = {b, sizeof(b)};
	struct iovec theirs = {(void *)(uintptr_t)(address - 7), sizeof(b)};

	if (process_vm_readv(tid, &ours, 1, &theirs, 1, 0) != sizeof(b))
		return false;
	return b[2] == 0xe8 || (b[5] == 0xff && (b[6] & 0x38) == 0x10) ||
	       (b[4] == 0xff && (b[5] & 0x38) == 0x10) ||
	       (b[1] == 0xff && (b[2] & 0x38) == 0x10);
}

static uint64_t stack_pointer(pid_t tid)
{
	char buf[256], *p;
	int i;

	proc_file(tid, "syscall", buf, sizeof(buf));
	p = buf;
	for (i = 0; i < 7 && p; i++) {
		p = strchr(p, ' ');
		p = p ? p + 1 : NULL;
	}
	return p ? strtoull(p, NULL, 16) : 0;
}

/* Frame pointers are absent in optimised code: every word of the stack that is a
 * return address into the program counts as a frame. */
static void frames_get(pid_t tid, const char *exe, struct call_site *site,
		       uint64_t *hash)
{
	static uint64_t stack[STACK_BYTES / 8];
	uint64_t base, start = 0, end = 0, sp = stack_pointer(tid);
	struct iovec ours = {stack, sizeof(stack)};
	struct iovec theirs = {(void *)(uintptr_t)sp, sizeof(stack)};
	ssize_t n = -1;
	int found = 0;
	ssize_t i;

	if (!sp || !text_range(tid, exe, &base, &start, &end))
		return;
	/* The stack's end may be near. */
	while (theirs.iov_len >= 4096 &&
	       (n = process_vm_readv(tid, &ours, 1, &theirs, 1, 0)) < 0)
		theirs.iov_len -= 4096;
	for (i = 0; i < n / 8 && found < FRAME_COUNT; i++) {
		if (stack[i] <= start || stack[i] > end ||
		    !follows_call(tid, stack[i]))
			continue;
		found++;
		*hash = (*hash ^ (stack[i] - base)) * 1099511628211ULL;
		snprintf(site->frames + strlen(site->frames),
			 sizeof(site->frames) - strlen(site->frames), " 0x%llx",
			 (unsigned long long)(stack[i] - base - 1));
	}
}

bool call_site_get(pid_t tid, const struct seccomp_data *data,
		   const char *const *skip, struct call_site *site)
{
	uint64_t hash = 14695981039346656037ULL;
	char exe[512];

	memset(site, 0, sizeof(*site));
	site->role = role_get(tid, exe, sizeof(exe));
	if (!site->role || is_inside(tid, data->instruction_pointer, skip))
		return false;
	hash = (hash ^ (uint64_t)data->nr) * 1099511628211ULL;
	frames_get(tid, exe, site, &hash);
	hash ^= hash >> 32;
	snprintf(site->hash, sizeof(site->hash), "%08x", (uint32_t)hash);
	return true;
}

const char *call_site_subject(pid_t tid, const struct call *c,
			      const struct seccomp_data *data)
{
	static char buf[256];
	bool is_at = strstr(c->name, "at") && c->nr != SYS_creat &&
		     c->nr != SYS_stat && c->nr != SYS_fstat;
	struct iovec ours = {buf, sizeof(buf) - 1};
	struct iovec theirs = {(void *)(uintptr_t)data->args[is_at ? 1 : 0],
			       ours.iov_len};
	char link[32], *p;

	memset(buf, 0, sizeof(buf));
	if (strstr("mmap fork", c->class))
		return buf;
	if (data->args[0] < 65536 && !is_at) {
		snprintf(link, sizeof(link), "fd/%d", (int)data->args[0]);
		return proc_link(tid, link, buf, sizeof(buf));
	}
	while (theirs.iov_len > 16 &&
	       process_vm_readv(tid, &ours, 1, &theirs, 1, 0) < 0)
		theirs.iov_len /= 2;
	for (p = buf; *p >= ' ' && *p <= '~'; p++)
		;
	*p = '\0';
	return buf;
}
