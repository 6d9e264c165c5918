/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_GUEST_MICRO_CPU_H
#define WORKLOADS_GUEST_MICRO_CPU_H

/*
 * cpu - the micro guest's ring 0: descriptor tables, traps, the local APIC,
 * the second CPU. As little as the primitives need.
 */
#define CPU_KERNEL_CODE 0x08
#define CPU_KERNEL_DATA 0x10
#define CPU_USER_DATA 0x1b
#define CPU_USER_CODE 0x23
#define CPU_TSS 0x28

/* IF, and IOPL 3, so that ring 3 reaches ports by itself. */
#define CPU_RING3_FLAGS 0x3202

/* The TSS also opens this many ports, from 0 on, to ring 3. */
#ifndef CPU_RING3_PORTS
#define CPU_RING3_PORTS 0x800
#endif

/* Below 1 MiB, where a CPU can start in real mode. */
#define CPU_TRAMPOLINE_GPA 0x8000

#ifndef __ASSEMBLER__
#include <stdbool.h>
#include <stdint.h>

enum cpu_vector {
	CPU_VECTOR_UD = 6,
	CPU_VECTOR_PF = 14,
	CPU_VECTOR_TIMER = 0x70,
	CPU_VECTOR_PING,  /* the receiver counts it */
	CPU_VECTOR_FLUSH, /* the receiver forgets cpu_flush_va, and counts */
	CPU_VECTOR_SPURIOUS = 0xff,
};

/* As the gates push it (entry.S). */
struct trap_frame {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
	uint64_t rbp, rdi, rsi, rdx, rcx, rbx, rax;
	uint64_t vector, error;
	uint64_t rip, cs, rflags, rsp, ss;
};

/* Interrupts of a vector above 31, on any CPU. */
struct cpu_event {
	volatile uint64_t count;
	volatile uint64_t tsc;        /* when the handler began */
	volatile uint64_t eoi_cycles; /* what its EOI took */
};
extern struct cpu_event cpu_events[256];

extern volatile uint64_t cpu_flush_va;

/* The unexpected exception that ended guard_run(). */
struct guard_trap {
	struct trap_frame frame;
	uint64_t cr2;
};
extern struct guard_trap guard_trap;

/* Called on a page fault at VA; true if the page is mapped now. */
extern bool (*cpu_on_fault)(uint64_t va);

/* Tables, FPU, APIC, interrupts on. On the first CPU, once. */
void cpu_init(void);

/* Run FN in ring 0 or 3. False: an exception ended it, see guard_trap. */
bool guard_run(void (*fn)(void *arg), void *arg, int ring);

/* The same; a timer ends it after CYCLES, as an unexpected exception of
 * CPU_VECTOR_TIMER would. FN must not use the timer itself. */
bool guard_run_for(void (*fn)(void *arg), void *arg, int ring, uint64_t cycles);

/* Start the second CPU; false if it does not come within a third of a
 * second. */
bool cpu_start_second(void);

/* How the second CPU waits for interrupts. */
extern volatile bool cpu_second_halts;
extern void (*volatile cpu_second_task)(void); /* NULL: nothing */

bool cpu_has_x2apic(void);
bool cpu_has_tsc_deadline(void);

void apic_ipi_self(uint8_t vector);
void apic_ipi_second(uint8_t vector);

/* Before the first apic_timer_arm(). */
void apic_timer_init(void);

/* CPU_VECTOR_TIMER once, CYCLES of the TSC from now; answers when that is. */
uint64_t apic_timer_arm(uint64_t cycles);

/* Halt until an interrupt has changed *COUNT from VALUE. */
void halt_while(const volatile uint64_t *count, uint64_t value);

struct cpuid_regs {
	uint32_t eax, ebx, ecx, edx;
};

static inline struct cpuid_regs cpuid(uint32_t leaf, uint32_t subleaf)
{
	struct cpuid_regs r;

	__asm__ volatile("cpuid"
			 : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
			 : "a"(leaf), "c"(subleaf));
	return r;
}

static inline uint64_t rdmsr(uint32_t msr)
{
	uint32_t low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return (uint64_t)high << 32 | low;
}

static inline void wrmsr(uint32_t msr, uint64_t value)
{
	__asm__ volatile("wrmsr"
			 :
			 : "c"(msr), "a"((uint32_t)value),
			   "d"((uint32_t)(value >> 32))
			 : "memory");
}

static inline void outl(uint16_t port, uint32_t value)
{
	__asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline uint32_t inl(uint16_t port)
{
	uint32_t value;

	__asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}
#endif
#endif
