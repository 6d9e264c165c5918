// SPDX-License-Identifier: GPL-3.0-or-later
/* site: which runners a run gets on this host or in the lab, and what is tried
 * to find out. */
#include "tests/unit/test.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "harness/base/strbuf.h"
#include "harness/core/result.h"
#include "harness/session/site.h"
#include "tests/unit/fixture/cli/beside.h"
#include "tests/unit/fixture/cli/called.h"
#include "tests/unit/fixture/cli/fake_worker.h"
#include "tests/unit/fixture/expect.h"

static struct fixture {
	struct fake_worker worker;
	struct site site;
	struct site_wants wants;
	struct err err;
	int ret;
} f;

static int set_up(void **state)
{
	(void)state;
	f = (struct fixture){0};
	fake_worker_install(&f.worker);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	site_close(&f.site);
	fake_worker_remove(&f.worker);
	return 0;
}

/* The worker's answer to a trial of RUNNER. */
static void trial_ends(const char *runner, enum run_status status,
		       const char *reason)
{
	struct result res;

	result_init(&res);
	if (status != RUN_OK)
		result_fail(&res, status, "%s", reason);
	fake_worker_answer(&f.worker, runner, &res);
	result_release(&res);
}

static int open_command(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	f.ret = site_open(&f.site, &f.wants, &f.err);
	return 0;
}

static const struct command opening = {.name = "open", .run = open_command};

/* Open the site for these runners; what it says on stderr is in called.err. */
#define OPEN(choice_, ...)                                        \
	do {                                                      \
		static const char *const names[] = {__VA_ARGS__}; \
		f.wants.choice = (choice_);                       \
		f.wants.runners = names;                          \
		f.wants.runner_count = ARRAY_SIZE(names);         \
		CALL(opening);                                    \
	} while (0)

/* The site has exactly these runners, parted by blanks. */
static void expect_runners(const char *names)
{
	struct strbuf have = {0};
	size_t i;

	if (f.ret)
		fail_msg("%s", f.err.msg);
	for (i = 0; i < f.site.runner_count; i++)
		strbuf_printf(&have, "%s%s", i ? " " : "", f.site.runners[i]);
	assert_string_equal(strbuf_str(&have), names);
	strbuf_release(&have);
}

/* So many cases were asked for, and WORDS stand in the requests. */
static void expect_trials(size_t count, const char *words)
{
	char *requests = fake_worker_requests(&f.worker);

	assert_int_equal(count_of(requests, "\"op\":\"run\""), count);
	assert_contains(requests, words);
	free(requests);
}

static bool has_mshv(void)
{
	return !access("/dev/mshv", F_OK);
}

static void native_needs_no_trial(void **state)
{
	(void)state;
	OPEN(SITE_AUTO, "native");
	expect_runners("native");
	expect_trials(0, "hello");
	assert_int_equal(f.site.refusal_count, 0);
	assert_false(f.site.worker.is_lab);
	assert_int_equal(fake_worker_starts(&f.worker, true), 0);
	assert_string_equal(called.err, "");
}

static void a_guest_is_tried_with_linux(void **state)
{
	(void)state;
	trial_ends("kvm", RUN_OK, NULL);
	trial_ends("qemu-kvm", RUN_OK, NULL);
	OPEN(SITE_AUTO, "native", "kvm", "qemu-kvm");
	expect_runners("native kvm qemu-kvm");
	/* Five seconds on hardware, and no series. */
	expect_trials(2, "\"timeout_ns\":5000000000");
	expect_trials(2, "\"items\":[]");
	assert_false(f.site.worker.is_lab);
}

static void one_that_fails_is_refused_with_its_reason(void **state)
{
	(void)state;
	trial_ends("kvm", RUN_OK, NULL);
	trial_ends("qemu-kvm", RUN_RUNNER_FAILED, "no such device");
	OPEN(SITE_AUTO, "qemu-kvm", "native", "kvm");
	expect_runners("native kvm");
	assert_int_equal(f.site.refusal_count, 1);
	assert_string_equal(f.site.refusals[0].runner, "qemu-kvm");
	assert_string_equal(f.site.refusals[0].reason,
			    "cannot boot Linux here: no such device");
	assert_contains(called.err, "no such device");
	/* One guest boots: that is enough to stay. */
	assert_int_equal(fake_worker_starts(&f.worker, true), 0);
}

static void a_host_without_guests_is_left_for_the_lab(void **state)
{
	(void)state;
	trial_ends("kvm", RUN_SKIPPED, "/dev/kvm is absent");
	OPEN(SITE_AUTO, "native", "kvm");
	expect_runners("native kvm");
	assert_true(f.site.worker.is_lab);
	assert_contains(called.err, "THE LAB");
	/* The lab is known to boot it, and what failed outside is past. */
	expect_trials(1, "hello");
	assert_int_equal(f.site.refusal_count, 0);
}

/* In a container. */
static void a_host_without_a_lab_is_measured_without_guests(void **state)
{
	(void)state;
	trial_ends("kvm", RUN_SKIPPED, "/dev/kvm is absent");
	beside_remove("../ci/lab/run");
	OPEN(SITE_AUTO, "native", "kvm");
	expect_runners("native");
	assert_int_equal(f.site.refusal_count, 1);
	assert_false(f.site.worker.is_lab);
	assert_null(strstr(called.err, "THE LAB"));
}

static void who_wants_the_host_stays_there(void **state)
{
	(void)state;
	trial_ends("kvm", RUN_SKIPPED, "/dev/kvm is absent");
	OPEN(SITE_HOST, "kvm");
	expect_runners("");
	assert_int_equal(f.site.refusal_count, 1);
	assert_int_equal(fake_worker_starts(&f.worker, true), 0);
	assert_null(strstr(called.err, "THE LAB"));
}

static void the_lab_has_the_emulated_mshv_once(void **state)
{
	(void)state;
	OPEN(SITE_LAB, "mshv", "mshv-emu", "kvm", "mshv");
	expect_runners("mshv-emu kvm");
	expect_trials(0, "hello");
	assert_int_equal(fake_worker_starts(&f.worker, false), 0);
	assert_int_equal(fake_worker_starts(&f.worker, true), 1);
}

/* libvirt is installed in the lab or is not; QEMU's TCG needs no /dev/kvm. */
static void the_lab_tries_what_is_not_known_to_boot(void **state)
{
	(void)state;
	trial_ends("libvirt-kvm", RUN_RUNNER_FAILED, "no libvirtd");
	trial_ends("qemu-tcg", RUN_OK, NULL);
	OPEN(SITE_LAB, "libvirt-kvm", "qemu-tcg");
	expect_runners("qemu-tcg");
	/* A minute each, as everything is emulated. */
	expect_trials(2, "\"timeout_ns\":60000000000");
	assert_contains(called.err, "in the lab");
}

/* Those of others may not be in it, and may not boot as every VMM does. */
static void vmms_of_others_are_tried_as_they_are_wanted(void **state)
{
	(void)state;
	f.wants.paravirt = "best";
	f.wants.sandbox = "off";
	trial_ends("kvmtool", RUN_OK, NULL);
	OPEN(SITE_LAB, "kvm", "kvmtool");
	expect_runners("kvm kvmtool");
	expect_trials(1, "\"paravirt\":\"best\"");
	expect_trials(1, "\"sandbox\":\"off\"");
}

/* Firecracker starts nothing else, and a trial comes before the choice. */
static void a_trial_starts_the_elf_file_where_a_run_may(void **state)
{
	(void)state;
	beside_folder("guest");
	beside_file("guest/vmlinux", "");
	f.wants.guest_kernel = "auto";
	trial_ends("firecracker", RUN_OK, NULL);
	OPEN(SITE_LAB, "firecracker");
	beside_remove("guest/vmlinux");
	expect_runners("firecracker");
	expect_trials(1, "\"guest_kernel\":\"elf\"");
}

static void a_host_that_is_emulated_is_as_slow_as_the_lab(void **state)
{
	(void)state;
	fake_worker_hello(&f.worker, false,
			  "{\"hello\": {\"fingerprint\": {\"grade\": "
			  "\"emulated\"}, \"probe\": {}}}");
	trial_ends("qemu-tcg", RUN_OK, NULL);
	OPEN(SITE_HOST, "qemu-tcg", "kvm");
	expect_runners("qemu-tcg kvm");
	expect_trials(1, "\"timeout_ns\":60000000000");
}

static void micro_guests_are_tried_with_one(void **state)
{
	(void)state;
	f.wants.is_micro = true;
	trial_ends("kvm", RUN_OK, NULL);
	OPEN(SITE_HOST, "native", "kvm", "qemu-kvm");
	expect_runners("native kvm");
	expect_trials(1, "\"micro_exit\"");
	/* QEMU has no device for it, which needs no trial. */
	assert_int_equal(f.site.refusal_count, 1);
	assert_contains(f.site.refusals[0].reason, "the micro guest");
	assert_contains(called.err, "qemu-kvm cannot boot the micro guest");
}

static void nobody_hears_of_runners_that_nobody_named(void **state)
{
	(void)state;
	if (has_mshv()) {
		print_message("SKIP: this host has /dev/mshv\n");
		skip();
	}
	f.wants.is_default = true;
	f.wants.is_micro = true;
	OPEN(SITE_HOST, "native", "mshv", "qemu-kvm");
	expect_runners("native");
	assert_int_equal(f.site.refusal_count, 0);
	assert_string_equal(called.err, "");
}

static void an_absent_device_that_was_named_is_refused(void **state)
{
	(void)state;
	if (has_mshv()) {
		print_message("SKIP: this host has /dev/mshv\n");
		skip();
	}
	trial_ends("mshv", RUN_SKIPPED, "/dev/mshv is absent");
	OPEN(SITE_HOST, "native", "mshv");
	expect_runners("native");
	assert_int_equal(f.site.refusal_count, 1);
	assert_string_equal(f.site.refusals[0].runner, "mshv");
}

/* An emulated mshv is our VMM on KVM, so that one failure is both. */
static void without_kvm_its_emulation_is_not_tried(void **state)
{
	(void)state;
	if (has_mshv()) {
		print_message("SKIP: this host has /dev/mshv\n");
		skip();
	}
	f.wants.wants_mshv_emu = true;
	trial_ends("kvm", RUN_RUNNER_FAILED, "KVM_CREATE_VM failed");
	OPEN(SITE_HOST, "native", "kvm", "mshv");
	expect_runners("native");
	expect_trials(1, "\"kvm\"");
	assert_int_equal(f.site.refusal_count, 2);
	assert_string_equal(f.site.refusals[1].runner, "mshv-emu");
	assert_string_equal(f.site.refusals[1].reason,
			    f.site.refusals[0].reason);
}

static void a_long_reason_is_cut(void **state)
{
	char reason[390];

	(void)state;
	memset(reason, 'x', sizeof(reason) - 1);
	reason[sizeof(reason) - 1] = '\0';
	trial_ends("kvm", RUN_RUNNER_FAILED, reason);
	OPEN(SITE_HOST, "kvm");
	assert_in_range(strlen(f.site.refusals[0].reason), 360, 399);
}

static void a_worker_that_makes_no_sense_is_an_error(void **state)
{
	static const struct {
		const char *hello;
		int ret;
		const char *says;
	} cases[] = {
		{"{\"hello\": ", -EPROTO, "damaged"},
		{"{\"goodbye\": {}}", -EPROTO, "did not say hello"},
		{"[]", -EPROTO, "did not say hello"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		fake_worker_hello(&f.worker, false, cases[i].hello);
		OPEN(SITE_HOST, "native");
		assert_int_equal(f.ret, cases[i].ret);
		assert_contains(f.err.msg, cases[i].says);
		assert_null(f.site.hello);
		site_close(&f.site);
	}
}

static void a_worker_that_dies_ends_the_opening(void **state)
{
	(void)state;
	OPEN(SITE_AUTO, "kvm", "native"); /* no answer to the trial */
	assert_int_equal(f.ret, -EPIPE);
	/* That is no reason to go to the lab. */
	assert_int_equal(fake_worker_starts(&f.worker, true), 0);
	site_close(&f.site);
	beside_remove("l1vh-bench");
	OPEN(SITE_HOST, "native");
	assert_true(f.ret < 0);
}

static void what_was_stopped_is_not_opened(void **state)
{
	static const volatile bool stop = true;

	(void)state;
	f.wants.stop = &stop;
	OPEN(SITE_AUTO, "native", "kvm");
	assert_int_equal(f.ret, -ECANCELED);
	expect_trials(0, "");
}

static void a_worker_is_replaced_at_the_same_place(void **state)
{
	(void)state;
	OPEN(SITE_LAB, "kvm");
	fake_worker_hello(&f.worker, true,
			  "{\"hello\": {\"fingerprint\": {\"grade\": "
			  "\"emulated\", \"host\": \"new\"}}}");
	assert_int_equal(site_replace_worker(&f.site, &f.err), 0);
	assert_true(f.site.worker.is_lab);
	assert_int_equal(fake_worker_starts(&f.worker, true), 2);
	assert_string_equal(
		json_string_value(json_object_get(
			json_object_get(f.site.hello, "fingerprint"), "host")),
		"new");
	/* The runners stay those that were found. */
	expect_runners("kvm");
}

static void one_that_cannot_be_replaced_leaves_no_hello(void **state)
{
	(void)state;
	OPEN(SITE_HOST, "native");
	fake_worker_hello(&f.worker, false, "nothing");
	assert_int_equal(site_replace_worker(&f.site, &f.err), -EPROTO);
	assert_null(f.site.hello);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(native_needs_no_trial),
		TEST(a_guest_is_tried_with_linux),
		TEST(one_that_fails_is_refused_with_its_reason),
		TEST(a_host_without_guests_is_left_for_the_lab),
		TEST(a_host_without_a_lab_is_measured_without_guests),
		TEST(who_wants_the_host_stays_there),
		TEST(the_lab_has_the_emulated_mshv_once),
		TEST(the_lab_tries_what_is_not_known_to_boot),
		TEST(vmms_of_others_are_tried_as_they_are_wanted),
		TEST(a_trial_starts_the_elf_file_where_a_run_may),
		TEST(a_host_that_is_emulated_is_as_slow_as_the_lab),
		TEST(micro_guests_are_tried_with_one),
		TEST(nobody_hears_of_runners_that_nobody_named),
		TEST(an_absent_device_that_was_named_is_refused),
		TEST(without_kvm_its_emulation_is_not_tried),
		TEST(a_long_reason_is_cut),
		TEST(a_worker_that_makes_no_sense_is_an_error),
		TEST(a_worker_that_dies_ends_the_opening),
		TEST(what_was_stopped_is_not_opened),
		TEST(a_worker_is_replaced_at_the_same_place),
		TEST(one_that_cannot_be_replaced_leaves_no_hello),
	};

	signal(SIGPIPE, SIG_IGN);
	return RUN_TESTS(tests);
}
