// SPDX-License-Identifier: GPL-3.0-or-later
/* What the kernel says of CPU time, exits and memory, with made-up files in
 * the place of /proc and of debugfs. */
#include "tests/unit/test.h"

#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "runners/measure/host_meter.h"
#include "runners/measure/mem_reading.h"
#include "tests/unit/fixture/mountns.h"

#define DEBUG "/sys/kernel/debug"

static const char *no_mounts;

/* Empty folders over PROC and debugfs; skips where that cannot be. */
static int setup(void **state)
{
	const char *why = no_mounts;

	(void)state;
	if (!why)
		why = mountns_cover(DEBUG);
	if (!why)
		why = mountns_cover("/proc");
	if (why)
		print_message("SKIP: %s\n", why);
	no_mounts = why;
	return 0;
}

/* Sanitizers need the real one at the end. */
static int teardown(void **state)
{
	(void)state;
	if (!no_mounts) {
		mountns_uncover("/proc");
		mountns_uncover(DEBUG);
	}
	return 0;
}

static void need_mounts(void)
{
	if (no_mounts)
		skip();
}

/* --- CPU time and exits --------------------------------------------------- */

static void a_process_has_its_own_time(void **state)
{
	struct host_meter m = {.machine = getpid()};
	struct timespec before, after;
	volatile unsigned int work = 0;
	uint64_t ns;

	(void)state;
	while (work < 1000000)
		work++;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
	ns = host_meter_cpu_ns(&m);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
	assert_true(ns >= (uint64_t)before.tv_sec * NS_PER_S +
				  (uint64_t)before.tv_nsec);
	assert_true(ns <= (uint64_t)after.tv_sec * NS_PER_S +
				  (uint64_t)after.tv_nsec);
	m.machine = 0; /* not started: this is not our own */
	assert_int_equal(host_meter_cpu_ns(&m), 0);
	m.machine = -1;
	assert_int_equal(host_meter_cpu_ns(&m), 0);
	m.machine = 0x7ffffff0;
	assert_int_equal(host_meter_cpu_ns(&m), 0);
}

static void make_thread(int pid, const char *stat, const char *ns)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	mountns_write(path, stat);
	snprintf(path, sizeof(path), "/proc/%d/schedstat", pid);
	mountns_write(path, ns);
}

/* Children of process 2 are kernel threads; a name may look like a line. */
static void threads_of_the_kernel_are_told_apart(void **state)
{
	struct host_meter m = {.machine = 77};
	struct host_reading r;

	(void)state;
	need_mounts();
	make_thread(2, "2 (kthreadd) S 0 0", "1000000 1 1\n");
	make_thread(10, "10 (vhost-77) S 2 0", "5000 1 1\n");
	make_thread(11, "11 (vhost-77) S 2 0", "600 1 1\n");
	make_thread(12, "12 (vhost-777) S 2 0", "70 1 1\n");
	make_thread(13, "13 (kworker/0:1-a b) I 2 0", "8 1 1\n");
	make_thread(14, "14 (a) S 2 (vhost-77) S 1 0", "1000000 1 1\n");
	make_thread(15, "15 vhost-77 S 2", "1000000 1 1\n");
	make_thread(16, "", "1000000 1 1\n");
	make_thread(17, "17 )(", "1000000 1 1\n");
	make_thread(18, "18 (no-times) S 2 0", "");
	mountns_write("/proc/self/stat", "1 (x) S 2 0");
	mountns_write("/proc/stat", "cpu 1 2 3");
	host_meter_read(&m, &r);
	assert_true(r.has_threads);
	assert_int_equal(r.vhost_ns, 5600);
	assert_int_equal(r.kernel_ns, 78);
	m.skips_threads = true;
	host_meter_read(&m, &r);
	assert_false(r.has_threads);
	assert_int_equal(r.vhost_ns, 0);
	assert_int_equal(r.kernel_ns, 0);
}

/* A folder for each VM of a process; others' numbers may begin alike. */
static void exits_are_of_all_vms_of_the_process(void **state)
{
	struct host_meter m = {
		.machine = 77, .reads_kvm = true, .skips_threads = true};
	struct host_reading r;

	(void)state;
	need_mounts();
	host_meter_read(&m, &r); /* debugfs is empty */
	assert_true(r.kvm[KVM_STAT_EXITS] == UINT64_MAX);
	mountns_write(DEBUG "/kvm/77-11/exits", "1000\n");
	mountns_write(DEBUG "/kvm/77-11/halt_exits", "30\n");
	mountns_write(DEBUG "/kvm/77-12/exits", "234\n");
	mountns_write(DEBUG "/kvm/777-11/exits", "1000000\n");
	mountns_write(DEBUG "/kvm/177-11/exits", "1000000\n");
	mountns_write(DEBUG "/kvm/exits", "1000000\n"); /* of all */
	host_meter_read(&m, &r);
	assert_int_equal(r.kvm[KVM_STAT_EXITS], 1234);
	assert_int_equal(r.kvm[KVM_STAT_HALT_EXITS], 30);
	assert_true(r.kvm[KVM_STAT_IRQ_EXITS] == UINT64_MAX);
	m.reads_kvm = false;
	host_meter_read(&m, &r);
	assert_true(r.kvm[KVM_STAT_EXITS] == UINT64_MAX);
}

/* --- memory --------------------------------------------------------------- */

static void a_process_is_read_by_its_keys(void **state)
{
	uint64_t v[PROC_VALUE_COUNT];

	(void)state;
	need_mounts();
	mountns_write("/proc/77/smaps_rollup",
		      "7f00-7fff ---p 00000000 00:00 0 [rollup]\n"
		      "Rss:    1000 kB\nPss:     900 kB\nPss_Dirty: 1 kB\n"
		      "Shared_Clean:  10 kB\nShared_Dirty:   5 kB\n"
		      "Private_Clean: 200 kB\nPrivate_Dirty: 300 kB\n");
	mountns_write("/proc/77/status",
		      "Name:\tThreads: 9\nVmLck:\t 64 kB\nVmPTE:\t 8 kB\n"
		      "Threads:\t3\n");
	proc_values_read(77, 0, v);
	assert_int_equal(v[PROC_RSS], 1000 * KIB);
	assert_int_equal(v[PROC_PSS], 900 * KIB);
	assert_int_equal(v[PROC_PRIVATE], 500 * KIB);
	assert_int_equal(v[PROC_SHARED], 15 * KIB);
	assert_int_equal(v[PROC_LOCKED], 64 * KIB);
	assert_int_equal(v[PROC_PAGE_TABLES], 8 * KIB);
	assert_int_equal(v[PROC_THREADS], 3);
	assert_int_equal(v[PROC_GUEST_RSS], 0); /* it has none */
	assert_true(v[PROC_PINNED] == UINT64_MAX);
	/* Half of a sum is not a sum. */
	mountns_write("/proc/77/smaps_rollup", "Private_Clean: 200 kB\n");
	proc_values_read(77, 0, v);
	assert_true(v[PROC_PRIVATE] == UINT64_MAX);
	assert_true(v[PROC_RSS] == UINT64_MAX);
}

/* The smallest mapping that guest RAM fits in; libraries are smaller, and an
 * address space that is only reserved is larger. */
static void guest_ram_is_found_by_its_size(void **state)
{
	static const struct {
		uint64_t ram_bytes, rss;
	} rows[] = {
		{64 * MIB, 4096 * KIB},
		{64 * MIB + 1, 5 * KIB},
		{1, 12 * KIB},
		{8 * GIB, UINT64_MAX},
	};
	uint64_t v[PROC_VALUE_COUNT];
	size_t i;

	(void)state;
	need_mounts();
	mountns_write("/proc/77/smaps",
		      "7f0200000000-7f0204000000 rw-p 00000000 00:00 0\n"
		      "Rss:  4096 kB\nPss: 1 kB\n"
		      "7f0000000000-7f0100000000 ---p 00000000 00:00 0\n"
		      "Size: 4194304 kB\nRss:  5 kB\n"
		      "abc000-abd000 r--p 00000000 fe:01 12 /a/lib.so\n"
		      "Rss:  12 kB\nAnonHugePages: 0 kB\n");
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		proc_values_read(77, rows[i].ram_bytes, v);
		assert_true(v[PROC_GUEST_RSS] == rows[i].rss);
	}
}

#define MEMINFO(more)                                                   \
	"MemTotal: 10000 kB\nMemFree: 1000 kB\nMemAvailable: 5000 kB\n" \
	"Buffers: 100 kB\nCached: 3000 kB\nSwapCached: 7 kB\n"          \
	"Shmem: 400 kB\nSlab: 60 kB\n" more

/* 10000 + 400 - 1000 - 100 - 3000 - 50, less the 250 of this process. */
static void a_host_uses_what_cannot_be_dropped(void **state)
{
	uint64_t v[HOST_VALUE_COUNT];

	(void)state;
	need_mounts();
	mountns_write("/proc/meminfo", MEMINFO("SReclaimable: 50 kB\n"));
	mountns_write("/proc/self/status", "VmRSS: 900 kB\nRssAnon: 250 kB\n");
	host_values_read(v);
	assert_int_equal(v[HOST_USED], 6000 * KIB);
	assert_int_equal(v[HOST_AVAILABLE], 5000 * KIB);
	assert_int_equal(v[HOST_FREE], 1000 * KIB);
	assert_int_equal(v[HOST_SHMEM], 400 * KIB);
	assert_int_equal(v[HOST_SLAB], 60 * KIB);
	assert_true(v[HOST_PERCPU] == UINT64_MAX);
	assert_true(v[HOST_MSHV_DEPOSITED] == UINT64_MAX);
	/* Steady from the first look on. */
	host_values_settle(v);
	assert_int_equal(v[HOST_USED], 6000 * KIB);
	host_values_return(v, v);
	assert_int_equal(v[HOST_USED], 6000 * KIB);
}

/* A sum without one of its parts is not known. */
static void a_part_that_is_missing_leaves_no_sum(void **state)
{
	uint64_t v[HOST_VALUE_COUNT];

	(void)state;
	need_mounts();
	mountns_write("/proc/self/status", "RssAnon: 250 kB\n");
	mountns_write("/proc/meminfo", MEMINFO(""));
	host_values_read(v);
	assert_true(v[HOST_USED] == UINT64_MAX);
	assert_int_equal(v[HOST_FREE], 1000 * KIB);
	unlink("/proc/meminfo");
	host_values_read(v);
	assert_true(v[HOST_USED] == UINT64_MAX);
	assert_true(v[HOST_FREE] == UINT64_MAX);
	mountns_write("/proc/meminfo", MEMINFO("SReclaimable: 50 kB\n"));
	unlink("/proc/self/status");
	host_values_read(v);
	assert_true(v[HOST_USED] == UINT64_MAX);
}

/* Pages of each partition; a file without the line adds nothing. */
static void deposits_of_all_partitions_add_up(void **state)
{
	uint64_t v[HOST_VALUE_COUNT];

	(void)state;
	need_mounts();
	mountns_write(DEBUG "/mshv/partition/1/stats",
		      "PtA : 9\nPtDepositedPages : 100\n");
	mountns_write(DEBUG "/mshv/partition/2/stats",
		      "PtDepositedPages                  : 23\nPtB : 5\n");
	mountns_write(DEBUG "/mshv/partition/3/stats", "PtA : 1\n");
	mountns_write(DEBUG "/mshv/partition/4/stats", "PtDepositedPages");
	host_values_read(v);
	assert_int_equal(v[HOST_MSHV_DEPOSITED], 123 * 4096);
}

#define MADE_UP(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_has_its_own_time),
		MADE_UP(threads_of_the_kernel_are_told_apart),
		MADE_UP(exits_are_of_all_vms_of_the_process),
		MADE_UP(a_process_is_read_by_its_keys),
		MADE_UP(guest_ram_is_found_by_its_size),
		MADE_UP(a_host_uses_what_cannot_be_dropped),
		MADE_UP(a_part_that_is_missing_leaves_no_sum),
		MADE_UP(deposits_of_all_partitions_add_up),
	};

	no_mounts = mountns_enter();
	return RUN_TESTS(tests);
}
