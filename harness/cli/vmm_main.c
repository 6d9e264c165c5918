// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * l1vh-vmm - the VMM as a process of its own, which `l1vh-bench vmm` becomes.
 * It loads libc and Zydis and none of the harness's libraries: what it loads
 * and how long it takes to start is part of what is measured.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <termios.h>
#include <unistd.h>
#include <x86intrin.h>

#include "harness/base/base.h"
#include "harness/base/clock.h"
#include "harness/base/err.h"
#include "harness/base/units.h"
#include "harness/cli/vmm_args.h"
#include "mshv/emu/emu.h"
#include "mshv/mshv.h"
#include "runners/vmm/kvm.h"
#include "runners/vmm/trace.h"
#include "runners/vmm/vm.h"

enum { EXIT_USAGE = 64, EXIT_SETUP = 70 };

static const int end_status[] = {
	[VM_END_NONE] = EXIT_SETUP, [VM_END_POWER_OFF] = 0,
	[VM_END_RESET] = 10,        [VM_END_TRIPLE_FAULT] = 11,
	[VM_END_HV_ERROR] = 12,     [VM_END_STOPPED] = 13,
};

static const struct hv_ops *const backends[] = {&hv_kvm, &hv_mshv,
						&hv_mshv_emu};

static struct vm *volatile running_vm;
static volatile sig_atomic_t stop_asked;

static const char usage[] =
	"usage: l1vh-bench vmm --kernel BZIMAGE [options]\n"
	"       l1vh-bench vmm --micro IMAGE [options]\n"
	"Boot one guest and stay until it ends. On a terminal, Ctrl-A x stops it.\n"
	"  --kernel FILE      Linux bzImage\n"
	"  --initrd FILE      initramfs\n"
	"  --micro FILE       in place of a kernel: the micro guest (build/micro.bin),\n"
	"                     which speaks on the channel and nowhere else\n"
	"  --cmdline TEXT     kernel command line (console=ttyS0)\n"
	"  --memory SIZE      guest RAM (512M)\n"
	"  --vcpus N          vCPUs (1)\n"
	"  --hv NAME          kvm, mshv, or mshv-emu: KVM behind the ABI of mshv (kvm)\n"
	"  --paravirt MODE    identical or best (identical)\n"
	"  --backing KIND     thp, 4k or hugetlb (thp)\n"
	"  --prefault         fault all guest RAM in before the start\n"
	"  --mlock            lock guest RAM (needs RLIMIT_MEMLOCK for it)\n"
	"  --hold             stop (SIGSTOP) before the guest's first instruction\n"
	"  --disk FILE[,WORD]...   virtio-blk on a file, device or null:SIZE. WORDs:\n"
	"                     serial=TEXT, queues=N, readonly, buffered (no direct\n"
	"                     I/O), sqpoll, fixed (registered, pinned buffers),\n"
	"                     thread-per-queue, poll=MICROSECONDS before sleeping\n"
	"  --net tap=NAME[,WORD]...   virtio-net; fd=N in place of tap=NAME. WORDs:\n"
	"                     queues=N pairs, mac=ADDRESS, vhost=auto, on or off\n"
	"  --vsock-cid N      virtio-vsock with this address (none)\n"
	"  --channel-fd N     result channel (none)\n"
	"  --events-fd N      phases, stamps and the exit ledger as text (none)\n"
	"  --ledger           print the exit ledger at the end\n"
	"  --trace FILE       every call to the hypervisor as text (none)\n"
	"  --tsc-khz          print the rate of this CPU's TSC, and end\n"
	"Exit status: 0 power-off, 10 reset, 11 triple fault, 12 hypervisor error,\n"
	"13 stopped, 64 usage, 70 the guest could not be started.\n";

struct options {
	struct vm_config vm;
	const struct hv_ops *hv;
	const char *trace_path; /* NULL: none */
	bool wants_ledger;
	bool holds;
};

enum option_id {
	O_KERNEL = 1,
	O_INITRD,
	O_MICRO,
	O_CMDLINE,
	O_MEMORY,
	O_VCPUS,
	O_HV,
	O_PARAVIRT,
	O_BACKING,
	O_PREFAULT,
	O_MLOCK,
	O_HOLD,
	O_DISK,
	O_NET,
	O_VSOCK,
	O_CHANNEL,
	O_EVENTS,
	O_LEDGER,
	O_TRACE,
	O_TSC_KHZ,
	O_HELP,
};

static const struct option long_options[] = {
	{"kernel", required_argument, NULL, O_KERNEL},
	{"initrd", required_argument, NULL, O_INITRD},
	{"micro", required_argument, NULL, O_MICRO},
	{"cmdline", required_argument, NULL, O_CMDLINE},
	{"memory", required_argument, NULL, O_MEMORY},
	{"vcpus", required_argument, NULL, O_VCPUS},
	{"hv", required_argument, NULL, O_HV},
	{"paravirt", required_argument, NULL, O_PARAVIRT},
	{"backing", required_argument, NULL, O_BACKING},
	{"prefault", no_argument, NULL, O_PREFAULT},
	{"mlock", no_argument, NULL, O_MLOCK},
	{"hold", no_argument, NULL, O_HOLD},
	{"disk", required_argument, NULL, O_DISK},
	{"net", required_argument, NULL, O_NET},
	{"vsock-cid", required_argument, NULL, O_VSOCK},
	{"channel-fd", required_argument, NULL, O_CHANNEL},
	{"events-fd", required_argument, NULL, O_EVENTS},
	{"ledger", no_argument, NULL, O_LEDGER},
	{"trace", required_argument, NULL, O_TRACE},
	{"tsc-khz", no_argument, NULL, O_TSC_KHZ},
	{"help", no_argument, NULL, O_HELP},
	{NULL, 0, NULL, 0},
};

static int parse_word(const char *text, const char *const *words, size_t count,
		      const char *what, int *value, struct err *err)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (!strcmp(text, words[i])) {
			*value = (int)i;
			return 0;
		}
	return err_set(err, -1, "unknown %s '%s'", what, text);
}

static int parse_hv(const char *name, const struct hv_ops **hv, struct err *err)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(backends); i++)
		if (!strcmp(name, backends[i]->name)) {
			*hv = backends[i];
			return 0;
		}
	return err_set(err, -1, "unknown hypervisor '%s'", name);
}

static int parse_number(const char *text, uint64_t max, int *value,
			struct err *err)
{
	uint64_t number;
	int ret = units_parse_uint(text, 0, max, &number, err);

	if (!ret)
		*value = (int)number;
	return ret;
}

static int parse_disk(struct vm_devices_config *d, char *arg, struct err *err)
{
	if (d->disk_count == VM_MAX_DISKS)
		return err_set(err, -1, "more than %d disks", VM_MAX_DISKS);
	return vmm_args_disk(arg, &d->disks[d->disk_count++], err);
}

static int parse_net(struct vm_devices_config *d, char *arg, struct err *err)
{
	if (d->net_count == VM_MAX_NETS)
		return err_set(err, -1, "more than %d cards", VM_MAX_NETS);
	return vmm_args_net(arg, &d->nets[d->net_count++], err);
}

/* Without them the harness would hear nothing of the machine, and not know. */
static int open_events(int fd, struct options *opt, struct err *err)
{
	opt->vm.events = fdopen(fd, "w");
	return opt->vm.events
		       ? 0
		       : err_sys(err, -errno,
				 "cannot write events to descriptor %d", fd);
}

static int parse_one(struct options *opt, int id, char *arg, struct err *err)
{
	static const char *const paravirts[] = {"identical", "best"};
	static const char *const backings[] = {"thp", "4k", "hugetlb"};
	int ret = 0;
	int n = 0;

	switch (id) {
	case O_KERNEL:
		opt->vm.kernel_path = arg;
		break;
	case O_INITRD:
		opt->vm.initrd_path = arg;
		break;
	case O_MICRO:
		opt->vm.micro_path = arg;
		break;
	case O_CMDLINE:
		opt->vm.cmdline = arg;
		break;
	case O_MEMORY:
		ret = units_parse_bytes(arg, &opt->vm.mem.bytes, err);
		break;
	case O_VCPUS:
		ret = parse_number(arg, VM_MAX_VCPUS, &n, err);
		opt->vm.vcpu_count = (uint32_t)n;
		break;
	case O_HV:
		ret = parse_hv(arg, &opt->hv, err);
		break;
	case O_PARAVIRT:
		ret = parse_word(arg, paravirts, ARRAY_SIZE(paravirts),
				 "paravirt mode", &n, err);
		opt->vm.paravirt = (enum hv_paravirt)n;
		break;
	case O_BACKING:
		ret = parse_word(arg, backings, ARRAY_SIZE(backings), "backing",
				 &n, err);
		opt->vm.mem.backing = (enum mem_backing)n;
		break;
	case O_PREFAULT:
		opt->vm.mem.prefault = true;
		break;
	case O_MLOCK:
		opt->vm.mem.is_locked = true;
		break;
	case O_HOLD:
		opt->holds = true;
		break;
	case O_DISK:
		ret = parse_disk(&opt->vm.devices, arg, err);
		break;
	case O_NET:
		ret = parse_net(&opt->vm.devices, arg, err);
		break;
	case O_VSOCK:
		ret = parse_number(arg, INT32_MAX, &n, err);
		opt->vm.devices.vsock_cid = (uint32_t)n;
		break;
	case O_CHANNEL:
		ret = parse_number(arg, 1023, &opt->vm.channel_fd, err);
		break;
	case O_EVENTS:
		ret = parse_number(arg, 1023, &n, err);
		if (!ret)
			ret = open_events(n, opt, err);
		break;
	case O_TRACE:
		opt->trace_path = arg;
		break;
	case O_LEDGER:
		opt->wants_ledger = true;
		break;
	default:
		ret = err_set(err, -1, "see 'l1vh-bench vmm --help'");
	}
	return ret;
}

/* By the host's clock over 100 ms: for the lab, whose own first guess is
 * made with an emulated timer and can be off by more than a percent. */
static unsigned long long tsc_khz(void)
{
	uint64_t start_ns = clock_mono_ns();
	uint64_t start = __rdtsc();
	uint64_t ns;

	do {
		ns = clock_mono_ns() - start_ns;
	} while (ns < 100 * NS_PER_MS);
	return (__rdtsc() - start) * NS_PER_MS / ns;
}

static int parse_options(int argc, char **argv, struct options *opt,
			 struct err *err)
{
	int ret = 0;
	int id;

	while (!ret &&
	       (id = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		if (id == O_TSC_KHZ) {
			printf("%llu\n", tsc_khz());
			exit(0);
		}
		if (id == O_HELP) {
			fputs(usage, stdout);
			exit(0);
		}
		ret = parse_one(opt, id, optarg, err);
	}
	if (!ret && optind != argc)
		ret = err_set(err, -1, "unexpected argument '%s'",
			      argv[optind]);
	if (!ret && !opt->vm.kernel_path == !opt->vm.micro_path)
		ret = err_set(err, -1, "give one of --kernel and --micro");
	return ret;
}

/* A request may come before there is a machine to stop. */
static void on_stop(int sig)
{
	(void)sig;
	stop_asked = 1;
	if (running_vm)
		vm_stop(running_vm);
}

static void on_kick(int sig)
{
	(void)sig;
}

static void signals_set(void)
{
	struct sigaction stop = {.sa_handler = on_stop};
	struct sigaction kick = {.sa_handler = on_kick};

	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGHUP, &stop, NULL);
	sigaction(SIGUSR1, &kick, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static bool terminal_raw(struct termios *old)
{
	struct termios raw;

	if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, old))
		return false;
	raw = *old;
	cfmakeraw(&raw);
	raw.c_oflag = old->c_oflag;
	return !tcsetattr(STDIN_FILENO, TCSANOW, &raw);
}

static void report_end(const struct vm *vm, enum vm_end end,
		       const struct options *opt)
{
	if (opt->vm.events) {
		vm_write_ledger(vm, opt->vm.events);
		fprintf(opt->vm.events, "end %s %s\n", vm_end_name(end),
			vm->end_detail);
		fflush(opt->vm.events);
	}
	if (opt->wants_ledger)
		vm_write_ledger(vm, stderr);
	if (vm->end_detail[0])
		fprintf(stderr, "guest ended: %s: %s\n", vm_end_name(end),
			vm->end_detail);
}

/* Whoever started us looks, and lets us go on. */
static void hold(struct vm *vm)
{
	stamp_phase(&vm->stamps, "held", clock_mono_ns());
	raise(SIGSTOP);
}

int main(int argc, char **argv)
{
	struct options opt = {
		.vm = {.cmdline = "console=ttyS0",
		       .mem = {.bytes = 512 * MIB},
		       .vcpu_count = 1,
		       .serial_fd = STDOUT_FILENO,
		       .channel_fd = -1,
		       .input_fd = -1},
		.hv = &hv_kvm,
	};
	uint64_t main_ns = clock_mono_ns();
	struct termios old;
	struct vm *vm = NULL;
	struct err err = {0};
	enum vm_end end = VM_END_NONE;
	bool is_raw;
	int ret;

	if (parse_options(argc, argv, &opt, &err)) {
		fprintf(stderr, "l1vh-vmm: %s\n", err.msg);
		return EXIT_USAGE;
	}
	signals_set();
	ret = opt.trace_path ? trace_open(opt.trace_path, &err) : 0;
	if (!ret)
		ret = vm_create(trace_is_on() ? trace_wrap(opt.hv) : opt.hv,
				&opt.vm, &vm, &err);
	if (!ret) {
		stamp_phase(&vm->stamps, "vmm_main", main_ns);
		if (opt.holds)
			hold(vm);
		running_vm = vm;
		if (stop_asked)
			vm_stop(vm);
		is_raw = terminal_raw(&old);
		if (is_raw)
			vm->cfg.input_fd = STDIN_FILENO;
		ret = vm_run(vm, &end, &err);
		if (is_raw)
			tcsetattr(STDIN_FILENO, TCSANOW, &old);
		running_vm = NULL;
	}
	if (ret) {
		fprintf(stderr, "l1vh-vmm: %s\n", err.msg);
		if (opt.vm.events)
			fprintf(opt.vm.events, "error %s\n", err.msg);
	} else {
		report_end(vm, end, &opt);
	}
	vm_destroy(vm);
	trace_close();
	if (opt.vm.events)
		fclose(opt.vm.events);
	return ret ? EXIT_SETUP : end_status[end];
}
