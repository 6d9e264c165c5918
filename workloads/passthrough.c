// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Registers of a function that a guest has passed through: one read or write at
 * a time of an NVMe controller (NVM Express Base 2.0, 3.1.3), by mapping its BAR
 * as its driver does. Where each access ends in an exit, that is what is seen.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "workloads/list.h"

#define BAR_BYTES 4096u
#define REG_VERSION 0x08u
/* Interrupts to be masked: a zero masks none, and nothing follows from it. */
#define REG_MASK_SET 0x0cu

enum { POINT_READ, POINT_WRITE };

static const struct wl_point mmio_points[] = {
	[POINT_READ] = {.name = "read"},
	[POINT_WRITE] = {.name = "write"},
};

#define PCI "/sys/bus/pci/devices/"
#define NVME "/sys/bus/pci/drivers/nvme/"
#define WAIT_MS 5000

struct mmio {
	char address[32];
	char *bar; /* NULL: not mapped */
	int is_unbound;
};

static struct mmio mmio;

static int put_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int ret = fd < 0 || write(fd, text, strlen(text)) < 0 ? -1 : 0;

	if (fd >= 0)
		close(fd);
	return ret;
}

/* Given, or the one that a guest has: on a host another could be that of its root
 * file system. */
static int find_function(void)
{
	const char *given = getenv(WL_DEVICE);
	struct dirent **names;
	int n, i;

	mmio.address[0] = '\0';
	if (!given)
		return -1;
	if (strcmp(given, WL_DEVICE_FIRST)) {
		snprintf(mmio.address, sizeof(mmio.address), "%s", given);
		return 0;
	}
	n = scandir(NVME, &names, NULL, alphasort);
	for (i = 0; i < n; i++) {
		if (strchr(names[i]->d_name, ':'))
			snprintf(mmio.address, sizeof(mmio.address), "%.31s",
				 names[i]->d_name);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	return mmio.address[0] ? 0 : -1;
}

/* Kernels map no registers for a process that a driver has at the same time. */
static int unbind(void)
{
	char path[128];

	snprintf(path, sizeof(path), NVME "%s", mmio.address);
	if (access(path, F_OK))
		return 0;
	mmio.is_unbound = !put_text(NVME "unbind", mmio.address);
	return mmio.is_unbound ? 0 : -1;
}

static bool has_entry(const char *folder, char *name, size_t size)
{
	DIR *dir = opendir(folder);
	struct dirent *e;
	bool found = false;

	while (dir && !found && (e = readdir(dir))) {
		found = !strncmp(e->d_name, "nvme", 4);
		if (found)
			snprintf(name, size, "%.31s", e->d_name);
	}
	if (dir)
		closedir(dir);
	return found;
}

/* Its own: a host may have others. */
static bool has_disk(void)
{
	char folder[128], below[192], name[32];

	snprintf(folder, sizeof(folder), PCI "%s/nvme", mmio.address);
	if (!has_entry(folder, name, sizeof(name)))
		return false;
	snprintf(below, sizeof(below), "%s/%s", folder, name);
	return has_entry(below, name, sizeof(name));
}

/* And wait until the driver has found its disk again. */
static void bind_again(void)
{
	const struct timespec ms = {.tv_nsec = 1000000};
	int i;

	if (!mmio.is_unbound)
		return;
	mmio.is_unbound = 0;
	put_text(NVME "bind", mmio.address);
	for (i = 0; i < WAIT_MS && !has_disk(); i++)
		nanosleep(&ms, NULL);
}

static int map_bar(void)
{
	char path[128];
	void *p;
	int fd;

	snprintf(path, sizeof(path), PCI "%s/enable", mmio.address);
	put_text(path, "1");
	snprintf(path, sizeof(path), PCI "%s/resource0", mmio.address);
	fd = open(path, O_RDWR | O_SYNC | O_CLOEXEC);
	if (fd < 0)
		return -1;
	p = mmap(NULL, BAR_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	mmio.bar = p == MAP_FAILED ? NULL : p;
	return mmio.bar ? 0 : -1;
}

static void mmio_teardown(struct wl_ctx *ctx)
{
	(void)ctx;
	if (mmio.bar)
		munmap(mmio.bar, BAR_BYTES);
	mmio.bar = NULL;
	bind_again();
}

static enum wl_answer mmio_setup(struct wl_ctx *ctx)
{
	ctx->ops_count = 1;
	if (find_function())
		return wl_say(ctx, WL_SKIP, "there is no NVMe controller");
	if (unbind())
		return wl_say(ctx, WL_SKIP,
			      "the driver does not give up the controller: %s",
			      strerror(errno));
	if (map_bar())
		return wl_say(ctx, WL_SKIP, "this kernel maps no registers: %s",
			      strerror(errno));
	if (*(volatile uint32_t *)(mmio.bar + REG_VERSION) == UINT32_MAX)
		return wl_say(ctx, WL_FAIL, "the device does not answer");
	return WL_OK;
}

static enum wl_answer mmio_run(struct wl_ctx *ctx, uint64_t iterations)
{
	volatile uint32_t *reg = (volatile uint32_t *)mmio.bar;
	bool is_write = ctx->point == &mmio_points[POINT_WRITE];
	uint64_t i;

	for (i = 0; i < iterations; i++) {
		if (is_write)
			reg[REG_MASK_SET / 4] = 0;
		else
			ctx->sink += reg[REG_VERSION / 4];
	}
	return WL_OK;
}

const struct workload wl_passthrough_mmio = {
	.name = "passthrough_mmio",
	.group = "passthrough",
	.summary = "one read or write of a register of the device",
	.unit = WL_UNIT_NS,
	.better = WL_LOWER_IS_BETTER,
	.flags = WL_NEEDS_DEVICE,
	.points = mmio_points,
	.point_count = sizeof(mmio_points) / sizeof(mmio_points[0]),
	.setup = mmio_setup,
	.run = mmio_run,
	.teardown = mmio_teardown,
};

static const struct wl_point host_points[] = {
	{.name = "bind"},
	{.name = "open"},
	{.name = "reset"},
	{.name = "map-4k"},
	{.name = "unmap-4k"},
	{.name = "map-thp"},
	{.name = "unmap-thp"},
	{.name = "map-thp-fresh"},
	{.name = "unmap-thp-fresh"},
	{.name = "map-2M"},
	{.name = "unmap-2M"},
	{.name = "map-1G"},
	{.name = "unmap-1G"},
	{.name = "close"},
	{.name = "give-back"},
};

const struct workload wl_passthrough_host = {
	.name = "passthrough_host",
	.group = "passthrough",
	.summary =
		"what the host does for a device: bind, open, reset, map memory",
	.unit = WL_UNIT_NS,
	.better = WL_LOWER_IS_BETTER,
	.flags = WL_NEEDS_DEVICE | WL_BY_HOST | WL_NATIVE_ONLY,
	.points = host_points,
	.point_count = sizeof(host_points) / sizeof(host_points[0]),
};

static const struct wl_point start_points[] = {
	{.name = "vmm_start"},
	{.name = "vfio_opened"},
	{.name = "dma_mapped"},
	{.name = "vm_ready"},
	{.name = "first_instruction"},
	{.name = "kernel_entry"},
	{.name = "init"},
	{.name = "agent_ready"},
	{.name = "power_off"},
};

const struct workload wl_passthrough_start = {
	.name = "passthrough_start",
	.group = "passthrough",
	.summary = "start-up of a guest with the device, phase by phase",
	.unit = WL_UNIT_NS,
	.better = WL_LOWER_IS_BETTER,
	.flags = WL_NEEDS_DEVICE | WL_BY_HOST,
	.points = start_points,
	.point_count = sizeof(start_points) / sizeof(start_points[0]),
};
