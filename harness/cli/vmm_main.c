// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * l1vh-vmm - the VMM as a process of its own, which `l1vh-bench vmm` becomes.
 * It loads libc and Zydis and none of the harness's libraries: what it loads
 * and how long it takes to start is part of what is measured.
 */
#include <errno.h>
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
#include "harness/cli/option.h"
#include "harness/cli/vmm_args.h"
#include "mshv/emu/emu.h"
#include "mshv/mshv.h"
#include "runners/vmm/event.h"
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
	"Boot one guest and stay until it ends. On a terminal, Ctrl-A x stops it.\n";

static const char notes[] =
	"Exit status: 0 power-off, 10 reset, 11 triple fault, 12 hypervisor error,\n"
	"13 stopped, 64 usage, 70 the guest could not be started.\n";

struct options {
	struct vm_config vm;
	const struct hv_ops *hv;
	const char *trace_path; /* NULL: none */
	bool wants_ledger;
	bool holds;
	bool wants_tsc_khz;
	bool wants_help;
};

/* The place of ARG among WORDS, into *VALUE. */
static int take_word(const char *arg, const char *const *words, size_t count,
		     const char *what, int *value, struct err *err)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (!strcmp(arg, words[i])) {
			*value = (int)i;
			return 0;
		}
	return err_set(err, -EINVAL, "unknown %s '%s'", what, arg);
}

static int take_hv(const struct option_row *o, const char *arg, void *args,
		   struct err *err)
{
	size_t i;

	(void)o;
	for (i = 0; i < ARRAY_SIZE(backends); i++)
		if (!strcmp(arg, backends[i]->name)) {
			((struct options *)args)->hv = backends[i];
			return 0;
		}
	return err_set(err, -EINVAL, "unknown hypervisor '%s'", arg);
}

static int take_paravirt(const struct option_row *o, const char *arg,
			 void *args, struct err *err)
{
	static const char *const words[] = {"identical", "best"};
	int n = 0;
	int ret = take_word(arg, words, ARRAY_SIZE(words), "paravirt mode", &n,
			    err);

	(void)o;
	((struct options *)args)->vm.paravirt = (enum hv_paravirt)n;
	return ret;
}

static int take_backing(const struct option_row *o, const char *arg, void *args,
			struct err *err)
{
	static const char *const words[] = {"thp", "4k", "hugetlb"};
	int n = 0;
	int ret = take_word(arg, words, ARRAY_SIZE(words), "backing", &n, err);

	(void)o;
	((struct options *)args)->vm.mem.backing = (enum mem_backing)n;
	return ret;
}

static int take_descriptor(const struct option_row *o, const char *arg,
			   void *args, struct err *err)
{
	uint64_t number;
	int ret = units_parse_uint(arg, 0, 1023, &number, err);

	if (!ret)
		*(int *)option_field(o, args) = (int)number;
	return ret;
}

/* Without them the harness would hear nothing of the machine, and not know. */
static int take_events(const struct option_row *o, const char *arg, void *args,
		       struct err *err)
{
	struct options *opt = args;
	uint64_t fd;
	int ret = units_parse_uint(arg, 0, 1023, &fd, err);

	(void)o;
	if (ret)
		return ret;
	opt->vm.events = fdopen((int)fd, "w");
	return opt->vm.events ? 0
			      : err_sys(err, -errno,
					"cannot write events to descriptor %d",
					(int)fd);
}

/* These two are parted in place: an argument of ours may be written to. */
static int take_disk(const struct option_row *o, const char *arg, void *args,
		     struct err *err)
{
	struct vm_devices_config *d = &((struct options *)args)->vm.devices;

	(void)o;
	if (d->disk_count == VM_MAX_DISKS)
		return err_set(err, -EINVAL, "more than %d disks",
			       VM_MAX_DISKS);
	return vmm_args_disk((char *)arg, &d->disks[d->disk_count++], err);
}

static int take_net(const struct option_row *o, const char *arg, void *args,
		    struct err *err)
{
	struct vm_devices_config *d = &((struct options *)args)->vm.devices;

	(void)o;
	if (d->net_count == VM_MAX_NETS)
		return err_set(err, -EINVAL, "more than %d cards", VM_MAX_NETS);
	return vmm_args_net((char *)arg, &d->nets[d->net_count++], err);
}

static const struct option_row options[] = {
	{"kernel", "FILE", "Linux bzImage",
	 OPTION_TEXT(struct options, vm.kernel_path)},
	{"initrd", "FILE", "initramfs",
	 OPTION_TEXT(struct options, vm.initrd_path)},
	{"micro", "FILE",
	 "in place of a kernel: the micro guest (build/micro.bin),\n"
	 "which speaks on the channel and nowhere else",
	 OPTION_TEXT(struct options, vm.micro_path)},
	{"cmdline", "TEXT", "kernel command line (console=ttyS0)",
	 OPTION_TEXT(struct options, vm.cmdline)},
	{"memory", "SIZE", "guest RAM (512M)",
	 OPTION_BYTES(struct options, vm.mem.bytes)},
	{"vcpus", "N", "vCPUs (1)",
	 OPTION_U32(struct options, vm.vcpu_count, 0, VM_MAX_VCPUS)},
	{"hv", "NAME",
	 "kvm, mshv, or mshv-emu: KVM behind the ABI of mshv (kvm)",
	 .take = take_hv},
	{"paravirt", "MODE", "identical or best (identical)",
	 .take = take_paravirt},
	{"backing", "KIND", "thp, 4k or hugetlb (thp)", .take = take_backing},
	{"prefault", NULL, "fault all guest RAM in before the start",
	 OPTION_FLAG(struct options, vm.mem.prefault)},
	{"mlock", NULL, "lock guest RAM (needs RLIMIT_MEMLOCK for it)",
	 OPTION_FLAG(struct options, vm.mem.is_locked)},
	{"hold", NULL, "stop (SIGSTOP) before the guest's first instruction",
	 OPTION_FLAG(struct options, holds)},
	{"disk", "FILE[,WORD]...",
	 "virtio-blk on a file, device or null:SIZE. WORDs:\n"
	 "serial=TEXT, queues=N, readonly, buffered (no direct\n"
	 "I/O), sqpoll, fixed (registered, pinned buffers),\n"
	 "thread-per-queue, poll=MICROSECONDS before sleeping",
	 .take = take_disk},
	{"net", "tap=NAME[,WORD]...",
	 "virtio-net; fd=N in place of tap=NAME. WORDs:\n"
	 "queues=N pairs, mac=ADDRESS, vhost=auto, on or off",
	 .take = take_net},
	{"vsock-cid", "N", "virtio-vsock with this address (none)",
	 OPTION_U32(struct options, vm.devices.vsock_cid, 0, INT32_MAX)},
	{"channel-fd", "N", "result channel (none)", .take = take_descriptor,
	 .offset = OPTION_FIELD(struct options, vm.channel_fd, int)},
	{"events-fd", "N", "phases, stamps and the exit ledger as text (none)",
	 .take = take_events},
	{"ledger", NULL, "print the exit ledger at the end",
	 OPTION_FLAG(struct options, wants_ledger)},
	{"trace", "FILE", "every call to the hypervisor as text (none)",
	 OPTION_TEXT(struct options, trace_path)},
	{"tsc-khz", NULL, "print the rate of this CPU's TSC, and end",
	 OPTION_FLAG(struct options, wants_tsc_khz)},
	{"help", NULL, NULL, OPTION_FLAG(struct options, wants_help)},
	{0},
};

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
	static char name[] = "vmm";
	int ret;

	argv[0] = name;
	ret = option_parse(argc, argv, options, opt, err);
	if (ret || opt->wants_help || opt->wants_tsc_khz)
		return ret;
	if (optind != argc)
		return err_set(err, -EINVAL, "unexpected argument '%s'",
			       argv[optind]);
	if (!opt->vm.kernel_path == !opt->vm.micro_path)
		return err_set(err, -EINVAL,
			       "give one of --kernel and --micro");
	return 0;
}

static void print_help(void)
{
	fputs(usage, stdout);
	option_write_help(options, 21, stdout);
	fputs(notes, stdout);
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
		event_end(opt->vm.events, vm_end_name(end), vm->end_detail);
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

/* From a machine that is made to the end of its guest. */
static int run_guest(struct vm *vm, const struct options *opt, enum vm_end *end,
		     struct err *err)
{
	struct termios old;
	bool is_raw;
	int ret;

	if (opt->holds)
		hold(vm);
	running_vm = vm;
	if (stop_asked)
		vm_stop(vm);
	is_raw = terminal_raw(&old);
	if (is_raw)
		vm->cfg.input_fd = STDIN_FILENO;
	ret = vm_run(vm, end, err);
	if (is_raw)
		tcsetattr(STDIN_FILENO, TCSANOW, &old);
	running_vm = NULL;
	return ret;
}

static int boot(const struct options *opt, uint64_t main_ns)
{
	enum vm_end end = VM_END_NONE;
	struct vm *vm = NULL;
	struct err err = {0};
	int ret = opt->trace_path ? trace_open(opt->trace_path, &err) : 0;

	if (!ret)
		ret = vm_create(trace_is_on() ? trace_wrap(opt->hv) : opt->hv,
				&opt->vm, &vm, &err);
	if (!ret) {
		stamp_phase(&vm->stamps, "vmm_main", main_ns);
		ret = run_guest(vm, opt, &end, &err);
	}
	if (ret) {
		fprintf(stderr, "l1vh-vmm: %s\n", err.msg);
		event_error(opt->vm.events, err.msg);
	} else {
		report_end(vm, end, opt);
	}
	vm_destroy(vm);
	trace_close();
	return ret ? EXIT_SETUP : end_status[end];
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
	struct err err = {0};
	int status;

	if (parse_options(argc, argv, &opt, &err)) {
		fprintf(stderr, "l1vh-vmm: %s\n", err.msg);
		return EXIT_USAGE;
	}
	if (opt.wants_help) {
		print_help();
		return 0;
	}
	if (opt.wants_tsc_khz) {
		printf("%llu\n", tsc_khz());
		return 0;
	}
	signals_set();
	status = boot(&opt, main_ns);
	if (opt.vm.events)
		fclose(opt.vm.events);
	return status;
}
