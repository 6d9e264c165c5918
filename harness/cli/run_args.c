// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/cli/run_args.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/units.h"
#include "harness/base/xmalloc.h"
#include "harness/cli/claims_arg.h"
#include "harness/cli/device_list.h"
#include "harness/cli/option.h"
#include "harness/cli/plan_file.h"
#include "harness/core/imds.h"
#include "harness/core/runner.h"
#include "harness/fleet/arm_gate.h"
#include "harness/verdict/claims.h"
#include "runners/vmm/mem.h"
#include "runners/vmm/virtio/poll_window.h"

/* Of a run until decided. A margin that needs more blocks needs less noise. */
#define LOOK_COUNT 4
#define MOST_BLOCKS 40

/* Those of them whose device and program are there; in the lab, all. */
static const char *const default_runners[] = {"native", "kvm", "mshv",
					      "qemu-kvm"};

static bool is_wanted(const struct run_args *args, const char *name)
{
	size_t i;

	for (i = 0; i < args->wanted_count; i++)
		if (!strcmp(args->wanted[i], name))
			return true;
	return false;
}

static int add_runner(struct run_args *args, const char *name, struct err *err)
{
	const struct runner_ops *runner = runner_find(name);

	if (!runner)
		return err_set(
			err, -EINVAL,
			"unknown runner '%s'; 'l1vh-bench list' names them",
			name);
	if (is_wanted(args, runner->name))
		return err_set(err, -EINVAL, "runner '%s' is named twice",
			       name);
	if (args->wanted_count == PLAN_MAX_RUNNERS)
		return err_set(err, -EINVAL, "too many runners");
	args->wanted[args->wanted_count++] = runner->name;
	return 0;
}

/* LIST stays whole: it is a word of the command that a run is stored with. */
static int take_runners(const struct option_row *o, const char *list,
			void *arguments, struct err *err)
{
	struct run_args *args = arguments;
	char *copy = xstrdup(list), *rest = copy, *word;
	int ret = 0;

	(void)o;
	args->wanted_count = 0;
	args->wanted_is_default = false;
	while (!ret && (word = strsep(&rest, ",")))
		ret = add_runner(args, word, err);
	free(copy);
	return ret;
}

/* What goes into the words of a VMM's options, which commas part. */
static int copy_text(const char *text, char *field, size_t size,
		     struct err *err)
{
	if (strlen(text) >= size || strpbrk(text, ",\n"))
		return err_set(err, -EINVAL,
			       "'%.40s' is too long or has a comma in it",
			       text);
	snprintf(field, size, "%s", text);
	return 0;
}

static int copy_address(const char *text, char *field, size_t size,
			struct err *err)
{
	struct in_addr in;

	if (inet_pton(AF_INET, text, &in) != 1)
		return err_set(err, -EINVAL, "'%.40s' is not an IPv4 address",
			       text);
	return copy_text(text, field, size, err);
}

static struct io_plan *io_of(void *args)
{
	return &((struct run_args *)args)->plan.io;
}

static int take_peer(const struct option_row *o, const char *arg, void *args,
		     struct err *err)
{
	(void)o;
	return copy_address(arg, io_of(args)->peer, sizeof(io_of(args)->peer),
			    err);
}

static int take_interface(const struct option_row *o, const char *arg,
			  void *args, struct err *err)
{
	struct io_plan *io = io_of(args);

	(void)o;
	return copy_text(arg, io->interface, sizeof(io->interface), err);
}

static int take_guest_address(const struct option_row *o, const char *arg,
			      void *args, struct err *err)
{
	struct io_plan *io = io_of(args);
	const char *slash = strchr(arg, '/');
	struct in_addr in;
	uint64_t bits;
	char ip[32];

	(void)o;
	snprintf(ip, sizeof(ip), "%.*s", (int)strcspn(arg, "/"), arg);
	if (!slash || units_parse_uint(slash + 1, 1, 30, &bits, err) ||
	    inet_pton(AF_INET, ip, &in) != 1)
		return err_set(err, -EINVAL,
			       "'%.40s' is not an address like 10.0.0.7/24",
			       arg);
	return copy_text(arg, io->guest_address, sizeof(io->guest_address),
			 err);
}

static int take_guest_gateway(const struct option_row *o, const char *arg,
			      void *args, struct err *err)
{
	struct io_plan *io = io_of(args);

	(void)o;
	return copy_address(arg, io->guest_gateway, sizeof(io->guest_gateway),
			    err);
}

/* fio and QEMU part names at colons, and have signs of their own. */
static int take_disk(const struct option_row *o, const char *arg, void *args,
		     struct err *err)
{
	const char *null_size = io_plan_null_size(arg);
	uint64_t bytes;

	(void)o;
	if (null_size && units_parse_bytes(null_size, &bytes, err))
		return err_wrap(err, "a null disk needs a size");
	if (!*arg)
		return err_set(err, -EINVAL, "a disk needs a path");
	if (!null_size && arg[strspn(arg, "abcdefghijklmnopqrstuvwxyz"
					  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					  "0123456789/_.+-")])
		return err_set(
			err, -EINVAL,
			"'%.100s': the path of a disk has letters, digits and /_.+- only",
			arg);
	return copy_text(arg, io_of(args)->disk, sizeof(io_of(args)->disk),
			 err);
}

static int take_memory(const struct option_row *o, const char *arg, void *args,
		       struct err *err)
{
	uint64_t *bytes = &((struct run_args *)args)->plan.ram_bytes;
	int ret = units_parse_bytes(arg, bytes, err);

	(void)o;
	if (!ret && (*bytes < MEM_MIN_BYTES || *bytes % MEM_HUGE_PAGE_BYTES))
		ret = err_set(err, -EINVAL,
			      "a guest has at least 32M, and a multiple of 2M");
	return ret;
}

static int take_disk_size(const struct option_row *o, const char *arg,
			  void *args, struct err *err)
{
	struct io_plan *io = io_of(args);
	int ret = units_parse_bytes(arg, &io->disk_bytes, err);

	(void)o;
	if (!ret && (io->disk_bytes < 16 * MIB || io->disk_bytes % MIB))
		ret = err_set(err, -EINVAL,
			      "a disk has at least 16M, and whole MiB");
	return ret;
}

static int take_device(const struct option_row *o, const char *arg, void *args,
		       struct err *err)
{
	(void)o;
	return device_list_parse(arg, io_of(args), err);
}

/* One of the row's words, kept in the plan's own field. */
static int take_io_word(const struct option_row *o, const char *arg, void *args,
			struct err *err)
{
	char all[OPTION_WORDS_BYTES];

	if (!option_has_word(o, arg, all, sizeof(all)))
		return err_set(err, -EINVAL, "'%s': there are %s", arg, all);
	return copy_text(arg, option_field(o, args), o->max, err);
}

#define IO_WORD(field, ...)                                      \
	.take = take_io_word,                                    \
	.offset = offsetof(struct run_args, plan.io.field),      \
	.max = sizeof(((struct run_args *)NULL)->plan.io.field), \
	.words = (const char *const[])                           \
	{                                                        \
		__VA_ARGS__, NULL                                \
	}

static int take_stretch(const struct option_row *o, const char *arg, void *args,
			struct err *err)
{
	struct plan *plan = &((struct run_args *)args)->plan;
	const char *share = strchr(arg, '=');
	const struct runner_ops *runner;
	uint64_t percent;
	char name[32];

	(void)o;
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(arg, "="), arg);
	runner = runner_find(name);
	if (!share || !runner)
		return err_set(err, -EINVAL,
			       "'%s' is not RUNNER=PERCENT with a known runner",
			       arg);
	if (units_parse_uint(share + 1, 1, 1000, &percent, err))
		return err->code;
	plan->stretched_runner = runner->name;
	plan->stretch_ppm = percent * 10000;
	return 0;
}

static int take_blocks(const struct option_row *o, const char *arg, void *args,
		       struct err *err)
{
	((struct run_args *)args)->has_block_count = true;
	return option_u32(o, arg, args, err);
}

static int take_match(const struct option_row *o, const char *arg, void *args,
		      struct err *err)
{
	int ret = arm_gate_check(arg, err);

	return ret ? ret : option_text(o, arg, args, err);
}

static int take_claims(const struct option_row *o, const char *arg, void *args,
		       struct err *err)
{
	struct run_args *a = args;

	(void)o;
	claims_free(a->claims);
	a->claims = NULL;
	return claims_arg_load(arg, &a->claims, err);
}

static int take_until_decided(const struct option_row *o, const char *arg,
			      void *args, struct err *err)
{
	(void)o;
	(void)arg;
	(void)err;
	((struct run_args *)args)->plan.look_count = LOOK_COUNT;
	return 0;
}

int take_site(const struct option_row *o, const char *arg, void *args,
	      struct err *err)
{
	enum site_choice *choice = option_field(o, args);

	(void)arg;
	(void)err;
	*choice = !strcmp(o->name, "lab") ? SITE_LAB : SITE_HOST;
	return 0;
}

static int take_imds(const struct option_row *o, const char *arg, void *args,
		     struct err *err)
{
	(void)o;
	(void)arg;
	(void)err;
	((struct run_args *)args)->imds_url = IMDS_URL;
	return 0;
}

/* Its keys were taken before all options, see take_plan(). */
static int take_nothing(const struct option_row *o, const char *arg, void *args,
			struct err *err)
{
	(void)o;
	(void)arg;
	(void)args;
	(void)err;
	return 0;
}

#define MOST 10000
#define MOST_SCALED 1000000
#define COUNT(field, most) OPTION_U32(struct run_args, field, 1, most)
#define SCALED(field, unit) \
	OPTION_SCALED(struct run_args, field, 1, MOST_SCALED, unit)
#define KEY .is_plan_key = true

const struct option_row run_args_options[] = {
	{"plan", "NAME",
	 "options from a file: demo, quick, full, nightly, a-a, or a\n"
	 "path; options on the command line override it",
	 .take = take_nothing},
	{"runners", "LIST", "of 'l1vh-bench list' (native,kvm,mshv,qemu-kvm)",
	 .take = take_runners, KEY},
	{"workloads", "LIST", "workloads, groups, or WORKLOAD:POINT (all)",
	 OPTION_TEXT(struct run_args, workloads), KEY},
	{"suite", "LIST", "another name for --workloads",
	 OPTION_TEXT(struct run_args, workloads)},
	{"blocks", "N", "rounds of boots, A B B A of two runners (4)",
	 .take = take_blocks,
	 .offset = OPTION_FIELD(struct run_args, plan.block_count, uint32_t),
	 .min = 1, .max = MOST, KEY},
	{"samples", "N", "repetitions per boot (5)",
	 COUNT(plan.sample_count, MOST), KEY},
	{"pilot", NULL,
	 "first run three blocks, as a run of their own, to find how many\n"
	 "repetitions pay",
	 OPTION_FLAG(struct run_args, wants_pilot)},
	{"target-ms", "N", "target length of one repetition (10)",
	 SCALED(plan.target_ns, NS_PER_MS), KEY},
	{"vcpus", "N", "of the guest, and CPUs natively (1)",
	 COUNT(plan.vcpu_count, 64), KEY},
	{"memory", "SIZE", "of the guest, and limit natively (512M)",
	 .take = take_memory, KEY},
	{"paravirt", "MODE", "identical or best (identical)",
	 OPTION_WORD(struct run_args, plan.paravirt, "paravirt mode",
		     "identical", "best"),
	 KEY},
	{"sandbox", "MODE",
	 "of our VMM: on is what the host permits, off, or\n"
	 "required: all of it, or no boot (on)",
	 OPTION_WORD(struct run_args, plan.sandbox, "sandbox mode", "on", "off",
		     "required"),
	 KEY},
	{"guest-kernel", "FILE",
	 "of Linux guests: bzimage, elf (the file inside of it, which is\n"
	 "not decompressed in the guest), or auto: elf if each runner\n"
	 "takes it (auto)",
	 OPTION_WORD(struct run_args, plan.guest_kernel, "guest kernel", "auto",
		     "elf", "bzimage"),
	 KEY},
	{"pinning", "WHAT",
	 "cores: a core for each vCPU, the others for the VMM, memory\n"
	 "beside them, and what held is in the result; or none (none)",
	 OPTION_WORD(struct run_args, plan.pinning, "pinning", "none", "cores"),
	 KEY},
	{"timeout", "S", "for one boot with all its series (120 s)",
	 SCALED(plan.timeout_ns, NS_PER_S), KEY},
	{"seed", "N", "of the random order (from the system)",
	 OPTION_U64(struct run_args, plan.seed, 0, INT64_MAX)},
	{"budget", "TIME", "start no block after this time: 90s, 30m, 2h",
	 OPTION_DURATION(struct run_args, plan.budget_ns), KEY},
	{"until-decided", NULL,
	 "test the claims at four interim looks, each at its own level,\n"
	 "and stop when all are decided; --blocks is the maximum\n"
	 "(40)",
	 .take = take_until_decided},
	{"more-blocks", "N",
	 "at most, after the others, of what has two modes while a claim\n"
	 "on it is undecided (0)",
	 OPTION_U32(struct run_args, plan.more_block_count, 0, 1000), KEY},
	{"claims", "NAME",
	 "register claims before the first sample, and judge them at\n"
	 "the end: near-native, l1vh-vs-nested, no-leak, kubevirt, or a file",
	 .take = take_claims, KEY},
	{"match", "LIST",
	 "in what the nodes of a fleet must agree, registered for\n"
	 "'fleet report': size,cpu,microcode,kernel,image",
	 .take = take_match,
	 .offset = OPTION_FIELD(struct run_args, plan.match, const char *),
	 KEY},
	{"db", "FILE", "results (results/l1vh.db)",
	 OPTION_TEXT(struct run_args, db)},
	{"html", "FILE", "the page (beside the results)",
	 OPTION_TEXT(struct run_args, html)},
	{"mshv-emu", NULL,
	 "where there is no /dev/mshv, emulate it on KVM; such\n"
	 "results are called mshv-emu",
	 OPTION_FLAG(struct run_args, wants_mshv_emu)},
	{"imds", NULL,
	 "keep the VM's size and tags of Azure's metadata service with\n"
	 "the run",
	 .take = take_imds},
	{"imds-url", "URL", NULL, OPTION_TEXT(struct run_args, imds_url)},
	{.help = "Storage and network:"},
	{"io-ms", "N", "length of one fio or iperf3 run (1000)",
	 SCALED(plan.io.io_ns, NS_PER_MS), KEY},
	{"io-blocks", "N", "blocks with storage, network and micro (all)",
	 COUNT(plan.io_block_count, MOST), KEY},
	{"disk", "PATH",
	 "file to work on (created if missing), device, or\n"
	 "null:SIZE (results/l1vh-disk.img)",
	 .take = take_disk},
	{"disk-size", "SIZE", "how much of the disk to use (1G)",
	 .take = take_disk_size, KEY},
	{"disk-cache", "WORD",
	 "of a guest's disk: none, or host: the host's page cache (none)",
	 IO_WORD(disk_cache, "none", "host"), KEY},
	{"disk-poll", "US",
	 "how long a VMM's thread looks for requests of the disk before it\n"
	 "sleeps, at most (what each VMM does by itself)",
	 OPTION_U32(struct run_args, plan.io.disk_poll_us, 0,
		    POLL_WINDOW_MAX_US),
	 KEY},
	{"disk-overwrite", NULL, "allow a device, whose contents are lost",
	 OPTION_FLAG(struct run_args, plan.io.may_overwrite)},
	{"device", "ADDRESS[,ADDRESS]...",
	 "PCI functions of this host, 0000:00:05.0, to hand to guests;\n"
	 "the workloads 'passthrough' need one, some shapes of\n"
	 "'footprint_vfio' two",
	 .take = take_device},
	{"device-overwrite", NULL,
	 "allow a disk among them that holds anything",
	 OPTION_FLAG(struct run_args, plan.io.may_overwrite_device)},
	{"queues", "N", "of disk and card (one per vCPU)",
	 COUNT(plan.io.queue_count, 8), KEY},
	{"vhost", "WORD", "vhost-net: auto, on or off (auto)",
	 IO_WORD(vhost, "auto", "on", "off")},
	{"net-poll", "US", "as --disk-poll, for packets",
	 OPTION_U32(struct run_args, plan.io.net_poll_us, 0,
		    POLL_WINDOW_MAX_US),
	 KEY},
	{"ioeventfd", "WORD",
	 "on, or off: each doorbell of a guest's disk and card is an exit\n"
	 "to its VMM (on)",
	 IO_WORD(ioeventfd, "on", "off"), KEY},
	{"net-peer", "ADDRESS",
	 "a host that runs 'l1vh-bench peer', instead of the run's\n"
	 "own network; with it:",
	 .take = take_peer},
	{"net-interface", "NAME", "bridge or interface towards it",
	 .take = take_interface},
	{"net-guest-address", "A/BITS", "the guest's address in that network",
	 .take = take_guest_address},
	{"net-guest-gateway", "A", "the gateway, if the guest needs one",
	 .take = take_guest_gateway},
	{"network-may-panic-host", NULL,
	 "run network workloads on an L1VH parent too",
	 OPTION_FLAG(struct run_args, plan.io.ignores_panic)},
	{.help = "Tests of the instrument:"},
	{"stretch", "RUNNER=PERCENT",
	 "make the workload 'delay' this much longer there;\n"
	 "a verdict must detect it",
	 .take = take_stretch},
	{.help = "Where:"},
	{"lab", NULL, "measure in the emulated host",
	 OPTION_SITE(struct run_args, choice)},
	{"no-lab", NULL, "never measure in the emulated host",
	 OPTION_SITE(struct run_args, choice)},
	{0},
};

/* First of all, so that what stands on the command line has the last word. */
static int take_plan(int argc, char **argv, struct run_args *args,
		     struct err *err)
{
	const char *name = option_look(argc, argv, run_args_options, "plan");
	int ret;

	if (!name)
		return 0;
	ret = plan_file_load(name, run_args_options, &args->plan_file, err);
	return ret ? ret : plan_file_apply(args->plan_file, name, args, err);
}

static int check_looks(struct run_args *args, struct err *err)
{
	if (args->plan.more_block_count && args->plan.look_count)
		return err_set(
			err, -EINVAL,
			"--until-decided stops early, --more-blocks goes on; choose one");
	if (args->plan.more_block_count && !args->claims)
		return err_set(err, -EINVAL,
			       "--more-blocks needs --claims to decide");
	if (!args->plan.look_count)
		return 0;
	if (!args->claims)
		return err_set(err, -EINVAL,
			       "--until-decided needs --claims to decide");
	if (!args->has_block_count)
		args->plan.block_count = MOST_BLOCKS;
	return 0;
}

static int check_io(const struct io_plan *io, struct err *err)
{
	if (io->peer[0] && (!io->interface[0] || !io->guest_address[0]))
		return err_set(
			err, -EINVAL,
			"--net-peer needs --net-interface and --net-guest-address as well");
	if (!io->peer[0] && (io->interface[0] || io->guest_address[0]))
		return err_set(err, -EINVAL,
			       "a network of the run's own has no interface "
			       "or address to choose; name a --net-peer");
	return 0;
}

int run_args_parse(int argc, char **argv, struct run_args *args,
		   struct err *err)
{
	int ret;

	*args = (struct run_args){
		.wanted_count = ARRAY_SIZE(default_runners),
		.wanted_is_default = true,
		.workloads = "all",
		.db = "results/l1vh.db",
	};
	memcpy(args->wanted, default_runners, sizeof(default_runners));
	plan_init_quick(&args->plan);
	if (getrandom(&args->plan.seed, sizeof(args->plan.seed), 0) < 0)
		args->plan.seed = 1;
	args->plan.seed &= UINT32_MAX; /* short enough to be typed again */
	ret = take_plan(argc, argv, args, err);
	if (!ret)
		ret = option_parse(argc, argv, run_args_options, args, err);
	if (!ret && optind < argc)
		ret = err_set(err, -EINVAL, "unexpected argument '%s'",
			      argv[optind]);
	if (!ret)
		ret = check_io(&args->plan.io, err);
	if (!ret)
		ret = check_looks(args, err);
	if (!ret)
		ret = plan_add_workloads(&args->plan, args->workloads, err);
	return ret;
}

void run_args_release(struct run_args *args)
{
	claims_free(args->claims);
	plan_release(&args->plan);
	plan_file_free(args->plan_file);
}

int run_args_check(const char *whose, const char *plan,
		   const char *const *words, size_t count, struct err *err)
{
	char **argv = xcalloc(count + 4, sizeof(*argv));
	struct run_args args;
	int argc = 0, ret;
	size_t i;

	argv[argc++] = xstrdup("run");
	if (plan) {
		argv[argc++] = xstrdup("--plan");
		argv[argc++] = xstrdup(plan);
	}
	for (i = 0; i < count; i++)
		argv[argc++] = xstrdup(words[i]);
	optind = 1;
	ret = run_args_parse(argc, argv, &args, err);
	run_args_release(&args);
	if (ret)
		err_wrap(err, "%s run", whose);
	while (argc)
		free(argv[--argc]);
	free(argv);
	return ret;
}
