// SPDX-License-Identifier: GPL-3.0-or-later
/* footprint: readings of a known allocation, groups that kill and clean up,
 * and guests that are looked at together. */
#include "tests/unit/test.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/core/bench_case.h"
#include "harness/core/plan.h"
#include "harness/core/result.h"
#include "harness/core/shape.h"
#include "runners/measure/cgroup.h"
#include "runners/measure/footprint.h"
#include "runners/measure/mem_reading.h"
#include "runners/measure/watch.h"
#include "runners/site/shape_site.h"
#include "workloads/workload.h"

#define TOUCHED (48 * MIB)
#define LOCKED (3 * MIB)
#define SHARED (20 * MIB)
#define GUARD (2 * MIB)

/* A sanitizer has memory of its own, and makes nothing of mlock(). */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED true
#else
#define IS_SANITIZED false
#endif

static void a_shape_is_its_name(void **state)
{
	static const char *const bad[] = {
		"",         "1G",           "1G-0cpu",       "1G-65cpu",
		"1G-1cpu-", "1G-1cpu-x17",  "1G-1cpu-5disk", "1cpu-1G",
		"32M-1cpu", "65M-1cpu",     "1G-1cpu-1gpu",  "-1cpu",
		"1G--1cpu", "1G-1cpu-x",    "1G-cpu",        "1G-1cpux",
		"1G-1vfio", "1G-1cpu-vfio", "1G-1cpu-5vfio", "1G-1cpu-1vfios",
	};
	struct shape s;
	struct err err;
	size_t i;

	(void)state;
	assert_int_equal(shape_parse("1G-2cpu-4disk-1nic-x3", &s, &err), 0);
	assert_int_equal(s.ram_bytes, GIB);
	assert_int_equal(s.vcpu_count, 2);
	assert_int_equal(s.disk_count, 4);
	assert_int_equal(s.nic_count, 1);
	assert_int_equal(s.device_count, 0);
	assert_int_equal(s.copy_count, 3);
	assert_int_equal(shape_parse("1G-1cpu-1nic-4vfio", &s, &err), 0);
	assert_int_equal(s.nic_count, 1);
	assert_int_equal(s.disk_count, 0);
	assert_int_equal(s.device_count, SHAPE_MAX_DEVICES);
	assert_int_equal(shape_parse("256M-1cpu", &s, &err), 0);
	assert_int_equal(s.copy_count, 1);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(shape_parse(bad[i], &s, &err), -EINVAL);
}

/* A child that holds what it is told to, until it is killed. */
static pid_t start_holder(size_t touched, size_t locked, size_t shared)
{
	int ready[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		/* Between guards, so that no neighbour becomes one with it. */
		char *p = (char *)mmap(NULL, touched + locked + 2 * GUARD,
				       PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
				       -1, 0) +
			  GUARD;
		char *s = mmap(NULL, shared, PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (mprotect(p, touched + locked, PROT_READ | PROT_WRITE))
			_exit(1);
		memset(p, 1, touched);
		memset(s, 1, shared);
		if (mlock(p + touched, locked))
			_exit(1);
		byte = 1;
		if (write(ready[1], &byte, 1) != 1)
			_exit(1);
		pause();
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return pid;
}

static void end_holder(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* Within 1 % and 64 KiB of what one that holds nothing has besides. */
static void assert_near(uint64_t value, uint64_t base, uint64_t known)
{
	double gap = (double)value - (double)base - (double)known;

	if (fabs(gap) > (double)known * 0.01 + 64 * KIB)
		fail_msg("%llu less %llu is not %llu",
			 (unsigned long long)value, (unsigned long long)base,
			 (unsigned long long)known);
}

static void a_known_allocation_is_read(void **state)
{
	uint64_t base[PROC_VALUE_COUNT], with[PROC_VALUE_COUNT];
	pid_t empty = start_holder(4096, 4096, 4096);
	pid_t full = start_holder(TOUCHED, LOCKED, SHARED);

	(void)state;
	proc_values_read(empty, 0, base);
	proc_values_read(full, TOUCHED, with);
	end_holder(empty);
	end_holder(full);
	if (!IS_SANITIZED) {
		assert_near(with[PROC_RSS], base[PROC_RSS],
			    TOUCHED + LOCKED + SHARED);
		assert_near(with[PROC_PSS], base[PROC_PSS],
			    TOUCHED + LOCKED + SHARED);
		/* What is locked is a mapping of its own. */
		assert_near(with[PROC_GUEST_RSS], 0, TOUCHED);
		assert_near(with[PROC_LOCKED], base[PROC_LOCKED], LOCKED);
	}
	assert_int_equal(with[PROC_THREADS], base[PROC_THREADS]);
	assert_true(with[PROC_PAGE_TABLES] > base[PROC_PAGE_TABLES]);
}

static void a_process_that_is_not_there_has_no_numbers(void **state)
{
	uint64_t values[PROC_VALUE_COUNT];
	size_t i;

	(void)state;
	proc_values_read(0x7ffffff0, MIB, values);
	for (i = 0; i < PROC_VALUE_COUNT; i++)
		assert_true(values[i] == UINT64_MAX);
}

static void the_host_has_memory(void **state)
{
	uint64_t values[HOST_VALUE_COUNT];

	(void)state;
	host_values_read(values);
	assert_true(values[HOST_AVAILABLE] != UINT64_MAX);
	assert_true(values[HOST_AVAILABLE] > MIB);
	assert_true(values[HOST_USED] > MIB && values[HOST_USED] < GIB << 12);
	assert_true(values[HOST_SLAB] > 0);
	assert_string_equal(host_value_name(HOST_MSHV_DEPOSITED),
			    "mshv_deposited");
}

/* Skips with the reason where this machine gives no group. */
static void need_cgroup(struct cgroup *cg)
{
	struct err err = {0};

	if (!cgroup_create(cg, &err))
		return;
	print_message("skipped: %s\n", err.msg);
	skip();
}

static int hold_in(const struct cgroup *cg, size_t bytes)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		char *p;

		if (cgroup_join(cg->procs_fd))
			_exit(2);
		p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
		memset(p, 1, bytes);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	return status;
}

static void a_limit_kills_and_more_does_not(void **state)
{
	uint64_t values[CGROUP_VALUE_COUNT];
	struct cgroup cg;
	struct err err = {0};
	char path[320];
	int i, status;

	(void)state;
#ifdef __SANITIZE_THREAD__
	print_message("skipped: the sanitizer takes several times as much\n");
	skip();
#endif
	need_cgroup(&cg);
	snprintf(path, sizeof(path), "%s", cg.path);
	for (i = 0; i < 3; i++) {
		assert_int_equal(cgroup_limit(&cg, 40 * MIB, &err), 0);
		status = hold_in(&cg, 64 * MIB);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		assert_int_equal(cgroup_limit(&cg, 96 * MIB, &err), 0);
		status = hold_in(&cg, 64 * MIB);
		assert_true(WIFEXITED(status) && !WEXITSTATUS(status));
	}
	cgroup_read(&cg, values);
	assert_true(values[CGROUP_PEAK] == UINT64_MAX ||
		    values[CGROUP_PEAK] >= 64 * MIB);
	assert_true(values[CGROUP_OOM_KILLS] == UINT64_MAX ||
		    values[CGROUP_OOM_KILLS] >= 3);
	cgroup_destroy(&cg);
	assert_int_equal(access(path, F_OK), -1);
	cgroup_destroy(&cg);
}

/* Whoever is still in it goes with it. */
static void a_group_leaves_nothing(void **state)
{
	struct cgroup cg;
	char path[320], word;
	int status = 0;
	int joined[2];
	pid_t pid;

	(void)state;
	need_cgroup(&cg);
	snprintf(path, sizeof(path), "%s", cg.path);
	assert_int_equal(pipe(joined), 0);
	pid = fork();
	if (pid == 0) {
		if (cgroup_join(cg.procs_fd) || write(joined[1], "j", 1) != 1)
			_exit(2);
		for (;;)
			pause();
	}
	close(joined[1]);
	assert_int_equal(read(joined[0], &word, 1), 1);
	close(joined[0]);
	cgroup_destroy(&cg);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(access(path, F_OK), -1);
}

static void what_cannot_be_reclaimed(void **state)
{
	uint64_t v[CGROUP_VALUE_COUNT];
	size_t i;

	(void)state;
	for (i = 0; i < CGROUP_VALUE_COUNT; i++)
		v[i] = UINT64_MAX;
	assert_true(cgroup_unreclaimable(v) == UINT64_MAX);
	v[CGROUP_ANON] = 100;
	v[CGROUP_SHMEM] = 20;
	assert_true(cgroup_unreclaimable(v) == UINT64_MAX);
	v[CGROUP_KERNEL] = 7;
	assert_int_equal(cgroup_unreclaimable(v), 127);
	v[CGROUP_SLAB_RECLAIMABLE] = 5;
	v[CGROUP_SOCK] = 3;
	v[CGROUP_FILE] = 1000;
	assert_int_equal(cgroup_unreclaimable(v), 125);
}

static void a_pod_cannot_lock_more(void **state)
{
	const struct watch w = {
		.procs_fd = -1, .has_memlock = true, .memlock_bytes = MIB};
	int status = 0;
	pid_t pid;

	(void)state;
	if (geteuid()) {
		print_message("skipped: not root\n");
		skip();
	}
	pid = fork();
	if (pid == 0) {
		struct rlimit limit;

		if (watch_enter(&w) || getrlimit(RLIMIT_MEMLOCK, &limit))
			_exit(2);
		_exit(limit.rlim_cur == MIB && limit.rlim_max == MIB &&
				      !prctl(PR_CAPBSET_READ, 14, 0, 0, 0)
			      ? 0
			      : 1);
	}
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
}

/* A machine of threads: what a guest does of it is told by its number. */
struct fake {
	int dies_before[SHAPE_MAX_COPIES]; /* the moment; -1: none */
	unsigned int started;
};

static void fake_machine(const void *ctx, const struct bench_case *bc,
			 const struct shape_site *shape,
			 const struct watch *watch, struct result *res)
{
	struct fake *f = (struct fake *)ctx;
	unsigned int number =
		__atomic_fetch_add(&f->started, 1, __ATOMIC_SEQ_CST);
	int moment;

	(void)bc;
	(void)shape;
	for (moment = 0; moment < WATCH_GONE; moment++) {
		if (f->dies_before[number] == moment) {
			result_fail(res, RUN_RUNNER_FAILED, "died at %d",
				    moment);
			return;
		}
		watch_at(watch, (enum watch_moment)moment, getpid());
	}
}

static json_t *footprint_of(const struct result *res)
{
	json_t *all = json_loads(res->documents[0].text, 0, NULL);
	json_t *fp = json_incref(json_object_get(all, "footprint"));

	json_decref(all);
	assert_non_null(fp);
	return fp;
}

static void run_fakes(struct fake *f, const char *shape, struct result *res)
{
	struct bench_case bc = {.runner = "kvm"};

	bench_case_add(&bc, "footprint", shape);
	result_init(res);
	footprint_run(fake_machine, f, &bc, res);
	bench_case_release(&bc);
}

static size_t guests_at(const json_t *fp, const char *moment)
{
	return json_array_size(json_object_get(
		json_object_get(json_object_get(fp, "moments"), moment),
		"guests"));
}

static void all_guests_are_looked_at_together(void **state)
{
	struct fake f = {{-1, -1, -1, -1}, 0};
	struct result res;
	json_t *fp;

	(void)state;
	run_fakes(&f, "64M-1cpu-x4", &res);
	fp = footprint_of(&res);
	assert_int_equal(f.started, 4);
	assert_int_equal(guests_at(fp, "started"), 4);
	assert_int_equal(guests_at(fp, "touched"), 4);
	assert_int_equal(guests_at(fp, "gone"), 4);
	assert_true(json_is_object(json_object_get(
		json_object_get(json_object_get(fp, "moments"), "baseline"),
		"host")));
	json_decref(fp);
	result_release(&res);
}

/* The others go on, nothing hangs, and it is no measurement. */
static void a_guest_that_dies_is_not_waited_for(void **state)
{
	struct fake f = {{-1, 1, -1, 0}, 0};
	struct result res;
	json_t *fp;
	size_t i;

	(void)state;
	run_fakes(&f, "64M-1cpu-x4", &res);
	fp = footprint_of(&res);
	assert_int_equal(guests_at(fp, "started"), 3);
	assert_int_equal(guests_at(fp, "touched"), 2);
	assert_int_equal(res.status, RUN_RUNNER_FAILED);
	for (i = 0; i < res.series_count; i++)
		assert_int_equal(res.series[i].sample_count, 0);
	json_decref(fp);
	result_release(&res);
}

static void what_is_no_shape_is_refused(void **state)
{
	struct fake f = {{-1}, 0};
	struct result res;

	(void)state;
	run_fakes(&f, "huge", &res);
	assert_int_equal(res.status, RUN_SKIPPED);
	assert_non_null(strstr(res.reason, "not a guest shape"));
	assert_int_equal(f.started, 0);
	result_release(&res);
}

static void disks_and_cards_go_as_they_came(void **state)
{
	const struct shape shape = {.disk_count = 2, .copy_count = 1};
	const struct io_plan no_io = {.device_count = 0};
	struct shape_site site;
	struct err err = {0};
	struct stat st;
	char path[320];

	(void)state;
	assert_int_equal(shape_site_open(&site, &shape, &no_io, &err), 0);
	assert_int_equal(site.disk_count, 2);
	assert_string_not_equal(site.disks[0], site.disks[1]);
	snprintf(path, sizeof(path), "%s", site.disks[1]);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, SHAPE_DISK_BYTES);
	shape_site_close(&site);
	shape_site_close(&site);
	assert_int_equal(access(path, F_OK), -1);
}

/* One boot for each shape and runner that has machines; nothing natively. */
static void a_plan_boots_each_shape(void **state)
{
	struct plan plan;
	struct schedule sched;
	struct err err;
	size_t i;

	(void)state;
	plan_init_quick(&plan);
	plan.block_count = 2;
	plan.runners[0] = "native";
	plan.runners[1] = "kvm";
	plan.runners[2] = "qemu-kvm";
	plan.runner_count = 3;
	assert_int_equal(plan_add_workloads(&plan,
					    "footprint:256M-2cpu,"
					    "footprint:1G-1cpu",
					    &err),
			 0);
	schedule_init(&sched, &plan);
	assert_int_equal(sched.count, 2 * 2 * 2);
	for (i = 0; i < sched.count; i++) {
		const struct bench_case *bc = &sched.cases[i];
		bool is_wide = !strcmp(bc->items[0].point, "256M-2cpu");

		assert_int_equal(bc->item_count, 1);
		assert_string_not_equal(bc->runner, "native");
		assert_int_equal(bc->vcpu_count, is_wide ? 2 : 1);
		assert_int_equal(bc->ram_bytes, (is_wide ? 256 : 1024) * MIB);
	}
	schedule_release(&sched);
	plan_release(&plan);
}

/* Longer ones would be cut, and be of no metric. */
static void names_of_series_fit(void **state)
{
	static const char *const names[] = {"footprint", "footprint_more",
					    "footprint_vfio"};
	size_t i;
	uint32_t k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		const struct workload *wl = workload_find(names[i]);

		for (k = 0; k < wl->point_count; k++) {
			struct shape shape;
			struct err err;

			assert_int_equal(
				shape_parse(wl->points[k].name, &shape, &err),
				0);
			assert_true(strlen(wl->points[k].name) +
					    strlen("/pagetables") <
				    sizeof(((struct series *)0)->point));
		}
	}
}

static void limits_travel_with_the_case(void **state)
{
	struct bench_case bc = {.limits = {.cgroup_bytes = 5 * GIB,
					   .has_memlock = true,
					   .memlock_bytes = 7,
					   .locks_ram = true}};
	struct bench_case back;
	struct err err;
	json_t *json = bench_case_to_json(&bc);

	(void)state;
	assert_int_equal(bench_case_from_json(json, &back, &err), 0);
	assert_int_equal(back.limits.cgroup_bytes, 5 * GIB);
	assert_true(back.limits.has_memlock && back.limits.locks_ram);
	assert_int_equal(back.limits.memlock_bytes, 7);
	json_decref(json);
	bench_case_release(&back);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_shape_is_its_name),
		cmocka_unit_test(a_known_allocation_is_read),
		cmocka_unit_test(a_process_that_is_not_there_has_no_numbers),
		cmocka_unit_test(the_host_has_memory),
		cmocka_unit_test(a_limit_kills_and_more_does_not),
		cmocka_unit_test(a_group_leaves_nothing),
		cmocka_unit_test(what_cannot_be_reclaimed),
		cmocka_unit_test(a_pod_cannot_lock_more),
		cmocka_unit_test(all_guests_are_looked_at_together),
		cmocka_unit_test(a_guest_that_dies_is_not_waited_for),
		cmocka_unit_test(what_is_no_shape_is_refused),
		cmocka_unit_test(disks_and_cards_go_as_they_came),
		cmocka_unit_test(a_plan_boots_each_shape),
		cmocka_unit_test(names_of_series_fit),
		cmocka_unit_test(limits_travel_with_the_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
