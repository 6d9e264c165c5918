/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_WORKLOAD_H
#define WORKLOADS_WORKLOAD_H

/*
 * workload - one measured task, the same on the host and in every guest. It may
 * use libc and this header; it knows nothing of VMs, plans or
 * databases, prints nothing, and never reads the clock: the caller times
 * run().
 */
#include <stddef.h>
#include <stdint.h>

/* What one value means. Stored by name (wl_unit_name), never by number. */
enum wl_unit {
	WL_UNIT_NS,
	WL_UNIT_BYTES_PER_S,
	WL_UNIT_DOCUMENT, /* a program's whole output, for the harness to read */
};

enum wl_better { WL_LOWER_IS_BETTER, WL_HIGHER_IS_BETTER };

enum wl_flags {
	WL_ONE_ITERATION = 1 << 0, /* run(1) is a sample; no calibration */
	WL_SELFTEST = 1 << 1,      /* breaks things on purpose; never listed */
	WL_BY_HOST = 1 << 2,       /* the harness measures it; no run() */
	WL_NEEDS_DISK = 1 << 3,    /* these two have program(), no run() */
	WL_NEEDS_NET = 1 << 4,
	WL_NEEDS_MICRO = 1 << 5,  /* run by the micro guest, not under Linux */
	WL_ON_REQUEST = 1 << 6,   /* too long to run unless requested by name */
	WL_SHARES_CPU = 1 << 7,   /* its own processes wait for each other */
	WL_SHAPE = 1 << 8,        /* each point is a machine of that shape */
	WL_NEEDS_DEVICE = 1 << 9, /* a PCI function of the host, handed on */
	WL_DEVICE_DISK = 1 << 10, /* that function's disk, but by virtio */
	WL_NATIVE_ONLY = 1 << 11, /* the same whatever guest there is */
};

/* A point whose name ends so is of a disk that is polled. */
#define WL_POLLED "-polled"

/* One setting of a workload. A workload without settings has one, "". */
struct wl_point {
	const char *name; /* "16MiB,2MiB-pages": stable, stored */
	uint64_t bytes;   /* working set, delay in ns, or size of a request */
	uint64_t page_bytes; /* 0: whatever the system gives */
	const char *args;    /* of a program, in its own words; may be NULL */
};

struct wl_ctx {
	const struct wl_point *point;
	void *state;          /* the workload's own, from setup to teardown */
	uint64_t ops_count;   /* operations in one iteration; set by setup */
	uint64_t bytes_count; /* bytes in one iteration, for rates */
	uint64_t sink;        /* results go here, so that no work is dropped */
	char reason[160];     /* why setup or run failed */
};

/* In the environment: the PCI function to be used, "0000:00:05.0", or for a guest
 * the first that there is. Without it none is used. */
#define WL_DEVICE "l1vh_device"
#define WL_DEVICE_FIRST "first"

/* The serial numbers of a guest's disks: the one to measure, and the one that programs
 * come from. A VMM that gives a disk another one says which on the kernel's command
 * line: "l1vh-data=SERIAL". */
#define WL_DATA_SERIAL "l1vh-data"
#define WL_TOOLS_SERIAL "l1vh-tools"

/* What setup and run answer. */
enum wl_answer { WL_OK, WL_SKIP, WL_FAIL };

/* The resources of a program; the same on the host and in every guest,
 * except the disk's name. */
struct wl_env {
	char disk[256];      /* file or device; "" for none */
	uint64_t disk_bytes; /* to be used of it */
	char peer[64];       /* IPv4 address; "" for none */
	uint64_t io_ns;      /* wanted length of a run */
};

/* A program to be run: it prints a JSON object and ends with 0. */
struct wl_program {
	const char *argv[20]; /* argv[0] is looked up in PATH */
	char input[1024];     /* what it reads on stdin */
	char text[128];       /* room for arguments that argv points to */
};

struct workload {
	const char *name;    /* "mem_latency": stable, stored */
	const char *group;   /* "mem" */
	const char *summary; /* one line, for `list` and reports */
	enum wl_unit unit;
	enum wl_better better;
	uint32_t flags;
	const struct wl_point *points;
	uint32_t point_count;

	enum wl_answer (*setup)(struct wl_ctx *ctx); /* optional */
	enum wl_answer (*run)(struct wl_ctx *ctx, uint64_t iterations);
	void (*teardown)(struct wl_ctx *ctx); /* optional; half-built is fine */

	/* In place of run(): another program that does the work. */
	void (*program)(const struct wl_point *point, const struct wl_env *env,
			struct wl_program *out);
	/* The main metric of a program, where reports show only one; by the
	 * names of the harness. NULL: none. */
	const char *main_metric;
};

/* NULL-terminated; the one place where workloads are listed. */
extern const struct workload *const workloads[];

const struct workload *workload_find(const char *name); /* NULL: none */

/* NULL when the workload has no point of that name. */
const struct wl_point *workload_point(const struct workload *wl,
				      const char *name);

/* Where a series stands in the table, for listings; unknown ones are last. */
uint32_t workload_rank(const char *workload, const char *point);
const char *wl_unit_name(enum wl_unit unit); /* "ns", "bytes_per_s" */
const char *wl_better_name(enum wl_better better);

/* `delay` takes longer by this many millionths: an injected slowdown, for
 * tests of the whole harness. 0 otherwise. */
extern uint64_t workload_stretch_ppm;

/* Note why, and answer what the caller returns. */
enum wl_answer wl_say(struct wl_ctx *ctx, enum wl_answer answer,
		      const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The setting of a workload that has none. */
extern const struct wl_point wl_no_point;

#endif
