// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The hostile guest: attacks the machine that it is in, by the name that the
 * siege (tests/hostile/siege.c) wrote into the image, and says over the serial
 * console what it did. As "neighbour" it attacks nothing, and computes.
 */
#include <string.h>

#include "tests/hostile/guest/attack.h"
#include "tests/hostile/guest/machine.h"
#include "tests/hostile/guest/neighbour.h"
#include "workloads/guest/micro/text.h"

/* What follows the mark is the siege's to fill in; see its image_write(). */
static const volatile char command[96] = "hostile-command=list";
#define MARK_BYTES 16

static struct world world;

void micro_main(void);

struct pci_dev *world_dev(struct world *w, uint32_t id)
{
	uint32_t i;

	for (i = 0; i < w->dev_count; i++)
		if (w->devs[i].id == id)
			return &w->devs[i];
	return 0;
}

uint32_t world_start(struct world *w, struct pci_dev *dev, uint64_t wanted)
{
	return driver_start(dev, wanted, QUEUE_MAX, w->queues, MAX_QUEUES);
}

static void scan(void *arg)
{
	struct world *w = arg;

	w->dev_count = pci_scan(w->devs, MAX_DEVS);
	chance_seed(w->seed);
}

/* Whether the devices still work for a driver that keeps to the rules. */
static void look_again(void *arg)
{
	struct world *w = arg;
	struct pci_dev *dev;
	const char *disk = "none";

	scan(w);
	dev = world_dev(w, VIRTIO_BLK);
	if (dev) {
		world_start(w, dev, 0);
		disk = disk_read(&w->queues[0], 0, DATA_GPA, 8) ? "works"
								: "fails";
	}
	say("alive: %u devices, disk %s", (uint64_t)w->dev_count, disk);
}

static const struct attack *attack_find(const char *name)
{
	uint32_t i;

	for (i = 0; i < attack_count; i++)
		if (!strcmp(attacks[i].name, name))
			return &attacks[i];
	return 0;
}

static void attack_run(void *arg)
{
	const struct attack *a = arg;

	a->run(&world);
}

static void attack_by_name(const char *name)
{
	const struct attack *a = attack_find(name);

	if (!a) {
		say("there is no attack '%s'", name);
		return;
	}
	say("begin %s: %u devices", name, (uint64_t)world.dev_count);
	if (!guard_run(attack_run, (void *)a, a->flags & RING0 ? 0 : 3))
		say("trap %u at %x", guard_trap.frame.vector,
		    guard_trap.frame.rip);
	say("end %s", name);
	guard_run(look_again, &world, 3);
}

static void list(void)
{
	uint32_t i;

	for (i = 0; i < attack_count; i++)
		say("attack %s %s %s %s", attacks[i].name,
		    attacks[i].flags & STAYS  ? "stays"
		    : attacks[i].flags & ENDS ? "ends"
					      : "lives",
		    attacks[i].flags & CHEAP ? "cheap" : "long",
		    attacks[i].flags & LINK     ? "link"
		    : attacks[i].flags & KERNEL ? "kernel"
						: "micro");
}

void micro_main(void)
{
	char name[sizeof(command)];
	uint32_t i;

	for (i = 0; i + MARK_BYTES < sizeof(command); i++)
		name[i] = command[MARK_BYTES + i];
	for (i = 0; name[i]; i++)
		world.seed = world.seed * 31 + (uint8_t)name[i];
	cpu_init();
	guard_run(scan, &world, 3);
	if (!strcmp(name, "list"))
		list();
	else if (!strcmp(name, "neighbour"))
		guard_run(neighbour_run, &world, 3);
	else
		attack_by_name(name);
	power_off();
}
