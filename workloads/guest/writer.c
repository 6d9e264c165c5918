// SPDX-License-Identifier: GPL-3.0-or-later
#include "workloads/guest/writer.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "workloads/sha256.h"

#define BLOCK_BYTES 4096u
#define BLOCK_COUNT 512u
/* Several blocks for one flush, as a database would. */
#define BATCH 4u

struct block {
	uint64_t number; /* from 1 on; 0: never written */
	uint8_t digest[32];
	uint8_t filling[BLOCK_BYTES - 40];
};
_Static_assert(sizeof(struct block) == BLOCK_BYTES, "one block");

static void fill_block(struct block *b, uint64_t number)
{
	memset(b, 0, sizeof(*b));
	b->number = number;
	memset(b->filling, (int)(number * 31 & 0xff), sizeof(b->filling));
	sha256(b->filling, sizeof(b->filling), b->digest);
}

static int is_whole(const struct block *b)
{
	struct block want;

	fill_block(&want, b->number);
	return !memcmp(b, &want, sizeof(want));
}

static off_t place(uint64_t number)
{
	return (off_t)(number % BLOCK_COUNT * BLOCK_BYTES);
}

void writer_run(const char *disk)
{
	int fd = open(disk, O_RDWR | O_DIRECT | O_CLOEXEC);
	struct block *b = NULL;
	uint64_t number;

	if (fd < 0 || posix_memalign((void **)&b, BLOCK_BYTES, BLOCK_BYTES)) {
		fprintf(stderr, "writer: cannot open %s: %m\n", disk);
		return;
	}
	for (number = 1;; number++) {
		fill_block(b, number);
		if (pwrite(fd, b, BLOCK_BYTES, place(number)) !=
		    (ssize_t)BLOCK_BYTES)
			break;
		if (number % BATCH)
			continue;
		if (fsync(fd))
			break;
		fprintf(stderr, "acked %llu\n", (unsigned long long)number);
	}
	fprintf(stderr, "writer: block %llu failed: %m\n",
		(unsigned long long)number);
}

/* The last number that belongs into SLOT and is not above ACKED. */
static uint64_t owed(uint64_t slot, uint64_t acked)
{
	uint64_t lap = acked / BLOCK_COUNT * BLOCK_COUNT + slot;

	if (lap > acked)
		return lap >= BLOCK_COUNT ? lap - BLOCK_COUNT : 0;
	return lap;
}

int writer_check(const char *file, const char *acked_text)
{
	uint64_t acked = strtoull(acked_text, NULL, 10);
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	struct block b;
	uint64_t slot;

	for (slot = 0; slot < BLOCK_COUNT; slot++) {
		uint64_t want = owed(slot, acked);

		if (!want)
			continue;
		if (pread(fd, &b, sizeof(b), place(slot)) != sizeof(b) ||
		    b.number < want || b.number % BLOCK_COUNT != slot ||
		    !is_whole(&b)) {
			fprintf(stderr, "block %llu is lost: %llu is there\n",
				(unsigned long long)want,
				(unsigned long long)b.number);
			return 1;
		}
	}
	close(fd);
	return 0;
}
