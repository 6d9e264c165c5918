// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/machine/device_host.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "harness/base/base.h"
#include "harness/base/clock.h"
#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/core/bench_case.h"
#include "harness/core/result.h"
#include "runners/site/device_site.h"
#include "runners/vmm/vfio/vfio_device.h"
#include "runners/vmm/vfio/vfio_sys.h"

#define WORKLOAD "passthrough_host"
#define ROUNDS 3
/* What is mapped is given per GiB; a small host maps less. */
#define MOST_BYTES GIB
#define LEAST_BYTES (64 * MIB)
#ifndef MAP_HUGE_SHIFT
#define MAP_HUGE_SHIFT 26
#endif

static struct series *add_series(struct result *res, const char *point)
{
	return result_add_series(res, WORKLOAD, point, "ns");
}

static void add_ns(struct result *res, const char *point, uint64_t ns)
{
	series_add_value(add_series(res, point), (double)ns);
}

static void refuse(struct result *res, const char *point,
		   enum run_status status, const char *why)
{
	series_refuse(add_series(res, point), status, why);
}

/* Memory of one kind, as guest RAM can be. */
struct backing {
	const char *name;
	uint64_t page_bytes;
	int map_flags;
	int advice;
	bool is_fresh; /* untouched, as when a guest starts */
};

static const struct backing backings[] = {
	{"4k", 4 * KIB, 0, MADV_NOHUGEPAGE, false},
	{"thp", 2 * MIB, 0, MADV_HUGEPAGE, false},
	{"thp-fresh", 2 * MIB, 0, MADV_HUGEPAGE, true},
	{"2M", 2 * MIB, MAP_HUGETLB | 21 << MAP_HUGE_SHIFT, 0, false},
	{"1G", GIB, MAP_HUGETLB | 30 << MAP_HUGE_SHIFT, 0, false},
};

static uint64_t memory_to_map(void)
{
	uint64_t bytes =
		file_key_number("/proc/meminfo", "MemAvailable:") * KIB / 4;

	bytes = bytes / (2 * MIB) * (2 * MIB);
	return bytes < LEAST_BYTES  ? LEAST_BYTES
	       : bytes < MOST_BYTES ? bytes
				    : MOST_BYTES;
}

static void *take_memory(const struct backing *b, uint64_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | b->map_flags, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	if (b->advice)
		madvise(p, bytes, b->advice);
	if (!b->is_fresh && madvise(p, bytes, MADV_POPULATE_WRITE)) {
		munmap(p, bytes);
		return NULL;
	}
	return p;
}

static double per_gib(uint64_t ns, uint64_t bytes)
{
	return (double)ns * (double)GIB / (double)bytes;
}

static int map_once(struct vfio_iommu *iommu, void *p, uint64_t bytes,
		    struct series *map, struct series *unmap, struct err *err)
{
	uint64_t t0 = clock_mono_ns(), t1, t2;
	int ret = vfio_iommu_map(iommu, 0, p, bytes, err);
	struct sample *s;

	if (ret)
		return ret;
	t1 = clock_mono_ns();
	ret = vfio_iommu_unmap(iommu, 0, bytes);
	t2 = clock_mono_ns();
	if (ret)
		return err_sys(err, ret, "the memory cannot be unmapped");
	s = series_add_sample(map);
	s->elapsed_ns = s->host_elapsed_ns = t1 - t0;
	s->value = per_gib(t1 - t0, bytes);
	s = series_add_sample(unmap);
	s->elapsed_ns = s->host_elapsed_ns = t2 - t1;
	s->value = per_gib(t2 - t1, bytes);
	return 0;
}

static void measure_backing(struct vfio_iommu *iommu, const struct backing *b,
			    struct result *res)
{
	uint64_t bytes = b->page_bytes == GIB ? GIB : memory_to_map();
	char map[32], unmap[32];
	struct err err = {0};
	size_t at;
	int ret = 0, round;

	snprintf(map, sizeof(map), "map-%s", b->name);
	snprintf(unmap, sizeof(unmap), "unmap-%s", b->name);
	at = res->series_count;
	add_series(res, map);
	add_series(res, unmap);
	for (round = 0; round < ROUNDS && !ret; round++) {
		void *p = take_memory(b, bytes);

		if (!p) {
			ret = err_set(
				&err, -ENOMEM,
				b->map_flags
					? "no free huge pages of that size: /sys/kernel/mm/hugepages"
					: "not enough free memory");
			break;
		}
		ret = map_once(iommu, p, bytes, &res->series[at],
			       &res->series[at + 1], &err);
		munmap(p, bytes);
	}
	for (; ret && at < res->series_count; at++) {
		struct series *s = &res->series[at];

		series_refuse(s,
			      ret == -ENOMEM ? RUN_SKIPPED : RUN_RUNNER_FAILED,
			      err.msg);
		s->sample_count = 0;
	}
}

static void measure_reset(struct vfio_device *dev, struct result *res)
{
	int ret = 0, round;
	struct err err;

	if (!dev->can_reset) {
		refuse(res, "reset", RUN_SKIPPED,
		       "the function has no reset of its own");
		return;
	}
	for (round = 0; round < ROUNDS && !ret; round++) {
		uint64_t t0 = clock_mono_ns();

		ret = vfio_device_reset(dev);
		if (!ret)
			add_ns(res, "reset", clock_mono_ns() - t0);
	}
	if (ret) {
		err_sys(&err, ret, "the function cannot be reset");
		refuse(res, "reset", RUN_RUNNER_FAILED, err.msg);
	}
}

static void measure_open(const char *address, struct result *res)
{
	uint64_t t0 = clock_mono_ns();
	struct vfio_iommu iommu;
	struct vfio_device dev;
	struct err err = {0};
	int ret =
		vfio_iommu_open(&iommu, &vfio_sys_host, VFIO_IOMMU_AUTO, &err);
	size_t i;

	dev.fd = -1;
	if (!ret)
		ret = vfio_device_open(&dev, &iommu, address, &err);
	if (ret) {
		refuse(res, "open", RUN_SKIPPED, err.msg);
		vfio_iommu_close(&iommu);
		return;
	}
	add_ns(res, "open", clock_mono_ns() - t0);
	measure_reset(&dev, res);
	for (i = 0; i < ARRAY_SIZE(backings); i++)
		measure_backing(&iommu, &backings[i], res);
	t0 = clock_mono_ns();
	vfio_device_close(&dev);
	vfio_iommu_close(&iommu);
	add_ns(res, "close", clock_mono_ns() - t0);
}

void device_host_run(const struct bench_case *bc, struct result *res)
{
	struct device_site site;
	struct err err = {0};
	uint64_t t0;
	int ret;

	if (!bench_case_has(bc, WORKLOAD))
		return;
	if (!bc->io.device_count) {
		refuse(res, "bind", RUN_SKIPPED,
		       "no device is named: --device ADDRESS does");
		return;
	}
	ret = device_site_open(&site, bc->io.devices[0], DEVICE_VFIO, &err);
	if (ret) {
		refuse(res, "bind", RUN_SKIPPED, err.msg);
		return;
	}
	if (site.change_ns)
		add_ns(res, "bind", site.change_ns);
	measure_open(bc->io.devices[0], res);
	t0 = clock_mono_ns();
	device_site_close(&site);
	add_ns(res, "give-back", clock_mono_ns() - t0);
}
