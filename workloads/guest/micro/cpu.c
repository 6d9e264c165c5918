// SPDX-License-Identifier: GPL-3.0-or-later
#include "workloads/guest/micro/cpu.h"

#include <stddef.h>
#include <string.h>

#include "workloads/micro/micro_loops.h"

#define APIC_GPA 0xfee00000u
#define MSR_APIC_BASE 0x1bu
#define MSR_TSC_DEADLINE 0x6e0u
#define MSR_X2APIC 0x800u
#define APIC_BASE_EXTENDED (1u << 10)

/* Registers of the local APIC (SDM 3A, 11.4.1). */
#define APIC_ID 0x20u
#define APIC_EOI 0xb0u
#define APIC_SPURIOUS 0xf0u
#define APIC_ICR 0x300u
#define APIC_ICR_HIGH 0x310u
#define APIC_TIMER 0x320u
#define APIC_TIMER_INITIAL 0x380u
#define APIC_TIMER_CURRENT 0x390u
#define APIC_TIMER_DIVIDE 0x3e0u

#define APIC_ENABLED 0x100u
#define TIMER_DEADLINE (2u << 17)
#define TIMER_MASKED (1u << 16)
#define DIVIDE_BY_1 0xbu
#define ICR_ASSERT 0x4000u
#define ICR_INIT 0x500u
#define ICR_STARTUP 0x600u

/* On a busy host; some hypervisors emulate real mode. */
#define START_CYCLES 1000000000u

#define CR0_MP 0x2u
#define CR0_EM 0x4u
#define CR4_OSFXSR 0x200u
#define CR4_OSXMMEXCPT 0x400u
#define CR4_OSXSAVE 0x40000u
#define CPUID1_XSAVE (1u << 26)
#define CPUID1_X2APIC (1u << 21)
#define CPUID1_DEADLINE (1u << 24)

/* As entry.S has them. */
extern const uint8_t gates[256][16];
extern const uint8_t guard_leave[], guard_ring3_end[];
extern const uint8_t halt_begin[], halt_end[];
extern const uint8_t trampoline[], trampoline_end[];
extern uint32_t trampoline_cr3;
extern struct table trampoline_gdtr;
uint64_t guard_enter(void (*fn)(void *arg), void *arg, uint64_t stack);
void trap(struct trap_frame *f);
void ap_main(void);

struct table {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));

struct gate {
	uint16_t low;
	uint16_t selector;
	uint8_t ist;
	uint8_t type;
	uint16_t middle;
	uint32_t high;
	uint32_t zero;
};

struct tss {
	uint32_t reserved;
	uint64_t rsp[3];
	uint64_t unused[8];
	uint64_t zero;
	uint16_t zero16;
	uint16_t iomap;
	/* All ports below are ring 3's. IOPL says the same, but a hypervisor
	 * that runs ring 3 by itself may not have it. The last byte ends the
	 * map (SDM 1, 19.5.2). */
	uint8_t ports[CPU_RING3_PORTS / 8];
	uint8_t end;
} __attribute__((packed));

struct cpu_event cpu_events[256];
volatile uint64_t cpu_flush_va;
struct guard_trap guard_trap;
bool (*cpu_on_fault)(uint64_t va);
volatile bool cpu_second_halts;
void (*volatile cpu_second_task)(void);

uint64_t guard_stack;            /* saved by guard_enter() */
static volatile bool is_watched; /* guard_run_for() has set the timer */
static volatile bool second_is_there;
/* Interrupts that were sent to it, counted before each; after the task. */
static volatile uint64_t second_calls;
static bool is_x2apic;
static bool has_deadline;
static uint64_t timer_cycles_shift20; /* TSC cycles a timer tick, << 20 */

/* 0x28 and 0x30 are filled in with the TSS. */
static uint64_t gdt[7] = {
	0,
	0x00af9b000000ffff, /* CPU_KERNEL_CODE */
	0x00cf93000000ffff, /* CPU_KERNEL_DATA */
	0x00cff3000000ffff, /* CPU_USER_DATA */
	0x00affb000000ffff, /* CPU_USER_CODE */
};
static struct tss tss;
static struct gate idt[256];
static uint8_t trap_stack[8192] __attribute__((aligned(16)));
static uint8_t ring3_stack[8192] __attribute__((aligned(16)));

static uint32_t apic_read(uint32_t reg)
{
	if (is_x2apic)
		return (uint32_t)rdmsr(MSR_X2APIC + (reg >> 4));
	return *(volatile uint32_t *)(uintptr_t)(APIC_GPA + reg);
}

static void apic_write(uint32_t reg, uint32_t value)
{
	if (is_x2apic)
		wrmsr(MSR_X2APIC + (reg >> 4), value);
	else
		*(volatile uint32_t *)(uintptr_t)(APIC_GPA + reg) = value;
}

/* The second CPU's APIC ID is 1, as the VMM's tables say. */
static void apic_ipi(uint32_t command)
{
	if (is_x2apic) {
		wrmsr(MSR_X2APIC + (APIC_ICR >> 4), 1ull << 32 | command);
		return;
	}
	apic_write(APIC_ICR_HIGH, 1u << 24);
	apic_write(APIC_ICR, command);
}

void apic_ipi_second(uint8_t vector)
{
	second_calls++;
	apic_ipi(ICR_ASSERT | vector);
}

void apic_ipi_self(uint8_t vector)
{
	/* A shorthand, which both APIC modes have (SDM 3A, 11.6.1). */
	const uint32_t command = 1u << 18 | ICR_ASSERT | vector;

	if (is_x2apic)
		wrmsr(MSR_X2APIC + (APIC_ICR >> 4), command);
	else
		apic_write(APIC_ICR, command);
}

uint64_t apic_timer_arm(uint64_t cycles)
{
	uint64_t deadline = rdtsc_now() + cycles;
	uint64_t ticks;

	if (has_deadline) {
		wrmsr(MSR_TSC_DEADLINE, deadline);
		return deadline;
	}
	ticks = (cycles << 20) / timer_cycles_shift20;
	apic_write(APIC_TIMER_INITIAL, (uint32_t)(ticks ? ticks : 1));
	return deadline;
}

/* How the handlers of both CPUs treat an interrupt. */
static void on_interrupt(struct trap_frame *f, uint64_t now)
{
	struct cpu_event *e = &cpu_events[f->vector];
	uint64_t start;

	if (f->vector == CPU_VECTOR_FLUSH)
		__asm__ volatile("invlpg (%0)"
				 :
				 : "r"(cpu_flush_va)
				 : "memory");
	e->tsc = now;
	start = rdtsc_begin();
	apic_write(APIC_EOI, 0);
	e->eoi_cycles = rdtsc_end() - start;
	/* Last, because the waiter reads it. */
	e->count++;
	if (f->rip >= (uint64_t)halt_begin && f->rip < (uint64_t)halt_end)
		f->rip = (uint64_t)halt_end;
}

static void guard_end(struct trap_frame *f, uint64_t answer)
{
	f->rip = (uint64_t)guard_leave;
	f->cs = CPU_KERNEL_CODE;
	f->ss = CPU_KERNEL_DATA;
	f->rflags = 0x202;
	f->rsp = guard_stack;
	f->rax = answer;
}

void trap(struct trap_frame *f)
{
	uint64_t now = rdtsc_now();
	uint64_t cr2;

	if (f->vector == CPU_VECTOR_SPURIOUS)
		return;
	if (f->vector >= 32) {
		on_interrupt(f, now);
		if (f->vector != CPU_VECTOR_TIMER || !is_watched ||
		    !guard_stack)
			return;
	}
	__asm__ volatile("mov %%cr2, %0" : "=r"(cr2));
	if (f->vector == CPU_VECTOR_PF && cpu_on_fault && cpu_on_fault(cr2))
		return;
	if (f->vector == CPU_VECTOR_UD && f->rip == (uint64_t)guard_ring3_end) {
		guard_end(f, 0);
		return;
	}
	guard_trap.frame = *f;
	guard_trap.cr2 = cr2;
	/* With nothing to go back to, a triple fault tells more than a hang. */
	if (!guard_stack) {
		static const struct table none;

		__asm__ volatile("lidt %0; ud2" : : "m"(none));
	}
	guard_end(f, 1);
}

bool guard_run(void (*fn)(void *arg), void *arg, int ring)
{
	uint64_t stack =
		ring ? (uint64_t)(ring3_stack + sizeof(ring3_stack)) : 0;
	bool is_fine = !guard_enter(fn, arg, stack);

	guard_stack = 0;
	__asm__ volatile("sti");
	return is_fine;
}

static void load_tables(bool is_first)
{
	const struct table gdtr = {sizeof(gdt) - 1, (uint64_t)gdt};
	const struct table idtr = {sizeof(idt) - 1, (uint64_t)idt};
	uint64_t cr0, cr4;

	__asm__ volatile("lgdt %0; lidt %1" : : "m"(gdtr), "m"(idtr));
	__asm__ volatile(
		"push %0; lea 1f(%%rip), %%rax; push %%rax; lretq; 1:\n"
		"mov %1, %%ds; mov %1, %%es; mov %1, %%ss"
		:
		: "i"(CPU_KERNEL_CODE), "r"(CPU_KERNEL_DATA)
		: "rax", "memory");
	if (is_first)
		__asm__ volatile("ltr %w0" : : "r"(CPU_TSS));
	/* Floating point and XGETBV. */
	__asm__ volatile("mov %%cr0, %0" : "=r"(cr0));
	cr0 = (cr0 | CR0_MP) & ~(uint64_t)CR0_EM;
	__asm__ volatile("mov %0, %%cr0" : : "r"(cr0));
	__asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
	cr4 |= CR4_OSFXSR | CR4_OSXMMEXCPT;
	if (cpuid(1, 0).ecx & CPUID1_XSAVE)
		cr4 |= CR4_OSXSAVE;
	__asm__ volatile("mov %0, %%cr4; fninit" : : "r"(cr4));
}

static void apic_init(void)
{
	if (is_x2apic)
		wrmsr(MSR_APIC_BASE, rdmsr(MSR_APIC_BASE) | APIC_BASE_EXTENDED);
	apic_write(APIC_SPURIOUS, APIC_ENABLED | CPU_VECTOR_SPURIOUS);
}

void apic_timer_init(void)
{
	uint64_t start;
	uint32_t ticks;

	if (has_deadline) {
		apic_write(APIC_TIMER, TIMER_DEADLINE | CPU_VECTOR_TIMER);
		return;
	}
	/* How many cycles a tick has, over ten million of them. */
	apic_write(APIC_TIMER_DIVIDE, DIVIDE_BY_1);
	apic_write(APIC_TIMER, TIMER_MASKED | CPU_VECTOR_TIMER);
	apic_write(APIC_TIMER_INITIAL, UINT32_MAX);
	start = rdtsc_now();
	while (rdtsc_now() - start < 10000000)
		;
	ticks = UINT32_MAX - apic_read(APIC_TIMER_CURRENT);
	timer_cycles_shift20 =
		((rdtsc_now() - start) << 20) / (ticks ? ticks : 1);
	if (!timer_cycles_shift20)
		timer_cycles_shift20 = 1;
	apic_write(APIC_TIMER_INITIAL, 0);
	apic_write(APIC_TIMER, CPU_VECTOR_TIMER);
}

static void apic_timer_stop(void)
{
	if (has_deadline)
		wrmsr(MSR_TSC_DEADLINE, 0);
	else
		apic_write(APIC_TIMER_INITIAL, 0);
}

bool guard_run_for(void (*fn)(void *arg), void *arg, int ring, uint64_t cycles)
{
	bool is_fine;

	apic_timer_init();
	is_watched = true;
	apic_timer_arm(cycles);
	is_fine = guard_run(fn, arg, ring);
	is_watched = false;
	apic_timer_stop();
	return is_fine;
}

void cpu_init(void)
{
	uint64_t base = (uint64_t)&tss;
	uint32_t i;

	for (i = 0; i < 256; i++) {
		uint64_t at = (uint64_t)gates[i];

		idt[i] = (struct gate){.low = (uint16_t)at,
				       .selector = CPU_KERNEL_CODE,
				       .type = 0x8e,
				       .middle = (uint16_t)(at >> 16),
				       .high = (uint32_t)(at >> 32)};
	}
	tss.rsp[0] = (uint64_t)(trap_stack + sizeof(trap_stack));
	tss.iomap = offsetof(struct tss, ports);
	tss.end = 0xff;
	gdt[5] = (sizeof(tss) - 1) | (base & 0xffffff) << 16 | 0x89ull << 40 |
		 (base >> 24 & 0xff) << 56;
	gdt[6] = base >> 32;
	load_tables(true);
	is_x2apic = cpuid(1, 0).ecx & CPUID1_X2APIC;
	has_deadline = cpuid(1, 0).ecx & CPUID1_DEADLINE;
	apic_init();
	__asm__ volatile("sti");
}

bool cpu_has_x2apic(void)
{
	return is_x2apic;
}

bool cpu_has_tsc_deadline(void)
{
	return has_deadline;
}

void ap_main(void)
{
	load_tables(false);
	apic_init();
	second_is_there = true;
	for (;;) {
		uint64_t calls = second_calls;
		void (*task)(void) = cpu_second_task;

		if (task)
			task();
		__asm__ volatile("sti; pause");
		/* A task that came since then has its interrupt behind it. */
		if (cpu_second_halts)
			halt_while(&second_calls, calls);
	}
}

bool cpu_start_second(void)
{
	uint8_t *to = (uint8_t *)(uintptr_t)CPU_TRAMPOLINE_GPA;
	const struct table gdtr = {sizeof(gdt) - 1, (uint64_t)gdt};
	uint64_t cr3, start;

	if (second_is_there)
		return true;
	memcpy(to, trampoline, (size_t)(trampoline_end - trampoline));
	__asm__ volatile("mov %%cr3, %0" : "=r"(cr3));
	memcpy(to + ((const uint8_t *)&trampoline_cr3 - trampoline), &cr3, 4);
	memcpy(to + ((const uint8_t *)&trampoline_gdtr - trampoline), &gdtr,
	       sizeof(gdtr));
	apic_ipi(ICR_ASSERT | ICR_INIT);
	apic_ipi(ICR_ASSERT | ICR_STARTUP | CPU_TRAMPOLINE_GPA >> 12);
	start = rdtsc_now();
	while (!second_is_there && rdtsc_now() - start < START_CYCLES)
		__asm__ volatile("pause");
	return second_is_there;
}
