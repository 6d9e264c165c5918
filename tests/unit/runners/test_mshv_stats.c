// SPDX-License-Identifier: GPL-3.0-or-later
/* mshv_stats: whose VPs are counted, from a made-up debugfs. */
#include "tests/unit/test.h"

#include <errno.h>
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runners/measure/host_meter.h"
#include "runners/measure/mshv_stats.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/scratch.h"

static char folder[SCRATCH_SIZE];

static void make(const char *name)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	if (mkdir(path, 0700) && errno != EEXIST)
		fail_msg("cannot make %s", path);
}

/* partition/ID/vp/INDEX/stats with TEXT. */
static void make_vp(unsigned int id, unsigned int index, const char *text)
{
	char name[100], path[160];
	FILE *f;

	snprintf(name, sizeof(name), "partition/%u", id);
	make(name);
	snprintf(name, sizeof(name), "partition/%u/vp", id);
	make(name);
	snprintf(name, sizeof(name), "partition/%u/vp/%u", id, index);
	make(name);
	snprintf(path, sizeof(path), "%s/%s/stats", folder, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int setup(void **state)
{
	(void)state;
	scratch_folder(folder, "mshv");
	make("partition");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	scratch_remove(folder);
	return 0;
}

/* As Linux 7 prints them. */
#define STATS(n)                                                \
	"VpTotalRunTime                             : " #n "\n" \
	"VpHypervisorRunTime                        : 7\n"

static void the_new_partition_is_ours(void **state)
{
	struct mshv_stats s;
	uint64_t ns = 5;

	(void)state;
	make_vp(1, 0, STATS(999999));
	mshv_stats_begin(&s, folder);
	assert_int_equal(s.count, 1);
	assert_false(mshv_stats_run_ns(&s, &ns));
	assert_int_equal(ns, 5);
	make_vp(23, 0, STATS(1000));
	make_vp(23, 1, STATS(500));
	assert_true(mshv_stats_run_ns(&s, &ns));
	assert_int_equal(ns, 150000); /* units of 100 ns */
	/* The same counter by its older name. */
	make_vp(23, 1, "TotalRunTime: 600\n");
	assert_true(mshv_stats_run_ns(&s, &ns));
	assert_int_equal(ns, 160000);
}

static void what_is_not_known_is_not_said(void **state)
{
	struct mshv_stats s;
	uint64_t ns = 5;

	(void)state;
	mshv_stats_begin(&s, folder);
	make("partition/nonsense");
	make("partition/23");
	assert_false(mshv_stats_run_ns(&s, &ns)); /* no VP */
	make_vp(23, 0, STATS(1000));
	make_vp(23, 1, "VpIdealCpu : 3\n");
	assert_false(mshv_stats_run_ns(&s, &ns)); /* one does not say */
	make_vp(23, 1, STATS(1));
	assert_true(mshv_stats_run_ns(&s, &ns));
	ns = 5;
	make_vp(24, 0, STATS(1000));
	assert_false(mshv_stats_run_ns(&s, &ns)); /* somebody else's guest */
	assert_int_equal(ns, 5);
	mshv_stats_begin(&s, "/nonexistent");
	assert_null(s.folder);
	assert_false(mshv_stats_run_ns(&s, &ns));
	s = (struct mshv_stats){.count = 0};
	assert_false(mshv_stats_run_ns(&s, &ns));
}

static void too_many_partitions_are_not_told_apart(void **state)
{
	struct mshv_stats s;
	unsigned int i;

	(void)state;
	for (i = 0; i <= MSHV_STATS_MAX_KNOWN; i++)
		make_vp(i, 0, STATS(1));
	mshv_stats_begin(&s, folder);
	assert_null(s.folder);
}

/* With the hypervisor's word a guest's CPU time is measurable again. */
static void a_meter_adds_what_the_hypervisor_says(void **state)
{
	struct host_meter m = {
		.machine = getpid(), .hides_cpu = true, .skips_threads = true};
	struct host_reading r;

	(void)state;
	host_meter_read(&m, &r);
	assert_false(r.has_machine);
	mshv_stats_begin(&m.vps, folder);
	make_vp(2, 0, STATS(30000000000));
	host_meter_read(&m, &r);
	assert_true(r.has_machine);
	assert_true(r.machine_ns > 3000000000000);
	m.hides_cpu = false; /* the host has counted it already */
	host_meter_read(&m, &r);
	assert_true(r.has_machine);
	assert_true(r.machine_ns < 3000000000000);
}

/* In all partitions, an L1VH parent's own among them, which has no number. */
static void deposits_are_summed(void **state)
{
	char name[160];
	FILE *f;

	(void)state;
	assert_true(isnan(mshv_stats_deposits(folder)));
	make("partition/self");
	snprintf(name, sizeof(name), "%s/partition/self/stats", folder);
	f = fopen(name, "w");
	assert_non_null(f);
	fputs("PtGpaPages : 7\nPtDepositedPages      : 1398\n", f);
	fclose(f);
	assert_close(mshv_stats_deposits(folder), 1398, 0);
	make("partition/23");
	snprintf(name, sizeof(name), "%s/partition/23/stats", folder);
	f = fopen(name, "w");
	assert_non_null(f);
	fputs("DepositedPages: 2\n", f);
	fclose(f);
	assert_close(mshv_stats_deposits(folder), 1400, 0);
	assert_true(isnan(mshv_stats_deposits("/nonexistent")));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_new_partition_is_ours,
						setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_not_known_is_not_said,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			too_many_partitions_are_not_told_apart, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			a_meter_adds_what_the_hypervisor_says, setup, teardown),
		cmocka_unit_test_setup_teardown(deposits_are_summed, setup,
						teardown),
	};

	return RUN_TESTS(tests);
}
