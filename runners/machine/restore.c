// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/machine/restore.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/clock.h"
#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/proc.h"
#include "harness/base/stat_line.h"
#include "harness/base/xmalloc.h"
#include "harness/core/bench_case.h"
#include "harness/core/result.h"
#include "runners/machine/guest_boot.h"
#include "runners/machine/micro_guest.h"
#include "runners/vmm/snapshot/snapshot.h"
#include "workloads/micro/micro_points.h"

/* Of the boot's time limit, for restores and starts, and then each number of clones. */
#define ROUNDS_SHARE 0.3
#define CLONES_SHARE 0.6
#define MINOR_FAULTS_FIELD 10u /* proc(5), stat */

struct clone_point {
	const char *name;
	size_t count;
};

#define CLONES(name, count) {name, count},

/* One guest that is saved, and what is measured of it. */
struct restorable {
	const char *workload, *memory;
	bool is_linux;
	unsigned int
		rounds; /* restores and starts in turn, unless they take longer */
	size_t clone_count;
	struct clone_point clones[4];
};

static const struct restorable restorables[] = {
	{.workload = "restore",
	 .memory = "64M",
	 .rounds = 20,
	 .clone_count = 4,
	 .clones = {MICRO_CLONE_POINTS(CLONES)}},
	{.workload = "restore_linux",
	 .memory = "256M",
	 .is_linux = true,
	 .rounds = 5,
	 .clone_count = 3,
	 .clones = {LINUX_CLONE_POINTS(CLONES)}},
};

struct restore {
	const struct restorable *what;
	struct micro_vmm fresh, saved, restored;
	char *folder, *file; /* owned */
	uint64_t begin_ns, limit_ns;
	struct result *res;
};

static void add_value(const struct restore *r, const char *point,
		      const char *metric, const char *unit, double value)
{
	series_add_value(result_metric_series(r->res, r->what->workload, point,
					      metric, unit),
			 value);
}

static void refuse(const struct restore *r, const char *point,
		   enum run_status status, const char *why)
{
	series_refuse(result_metric_series(r->res, r->what->workload, point,
					   "first_word", "ns"),
		      status, why);
}

/* Page faults without I/O that PID has had; 0: it cannot be read. */
static uint64_t minor_faults(pid_t pid)
{
	char path[64], line[512];
	const char *at;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	at = stat_line_field(file_first_line(path, line, sizeof(line)),
			     MINOR_FAULTS_FIELD);
	return at ? strtoull(at, NULL, 10) : 0;
}

static const char *cause_of(const struct micro_guest *guests, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (guests[i].cause[0])
			return guests[i].cause;
	return "a guest said nothing in time";
}

/* One that comes back to panic has a first word as well: the panic's. Who was killed,
 * because it took long to power off, had no fault. */
static bool have_powered_off(struct restore *r, const char *point,
			     const struct micro_guest *guests, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (!guests[i].was_killed && guests[i].status) {
			refuse(r, point, RUN_RUNNER_FAILED, guests[i].cause);
			return false;
		}
	return true;
}

/* COUNT guests at once, into POINT. False when it did not work. */
static bool run_guests(struct restore *r, const struct micro_vmm *how,
		       const char *point, size_t count)
{
	static struct micro_guest guests[MICRO_MAX_GUESTS];
	const struct micro_shape shape = {point, r->what->memory, 1, false};
	struct err err = {0};
	size_t started = 0, i;
	uint64_t last_ns = 0, faults = 0;
	bool is_fine = true;

	while (is_fine && started < count)
		is_fine = !micro_guest_start(&guests[started++], how, &shape,
					     &err);
	if (!is_fine)
		refuse(r, point, RUN_RUNNER_FAILED, err.msg);
	else if (!micro_guests_await(guests, count)) {
		is_fine = false;
		refuse(r, point, RUN_RUNNER_FAILED, cause_of(guests, count));
	}
	for (i = 0; is_fine && i < count; i++)
		faults += minor_faults(guests[i].pid);
	for (i = 0; i < started; i++)
		micro_guest_end(&guests[i]);
	if (is_fine && how->restores)
		is_fine = have_powered_off(r, point, guests, count);
	/* A fresh guest's first word comes after it is ready. */
	for (i = 0; is_fine && i < count; i++) {
		/* Of Linux what a restored one goes on from. */
		uint64_t word_ns =
			r->what->is_linux && !guests[i].is_restored
				? guests[i].phase_ns[MICRO_READY_PHASE]
				: guests[i].first_word_ns;

		last_ns = word_ns > last_ns ? word_ns : last_ns;
		if (word_ns)
			add_value(r, point, "first_word", "ns",
				  (double)(word_ns - guests[i].spawn_ns));
	}
	if (is_fine && faults)
		add_value(r, point, "minor_faults", "per_op",
			  (double)faults / (double)count);
	if (is_fine && count > 1 && last_ns)
		add_value(r, point, "all_words", "ns",
			  (double)(last_ns - guests[0].spawn_ns));
	return is_fine;
}

/* The snapshot ends its guest by itself. */
static bool save(struct restore *r)
{
	const struct micro_shape shape = {"saved", r->what->memory, 1, false};
	struct err err = {0};
	enum run_status status = RUN_RUNNER_FAILED;
	struct micro_guest g;
	int ret = micro_guest_start(&g, &r->saved, &shape, &err);

	if (!ret)
		micro_guests_await(&g, 1);
	micro_guest_end(&g);
	if (!ret && !g.was_killed && !g.status && !access(r->file, R_OK))
		return true;
	if (!ret && WIFEXITED(g.status) &&
	    WEXITSTATUS(g.status) == SNAPSHOT_IMPOSSIBLE_STATUS)
		status = RUN_SKIPPED;
	refuse(r, "restored", status, ret ? err.msg : cause_of(&g, 1));
	return false;
}

static bool has_time(const struct restore *r, double share)
{
	return (double)(clock_mono_ns() - r->begin_ns) <
	       share * (double)r->limit_ns;
}

static bool run_clones(struct restore *r, const struct clone_point *clone,
		       uint64_t *took_ns)
{
	uint64_t start_ns = clock_mono_ns();
	bool is_fine;

	/* Four times as many may take four times as long. */
	if (!has_time(r, CLONES_SHARE -
				 4 * (double)*took_ns / (double)r->limit_ns)) {
		refuse(r, clone->name, RUN_SKIPPED,
		       "this many clones would exceed the boot's time limit");
		return true;
	}
	is_fine = run_guests(r, &r->restored, clone->name, clone->count);
	*took_ns = clock_mono_ns() - start_ns;
	return is_fine;
}

static void run_all(struct restore *r)
{
	const struct restorable *what = r->what;
	bool is_fine = save(r);
	uint64_t took_ns = 0;
	size_t i;

	for (i = 0; is_fine && i < what->rounds && has_time(r, ROUNDS_SHARE);
	     i++)
		is_fine = run_guests(r, &r->fresh, "fresh", 1) &&
			  run_guests(r, &r->restored, "restored", 1);
	for (i = 0; is_fine && i < what->clone_count; i++)
		is_fine = run_clones(r, &what->clones[i], &took_ns);
}

static void restore_one(const struct restorable *what, const char *hv,
			const struct bench_case *bc, struct result *res)
{
	const char *tmp = getenv("TMPDIR");
	char *kernel = what->is_linux ? guest_boot_kernel(bc) : NULL;
	struct restore r = {.what = what,
			    .fresh = micro_vmm_of(hv, bc),
			    .begin_ns = clock_mono_ns(),
			    .limit_ns = bc->timeout_ns,
			    .res = res};

	r.fresh.kernel = kernel;
	r.saved = r.restored = r.fresh;
	r.folder = xasprintf("%s/l1vh-restore-XXXXXX", tmp ? tmp : "/tmp");
	if (mkdtemp(r.folder)) {
		r.file = xasprintf("%s/snap", r.folder);
		r.saved.saves = r.restored.restores = r.file;
		run_all(&r);
		unlink(r.file);
		rmdir(r.folder);
	} else {
		refuse(&r, "restored", RUN_RUNNER_FAILED,
		       "cannot make a folder for the snapshot: set TMPDIR");
	}
	free(r.file);
	free(r.folder);
	free(kernel);
}

void restore_run(const char *hv, const struct bench_case *bc,
		 struct result *res)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(restorables); i++)
		if (bench_case_has(bc, restorables[i].workload))
			restore_one(&restorables[i], hv, bc, res);
}
