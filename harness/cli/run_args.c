// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/cli/run_args.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/units.h"
#include "harness/base/xmalloc.h"
#include "harness/cli/claims_arg.h"
#include "harness/cli/plan_file.h"
#include "harness/core/runner.h"
#include "harness/verdict/claims.h"

/* Of a run until decided. A margin that needs more blocks needs less noise. */
#define LOOK_COUNT 4
#define MOST_BLOCKS 40

const char run_args_usage[] =
	"usage: l1vh-bench run [options]\n"
	"Run the quick suite natively and in guests, store every sample, print\n"
	"the comparison on one screen and write one HTML page.\n"
	"  --plan NAME        options from a file: demo, quick, full, nightly, a-a, or a\n"
	"                     path; those given beside it go before it\n"
	"  --runners LIST     of 'l1vh-bench list' (native,kvm,mshv,qemu-kvm)\n"
	"  --workloads LIST   workloads, groups, or WORKLOAD:POINT (all)\n"
	"  --suite LIST       the same by another name\n"
	"  --blocks N         rounds of boots, A B B A of two runners (4)\n"
	"  --samples N        repetitions in a boot (5)\n"
	"  --pilot            three blocks first, as a run of their own, that tell how many\n"
	"                     repetitions are worth their time\n"
	"  --target-ms N      wanted length of one repetition (10)\n"
	"  --vcpus N          of the guest, and CPUs natively (1)\n"
	"  --memory SIZE      of the guest, and limit natively (512M)\n"
	"  --paravirt MODE    identical or best (identical)\n"
	"  --timeout S        for one boot with all its series (120)\n"
	"  --seed N           of the random order (from the system)\n"
	"  --budget TIME      begin no block after it: 90s, 30m, 2h\n"
	"  --until-decided    look at the claims four times on the way, each at a level\n"
	"                     of its own, and end when all are decided; --blocks is\n"
	"                     the most (40)\n"
	"  --claims NAME      register claims before the first sample, and judge them at\n"
	"                     the end: near-native, l1vh-vs-nested, or a file\n"
	"  --db FILE          results (results/l1vh.db)\n"
	"  --html FILE        the page (beside the results)\n"
	"  --mshv-emu         where there is no /dev/mshv, emulate it on KVM; such\n"
	"                     results are called mshv-emu\n"
	"Storage and network:\n"
	"  --io-ms N          length of one fio or iperf3 run (1000)\n"
	"  --io-blocks N      blocks with storage, network and micro (all)\n"
	"  --disk PATH        file to work on, made as needed, or device, or\n"
	"                     null:SIZE (results/l1vh-disk.img)\n"
	"  --disk-size SIZE   to be used of it (1G)\n"
	"  --disk-overwrite   it may be a device, whose contents are lost\n"
	"  --queues N         of disk and card (one a vCPU)\n"
	"  --vhost WORD       vhost-net: auto, on or off (auto)\n"
	"  --net-peer ADDRESS   a host that runs 'l1vh-bench peer', in place of a\n"
	"                     network of the run's own; with it:\n"
	"  --net-interface NAME       bridge or interface that leads there\n"
	"  --net-guest-address A/BITS   for the guest to take in that network\n"
	"  --net-guest-gateway A      if it needs one\n"
	"  --network-may-panic-host   load the network of an L1VH parent too\n"
	"Tests of the instrument:\n"
	"  --stretch RUNNER=PERCENT   the workload 'delay' takes so much longer there;\n"
	"                     a verdict must find it\n"
	"Where:\n"
	"  --lab, --no-lab    measure in the emulated host; never do so\n"
	"Exit status: 0 all measured, 2 cases failed or the run was stopped,\n"
	"64 usage, 70 internal.\n";

enum option_id {
	O_RUNNERS = 1,
	O_WORKLOADS,
	O_BLOCKS,
	O_SAMPLES,
	O_TARGET,
	O_VCPUS,
	O_MEMORY,
	O_PARAVIRT,
	O_TIMEOUT,
	O_SEED,
	O_DB,
	O_HTML,
	O_CLAIMS,
	O_PLAN,
	O_BUDGET,
	O_UNTIL_DECIDED,
	O_PILOT,
	O_IO_MS,
	O_IO_BLOCKS,
	O_DISK,
	O_DISK_SIZE,
	O_DISK_OVERWRITE,
	O_QUEUES,
	O_VHOST,
	O_NET_PEER,
	O_NET_INTERFACE,
	O_NET_ADDRESS,
	O_NET_GATEWAY,
	O_NET_PANIC,
	O_MSHV_EMU,
	O_STRETCH,
	O_LAB,
	O_NO_LAB,
};

static const struct option options[] = {
	{"runners", required_argument, NULL, O_RUNNERS},
	{"workloads", required_argument, NULL, O_WORKLOADS},
	{"suite", required_argument, NULL, O_WORKLOADS},
	{"blocks", required_argument, NULL, O_BLOCKS},
	{"samples", required_argument, NULL, O_SAMPLES},
	{"target-ms", required_argument, NULL, O_TARGET},
	{"vcpus", required_argument, NULL, O_VCPUS},
	{"memory", required_argument, NULL, O_MEMORY},
	{"paravirt", required_argument, NULL, O_PARAVIRT},
	{"timeout", required_argument, NULL, O_TIMEOUT},
	{"seed", required_argument, NULL, O_SEED},
	{"db", required_argument, NULL, O_DB},
	{"html", required_argument, NULL, O_HTML},
	{"claims", required_argument, NULL, O_CLAIMS},
	{"plan", required_argument, NULL, O_PLAN},
	{"budget", required_argument, NULL, O_BUDGET},
	{"until-decided", no_argument, NULL, O_UNTIL_DECIDED},
	{"pilot", no_argument, NULL, O_PILOT},
	{"io-ms", required_argument, NULL, O_IO_MS},
	{"io-blocks", required_argument, NULL, O_IO_BLOCKS},
	{"disk", required_argument, NULL, O_DISK},
	{"disk-size", required_argument, NULL, O_DISK_SIZE},
	{"disk-overwrite", no_argument, NULL, O_DISK_OVERWRITE},
	{"queues", required_argument, NULL, O_QUEUES},
	{"vhost", required_argument, NULL, O_VHOST},
	{"net-peer", required_argument, NULL, O_NET_PEER},
	{"net-interface", required_argument, NULL, O_NET_INTERFACE},
	{"net-guest-address", required_argument, NULL, O_NET_ADDRESS},
	{"net-guest-gateway", required_argument, NULL, O_NET_GATEWAY},
	{"network-may-panic-host", no_argument, NULL, O_NET_PANIC},
	{"mshv-emu", no_argument, NULL, O_MSHV_EMU},
	{"stretch", required_argument, NULL, O_STRETCH},
	{"lab", no_argument, NULL, O_LAB},
	{"no-lab", no_argument, NULL, O_NO_LAB},
	{NULL, 0, NULL, 0},
};

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
static int parse_runners(const char *list, struct run_args *args,
			 struct err *err)
{
	char *copy = xstrdup(list), *rest = copy, *word;
	int ret = 0;

	args->wanted_count = 0;
	args->wanted_is_default = false;
	while (!ret && (word = strsep(&rest, ",")))
		ret = add_runner(args, word, err);
	free(copy);
	return ret;
}

static int parse_count(const char *text, uint64_t max, uint32_t *value,
		       struct err *err)
{
	uint64_t number;
	int ret = units_parse_uint(text, 1, max, &number, err);

	if (!ret)
		*value = (uint32_t)number;
	return ret;
}

static int parse_scaled(const char *text, uint64_t unit_ns, uint64_t *ns,
			struct err *err)
{
	int ret = units_parse_uint(text, 1, 1000000, ns, err);

	*ns *= unit_ns;
	return ret;
}

static int parse_text(const char *text, char *field, size_t size,
		      struct err *err)
{
	/* Commas part the words of a VMM's options. */
	if (strlen(text) >= size || strpbrk(text, ",\n"))
		return err_set(err, -EINVAL,
			       "'%.40s' is too long or has a comma in it",
			       text);
	snprintf(field, size, "%s", text);
	return 0;
}

static int parse_address(const char *text, char *field, size_t size,
			 struct err *err)
{
	struct in_addr in;

	if (inet_pton(AF_INET, text, &in) != 1)
		return err_set(err, -EINVAL, "'%.40s' is no IPv4 address",
			       text);
	return parse_text(text, field, size, err);
}

static int parse_guest_address(const char *text, struct io_plan *io,
			       struct err *err)
{
	char ip[32], end;
	struct in_addr in;
	unsigned int bits;

	if (sscanf(text, "%31[0-9.]/%u%c", ip, &bits, &end) != 2 || !bits ||
	    bits > 30 || inet_pton(AF_INET, ip, &in) != 1)
		return err_set(err, -EINVAL,
			       "'%.40s' is no address like 10.0.0.7/24", text);
	return parse_text(text, io->guest_address, sizeof(io->guest_address),
			  err);
}

/* fio and QEMU part names at colons, and have signs of their own. */
static int parse_disk(const char *text, struct io_plan *io, struct err *err)
{
	const char *null_size = io_plan_null_size(text);
	uint64_t bytes;

	if (null_size && units_parse_bytes(null_size, &bytes, err))
		return err_wrap(err, "a null disk needs a size");
	if (!null_size && text[strspn(text, "abcdefghijklmnopqrstuvwxyz"
					    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					    "0123456789/_.+-")])
		return err_set(
			err, -EINVAL,
			"'%.100s': the path of a disk has letters, digits and /_.+- only",
			text);
	return parse_text(text, io->disk, sizeof(io->disk), err);
}

static int parse_disk_size(const char *text, struct io_plan *io,
			   struct err *err)
{
	int ret = units_parse_bytes(text, &io->disk_bytes, err);

	if (!ret && (io->disk_bytes < 16 * MIB || io->disk_bytes % MIB))
		ret = err_set(err, -EINVAL,
			      "a disk has at least 16M, and whole MiB");
	return ret;
}

static int parse_vhost(const char *text, struct io_plan *io, struct err *err)
{
	if (strcmp(text, "auto") && strcmp(text, "on") && strcmp(text, "off"))
		return err_set(err, -EINVAL, "'%s': there are auto, on and off",
			       text);
	return parse_text(text, io->vhost, sizeof(io->vhost), err);
}

static int parse_io(struct plan *plan, int id, const char *arg, struct err *err)
{
	struct io_plan *io = &plan->io;

	switch (id) {
	case O_IO_MS:
		return parse_scaled(arg, NS_PER_MS, &io->io_ns, err);
	case O_IO_BLOCKS:
		return parse_count(arg, 10000, &plan->io_block_count, err);
	case O_DISK:
		return parse_disk(arg, io, err);
	case O_DISK_SIZE:
		return parse_disk_size(arg, io, err);
	case O_DISK_OVERWRITE:
		io->may_overwrite = true;
		return 0;
	case O_QUEUES:
		return parse_count(arg, 8, &io->queue_count, err);
	case O_VHOST:
		return parse_vhost(arg, io, err);
	case O_NET_PEER:
		return parse_address(arg, io->peer, sizeof(io->peer), err);
	case O_NET_INTERFACE:
		return parse_text(arg, io->interface, sizeof(io->interface),
				  err);
	case O_NET_ADDRESS:
		return parse_guest_address(arg, io, err);
	case O_NET_GATEWAY:
		return parse_address(arg, io->guest_gateway,
				     sizeof(io->guest_gateway), err);
	case O_NET_PANIC:
		io->ignores_panic = true;
		return 0;
	default:
		return err_set(err, -EINVAL, "see 'l1vh-bench run --help'");
	}
}

static int parse_stretch(const char *text, struct plan *plan, struct err *err)
{
	const char *share = strchr(text, '=');
	const struct runner_ops *runner;
	uint64_t percent;
	char name[32];

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(text, "="), text);
	runner = runner_find(name);
	if (!share || !runner)
		return err_set(err, -EINVAL,
			       "'%s' is no RUNNER=PERCENT of a known runner",
			       text);
	if (units_parse_uint(share + 1, 1, 1000, &percent, err))
		return err->code;
	plan->stretched_runner = runner->name;
	plan->stretch_ppm = percent * 10000;
	return 0;
}

static int parse_one(struct run_args *a, int id, const char *arg,
		     struct err *err)
{
	switch (id) {
	case O_RUNNERS:
		return parse_runners(arg, a, err);
	case O_WORKLOADS:
		a->workloads = arg;
		return 0;
	case O_BLOCKS:
		a->has_block_count = true;
		return parse_count(arg, 10000, &a->plan.block_count, err);
	case O_SAMPLES:
		return parse_count(arg, 10000, &a->plan.sample_count, err);
	case O_TARGET:
		return parse_scaled(arg, NS_PER_MS, &a->plan.target_ns, err);
	case O_VCPUS:
		return parse_count(arg, 64, &a->plan.vcpu_count, err);
	case O_MEMORY:
		return units_parse_bytes(arg, &a->plan.ram_bytes, err);
	case O_PARAVIRT:
		a->plan.paravirt = arg;
		if (strcmp(arg, "identical") && strcmp(arg, "best"))
			return err_set(
				err, -EINVAL,
				"unknown paravirt mode '%s'; there are identical and best",
				arg);
		return 0;
	case O_TIMEOUT:
		return parse_scaled(arg, NS_PER_S, &a->plan.timeout_ns, err);
	case O_SEED:
		return units_parse_uint(arg, 0, INT64_MAX, &a->plan.seed, err);
	case O_DB:
		a->db = arg;
		return 0;
	case O_CLAIMS:
		claims_free(a->claims);
		return claims_arg_load(arg, &a->claims, err);
	case O_HTML:
		a->html = arg;
		return 0;
	case O_PLAN: /* see take_plan() */
		return 0;
	case O_BUDGET:
		return units_parse_duration(arg, &a->plan.budget_ns, err);
	case O_UNTIL_DECIDED:
		a->plan.look_count = LOOK_COUNT;
		return 0;
	case O_MSHV_EMU:
		a->wants_mshv_emu = true;
		return 0;
	case O_PILOT:
		a->wants_pilot = true;
		return 0;
	case O_STRETCH:
		return parse_stretch(arg, &a->plan, err);
	case O_LAB:
		a->choice = SITE_LAB;
		return 0;
	case O_NO_LAB:
		a->choice = SITE_HOST;
		return 0;
	default:
		return parse_io(&a->plan, id, arg, err);
	}
}

static int take_key(void *arg, const char *option, char *value, struct err *err)
{
	const struct option *o;

	for (o = options; o->name; o++)
		if (!strcmp(o->name, option))
			return parse_one(arg, o->val, value, err);
	return err_set(err, -EINVAL, "no such option");
}

/* First of all, so that what stands on the command line has the last word. */
static int take_plan(int argc, char **argv, struct run_args *args,
		     struct err *err)
{
	const char *name = NULL;
	int id, ret;

	opterr = 0;
	while ((id = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (id == O_PLAN)
			name = optarg;
	opterr = 1;
	optind = 1;
	if (!name)
		return 0;
	ret = plan_file_load(name, &args->plan_file, err);
	return ret ? ret
		   : plan_file_apply(args->plan_file, name, take_key, args,
				     err);
}

static int check_looks(struct run_args *args, struct err *err)
{
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
	int ret = 0;
	int id;

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
	while (!ret && (id = getopt_long(argc, argv, "", options, NULL)) != -1)
		ret = parse_one(args, id, optarg, err);
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
