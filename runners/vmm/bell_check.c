// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/vmm/bell_check.h"

#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "runners/vmm/hv.h"
#include "runners/vmm/mem.h"
#include "runners/vmm/vcpu_regs.h"

/* Neither RAM nor a device's. */
#define BELL_GPA 0xfebff000ULL
/* A page of low RAM without anything that the boot needs. */
#define CODE_GPA 0x3000ULL
#define END_PORT 0x80
/* The signal may pass another CPU before it is here. */
#define SIGNAL_MS 200
#define MAX_KICKS 100

/* mov %ax,(%rdi); out %al,$END_PORT; hlt */
static const uint8_t code[] = {0x66, 0x89, 0x07, 0xe6, END_PORT, 0xf4};

/* Enter the guest until it stops for the VMM. */
static enum hv_exit_kind run(struct hv_vcpu *vcpu)
{
	struct hv_exit exit;
	int kicks = 0;

	memset(&exit, 0, sizeof(exit));
	do {
		if (hv_vcpu_run(vcpu, &exit))
			return HV_EXIT_ERROR;
	} while (exit.kind == HV_EXIT_KICKED && ++kicks < MAX_KICKS);
	return exit.kind;
}

static bool has_rung(int fd)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN};

	return poll(&pfd, 1, SIGNAL_MS) == 1;
}

/* The bell's write came as an exit, or was taken and not signalled. */
static bool is_dead(struct hv_vcpu *vcpu, int fd)
{
	switch (run(vcpu)) {
	case HV_EXIT_MMIO:
		return true;
	case HV_EXIT_PIO:
		return !has_rung(fd);
	case HV_EXIT_MSR:
	case HV_EXIT_EOI:
	case HV_EXIT_HALT:
	case HV_EXIT_SHUTDOWN:
	case HV_EXIT_KICKED:
	case HV_EXIT_ERROR:
	case HV_EXIT_KIND_COUNT:
		break;
	}
	return false;
}

/* With the bell set: the code, and all put back. */
static int ring(struct hv_vm *vm, struct hv_vcpu *vcpu, uint8_t *ram,
		const struct vcpu_regs *regs, int fd)
{
	struct vcpu_regs test = *regs;
	uint8_t kept[sizeof(code)];

	memcpy(kept, ram, sizeof(kept));
	memcpy(ram, code, sizeof(code));
	test.rip = CODE_GPA;
	test.gpr[VCPU_RDI] = BELL_GPA;
	vm->has_dead_bells =
		!hv_vcpu_regs_set(vcpu, &test) && is_dead(vcpu, fd);
	memcpy(ram, kept, sizeof(kept));
	return hv_vcpu_regs_set(vcpu, regs);
}

int bell_check(struct hv_vm *vm, struct hv_vcpu *vcpu, const struct mem *mem,
	       bool *works)
{
	struct hv_doorbell bell = {.gpa = BELL_GPA, .len_bytes = 2};
	uint8_t *ram = mem_ptr(mem, CODE_GPA, sizeof(code));
	struct vcpu_regs regs;
	int ret = 0;

	*works = true;
	if (!ram || hv_vcpu_regs_get(vcpu, &regs))
		return 0;
	bell.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (bell.fd < 0)
		return 0;
	if (!hv_doorbell_set(vm, &bell, true)) {
		ret = ring(vm, vcpu, ram, &regs, bell.fd);
		hv_doorbell_set(vm, &bell, false);
	}
	close(bell.fd);
	*works = !vm->has_dead_bells;
	return ret;
}
