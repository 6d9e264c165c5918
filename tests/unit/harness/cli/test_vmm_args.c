// SPDX-License-Identifier: GPL-3.0-or-later
/* harness/cli/vmm_args: --disk and --net; vmm_options: all of the VMM's. */
#include "tests/unit/test.h"

#include <errno.h>
#include <getopt.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/cli/vmm_args.h"
#include "harness/cli/vmm_options.h"
#include "runners/vmm/hv.h"
#include "runners/vmm/virtio/blk.h"
#include "runners/vmm/virtio/net.h"

/* The parser cuts up what it is given. */
static char text[256];

static int parse_disk(const char *option, struct blk_config *cfg,
		      struct err *err)
{
	*err = (struct err){0};
	snprintf(text, sizeof(text), "%s", option);
	return vmm_args_disk(text, cfg, err);
}

static int parse_net(const char *option, struct net_config *cfg,
		     struct err *err)
{
	*err = (struct err){0};
	snprintf(text, sizeof(text), "%s", option);
	return vmm_args_net(text, cfg, err);
}

static void a_path_alone_is_a_disk(void **state)
{
	struct blk_config cfg;
	struct err err;

	(void)state;
	assert_int_equal(parse_disk("/a/b=c.img", &cfg, &err), 0);
	assert_string_equal(cfg.disk.path, "/a/b=c.img");
	assert_int_equal(cfg.queue_count, 1);
	assert_string_equal(cfg.serial, "");
	assert_int_equal(cfg.poll_us, 0);
	assert_false(cfg.disk.is_readonly || cfg.disk.is_buffered ||
		     cfg.has_thread_per_queue || cfg.wants_sqpoll ||
		     cfg.wants_fixed);
}

/* As args_add_path() writes it, and QEMU's options have it. */
static void commas_of_a_path_are_doubled(void **state)
{
	static const char *const rows[][2] = {
		{"/a,,b/c.img,queues=2", "/a,b/c.img"},
		{"/a,,b", "/a,b"},
		{"a,,", "a,"},
		{",,,,a,queues=2", ",,a"},
		{"a,,,queues=2", "a,"},
	};
	struct blk_config cfg;
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(parse_disk(rows[i][0], &cfg, &err), 0);
		assert_string_equal(cfg.disk.path, rows[i][1]);
		assert_int_equal(cfg.queue_count,
				 strstr(rows[i][0], "queues") ? 2 : 1);
	}
}

static void a_disk_has_all_its_words(void **state)
{
	struct blk_config cfg;
	struct err err;

	(void)state;
	assert_int_equal(
		parse_disk("null:1G,serial=12345678901234567890,"
			   "queues=16,poll=1000000,readonly,buffered,"
			   "sqpoll,fixed,thread-per-queue,ioeventfd=off",
			   &cfg, &err),
		0);
	assert_string_equal(cfg.disk.path, "null:1G");
	assert_string_equal(cfg.serial, "12345678901234567890");
	assert_int_equal(cfg.queue_count, 16);
	assert_int_equal(cfg.poll_us, 1000000);
	assert_true(cfg.disk.is_readonly && cfg.disk.is_buffered &&
		    cfg.has_thread_per_queue && cfg.wants_sqpoll &&
		    cfg.wants_fixed && cfg.rings_by_exits);
	assert_int_equal(parse_disk("x,ioeventfd=off,ioeventfd=on", &cfg, &err),
			 0);
	assert_false(cfg.rings_by_exits);
	/* The last one counts, and a serial may be empty. */
	assert_int_equal(parse_disk("x,queues=2,queues=3,serial=", &cfg, &err),
			 0);
	assert_int_equal(cfg.queue_count, 3);
	assert_string_equal(cfg.serial, "");
}

static void bad_disks_are_refused(void **state)
{
	static const char *const bad[] = {
		"x,",
		"x,readonly,,",
		"x,what",
		"x,what=1",
		"x,Readonly",
		"x,readonly=1",
		"x,readonly=",
		"x,queues",
		"x,queues=",
		"x,queues=0",
		"x,queues=17",
		"x,queues=-1",
		"x,queues=1x",
		"x,queues= 1",
		"x,queues=4294967297",
		"x,queues=18446744073709551617",
		"x,poll=1000001",
		"x,poll",
		"x,ioeventfd",
		"x,ioeventfd=of",
		"x,serial",
		"x,serial=123456789012345678901",
	};
	struct blk_config cfg;
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(parse_disk(bad[i], &cfg, &err) < 0, true);
		assert_int_equal(strncmp(err.msg, "disk 'x': ", 10), 0);
	}
	parse_disk("x,what", &cfg, &err);
	assert_string_equal(err.msg, "disk 'x': unknown word 'what'");
	parse_disk("x,readonly=1", &cfg, &err);
	assert_string_equal(err.msg, "disk 'x': 'readonly' takes no value");
	parse_disk("x,queues", &cfg, &err);
	assert_string_equal(err.msg, "disk 'x': 'queues' takes a value");
}

static void cards_have_defaults_and_words(void **state)
{
	static const uint8_t usual[6] = {0x52, 0x54, 0, 0x4c, 0x31, 0x56};
	static const uint8_t other[6] = {0x02, 0xa, 0xbb, 0, 0xff, 1};
	struct net_config cfg;
	struct err err;

	(void)state;
	assert_int_equal(parse_net("tap=tap0", &cfg, &err), 0);
	assert_string_equal(cfg.tap_name, "tap0");
	assert_int_equal(cfg.fd, -1);
	assert_int_equal(cfg.pair_count, 1);
	assert_int_equal(cfg.vhost, NET_VHOST_AUTO);
	assert_memory_equal(cfg.mac, usual, 6);
	assert_int_equal(parse_net("queues=8,vhost=off,mac=02:a:bb:00:FF:1,"
				   "tap=t",
				   &cfg, &err),
			 0);
	assert_int_equal(cfg.pair_count, 8);
	assert_int_equal(cfg.vhost, NET_VHOST_OFF);
	assert_memory_equal(cfg.mac, other, 6);
	assert_int_equal(cfg.poll_us, 0);
	assert_int_equal(parse_net("tap=t,poll=1000000", &cfg, &err), 0);
	assert_int_equal(cfg.poll_us, 1000000);
	assert_false(cfg.rings_by_exits);
	assert_int_equal(parse_net("tap=t,ioeventfd=off", &cfg, &err), 0);
	assert_true(cfg.rings_by_exits);
	assert_int_equal(parse_net("fd=0,vhost=on", &cfg, &err), 0);
	assert_int_equal(cfg.fd, 0);
	assert_null(cfg.tap_name);
	assert_int_equal(cfg.vhost, NET_VHOST_ON);
}

static void bad_cards_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"tap",
		"tap=",
		"tap=x,",
		"tap=x,what=1",
		"tap=x,fd=3",
		"queues=2",
		"fd=3,queues=2",
		"fd=1024",
		"fd=-1",
		"fd=",
		"tap=x,queues=0",
		"tap=x,queues=9",
		"tap=x,vhost",
		"tap=x,vhost=maybe",
		"tap=x,vhost=",
		"tap=x,poll",
		"tap=x,ioeventfd=no",
		"tap=x,poll=1000001",
		"tap=a-name-that-is-too-long",
		"tap=x,mac=",
		"tap=x,mac=52:54:00:00:00",
		"tap=x,mac=52:54:00:00:00:01:02",
		"tap=x,mac=52:54:00:00:00:0g",
		"tap=x,mac=53:54:00:00:00:01", /* of a group */
		"tap=x,mac=52-54-00-00-00-01",
		"tap=x,mac=00:00:00:00:00:00",
	};
	struct net_config cfg;
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		if (parse_net(bad[i], &cfg, &err) >= 0)
			fail_msg("'%s' was taken", bad[i]);
		assert_int_equal(strncmp(err.msg, "network card: ", 14), 0);
	}
}

#define MAX_WORDS 40

static int parse_all(const char *const *words, struct vmm_options *opt,
		     struct err *err)
{
	static char copies[MAX_WORDS][64];
	char *argv[MAX_WORDS + 1] = {NULL};
	int argc = 0;

	*opt = (struct vmm_options){.vm = {.channel_fd = -1}};
	*err = (struct err){0};
	for (; words[argc]; argc++) {
		assert_true(argc < MAX_WORDS);
		snprintf(copies[argc], sizeof(copies[argc]), "%s", words[argc]);
		argv[argc] = copies[argc];
	}
	optind = 0; /* getopt begins anew */
	return vmm_options_parse(argc, argv, opt, err);
}

static void a_whole_command_line_is_taken(void **state)
{
	static const char *const words[] = {
		"vmm",        "--micro",    "m",      "--memory",
		"1G",         "--vcpus=4",  "--hv",   "mshv-emu",
		"--backing",  "hugetlb",    "--disk", "null:1M",
		"--prefault", "--paravirt", "best",   "--sandbox=required",
		NULL};
	struct vmm_options opt;
	struct err err;

	(void)state;
	assert_int_equal(parse_all(words, &opt, &err), 0);
	assert_string_equal(opt.vm.micro_path, "m");
	assert_true(opt.vm.mem.bytes == 1ull << 30 && opt.vm.mem.prefault);
	assert_int_equal(opt.vm.vcpu_count, 4);
	assert_string_equal(opt.hv->name, "mshv-emu");
	assert_int_equal(opt.vm.mem.backing, MEM_BACKING_HUGETLB);
	assert_int_equal(opt.vm.paravirt, HV_PARAVIRT_BEST);
	assert_int_equal(opt.sandbox, SANDBOX_REQUIRED);
	assert_int_equal(opt.vm.devices.disk_count, 1);
	assert_int_equal(opt.vm.channel_fd, -1);
}

static void a_snapshot_needs_no_image(void **state)
{
	static const char *const restore[] = {
		"vmm", "--restore",     "r",       "--check-ram", "--snapshot",
		"s",   "--snapshot-at", "sigquit", NULL};
	static const char *const save[] = {"vmm",        "--micro", "m",
					   "--snapshot", "s",       NULL};
	struct vmm_options opt;
	struct err err;

	(void)state;
	assert_int_equal(parse_all(restore, &opt, &err), 0);
	assert_string_equal(opt.restore_path, "r");
	assert_true(opt.vm.checks_ram && opt.snapshots_at_signal);
	assert_int_equal(parse_all(save, &opt, &err), 0);
	assert_string_equal(opt.snapshot_path, "s");
	assert_false(opt.snapshots_at_signal);
}

static void a_wrong_command_line_is_refused(void **state)
{
	static const struct {
		const char *words[8];
		const char *reason;
	} wrong[] = {
		{{"vmm"}, "give one of --kernel and --micro"},
		{{"vmm", "--kernel", "k", "--micro", "m"},
		 "give one of --kernel and --micro"},
		{{"vmm", "--micro", "m", "more"}, "unexpected argument 'more'"},
		{{"vmm", "--hv", "xen"}, "unknown hypervisor 'xen'"},
		{{"vmm", "--backing", "8k"}, "unknown backing '8k'"},
		{{"vmm", "--paravirt", "b"}, "unknown paravirt mode 'b'"},
		{{"vmm", "--sandbox", "no"}, "unknown sandbox mode 'no'"},
		{{"vmm", "--snapshot-at", "noon"}, "unknown moment 'noon'"},
		{{"vmm", "--snapshot", "s"},
		 "give one of --kernel and --micro"},
		{{"vmm", "--restore", "r", "--initrd", "i"},
		 "--initrd is for a --kernel"},
		{{"vmm", "--micro", "m", "--check-ram"},
		 "--check-ram is for --restore"},
		{{"vmm", "--kernel", "k", "--snapshot-at", "sigquit"},
		 "--snapshot-at is for --snapshot"},
		{{"vmm", "--micro", "m", "--snapshot", "s", "--snapshot-at",
		  "sigquit"},
		 "a micro guest is saved when it is ready"},
		{{"vmm", "--restore", "r", "--trace", "t"},
		 "a trace has no snapshots"},
		{{"vmm", "--events-fd", "1000"},
		 "cannot write events to descriptor 1000"},
	};
	struct vmm_options opt;
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		assert_true(parse_all(wrong[i].words, &opt, &err) < 0);
		assert_non_null(strstr(err.msg, wrong[i].reason));
	}
}

/* WORD and VALUE so many times. */
static int parse_many(const char *word, const char *value, int count,
		      struct vmm_options *opt, struct err *err)
{
	const char *words[MAX_WORDS + 1] = {"vmm", "--micro", "m"};
	int i;

	for (i = 0; i < count; i++) {
		words[3 + 2 * i] = word;
		words[4 + 2 * i] = value;
	}
	words[3 + 2 * count] = NULL;
	return parse_all(words, opt, err);
}

static void a_machine_has_room_for_so_many_devices(void **state)
{
	struct vmm_options opt;
	struct err err;

	(void)state;
	assert_int_equal(parse_many("--disk", "null:1M,queues=2", VM_MAX_DISKS,
				    &opt, &err),
			 0);
	assert_int_equal(opt.vm.devices.disk_count, VM_MAX_DISKS);
	assert_string_equal(opt.vm.devices.disks[VM_MAX_DISKS - 1].disk.path,
			    "null:1M");
	assert_int_equal(opt.vm.devices.disks[VM_MAX_DISKS - 1].queue_count, 2);
	assert_int_equal(
		parse_many("--disk", "null:1M", VM_MAX_DISKS + 1, &opt, &err),
		-EINVAL);
	assert_int_equal(parse_many("--net", "tap=t", VM_MAX_NETS, &opt, &err),
			 0);
	assert_int_equal(opt.vm.devices.net_count, VM_MAX_NETS);
	assert_string_equal(opt.vm.devices.nets[0].tap_name, "t");
	assert_int_equal(
		parse_many("--net", "tap=t", VM_MAX_NETS + 1, &opt, &err),
		-EINVAL);
	assert_non_null(strstr(err.msg, "cards"));
	/* One that is wrong is told as such. */
	assert_int_equal(parse_many("--net", "tap=t,queues=9", 1, &opt, &err),
			 -EINVAL);
	assert_non_null(strstr(err.msg, "network card: 'queues'"));
}

/* One way to the IOMMU for all of them; the last that is said. */
static void functions_of_the_host_have_a_way(void **state)
{
	static const struct {
		const char *words[8];
		enum vfio_iommu_choice iommu;
	} rows[] = {
		{{"vmm", "--micro", "m", "--vfio", "0000:00:05.0"},
		 VFIO_IOMMU_AUTO},
		{{"vmm", "--micro", "m", "--vfio", "0000:00:05.0,container"},
		 VFIO_IOMMU_CONTAINER},
		{{"vmm", "--micro", "m", "--vfio", "0000:00:05.0,iommufd",
		  "--vfio", "0000:00:06.0"},
		 VFIO_IOMMU_FD},
	};
	static const char *const bad[] = {"0000:00:05.0,", "0000:00:05.0,type1",
					  "0000:00:05.0,iommufd,"};
	struct vmm_options opt;
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		if (parse_all(rows[i].words, &opt, &err))
			fail_msg("%s", err.msg);
		assert_string_equal(opt.vm.vfio.addresses[0], "0000:00:05.0");
		assert_int_equal(opt.vm.vfio.count, i == 2 ? 2 : 1);
		assert_int_equal(opt.vm.vfio.iommu, rows[i].iommu);
	}
	assert_string_equal(opt.vm.vfio.addresses[1], "0000:00:06.0");
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		if (parse_many("--vfio", bad[i], 1, &opt, &err) != -EINVAL)
			fail_msg("'%s' was taken", bad[i]);
		assert_non_null(strstr(err.msg, "unknown way to the IOMMU"));
	}
	assert_int_equal(parse_many("--vfio", "0000:00:05.0", VFIO_MAX_DEVICES,
				    &opt, &err),
			 0);
	assert_int_equal(parse_many("--vfio", "0000:00:05.0",
				    VFIO_MAX_DEVICES + 1, &opt, &err),
			 -EINVAL);
	assert_non_null(strstr(err.msg, "more than 8 devices"));
}

static void numbers_have_their_bounds(void **state)
{
	static const struct {
		const char *word, *value;
		bool is_good;
	} cases[] = {
		{"--channel-fd", "0", true},
		{"--channel-fd", "1023", true},
		{"--channel-fd", "1024", false},
		{"--channel-fd", "-1", false},
		{"--channel-fd", "x", false},
		{"--events-fd", "1024", false},
		{"--events-fd", "", false},
		{"--vsock-cid", "2147483647", true},
		{"--vsock-cid", "2147483648", false},
		{"--vcpus", "65536", false},
		{"--memory", "1T", false},
	};
	struct vmm_options opt;
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		int ret = parse_many(cases[i].word, cases[i].value, 1, &opt,
				     &err);

		if (!ret != cases[i].is_good)
			fail_msg("%s %s: %d", cases[i].word, cases[i].value,
				 ret);
	}
	assert_int_equal(parse_many("--channel-fd", "7", 1, &opt, &err), 0);
	assert_int_equal(opt.vm.channel_fd, 7);
}

static void events_go_to_a_descriptor(void **state)
{
	struct vmm_options opt;
	char number[16], got[16] = "";
	struct err err;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	snprintf(number, sizeof(number), "%d", ends[1]);
	assert_int_equal(parse_many("--events-fd", number, 1, &opt, &err), 0);
	fputs("an event\n", opt.vm.events);
	fclose(opt.vm.events);
	assert_int_equal(read(ends[0], got, sizeof(got) - 1), 9);
	assert_string_equal(got, "an event\n");
	close(ends[0]);
}

/* Neither needs a guest. */
static void help_and_the_clock_need_no_kernel(void **state)
{
	static const char *const help[] = {"vmm", "--help", NULL};
	static const char *const clock[] = {"vmm", "--tsc-khz", NULL};
	struct vmm_options opt;
	struct err err;

	(void)state;
	assert_int_equal(parse_all(help, &opt, &err), 0);
	assert_true(opt.wants_help);
	assert_int_equal(parse_all(clock, &opt, &err), 0);
	assert_true(opt.wants_tsc_khz);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_alone_is_a_disk),
		cmocka_unit_test(commas_of_a_path_are_doubled),
		cmocka_unit_test(a_disk_has_all_its_words),
		cmocka_unit_test(bad_disks_are_refused),
		cmocka_unit_test(cards_have_defaults_and_words),
		cmocka_unit_test(bad_cards_are_refused),
		cmocka_unit_test(a_whole_command_line_is_taken),
		cmocka_unit_test(a_snapshot_needs_no_image),
		cmocka_unit_test(a_wrong_command_line_is_refused),
		cmocka_unit_test(a_machine_has_room_for_so_many_devices),
		cmocka_unit_test(functions_of_the_host_have_a_way),
		cmocka_unit_test(numbers_have_their_bounds),
		cmocka_unit_test(events_go_to_a_descriptor),
		cmocka_unit_test(help_and_the_clock_need_no_kernel),
	};

	return RUN_TESTS(tests);
}
