// SPDX-License-Identifier: GPL-3.0-or-later
#include "workloads/guest/touch.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE_BYTES 4096u
#define CHUNK_BYTES ((size_t)4 << 20)
/* What the guest's kernel keeps; with less it would kill this program. */
#define RESERVE_BYTES ((uint64_t)20 << 20)
#define IO_BYTES ((size_t)1 << 20)
#define IO_COUNT 16u

static uint64_t meminfo_bytes(const char *key)
{
	FILE *file = fopen("/proc/meminfo", "re");
	unsigned long long kib = 0;
	char line[128];

	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, key, strlen(key)))
			sscanf(line + strlen(key), " %llu", &kib);
	if (file)
		fclose(file);
	return (uint64_t)kib * 1024;
}

/* Each page says which it is. */
static void write_pages(char *chunk, uint64_t number)
{
	size_t at;

	for (at = 0; at < CHUNK_BYTES; at += PAGE_BYTES, number++)
		memcpy(chunk + at, &number, sizeof(number));
}

static uint64_t touch_memory(void)
{
	uint64_t touched = 0;

	while (meminfo_bytes("MemAvailable:") > RESERVE_BYTES + CHUNK_BYTES) {
		char *chunk = mmap(NULL, CHUNK_BYTES, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (chunk == MAP_FAILED)
			break;
		write_pages(chunk, 1 + touched / PAGE_BYTES);
		touched += CHUNK_BYTES;
	}
	return touched;
}

/* Reads and writes past the guest's own cache: 0 where there is no disk. */
static uint64_t use_disk(const char *path)
{
	int fd = open(path, O_RDWR | O_DIRECT | O_CLOEXEC);
	uint64_t done = 0;
	void *buf = NULL;
	unsigned int i;

	if (fd < 0 || posix_memalign(&buf, PAGE_BYTES, IO_BYTES)) {
		if (fd >= 0)
			close(fd);
		return 0;
	}
	memset(buf, 0x5a, IO_BYTES);
	for (i = 0; i < IO_COUNT; i++) {
		off_t at = (off_t)(i * IO_BYTES);

		if (pwrite(fd, buf, IO_BYTES, at) > 0 &&
		    pread(fd, buf, IO_BYTES, at) > 0)
			done += 2 * IO_BYTES;
	}
	free(buf);
	close(fd);
	return done;
}

int touch_run(void)
{
	uint64_t touched, moved = 0;
	unsigned int disks = 0;
	char path[] = "/dev/vda";

	for (; path[7] <= 'h'; path[7]++) {
		uint64_t bytes = use_disk(path);

		disks += bytes > 0;
		moved += bytes;
	}
	touched = touch_memory();
	printf("{\"touched_bytes\": %llu, \"total_bytes\": %llu,"
	       " \"disk_count\": %u, \"disk_io_bytes\": %llu}\n",
	       (unsigned long long)touched,
	       (unsigned long long)meminfo_bytes("MemTotal:"), disks,
	       (unsigned long long)moved);
	return 0;
}
