// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * bare_start - what KVM itself needs until a guest's first instruction: one VM, its
 * RAM, one vCPU with all of the CPUID that KVM supports, one port write. Then it
 * prints "first_instruction" and waits to be ended, for time_to_line.
 *
 * usage: bare_start GUEST_RAM_MIB
 */
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define HOLE_START 0xc0000000ull
#define HOLE_END 0x100000000ull
#define CODE_GPA 0x1000u
#define CPUID_ROWS 256u

/* VALUE of the call WHAT, or the end. */
static int must(int value, const char *what)
{
	if (value < 0) {
		perror(what);
		exit(1);
	}
	return value;
}

static void ram_map(int vm, uint8_t *ram, uint64_t bytes)
{
	struct kvm_userspace_memory_region slot = {
		.memory_size = bytes < HOLE_START ? bytes : HOLE_START,
		.userspace_addr = (uintptr_t)ram};

	must(ioctl(vm, KVM_SET_USER_MEMORY_REGION, &slot), "RAM");
	if (bytes <= HOLE_START)
		return;
	slot.slot = 1;
	slot.guest_phys_addr = HOLE_END;
	slot.userspace_addr += HOLE_START;
	slot.memory_size = bytes - HOLE_START;
	must(ioctl(vm, KVM_SET_USER_MEMORY_REGION, &slot), "RAM");
}

static void cpuid_set(int kvm, int vcpu)
{
	struct kvm_cpuid2 *table = calloc(
		1, sizeof(*table) + CPUID_ROWS * sizeof(table->entries[0]));

	if (!table)
		exit(1);
	table->nent = CPUID_ROWS;
	must(ioctl(kvm, KVM_GET_SUPPORTED_CPUID, table), "CPUID");
	must(ioctl(vcpu, KVM_SET_CPUID2, table), "CPUID");
	free(table);
}

/* Real mode, at CODE_GPA. */
static void regs_set(int vcpu)
{
	struct kvm_regs regs = {.rip = CODE_GPA, .rflags = 2};
	struct kvm_sregs sregs;

	must(ioctl(vcpu, KVM_GET_SREGS, &sregs), "registers");
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	must(ioctl(vcpu, KVM_SET_SREGS, &sregs), "registers");
	must(ioctl(vcpu, KVM_SET_REGS, &regs), "registers");
}

int main(int argc, char **argv)
{
	static const uint8_t code[] = {0xe6, 0x10}; /* out %al,$0x10 */
	uint64_t bytes = argc > 1 ? strtoull(argv[1], NULL, 10) << 20 : 0;
	int kvm, vm, vcpu;
	uint8_t *ram;

	if (!bytes)
		return 64;
	kvm = must(open("/dev/kvm", O_RDWR | O_CLOEXEC), "/dev/kvm");
	vm = must(ioctl(kvm, KVM_CREATE_VM, 0), "a vm");
	ioctl(vm, KVM_SET_TSS_ADDR, 0xfeffd000ul);
	ram = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	must(ram == MAP_FAILED ? -1 : 0, "memory");
	madvise(ram, bytes, MADV_HUGEPAGE);
	ram_map(vm, ram, bytes);
	vcpu = must(ioctl(vm, KVM_CREATE_VCPU, 0), "a vCPU");
	cpuid_set(kvm, vcpu);
	regs_set(vcpu);
	memcpy(ram + CODE_GPA, code, sizeof(code));
	must(ioctl(vcpu, KVM_RUN, 0), "a guest");
	puts("first_instruction");
	fflush(stdout);
	pause();
	return 0;
}
