// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * map_time - preloaded into a VMM: how long its calls took that make guest RAM
 * reachable for a device (VFIO_IOMMU_MAP_DMA), as one line on stderr for each:
 * "map BYTES NS".
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <linux/vfio.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

static unsigned long long now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (unsigned long long)ts.tv_sec * 1000000000ULL +
	       (unsigned long long)ts.tv_nsec;
}

int ioctl(int fd, unsigned long request, ...)
{
	static int (*next)(int fd, unsigned long request, void *arg);
	unsigned long long began;
	va_list ap;
	void *arg;
	int ret;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "ioctl");
	if (request != VFIO_IOMMU_MAP_DMA)
		return next(fd, request, arg);
	began = now_ns();
	ret = next(fd, request, arg);
	fprintf(stderr, "map %llu %llu\n",
		(unsigned long long)((struct vfio_iommu_type1_dma_map *)arg)
			->size,
		now_ns() - began);
	return ret;
}
