// SPDX-License-Identifier: GPL-3.0-or-later
/* What a shape costs beside its RAM: known answers from a made-up /proc, in
 * which no control group can be had. */
#include "tests/unit/test.h"

#include <jansson.h>

#include "harness/core/bench_case.h"
#include "harness/core/result.h"
#include "runners/measure/footprint.h"
#include "runners/measure/watch.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/mountns.h"

/* The process numbers of VMMs count up from here; the daemon is each one's. */
#define VMM_PID 70
#define DAEMON_PID 90

static const char *no_mounts;

struct machine {
	unsigned int started;
	const char *document; /* what the guest said of itself; NULL: nothing */
	bool fails;
};

static void put(int pid, const char *file, const char *text)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	mountns_write(path, text);
}

/* In KiB; 0 for PSS: the kernel does not say. */
static void make_process(int pid, int rss, int pss, int page_tables)
{
	char text[128];

	snprintf(text, sizeof(text),
		 pss ? "Rss: %d kB\nPss: %d kB\n" : "Rss: %d kB\n", rss, pss);
	put(pid, "smaps_rollup", text);
	snprintf(text, sizeof(text), "VmPTE: %d kB\nThreads: 3\n", page_tables);
	put(pid, "status", text);
	put(pid, "comm", "a \x1b[1mname\n");
}

/* The same with 64 MiB of guest RAM, GUEST KiB of it touched. */
static void make_vmm(int pid, int rss, int pss, int page_tables, int guest)
{
	char text[128];

	make_process(pid, rss, pss, page_tables);
	snprintf(text, sizeof(text),
		 "7f0000000000-7f0004000000 rw-p 00000000 00:00 0\n"
		 "Rss: %d kB\n",
		 guest);
	put(pid, "smaps", text);
}

static int setup(void **state)
{
	(void)state;
	if (!no_mounts)
		no_mounts = mountns_cover("/proc");
	if (no_mounts) {
		print_message("SKIP: %s\n", no_mounts);
		return 0;
	}
	mountns_write("/proc/self/status", "RssAnon: 100 kB\n");
	mountns_write("/proc/meminfo",
		      "MemTotal: 9000 kB\nMemFree: 100 kB\nBuffers: 1 kB\n"
		      "Cached: 1 kB\nShmem: 0 kB\nSReclaimable: 0 kB\n");
	make_vmm(VMM_PID, 80000, 70000, 300, 60000);
	make_process(DAEMON_PID, 9000, 5000, 40);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	if (!no_mounts)
		mountns_uncover("/proc");
	return 0;
}

static void run_machine(const void *ctx, const struct bench_case *bc,
			const struct shape_site *shape,
			const struct watch *watch, struct result *res)
{
	struct machine *m = (struct machine *)ctx;
	int number = (int)__atomic_fetch_add(&m->started, 1, __ATOMIC_SEQ_CST);
	const struct watch_process processes[] = {{"vmm", VMM_PID + number},
						  {"virtqemud", DAEMON_PID}};
	int moment;

	(void)shape;
	for (moment = WATCH_STARTED; moment < WATCH_GONE; moment++)
		watch->at(watch->arg, (enum watch_moment)moment, processes,
			  ARRAY_SIZE(processes));
	if (m->document)
		result_add_document(res, "footprint", bc->items[0].point,
				    m->document);
	if (m->fails)
		result_fail(res, RUN_RUNNER_FAILED, "it died");
}

static void run(struct machine *m, const char *shape, bool locks_ram,
		struct result *res)
{
	struct bench_case bc = {.runner = "kvm",
				.limits = {.locks_ram = locks_ram}};

	if (no_mounts)
		skip();
	bench_case_add(&bc, "footprint", shape);
	result_init(res);
	footprint_run(run_machine, m, &bc, res);
	bench_case_release(&bc);
}

static const struct series *find(const struct result *res, const char *metric)
{
	size_t i;

	for (i = 0; i < res->series_count; i++) {
		const char *slash = strchr(res->series[i].point, '/');

		if (slash && !strcmp(slash + 1, metric))
			return &res->series[i];
	}
	return NULL;
}

static void expect_kib(const struct result *res, const char *metric, double kib)
{
	const struct series *s = find(res, metric);

	if (!s)
		fail_msg("no %s", metric);
	assert_int_equal(s->status, RUN_OK);
	assert_string_equal(s->unit, "bytes");
	assert_int_equal(s->sample_count, 1);
	assert_close(s->samples[0].value, kib * (double)KIB, 0);
}

/* All processes of a guest, less its RAM: 80000 + 9000 - 60000 and so on. The
 * daemon's mappings are none of the guest's. */
static void costs_are_beside_guest_ram(void **state)
{
	struct machine m = {.document = "{\"touched\":5}"};
	const struct series *charged;
	struct result res;
	json_t *all;

	(void)state;
	run(&m, "64M-1cpu", false, &res);
	assert_int_equal(res.status, RUN_OK);
	expect_kib(&res, "beside_rss", 29000);
	expect_kib(&res, "beside_pss", 15000);
	expect_kib(&res, "pagetables", 340);
	/* Without a cgroup there is no charge, and it says why. */
	charged = find(&res, "charged");
	assert_int_equal(charged->status, RUN_SKIPPED);
	assert_contains(charged->reason, "memory controller");
	/* The guest's own words stay beside the readings. */
	assert_int_equal(res.document_count, 1);
	all = json_loads(res.documents[0].text, 0, NULL);
	assert_int_equal(json_integer_value(json_object_get(all, "touched")),
			 5);
	assert_non_null(json_object_get(all, "footprint"));
	json_decref(all);
	assert_contains(res.documents[0].text, "a ?[1mname");
	assert_contains(res.documents[0].text, "\"cgroup_version\":0");
	result_release(&res);
}

/* The mean of both; what is unknown of one is unknown of all. */
static void several_guests_have_a_mean(void **state)
{
	struct machine m = {.document = "not JSON"};
	struct result res;
	json_t *all;

	(void)state;
	if (!no_mounts)
		make_vmm(VMM_PID + 1, 82000, 0, 301, 60000);
	run(&m, "64M-1cpu-x2", false, &res);
	assert_int_equal(m.started, 2);
	expect_kib(&res, "beside_rss", 30000);
	expect_kib(&res, "pagetables", 340.5);
	assert_null(find(&res, "beside_pss"));
	all = json_loads(res.documents[0].text, 0, NULL);
	assert_non_null(json_object_get(all, "footprint"));
	json_decref(all);
	result_release(&res);
}

/* Guest RAM that other processes share is not all in a PSS; a cost below zero
 * is none. */
static void a_cost_below_zero_is_none(void **state)
{
	struct machine m = {.started = 0};
	struct result res;

	(void)state;
	if (!no_mounts)
		make_vmm(VMM_PID, 80000, 30000, 300, 60000);
	run(&m, "64M-1cpu", false, &res);
	assert_null(find(&res, "beside_pss"));
	expect_kib(&res, "beside_rss", 29000);
	result_release(&res);
}

/* Nor is what was read of a machine that failed, or under a limit. */
static void only_whole_and_free_machines_have_costs(void **state)
{
	struct machine failed = {.fails = true}, limited = {.started = 0};
	struct result res;

	(void)state;
	run(&failed, "64M-1cpu", false, &res);
	assert_int_equal(res.status, RUN_RUNNER_FAILED);
	assert_string_equal(res.reason, "it died");
	assert_null(find(&res, "beside_rss"));
	assert_int_equal(res.document_count, 1);
	result_release(&res);
	run(&limited, "64M-1cpu", true, &res);
	assert_int_equal(res.status, RUN_OK);
	assert_int_equal(res.series_count, 0);
	result_release(&res);
}

#define COSTS(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		COSTS(costs_are_beside_guest_ram),
		COSTS(several_guests_have_a_mean),
		COSTS(a_cost_below_zero_is_none),
		COSTS(only_whole_and_free_machines_have_costs),
	};

	no_mounts = mountns_enter();
	return RUN_TESTS(tests);
}
