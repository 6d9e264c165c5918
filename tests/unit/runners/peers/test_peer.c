// SPDX-License-Identifier: GPL-3.0-or-later
/* What the runners of others' VMMs share, with a made-up VMM that is a script: when it
 * is not started, what it is given, how it ends, and that nothing of it stays. */
#include "tests/unit/test.h"

#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/base/file.h"
#include "harness/base/xmalloc.h"
#include "harness/core/bench_case.h"
#include "harness/core/result.h"
#include "harness/core/runner.h"
#include "runners/machine/args.h"
#include "runners/peers/peer.h"
#include "runners/peers/peer_folder.h"
#include "runners/peers/peer_version.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/fake_peer.h"
#include "tests/unit/fixture/mountns.h"
#include "tests/unit/fixture/stage.h"

static const char *const has_kvm[] = {"/dev/kvm", NULL};

static int add_args(struct args *a, const struct peer_boot *boot,
		    struct err *err)
{
	if (!strcmp(boot->bc->sandbox, "bad"))
		return err_set(err, -EINVAL, "made up");
	args_add(a, "%s", boot->program);
	args_add(a, "%s", boot->socket);
	args_add(a, "%s", boot->cmdline);
	return 0;
}

static struct peer made_up = {
	.title = "Made-Up",
	.program = "made-up",
	.version = "--version",
	.least_major = 2,
	.least_minor = 5,
	.lacks_before = "wheels",
	.device = "/dev/kvm",
	.vsock = PEER_VSOCK_FILE,
	.more_cmdline = " more=1",
	.add_args = add_args,
};

static void made_up_run(const struct bench_case *bc, struct result *res)
{
	peer_run(&made_up, GRADE_SOFTWARE, bc, res);
}

static const struct runner_ops runner_made_up = {.name = "made-up",
						 .run = made_up_run};

static void set(const char *says, const char *play)
{
	char *text = xasprintf("socket=$1\n%s", play);

	fake_peer_set(has_kvm);
	fake_peer_script("made-up", "--version", says, text);
	free(text);
}

static void run(struct result *res)
{
	fake_peer_run(&runner_made_up, "null", "", res);
}

static void it_runs_and_is_named(void **state)
{
	struct result res;
	char *args;

	(void)state;
	set("made-up version v2.10.1-7-gabc (x)",
	    FAKE_PEER_OPENS("/dev/kvm") FAKE_PEER_AGENT);
	run(&res);
	if (res.status != RUN_OK)
		fail_msg("%s", res.reason);
	assert_int_equal(res.grade, GRADE_SOFTWARE);
	assert_int_equal(res.series_count, 1);
	assert_int_equal(res.series[0].status, RUN_SKIPPED);
	assert_string_equal(res.identity,
			    "vcpus=1\nvmm.version=Made-Up 2.10.1-7-gabc");
	args = stage_text("args");
	assert_contains(args, "/vsock\n");
	assert_contains(args, " l1vh_no_stamps=1 l1vh_vsock=1 more=1");
	free(args);
	assert_string_equal(fake_peer_rest(), "");
	result_release(&res);
}

/* Before PATH; and a folder that has none is no obstacle. */
static void a_folder_is_looked_into_first(void **state)
{
	struct result res;
	char *found;

	(void)state;
	set("made-up 3.0", FAKE_PEER_OPENS("/dev/kvm") FAKE_PEER_AGENT);
	mkdir(stage_path("folder"), 0700);
	setenv("PEERS", stage_path("folder"), 1);
	run(&res);
	assert_contains(res.identity, "Made-Up 3.0");
	result_release(&res);
	fake_peer_script("folder/made-up", "--version", "made-up 4.0",
			 "socket=$1\n" FAKE_PEER_OPENS("/dev/kvm")
				 FAKE_PEER_AGENT);
	run(&res);
	assert_contains(res.identity, "Made-Up 4.0");
	result_release(&res);
	found = peer_find(&made_up);
	assert_string_equal(found, stage_path("folder/made-up"));
	free(found);
	stage_forget("folder/made-up");
	unsetenv("PEERS");
}

static void without_it_cases_are_skipped(void **state)
{
	static const struct {
		const char *says, *words;
	} rows[] = {
		{"nothing at all", "tells no version"},
		{"made-up 7 of 9", "tells no version"},
		{"", "tells no version"},
		{"made-up v2.4.9", "2.4.9 has no wheels: 2.5 does"},
		{"made-up v1.99", "1.99 has no wheels"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		set(rows[i].says, "exit 1\n");
		fake_peer_expect_skip(&runner_made_up, "null", "",
				      rows[i].words);
	}
	stage_script("made-up", "exit 3\n");
	fake_peer_expect_skip(&runner_made_up, "null", "",
			      "Made-Up does not work here");
	stage_forget("made-up");
	fake_peer_expect_skip(&runner_made_up, "null", "",
			      "Made-Up is not installed: 'made-up'");
}

static void what_it_cannot_have_is_skipped(void **state)
{
	struct bench_case bc = {.paravirt = "identical"};
	struct result res;

	(void)state;
	set("made-up 2.5", "exit 1\n");
	fake_peer_expect_skip(&runner_made_up, "micro_exit", "cpuid,ring0",
			      "micro guest");
	fake_peer_expect_skip(&runner_made_up, "footprint", "256M-1cpu-1disk",
			      "only shapes of RAM");
	fake_peer_expect_skip(&runner_made_up, "footprint", "256M-1cpu-1nic",
			      "only shapes of RAM");
	fake_peer_expect_skip(&runner_made_up, "passthrough", "randread-4k-qd1",
			      "is given no device of the host's here");
	bench_case_add(&bc, "null", "");
	fake_peer_run_case(&runner_made_up, &bc, &res);
	assert_int_equal(res.status, RUN_SKIPPED);
	assert_contains(res.reason, "ask for --paravirt best");
	result_release(&res);
	bc = (struct bench_case){.limits = {.locks_ram = true}};
	bench_case_add(&bc, "footprint", "256M-1cpu");
	fake_peer_run_case(&runner_made_up, &bc, &res);
	assert_int_equal(res.status, RUN_SKIPPED);
	assert_contains(res.reason, "lock its guest's memory");
	result_release(&res);
	unlink("/dev/kvm");
	fake_peer_expect_skip(&runner_made_up, "null", "", "needs /dev/kvm");
}

/* What each row's VMM lacks, or the plan wants, is a reason for the guest to skip. */
#define IS_CACHED .disk = "d.img", .disk_cache = "host"

static void disks_and_cards_that_it_lacks_are_denied(void **state)
{
	static const struct {
		struct peer_io has;
		struct io_plan io; /* one queue where it says none */
		const char *words;
	} rows[] = {
		{{0},
		 {IS_CACHED},
		 "=disk_refusal Made-Up is given no disk here\n"},
		{{0},
		 {IS_CACHED},
		 "=net_refusal Made-Up is given no network card here\n"},
		{{.has_disks = true},
		 {.disk = "null:1G"},
		 "=disk_refusal Made-Up has no null disk\n"},
		{{.has_disks = true},
		 {.disk = "d.img"},
		 "=disk_refusal Made-Up has no direct I/O: --disk-cache host"},
		{{.has_disks = true},
		 {IS_CACHED, .queue_count = 2},
		 "=disk_refusal Made-Up has one queue for a disk"},
		{{.has_disks = true, .has_queues = true},
		 {IS_CACHED, .queue_count = 3},
		 "=disk_refusal Made-Up has no more queues for a disk than vCPUs"},
		{{.has_disks = true},
		 {IS_CACHED, .disk_poll_us = 5},
		 "=disk_refusal Made-Up does not poll for a disk"},
		{{.has_disks = true},
		 {IS_CACHED, .ioeventfd = "off"},
		 "=disk_refusal Made-Up hears a disk's doorbells by ioeventfds"},
		{{.has_card = true},
		 {.queue_count = 2},
		 "=net_refusal Made-Up has one pair of queues"},
		{{.has_card = true, .has_queues = true},
		 {.queue_count = 3},
		 "=net_refusal Made-Up has no more pairs of queues than vCPUs"},
		{{.has_card = true},
		 {.vhost = "on"},
		 "=net_refusal Made-Up does not use vhost-net\n"},
		{{.has_card = true},
		 {.net_poll_us = 5},
		 "=net_refusal Made-Up does not poll for packets\n"},
		{{.has_card = true},
		 {.ioeventfd = "off"},
		 "=net_refusal Made-Up hears a card's doorbells by ioeventfds"},
	};
	const struct peer before = made_up;
	size_t i;

	(void)state;
	set("made-up 2.5", FAKE_PEER_OPENS("/dev/kvm") FAKE_PEER_AGENT);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct bench_case bc = {.io = rows[i].io};
		struct result res;
		char *job;

		made_up.io = rows[i].has;
		if (!bc.io.queue_count)
			bc.io.queue_count = 1;
		bench_case_add(&bc, "null", "");
		fake_peer_run_case(&runner_made_up, &bc, &res);
		if (res.status != RUN_OK)
			fail_msg("%zu: %s", i, res.reason);
		job = stage_text("job");
		assert_contains(job, rows[i].words);
		free(job);
		result_release(&res);
	}
	made_up = before;
}

static void what_this_host_lacks_is_said(void **state)
{
	const struct peer before = made_up;

	(void)state;
	set("made-up 2.5", "exit 1\n");
	made_up.needs_elf = true;
	stage_forget("guest/vmlinux");
	fake_peer_expect_skip(&runner_made_up, "null", "", "no guest/vmlinux");
	made_up = before;
	made_up.vsock = PEER_VSOCK_KERNEL;
	fake_peer_expect_skip(&runner_made_up, "null", "",
			      "needs /dev/vhost-vsock");
	made_up.device = "/dev/mshv";
	fake_peer_expect_skip(&runner_made_up, "null", "", "needs /dev/mshv");
	made_up = before;
}

static void bad_ends(void **state)
{
	static const struct {
		const char *play, *words;
	} rows[] = {
		{"echo no memory >&2; exit 3\n",
		 "made-up exited with status 3: no memory"},
		{"exit 0\n", "made-up exited with status 0"},
		{"kill -9 $$\n", "killed by signal 9"},
		/* It has run on something else. */
		{FAKE_PEER_AGENT, "was to use /dev/kvm and does not have it"},
		{FAKE_PEER_OPENS("/dev/mshv") FAKE_PEER_AGENT,
		 "was to use /dev/kvm and does not have it"},
	};
	struct result res;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		set("made-up 2.5", rows[i].play);
		mountns_write("/dev/mshv", "");
		run(&res);
		assert_int_equal(res.status, RUN_RUNNER_FAILED);
		assert_int_equal(res.series_count, 0);
		assert_contains(res.reason, rows[i].words);
		assert_string_equal(fake_peer_rest(), "");
		result_release(&res);
	}
}

static void options_that_cannot_be_made_are_a_failure(void **state)
{
	struct bench_case bc = {.sandbox = "bad"};
	struct result res;

	(void)state;
	set("made-up 2.5", "exit 1\n");
	bench_case_add(&bc, "null", "");
	fake_peer_run_case(&runner_made_up, &bc, &res);
	assert_int_equal(res.status, RUN_RUNNER_FAILED);
	assert_string_equal(res.reason, "Made-Up: made up");
	assert_null(stage_text("args"));
	result_release(&res);
}

/* One that ignores SIGTERM too. */
static void a_hang_has_a_limit(void **state)
{
	struct bench_case bc = {.timeout_ns = NS_PER_S};
	struct result res;

	(void)state;
	set("made-up 2.5",
	    FAKE_PEER_OPENS("/dev/kvm") "trap '' TERM\necho last words\n"
					"while :; do sleep 1; done\n");
	bench_case_add(&bc, "null", "");
	fake_peer_run_case(&runner_made_up, &bc, &res);
	assert_int_equal(res.status, RUN_TIMEOUT);
	assert_contains(res.reason, "no hello after 1.0 s");
	assert_contains(res.reason, "last words");
	assert_string_equal(fake_peer_rest(), "");
	result_release(&res);
}

static void wait_a_moment(void)
{
	const struct timespec step = {.tv_nsec = 10 * NS_PER_MS};

	nanosleep(&step, NULL);
}

/* A worker is killed with its machine running. */
static void nothing_outlives_a_kill(void **state)
{
	struct result res;
	int i, status;
	pid_t pid;

	(void)state;
	set("made-up 2.5",
	    "trap '' TERM\necho x >\"$HOME/vsock\"\n"
	    "mkdir \"$HOME/.lkvm\"; echo x >\"$HOME/.lkvm/l1vh.sock\"\n"
	    "echo up >\"$here/up\"\nwhile :; do sleep 1; done\n");
	stage_forget("up");
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		run(&res);
		_exit(1);
	}
	for (i = 0; i < 3000 && access(stage_path("up"), F_OK); i++)
		wait_a_moment();
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	for (i = 0; i < 3000 && fake_peer_rest()[0]; i++)
		wait_a_moment();
	assert_string_equal(fake_peer_rest(), "");
}

/* Not as the program, which users kill by its name. */
static void the_guard_has_a_name_of_its_own(void **state)
{
	char path[64], name[32] = "";
	struct peer_folder f;
	struct err err = {0};
	int i;

	(void)state;
	assert_int_equal(peer_folder_open(&f, &err), 0);
	snprintf(path, sizeof(path), "/proc/%d/comm", (int)f.guard);
	for (i = 0; i < 3000 && strcmp(name, PEER_GUARD_NAME) != 0; i++) {
		wait_a_moment();
		file_first_line(path, name, sizeof(name));
	}
	assert_string_equal(name, PEER_GUARD_NAME);
	peer_folder_close(&f);
}

/* What another made under this name is not ours to remove. */
static void a_folder_of_another_stays(void **state)
{
	struct peer_folder f;
	struct err err = {0};
	char path[64], other[64];
	unsigned int number;

	(void)state;
	assert_int_equal(peer_folder_open(&f, &err), 0);
	assert_int_equal(access(f.path, F_OK), 0);
	number = (unsigned int)strtoul(strrchr(f.path, '-') + 1, NULL, 10);
	snprintf(path, sizeof(path), "/tmp/l1vh-peer-%d-%u", (int)getpid(),
		 number + 1);
	peer_folder_close(&f);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(peer_folder_open(&f, &err), 0);
	assert_string_not_equal(f.path, path);
	snprintf(other, sizeof(other), "%s", f.path);
	peer_folder_close(&f);
	assert_int_equal(access(other, F_OK), -1);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(rmdir(path), 0);
}

static void who_is_asked_has_no_home(void **state)
{
	struct peer_version v;
	struct err err = {0};

	(void)state;
	stage_script("homely", "[ $HOME = /proc ] && echo homely 1.5\n");
	assert_int_equal(
		peer_version_read(stage_path("homely"), "-v", &v, &err), 0);
	assert_string_equal(v.text, "1.5");
}

static void versions_have_an_order(void **state)
{
	static const struct {
		unsigned int major, minor;
		bool is_below;
	} rows[] = {{1, 13, false},
		    {1, 14, true},
		    {1, 12, false},
		    {0, 99, false},
		    {2, 0, true}};
	const struct peer_version v = {.major = 1, .minor = 13};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(
			peer_version_is_below(&v, rows[i].major, rows[i].minor),
			rows[i].is_below);
}

static int all_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_runs_and_is_named),
		cmocka_unit_test(a_folder_is_looked_into_first),
		cmocka_unit_test(without_it_cases_are_skipped),
		cmocka_unit_test(what_it_cannot_have_is_skipped),
		cmocka_unit_test(disks_and_cards_that_it_lacks_are_denied),
		cmocka_unit_test(what_this_host_lacks_is_said),
		cmocka_unit_test(bad_ends),
		cmocka_unit_test(options_that_cannot_be_made_are_a_failure),
		cmocka_unit_test(a_hang_has_a_limit),
		cmocka_unit_test(nothing_outlives_a_kill),
		cmocka_unit_test(the_guard_has_a_name_of_its_own),
		cmocka_unit_test(a_folder_of_another_stays),
		cmocka_unit_test(who_is_asked_has_no_home),
		cmocka_unit_test(versions_have_an_order),
	};

	return RUN_TESTS(tests);
}

int main(int argc, char **argv)
{
	return fake_peer_main(argc, argv, all_tests);
}
