/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_CORE_BENCH_CASE_H
#define HARNESS_CORE_BENCH_CASE_H

/*
 * bench_case - one boot (or one native process) and the series measured in
 * it, in the order in which they run.
 */
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

struct case_item {
	char workload[32];
	char point[32]; /* "" for a workload without points */
};

#define IO_MAX_DEVICES 4

/* What storage and network workloads work on. */
struct io_plan {
	uint64_t io_ns;      /* wanted length of one program's run */
	char disk[256];      /* a file, made as needed, or a device */
	uint64_t disk_bytes; /* to be used of it */
	bool may_overwrite;  /* a device's contents may be lost */
	/* "host": what a guest reads and writes goes through the host's page cache;
	 * else it goes to the disk itself. */
	char disk_cache[8];
	/* "off": doorbells of a guest's disk and card are exits to its VMM, on the
	 * vCPU's thread; else a thread of the VMM hears them by ioeventfds. */
	char ioeventfd[4];
	/* A VMM's thread looks for work up to this long before it sleeps; 0: what
	 * each VMM does by itself. */
	uint32_t disk_poll_us, net_poll_us;
	/* PCI functions of the host, "0000:00:05.0". Guests have the first, and
	 * those of a shape as many as that says. */
	char devices[IO_MAX_DEVICES][20];
	uint32_t device_count;
	bool may_overwrite_device; /* its disk may lose what it holds */
	uint32_t queue_count;      /* of disk and card; 0: one per vCPU */
	char vhost[8];             /* auto, on or off */
	char peer[64];      /* of a real network; "": the run creates its own */
	char interface[16]; /* that leads to it */
	char guest_address[32]; /* in that network, "10.0.0.7/24" */
	char guest_gateway[32];
	bool ignores_panic; /* see network_danger() */
};

/* Memory limits of a machine, to find the smallest that suffices. */
struct mem_limits {
	uint64_t cgroup_bytes; /* of its cgroup's charge; 0: no limit */
	bool has_memlock;
	uint64_t memlock_bytes; /* RLIMIT_MEMLOCK, where it has one */
	bool locks_ram;         /* the VMM is to lock guest RAM */
};

struct bench_case {
	char runner[32];
	uint32_t block;
	uint32_t vcpu_count;
	uint64_t ram_bytes;
	char paravirt[16];
	char sandbox[12];     /* of our VMM; "": what it does by itself */
	char guest_kernel[8]; /* "elf": the file in the bzImage; else that */
	char pinning
		[8]; /* "cores": see runners/measure/placement.h; else none */
	uint32_t warmup_count;
	uint32_t sample_count;
	uint64_t target_ns;
	uint64_t timeout_ns;
	uint64_t stretch_ppm; /* `delay` takes this much longer */
	struct io_plan io;
	struct mem_limits limits; /* of shapes only */
	struct case_item *items;  /* owned */
	size_t item_count;
};

void bench_case_release(struct bench_case *bc);

/* Append one series. */
void bench_case_add(struct bench_case *bc, const char *workload,
		    const char *point);

/* Whether a series of WORKLOAD is wanted. */
bool bench_case_has(const struct bench_case *bc, const char *workload);

/* Whether any series has one of these flags (enum wl_flags). */
bool bench_case_needs(const struct bench_case *bc, uint32_t wl_flags);

/* Whether a guest's disk is to be kept in the host's page cache. */
bool io_plan_caches(const struct io_plan *io);
bool io_plan_has_ioeventfd(const struct io_plan *io);

/* The text SIZE of a null disk "null:SIZE"; NULL: another kind of disk. */
const char *io_plan_null_size(const char *disk);

json_t *io_plan_to_json(const struct io_plan *io); /* caller owns */

/* To a JSON object and back. -EPROTO when the object is not a valid case. */
json_t *bench_case_to_json(const struct bench_case *bc); /* caller owns */
int bench_case_from_json(const json_t *json, struct bench_case *bc,
			 struct err *err);

#endif
