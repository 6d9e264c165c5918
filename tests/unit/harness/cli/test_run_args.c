// SPDX-License-Identifier: GPL-3.0-or-later
/* run_args: each option of `run`, at its bounds and beyond them. */
#include "tests/unit/test.h"

#include <errno.h>
#include <getopt.h>

#include "harness/cli/run_args.h"
#include "harness/core/runner.h"
#include "harness/verdict/claims.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/scratch.h"

#define MAX_WORDS 12

/* ARGS is the caller's to release in any case. */
static int parse(const char *const *words, struct run_args *args,
		 struct err *err)
{
	static char copies[MAX_WORDS + 1][512];
	char *argv[MAX_WORDS + 2] = {copies[0]};
	int argc;

	snprintf(copies[0], sizeof(copies[0]), "run");
	for (argc = 1; words[argc - 1]; argc++) {
		assert_true(argc <= MAX_WORDS);
		snprintf(copies[argc], sizeof(copies[argc]), "%s",
			 words[argc - 1]);
		argv[argc] = copies[argc];
	}
	optind = 0; /* getopt begins anew */
	*err = (struct err){0};
	return run_args_parse(argc, argv, args, err);
}

static void parsed(const char *const *words, struct run_args *args)
{
	struct err err;

	if (parse(words, args, &err))
		fail_msg("%s", err.msg);
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void nothing_said_is_the_quick_suite(void **state)
{
	static const char *const nothing[] = {NULL};
	struct run_args args;

	(void)state;
	parsed(nothing, &args);
	assert_true(args.wanted_is_default);
	assert_int_equal(args.wanted_count, 4);
	assert_string_equal(args.wanted[0], "native");
	assert_string_equal(args.db, "results/l1vh.db");
	assert_null(args.html);
	assert_null(args.claims);
	assert_int_equal(args.choice, SITE_AUTO);
	assert_int_equal(args.plan.block_count, 4);
	assert_true(args.plan.series.item_count > 20);
	/* The seed can be typed again. */
	assert_true(args.plan.seed <= UINT32_MAX);
	run_args_release(&args);
}

static void every_option_lands_in_its_field(void **state)
{
	struct run_args args;

	(void)state;
	parsed(WORDS("--runners=kvm,native", "--suite=null,delay",
		     "--samples=10000", "--target-ms=1000000", "--vcpus=64",
		     "--memory=2G", "--paravirt=best", "--timeout=7",
		     "--sandbox=required", "--seed=9223372036854775807",
		     "--budget=2h"),
	       &args);
	assert_false(args.wanted_is_default);
	assert_int_equal(args.wanted_count, 2);
	assert_string_equal(args.wanted[0], "kvm");
	assert_string_equal(args.workloads, "null,delay");
	assert_int_equal(args.plan.series.item_count, 2);
	assert_int_equal(args.plan.sample_count, 10000);
	assert_int_equal(args.plan.target_ns, 1000 * NS_PER_S);
	assert_int_equal(args.plan.vcpu_count, 64);
	assert_int_equal(args.plan.ram_bytes, 2 * GIB);
	assert_string_equal(args.plan.paravirt, "best");
	assert_string_equal(args.plan.sandbox, "required");
	assert_int_equal(args.plan.timeout_ns, 7 * NS_PER_S);
	assert_int_equal(args.plan.seed, INT64_MAX);
	assert_int_equal(args.plan.budget_ns, 7200 * NS_PER_S);
	run_args_release(&args);
	parsed(WORDS("--lab", "--no-lab", "--pilot", "--mshv-emu",
		     "--html=h.html", "--db=x.db", "--blocks=10000",
		     "--stretch=kvm=3"),
	       &args);
	assert_int_equal(args.choice, SITE_HOST); /* the last one counts */
	assert_true(args.wants_pilot && args.wants_mshv_emu);
	assert_string_equal(args.html, "h.html");
	assert_string_equal(args.db, "x.db");
	assert_int_equal(args.plan.block_count, 10000);
	assert_string_equal(args.plan.stretched_runner, "kvm");
	assert_int_equal(args.plan.stretch_ppm, 30000);
	run_args_release(&args);
}

static void storage_and_network_have_their_fields(void **state)
{
	struct run_args args;

	(void)state;
	parsed(WORDS("--io-ms=5", "--io-blocks=2", "--disk=null:3G",
		     "--disk-size=16M", "--disk-overwrite", "--queues=8",
		     "--vhost=off", "--network-may-panic-host",
		     "--disk-cache=host", "--disk-poll=0", "--ioeventfd=off",
		     "--net-poll=1000000"),
	       &args);
	assert_int_equal(args.plan.io.io_ns, 5 * NS_PER_MS);
	assert_int_equal(args.plan.io_block_count, 2);
	assert_string_equal(args.plan.io.disk, "null:3G");
	assert_int_equal(args.plan.io.disk_bytes, 16 * MIB);
	assert_true(args.plan.io.may_overwrite);
	assert_int_equal(args.plan.io.queue_count, 8);
	assert_string_equal(args.plan.io.vhost, "off");
	assert_true(args.plan.io.ignores_panic);
	assert_true(io_plan_caches(&args.plan.io));
	assert_false(io_plan_has_ioeventfd(&args.plan.io));
	assert_int_equal(args.plan.io.disk_poll_us, 0);
	assert_int_equal(args.plan.io.net_poll_us, 1000000);
	run_args_release(&args);
	parsed(WORDS("--net-peer=192.0.2.9", "--net-interface=br0",
		     "--net-guest-address=10.0.0.7/30",
		     "--net-guest-gateway=10.0.0.1",
		     "--disk=/dev/disk/by-id/a_b.c+d-1"),
	       &args);
	assert_string_equal(args.plan.io.peer, "192.0.2.9");
	assert_string_equal(args.plan.io.interface, "br0");
	assert_string_equal(args.plan.io.guest_address, "10.0.0.7/30");
	assert_string_equal(args.plan.io.guest_gateway, "10.0.0.1");
	assert_string_equal(args.plan.io.disk, "/dev/disk/by-id/a_b.c+d-1");
	run_args_release(&args);
}

static void devices_have_their_fields(void **state)
{
	struct run_args args;

	(void)state;
	parsed(WORDS("--device=00:06.0,0000:00:05.0"), &args);
	assert_int_equal(args.plan.io.device_count, 2);
	assert_string_equal(args.plan.io.devices[0], "0000:00:06.0");
	assert_string_equal(args.plan.io.devices[1], "0000:00:05.0");
	/* A disk among them is not lost by naming it, nor by the other option. */
	assert_false(args.plan.io.may_overwrite_device);
	run_args_release(&args);
	parsed(WORDS("--device=00:06.0", "--disk-overwrite"), &args);
	assert_false(args.plan.io.may_overwrite_device);
	run_args_release(&args);
	parsed(WORDS("--device=00:06.0", "--device-overwrite"), &args);
	assert_true(args.plan.io.may_overwrite_device);
	assert_false(args.plan.io.may_overwrite);
	run_args_release(&args);
}

/* These end in a VMM's words and in fio's: no comma, no colon, no space. */
static void bad_values_are_refused(void **state)
{
	static const struct {
		const char *words[3], *says;
	} cases[] = {
		{{"--blocks=0"}, "'0'"},
		{{"--blocks=10001"}, "'10001'"},
		{{"--vcpus=65"}, "'65'"},
		{{"--queues=9"}, "'9'"},
		{{"--seed=9223372036854775808"}, "'9223372036854775808'"},
		{{"--timeout=0"}, "'0'"},
		{{"--budget=0s"}, "'0s'"},
		{{"--memory=much"}, "'much'"},
		{{"--runners="}, "unknown runner ''"},
		{{"--runners=kvm,,native"}, "unknown runner ''"},
		{{"--runners=kvm,xen"}, "unknown runner 'xen'"},
		{{"--runners=kvm,native,kvm"}, "'kvm' is named twice"},
		{{"--workloads=nothing"}, "nothing"},
		{{"--workloads="}, ""},
		{{"--paravirt=Best"}, "'Best'"},
		{{"--sandbox=yes"}, "'yes'; there are on, off and required"},
		{{"--pinning=all"},
		 "unknown pinning 'all'; there are none and cores"},
		{{"--vhost=maybe"}, "'maybe'"},
		{{"--disk-cache=yes"}, "'yes': there are none and host"},
		{{"--disk-poll=1000001"}, "'1000001'"},
		{{"--ioeventfd=maybe"}, "'maybe': there are on and off"},
		{{"--net-poll=-1"}, "'-1'"},
		{{"--disk-size=15M"}, "16M"},
		{{"--disk-size=33000K"}, "whole MiB"},
		{{"--disk-size=x"}, "'x' is not a size"},
		{{"--disk=null:"}, "a null disk needs a size"},
		{{"--disk=null:big"}, "'big' is not a size"},
		{{"--disk="}, "a disk needs a path"},
		{{"--disk=a:b"}, "letters, digits"},
		{{"--disk=a,readonly"}, "letters, digits"},
		{{"--disk=a b"}, "letters, digits"},
		{{"--device="}, "'' is not the address"},
		{{"--device=/dev/nvme0"}, "'/dev/nvme0' is not the address"},
		{{"--device=00:05.0,00:05.0"}, "twice"},
		{{"--device=1:0.0,2:0.0,3:0.0,4:0.0,5:0.0"}, "more than 4"},
		{{"--net-peer=host"}, "'host' is not an IPv4 address"},
		{{"--net-peer=1.2.3"}, "'1.2.3' is not"},
		{{"--net-peer=::1"}, "'::1' is not"},
		{{"--net-interface=sixteen-letters-"}, "too long"},
		{{"--net-interface=a,b"}, "comma"},
		{{"--net-interface=a\nb"}, "comma"},
		{{"--net-guest-gateway=10.0.0.1/8"}, "10.0.0.1/8"},
		{{"--stretch=kvm"}, "RUNNER=PERCENT"},
		{{"--stretch=xen=3"}, "RUNNER=PERCENT"},
		{{"--stretch==3"}, "RUNNER=PERCENT"},
		{{"--stretch=kvm=0"}, "'0'"},
		{{"--stretch=kvm=1001"}, "'1001'"},
		{{"--claims=/no/such/file"}, "/no/such/file"},
		{{"--plan=/no/such/plan"}, "/no/such/plan"},
		{{"--until-decided"}, "--claims"},
		{{"more"}, "unexpected argument 'more'"},
		{{"--net-peer=1.2.3.4"}, "--net-interface"},
		{{"--net-peer=1.2.3.4", "--net-interface=b"}, "--net-guest"},
		{{"--net-interface=b"}, "--net-peer"},
		{{"--net-guest-address=10.0.0.7/24"}, "--net-peer"},
	};
	struct run_args args;
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		if (parse(cases[i].words, &args, &err) >= 0)
			fail_msg("%s was taken", cases[i].words[0]);
		assert_contains(err.msg, cases[i].says);
		run_args_release(&args);
	}
}

static void a_guest_address_has_its_bits(void **state)
{
	static const char *const bad[] = {
		"10.0.0.7",    "10.0.0.7/",           "10.0.0.7/0",
		"10.0.0.7/31", "10.0.0.7/24x",        "10.0.0/24",
		"10.0.0.7/-1", "10.0.0.7/ 24",        "10.0.0.7/+24",
		"/24",         "10.0.0.7/4294967320", /* 2^32 + 24 */
		"a.b.c.d/24",  "10.0.0.7/24,x=1",     "10.0.0.256/24",
	};
	static const char *const good[] = {"0.0.0.0/1", "10.0.0.7/30",
					   "255.255.255.255/24"};
	struct run_args args;
	struct err err;
	char word[64];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		snprintf(word, sizeof(word), "--net-guest-address=%s", bad[i]);
		if (parse(WORDS("--net-peer=1.2.3.4", "--net-interface=b",
				word),
			  &args, &err) >= 0)
			fail_msg("'%s' was taken", bad[i]);
		assert_contains(err.msg, bad[i]);
		run_args_release(&args);
	}
	for (i = 0; i < ARRAY_SIZE(good); i++) {
		snprintf(word, sizeof(word), "--net-guest-address=%s", good[i]);
		parsed(WORDS("--net-peer=1.2.3.4", "--net-interface=b", word),
		       &args);
		assert_string_equal(args.plan.io.guest_address, good[i]);
		run_args_release(&args);
	}
}

/* There are more runners than a plan has room for. */
static void runners_fit_a_plan(void **state)
{
	char list[512] = "--runners=";
	struct run_args args;
	struct err err;
	size_t i, len = strlen(list);

	(void)state;
	for (i = 0; i < PLAN_MAX_RUNNERS + 1; i++) {
		assert_non_null(runners[i]);
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s",
					i ? "," : "", runners[i]->name);
	}
	assert_int_equal(parse(WORDS(list), &args, &err), -EINVAL);
	assert_contains(err.msg, "too many runners");
	run_args_release(&args);
	*strrchr(list, ',') = '\0';
	parsed(WORDS(list), &args);
	assert_int_equal(args.wanted_count, PLAN_MAX_RUNNERS);
	run_args_release(&args);
}

static void looks_need_claims_and_have_room(void **state)
{
	static const char claims[] = "reports/claims/near-native.yaml";
	struct run_args args;

	(void)state;
	parsed(WORDS("--until-decided", "--claims", claims), &args);
	assert_int_equal(args.plan.look_count, 4);
	assert_int_equal(args.plan.block_count, 40);
	assert_non_null(args.claims);
	run_args_release(&args);
	/* A count that somebody gave is the maximum, here and in a plan. */
	parsed(WORDS("--blocks=8", "--until-decided", "--claims", claims),
	       &args);
	assert_int_equal(args.plan.block_count, 8);
	run_args_release(&args);
	/* Of two the last: a leak of the first would be a finding. */
	parsed(WORDS("--claims", claims, "--claims",
		     "reports/claims/l1vh-vs-nested.yaml"),
	       &args);
	assert_contains(args.claims->name, "l1vh-vs-nested");
	run_args_release(&args);
}

static void a_plan_gives_way_to_the_command_line_wherever_it_stands(
	void **state)
{
	static const char text[] = "name: n\nreason: r\nblocks: 7\n"
				   "runners: native\nmemory: 256M\n";
	char path[SCRATCH_SIZE];
	struct run_args args;

	(void)state;
	scratch_file(path, text, strlen(text));
	parsed(WORDS("--blocks=2", "--runners=kvm", "--plan", path), &args);
	assert_int_equal(args.plan.block_count, 2);
	assert_string_equal(args.wanted[0], "kvm");
	assert_int_equal(args.wanted_count, 1);
	assert_int_equal(args.plan.ram_bytes, 256 * MIB);
	assert_false(args.wanted_is_default);
	run_args_release(&args);
	remove(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_said_is_the_quick_suite),
		cmocka_unit_test(every_option_lands_in_its_field),
		cmocka_unit_test(storage_and_network_have_their_fields),
		cmocka_unit_test(devices_have_their_fields),
		cmocka_unit_test(bad_values_are_refused),
		cmocka_unit_test(a_guest_address_has_its_bits),
		cmocka_unit_test(runners_fit_a_plan),
		cmocka_unit_test(looks_need_claims_and_have_room),
		cmocka_unit_test(
			a_plan_gives_way_to_the_command_line_wherever_it_stands),
	};

	return RUN_TESTS(tests);
}
