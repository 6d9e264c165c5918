// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Storage, by fio: the same job on the host and in every guest, defined only
 * here. Direct I/O, and the latency of whole requests
 * (lat_ns), submission included, in fio's histogram.
 */
#include <stdio.h>

#include "workloads/list.h"

/* rw, bs and iodepth are the point's own words. By itself fio takes the TSC where it
 * trusts that, so that guest and host would be timed by different clocks. */
static const char common[] = "[global]\n"
			     "clocksource=clock_gettime\n"
			     "ioengine=io_uring\n"
			     "direct=1\n"
			     "thread=1\n"
			     "filename=%s\n"
			     "size=%llu\n"
			     "lat_percentiles=1\n"
			     "clat_percentiles=0\n"
			     "verify_state_save=0\n"
			     "[job]\n"
			     "%s\n";

static const struct wl_point storage_points[] = {
	{.name = "randread-4k-qd1", .args = "rw=randread\nbs=4k\niodepth=1"},
	{.name = "randread-4k-qd32", .args = "rw=randread\nbs=4k\niodepth=32"},
	{.name = "randwrite-4k-qd1", .args = "rw=randwrite\nbs=4k\niodepth=1"},
	{.name = "randwrite-4k-qd32",
	 .args = "rw=randwrite\nbs=4k\niodepth=32"},
	{.name = "randrw70-4k-qd32",
	 .args = "rw=randrw\nrwmixread=70\nbs=4k\niodepth=32"},
	{.name = "read-128k-qd8", .args = "rw=read\nbs=128k\niodepth=8"},
	{.name = "write-128k-qd8", .args = "rw=write\nbs=128k\niodepth=8"},
	{.name = "fsync-4k-qd1",
	 .args = "rw=randwrite\nbs=4k\niodepth=1\nfsync=1"},
};

/*
 * On a function of the host, to be compared between the ways to it. Polled, the
 * disk sends no interrupt: the rest of a read's latency is what that takes.
 */
static const struct wl_point passthrough_points[] = {
	{.name = "randread-4k-qd1", .args = "rw=randread\nbs=4k\niodepth=1"},
	{.name = "randread-4k-qd1" WL_POLLED,
	 .args = "rw=randread\nbs=4k\niodepth=1\nhipri=1"},
	{.name = "randread-4k-qd32", .args = "rw=randread\nbs=4k\niodepth=32"},
	{.name = "randwrite-4k-qd32",
	 .args = "rw=randwrite\nbs=4k\niodepth=32"},
	{.name = "read-128k-qd8", .args = "rw=read\nbs=128k\niodepth=8"},
};

static const struct wl_point passthrough_virtio_points[] = {
	{.name = "randread-4k-qd1", .args = "rw=randread\nbs=4k\niodepth=1"},
	{.name = "randread-4k-qd32", .args = "rw=randread\nbs=4k\niodepth=32"},
	{.name = "randwrite-4k-qd32",
	 .args = "rw=randwrite\nbs=4k\niodepth=32"},
	{.name = "read-128k-qd8", .args = "rw=read\nbs=128k\niodepth=8"},
};

/* So much is written and read back; more would take long where it is slow. */
static const struct wl_point verify_points[] = {
	{.name = "crc32c-4k-qd16",
	 .bytes = 16u << 20,
	 .args = "rw=randwrite\nbs=4k\niodepth=16\nverify=crc32c\n"
		 "do_verify=1\nverify_fatal=1"},
};

static void fio(const struct wl_env *env, uint64_t bytes, const char *job,
		struct wl_program *out)
{
	out->argv[0] = "fio";
	out->argv[1] = "--output-format=json+";
	out->argv[2] = "-";
	snprintf(out->input, sizeof(out->input), common, env->disk,
		 (unsigned long long)bytes, job);
}

static void storage_program(const struct wl_point *point,
			    const struct wl_env *env, struct wl_program *out)
{
	char job[256];

	/*
	 * What has completed is taken together and submitted anew together,
	 * as programs with a ring do it; fio's default is one at a time. The
	 * batch is no larger than the depth (fio(1), iodepth_batch).
	 */
	snprintf(job, sizeof(job),
		 "%s\niodepth_batch=32\niodepth_batch_complete_max=32\n"
		 "time_based=1\nruntime=%llums",
		 point->args, (unsigned long long)(env->io_ns / 1000000));
	fio(env, env->disk_bytes, job, out);
}

static void verify_program(const struct wl_point *point,
			   const struct wl_env *env, struct wl_program *out)
{
	uint64_t bytes =
		point->bytes < env->disk_bytes ? point->bytes : env->disk_bytes;

	fio(env, bytes, point->args, out);
}

const struct workload wl_storage = {
	.name = "storage",
	.group = "storage",
	.summary = "fio on a disk, direct I/O; latency, rate and cost",
	.unit = WL_UNIT_DOCUMENT,
	.better = WL_HIGHER_IS_BETTER,
	.flags = WL_NEEDS_DISK,
	.points = storage_points,
	.point_count = sizeof(storage_points) / sizeof(storage_points[0]),
	.program = storage_program,
	.main_metric = "iops",
};

const struct workload wl_storage_verify = {
	.name = "storage_verify",
	.group = "storage",
	.summary = "fio writes, reads back and verifies checksums",
	.unit = WL_UNIT_DOCUMENT,
	.better = WL_HIGHER_IS_BETTER,
	.flags = WL_NEEDS_DISK,
	.points = verify_points,
	.point_count = sizeof(verify_points) / sizeof(verify_points[0]),
	.program = verify_program,
};

#define DEVICE(sym, more_flags, text)                                          \
	const struct workload wl_##sym = {                                     \
		.name = #sym,                                                  \
		.group = "passthrough",                                        \
		.summary = text,                                               \
		.unit = WL_UNIT_DOCUMENT,                                      \
		.better = WL_HIGHER_IS_BETTER,                                 \
		.flags = WL_NEEDS_DISK | WL_NEEDS_DEVICE | more_flags,         \
		.points = sym##_points,                                        \
		.point_count = sizeof(sym##_points) / sizeof(sym##_points[0]), \
		.program = storage_program,                                    \
		.main_metric = "iops",                                         \
	}

DEVICE(passthrough, 0,
       "fio on a disk of the host that guests have passed through");
DEVICE(passthrough_virtio, WL_DEVICE_DISK,
       "the same on that disk, which guests have by virtio-blk");
