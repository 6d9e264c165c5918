// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * l1vh-vmm - the VMM as a process of its own, which `l1vh-bench vmm` becomes.
 * It loads libc, for mshv Zydis too, and none of the harness's libraries: what it
 * loads and how long it takes to start is part of what is measured.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>
#include <x86intrin.h>

#include "harness/base/base.h"
#include "harness/base/clock.h"
#include "harness/base/err.h"
#include "harness/cli/option.h"
#include "harness/cli/vmm_options.h"
#include "harness/cli/vmm_snapshot.h"
#include "runners/vmm/event.h"
#include "runners/vmm/kvm.h"
#include "runners/vmm/profile.h"
#include "runners/vmm/sandbox/sandbox.h"
#include "runners/vmm/snapshot/snapshot.h"
#include "runners/vmm/trace.h"
#include "runners/vmm/vm.h"

enum { EXIT_USAGE = 64, EXIT_SETUP = 70 };

static const int end_status[] = {
	[VM_END_NONE] = EXIT_SETUP, [VM_END_POWER_OFF] = 0,
	[VM_END_RESET] = 10,        [VM_END_TRIPLE_FAULT] = 11,
	[VM_END_HV_ERROR] = 12,     [VM_END_STOPPED] = 13,
	[VM_END_DEVICE] = 14,       [VM_END_SNAPSHOT] = 0,
};

static struct vm *volatile running_vm;
static volatile sig_atomic_t stop_asked;
static volatile sig_atomic_t snapshot_asked;

static const char usage[] =
	"usage: l1vh-bench vmm --kernel FILE [options]\n"
	"       l1vh-bench vmm --micro IMAGE [options]\n"
	"       l1vh-bench vmm --restore SNAPSHOT [options]\n"
	"Boot one guest and stay until it ends. On a terminal, Ctrl-A x stops it.\n";

static const char notes[] =
	"Exit status: 0 power-off, 10 reset, 11 triple fault, 12 hypervisor error,\n"
	"13 stopped, 14 a device of the host failed, 15 the sandbox, 16 a guest that\n"
	"cannot be saved, 64 usage, 70 the guest could not be started, or an event not\n"
	"be written.\n";

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

static void print_help(void)
{
	fputs(usage, stdout);
	option_write_help(vmm_option_rows, 21, stdout);
	fputs(notes, stdout);
}

/* Of a call that only prints: the exit status. */
static int end_of_words(void)
{
	if (!fflush(stdout) && !ferror(stdout))
		return 0;
	fprintf(stderr, "l1vh-vmm: cannot write to the standard output\n");
	return EXIT_SETUP;
}

/* A request may come before there is a machine to stop. */
static void on_stop(int sig)
{
	(void)sig;
	stop_asked = 1;
	if (running_vm)
		vm_stop(running_vm);
}

static void on_snapshot(int sig)
{
	(void)sig;
	snapshot_asked = 1;
	if (running_vm)
		vm_snapshot(running_vm);
}

/* Whoever waits for the guest wants to know where it is. */
static void on_ask_place(int sig)
{
	(void)sig;
	if (running_vm)
		vm_ask_place(running_vm);
}

static void on_kick(int sig)
{
	(void)sig;
}

static void signals_set(void)
{
	struct sigaction stop = {.sa_handler = on_stop};
	/* Whatever else the thread is in goes on: an event is written whole. */
	struct sigaction kick = {.sa_handler = on_kick, .sa_flags = SA_RESTART};
	struct sigaction place = {.sa_handler = on_ask_place,
				  .sa_flags = SA_RESTART};

	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGHUP, &stop, NULL);
	sigaction(SIGUSR1, &kick, NULL);
	sigaction(SIGUSR2, &place, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* the guest's write fails in its place */
}

/* The signal has its usual meaning where nothing is to be saved. */
static void snapshot_signal_set(const struct vmm_options *opt)
{
	struct sigaction save = {.sa_handler = on_snapshot,
				 .sa_flags = SA_RESTART};

	if (opt->snapshot_path && opt->snapshots_at_signal)
		sigaction(SIGQUIT, &save, NULL);
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

/* False if not everything could be told. */
static bool report_end(const struct vm *vm, enum vm_end end,
		       const struct vmm_options *opt)
{
	bool is_told = true;

	if (opt->vm.events) {
		vm_write_ledger(vm, opt->vm.events);
		is_told = event_finish(opt->vm.events, vm_end_name(end),
				       vm->end_detail);
	}
	if (opt->wants_ledger)
		vm_write_ledger(vm, stderr);
	if (opt->wants_profile)
		profile_write(opt->vm.profile, stderr);
	if (vm->end_detail[0])
		fprintf(stderr, "guest ended: %s: %s\n", vm_end_name(end),
			vm->end_detail);
	return is_told;
}

/* For a person; the harness has it from the events. */
static void report_disks(const struct vm *vm)
{
	char text[BLK_ENGINE_TEXT_BYTES];
	uint32_t i;

	for (i = 0; i < VM_MAX_DISKS; i++)
		if (vm_devices_disk_lacks(&vm->devices, i, text))
			fprintf(stderr, "l1vh-vmm: disk %u: %s\n", i, text);
}

/*
 * Whoever started us may stop us, looks, and lets us go on by SIGCONT. We do not stop
 * ourselves: the first process of a PID namespace cannot, and a stop behind a SIGCONT
 * that came early would be for ever.
 */
static void hold(struct vm *vm)
{
	sigset_t signals;
	int sig = 0;

	sigemptyset(&signals);
	sigaddset(&signals, SIGCONT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	stamp_phase(&vm->stamps, "held", clock_mono_ns());
	sigwait(&signals, &sig);
	if (sig != SIGCONT)
		stop_asked = true;
	pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
	profile_mark(vm->cfg.profile, "held", clock_mono_ns());
}

/* From a machine that is made to the end of its guest. */
static int run_guest(struct vm *vm, const struct vmm_options *opt,
		     enum vm_end *end, struct err *err)
{
	struct termios old;
	bool is_raw;
	int ret;

	if (opt->holds)
		hold(vm);
	running_vm = vm;
	if (stop_asked)
		vm_stop(vm);
	if (snapshot_asked)
		vm_snapshot(vm);
	is_raw = terminal_raw(&old);
	if (is_raw)
		vm->cfg.input_fd = STDIN_FILENO;
	ret = vm_run(vm, end, err);
	if (is_raw)
		tcsetattr(STDIN_FILENO, TCSANOW, &old);
	running_vm = NULL;
	return ret;
}

/* The library defines this symbol, and nothing else does. Its calls are not the
 * program's, and it leaves out every filter. */
extern int mshv_emu_is_preloaded(void) __attribute__((weak));

static void sandbox_prepare(const struct vmm_options *opt)
{
	const struct sandbox_config cfg = {
		.mode = opt->sandbox,
		.calls = opt->hv->calls,
		.events_fd = opt->vm.events ? fileno(opt->vm.events) : -1,
		.has_seccomp = !mshv_emu_is_preloaded,
	};

	sandbox_init(&cfg);
}

static int boot(struct vmm_options *opt, uint64_t main_ns)
{
	enum vm_end end = VM_END_NONE;
	struct vmm_snapshot snapshot;
	struct vm *vm = NULL;
	struct err err = {0};
	int ret = vmm_snapshot_open(&snapshot, opt, &err);

	if (!ret && opt->trace_path)
		ret = trace_open(opt->trace_path, &err);
	sandbox_prepare(opt);
	if (!ret)
		ret = vm_create(trace_is_on() ? trace_wrap(opt->hv) : opt->hv,
				&opt->vm, &vm, &err);
	if (!ret) {
		stamp_phase(&vm->stamps, "vmm_main", main_ns);
		ret = run_guest(vm, opt, &end, &err);
		report_disks(vm);
	}
	if (!ret)
		ret = vmm_snapshot_end(&snapshot, vm, end, &err);
	if (ret) {
		fprintf(stderr, "l1vh-vmm: %s\n", err.msg);
		event_error(opt->vm.events, err.msg);
	} else if (!report_end(vm, end, opt)) {
		ret = -EIO;
	}
	vm_destroy(vm);
	vmm_snapshot_release(&snapshot);
	sandbox_release();
	trace_close();
	if (ret == -ENOTSUP && opt->snapshot_path)
		return SNAPSHOT_IMPOSSIBLE_STATUS;
	return ret ? EXIT_SETUP : end_status[end];
}

int main(int argc, char **argv)
{
	struct vmm_options opt = {
		.vm = {.cmdline = "console=ttyS0",
		       .mem = {.bytes = 512 * MIB},
		       .vcpu_count = 1,
		       .serial_fd = STDOUT_FILENO,
		       .channel_fd = -1,
		       .input_fd = -1},
		.hv = &hv_kvm,
		.sandbox = SANDBOX_ON,
	};
	uint64_t main_ns = clock_mono_ns();
	struct profile profile;
	struct err err = {0};
	int status;

	profile_begin(&profile);
	if (vmm_options_parse(argc, argv, &opt, &err)) {
		fprintf(stderr, "l1vh-vmm: %s\n", err.msg);
		return EXIT_USAGE;
	}
	if (opt.wants_help) {
		print_help();
		return end_of_words();
	}
	if (opt.wants_tsc_khz) {
		printf("%llu\n", tsc_khz());
		return end_of_words();
	}
	if (opt.wants_profile)
		opt.vm.profile = &profile;
	signals_set();
	snapshot_signal_set(&opt);
	profile_mark(opt.vm.profile, "arguments", clock_mono_ns());
	status = boot(&opt, main_ns);
	if (opt.vm.events)
		fclose(opt.vm.events);
	return status;
}
