// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * exits - what of a port or memory access is the VMM's own time.
 *
 * A guest of a few bytes makes COUNT accesses. The VMM's own time for an access
 * is what passes from the end of one run of the vCPU to the start of the next,
 * less the time inside system calls (for mshv: inside the emulator). Means of
 * the middle half are printed: whoever takes the CPU meanwhile does not count,
 * and the clock's steps of 10 ns on some hosts do not show. Also:
 * how many instructions are decoded per second of CPU, without the cache.
 *
 * usage: exits COUNT
 * Prints "HV KIND ROUND_TRIP_NS OWN_NS" and "decode PER_SECOND".
 */
#include <linux/kvm.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/clock.h"
#include "harness/base/err.h"
#include "harness/base/xmalloc.h"
#include "mshv/abi.h"
#include "mshv/emu/emu.h"
#include "mshv/insn.h"
#include "mshv/mshv.h"
#include "runners/vmm/boot_x86.h"
#include "runners/vmm/kvm.h"
#include "runners/vmm/vcpu_regs.h"
#include "runners/vmm/vm.h"

#define CODE_GPA 0x100000ULL

/* What each access took, as many as there is room for. */
struct times {
	double *own_ns, *round_trip_ns;
	size_t count, room;
	uint64_t own_so_far_ns;
	uint64_t left_ns; /* when the last system call ended */
	uint64_t ran_ns;  /* when the vCPU was last started */
};

static struct times times;
static int depth; /* the emulator makes system calls itself */

static void call_begins(bool is_run, uint64_t now_ns)
{
	times.own_so_far_ns += times.left_ns ? now_ns - times.left_ns : 0;
	if (!is_run)
		return;
	if (times.ran_ns && times.count < times.room) {
		times.own_ns[times.count] = (double)times.own_so_far_ns;
		times.round_trip_ns[times.count++] =
			(double)(now_ns - times.ran_ns);
	}
	times.ran_ns = now_ns;
	times.own_so_far_ns = 0;
}

static void call_ended(void)
{
	times.left_ns = clock_mono_ns();
}

/* Linked in for ioctl() by --wrap. */
int __real_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list ap;
	void *arg;
	int ret;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (depth)
		return __real_ioctl(fd, request, arg);
	call_begins(request == KVM_RUN, clock_mono_ns());
	ret = __real_ioctl(fd, request, arg);
	call_ended();
	return ret;
}

static int timed_ioctl(const struct mshv_sys *sys, int fd,
		       unsigned long request, void *arg)
{
	int ret;

	call_begins(request == MSHV_RUN_VP, clock_mono_ns());
	depth++;
	ret = mshv_sys_emu.ioctl(sys, fd, request, arg);
	depth--;
	call_ended();
	return ret;
}

static struct mshv_sys timed_emu;

static int timed_vm_create(const struct hv_vm_config *cfg, struct hv_vm **out,
			   struct err *err)
{
	timed_emu = mshv_sys_emu;
	timed_emu.ioctl = timed_ioctl;
	return mshv_vm_create_on(&timed_emu, cfg, out, err);
}

static const struct hv_ops hv_timed_emu =
	MSHV_HV_OPS("mshv-emu", SANDBOX_CALLS_EMU, timed_vm_create);

/* mov COUNT,%ecx; mov $0x80,%dx; mov $0xd0000000,%ebx;
 * 1: ACCESS (two bytes); dec %ecx; jnz 1b; then power off */
static void code_fill(uint8_t *code, uint32_t count, const uint8_t access[2])
{
	const uint8_t head[] = {0x66, 0xba, 0x80, 0x00, 0xbb, 0,    0,   0,
				0xd0, 0x90, 0x90, 0xff, 0xc9, 0x75, 0xfa};
	const uint8_t off[] = {0x66, 0xba, 0x04, 0x06, 0xb0, 0x34, 0xee, 0xf4};

	code[0] = 0xb9;
	memcpy(code + 1, &count, sizeof(count));
	memcpy(code + 5, head, sizeof(head));
	memcpy(code + 5 + 9, access, 2);
	memcpy(code + 5 + sizeof(head), off, sizeof(off));
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double middle_mean(double *values, size_t count)
{
	double sum = 0;
	size_t i;

	qsort(values, count, sizeof(*values), compare);
	for (i = count / 4; i < count - count / 4; i++)
		sum += values[i];
	return sum / (double)(count - count / 4 - count / 4);
}

static int measure(const struct hv_ops *hv, const char *kind,
		   const uint8_t access[2], uint32_t count)
{
	struct vm_config cfg = {.mem = {.bytes = 32 * MIB},
				.vcpu_count = 1,
				.serial_fd = -1,
				.channel_fd = -1,
				.input_fd = -1};
	enum vm_end end = VM_END_NONE;
	struct vcpu_regs regs;
	struct err err = {0};
	struct vm *vm = NULL;

	if (vm_create(hv, &cfg, &vm, &err)) {
		fprintf(stderr, "exits: %s\n", err.msg);
		return 1;
	}
	boot_long_mode(&vm->mem, CODE_GPA, &regs);
	code_fill(mem_ptr(&vm->mem, CODE_GPA, 64), count, access);
	hv_vcpu_regs_set(vm->vcpus[0].hv, &regs);
	times = (struct times){
		.own_ns = xcalloc(count, sizeof(double)),
		.round_trip_ns = xcalloc(count, sizeof(double)),
		.room = count,
	};
	vm_run(vm, &end, &err);
	vm_destroy(vm);
	printf("%s %s %.1f %.1f\n", hv->name, kind,
	       middle_mean(times.round_trip_ns, times.count),
	       middle_mean(times.own_ns, times.count));
	free(times.own_ns);
	free(times.round_trip_ns);
	return end != VM_END_POWER_OFF;
}

/* This thread's, so that others who want the CPU do not count. */
static uint64_t cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

static void decode_rate(void)
{
	static const uint8_t codes[][16] = {
		{0x8b, 0x03},
		{0x89, 0x46, 0x10},
		{0x0f, 0xb6, 0x07},
		{0xc7, 0x80, 0, 1, 0, 0, 1, 0, 0, 0},
		{0x48, 0x8b, 0x84, 0xc8, 0, 0x10, 0, 0},
		{0xf0, 0x0f, 0xba, 0x2b, 0x03},
		{0xf3, 0xa5},
		{0x66, 0x89, 0x04, 0x25, 0, 0, 0, 0xd0},
	};
	const unsigned long count = 2000000;
	uint64_t start_ns = cpu_ns(), ns;
	struct insn insn;
	unsigned long i;

	for (i = 0; i < count; i++)
		if (insn_decode(codes[i % ARRAY_SIZE(codes)], 15, INSN_MODE_64,
				&insn))
			abort();
	ns = cpu_ns() - start_ns;
	printf("decode %.0f\n", (double)count * 1e9 / (double)ns);
}

static void on_kick(int sig)
{
	(void)sig;
}

int main(int argc, char **argv)
{
	/* out %al,(%dx); mov (%rbx),%eax; mov %eax,(%rbx) */
	static const struct {
		const char *kind;
		uint8_t access[2];
	} kinds[] = {{"pio", {0xee, 0x90}},
		     {"mmio_read", {0x8b, 0x03}},
		     {"mmio_write", {0x89, 0x03}}};
	static const struct hv_ops *const hvs[] = {&hv_kvm, &hv_timed_emu};
	struct sigaction kick = {.sa_handler = on_kick};
	uint32_t count =
		argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 100000;
	size_t k, h;
	int round, failed = 0;

	sigaction(SIGUSR1, &kick, NULL);
	decode_rate();
	for (round = 0; round < 3; round++)
		for (k = 0; k < ARRAY_SIZE(kinds); k++)
			for (h = 0; h < ARRAY_SIZE(hvs); h++)
				failed |= measure(hvs[h], kinds[k].kind,
						  kinds[k].access, count);
	return failed;
}
