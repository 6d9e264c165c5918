// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/hostile/guest/neighbour.h"

#include <stddef.h>

#include "tests/hostile/guest/attack.h"
#include "tests/hostile/guest/machine.h"
#include "workloads/guest/micro/abi.h"

#define OWN_GPA 0x2000000ull
#define OWN_WORDS 0x20000ull
#define DISK_GPA DATA_GPA
#define DISK_SECTORS 2048u
#define STEP_SECTORS 256u

/* FNV-1a over words (draft-eastlake-fnv, 4). */
static uint64_t sum_of(uint64_t gpa, uint64_t words)
{
	const uint64_t *at = (const void *)(uintptr_t)gpa;
	uint64_t sum = 0xcbf29ce484222325ull;
	uint64_t i;

	for (i = 0; i < words; i++)
		sum = (sum ^ at[i]) * 0x100000001b3ull;
	return sum;
}

static void fill_own(void)
{
	uint64_t *at = (void *)(uintptr_t)OWN_GPA;
	uint64_t i;

	chance_seed(27);
	for (i = 0; i < OWN_WORDS; i++)
		at[i] = chance();
}

static bool read_all(struct queue *q)
{
	uint32_t at;

	for (at = 0; at < DISK_SECTORS; at += STEP_SECTORS)
		if (!disk_read(q, at, DISK_GPA + at * 512ull, STEP_SECTORS))
			return false;
	return true;
}

void neighbour_run(void *world)
{
	struct world *w = world;
	struct pci_dev *dev = world_dev(w, VIRTIO_BLK);
	uint64_t own, disk, round;

	if (!dev) {
		say("the neighbour has no disk");
		return;
	}
	world_start(w, dev, 0);
	fill_own();
	own = sum_of(OWN_GPA, OWN_WORDS);
	if (!read_all(&w->queues[0])) {
		say("the neighbour cannot read its disk");
		return;
	}
	disk = sum_of(DISK_GPA, DISK_SECTORS * 64);
	/* A byte on the channel asks for each. */
	for (round = 1; inl(MICRO_PORT_FRAME); round++) {
		bool is_right = read_all(&w->queues[0]) &&
				sum_of(OWN_GPA, OWN_WORDS) == own &&
				sum_of(DISK_GPA, DISK_SECTORS * 64) == disk;

		say("round %u %s", round, is_right ? "right" : "wrong");
	}
}
