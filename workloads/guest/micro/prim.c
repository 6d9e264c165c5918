// SPDX-License-Identifier: GPL-3.0-or-later
#include "workloads/guest/micro/prim.h"

#include <stddef.h>
#include <string.h>

#include "workloads/guest/micro/cpu.h"
#include "workloads/guest/micro/pages.h"

#define MSR_APIC_BASE 0x1bu
#define MSR_PAT 0x277u
#define CPUID1_XSAVE (1u << 26)
/* No hypervisor has a call of this number; KVM answers that it has none. */
#define NO_HYPERCALL 0x7fffu
/* How long anything may be waited for. */
#define WAIT_CYCLES 1000000000ull
/* What a CPU needs to halt again, for sure. */
#define SETTLE_CYCLES 100000u
#define CLOCK_SAMPLES 200u

static bool is_amd;
static uint64_t tsc_khz;

static volatile uint32_t *mmio(uint32_t gpa)
{
	return (volatile uint32_t *)(uintptr_t)gpa;
}

MICRO_LOOP(micro_pio_out, outl(MICRO_PORT_NOP, 0))
MICRO_LOOP(micro_pio_in, inl(MICRO_PORT_NOP))
MICRO_LOOP(micro_mmio_write, *mmio(MICRO_MMIO_NOP) = 0)
MICRO_LOOP(micro_mmio_read, *mmio(MICRO_MMIO_NOP))
MICRO_LOOP(micro_doorbell, *mmio(MICRO_MMIO_BELL) = 1)
MICRO_LOOP(micro_msr_read, rdmsr(MSR_APIC_BASE))
MICRO_LOOP(micro_msr_write, wrmsr(MSR_PAT, run->param))
MICRO_LOOP(micro_vmm_msr_read, rdmsr(MICRO_MSR))
MICRO_LOOP(micro_vmm_msr_write, wrmsr(MICRO_MSR, 0))

static inline void do_hypercall(void)
{
	uint64_t a = NO_HYPERCALL;

	/* KVM takes the first as well, and patches it to the CPU's own. */
	if (is_amd)
		__asm__ volatile("vmmcall" : "+a"(a) : : "memory");
	else
		__asm__ volatile("vmcall" : "+a"(a) : : "memory");
}

MICRO_LOOP(micro_hypercall, do_hypercall())

static inline uint64_t xgetbv0(void)
{
	uint32_t low, high;

	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return (uint64_t)high << 32 | low;
}

static inline void xsetbv0(uint64_t value)
{
	__asm__ volatile("xsetbv"
			 :
			 : "c"(0), "a"((uint32_t)value),
			   "d"((uint32_t)(value >> 32)));
}

MICRO_LOOP(micro_xsetbv, xsetbv0(run->param))

/* False when it does not come. */
static bool wait_for(const struct cpu_event *e, uint64_t count)
{
	uint64_t start = rdtsc_now();

	while (e->count == count)
		if (rdtsc_now() - start > WAIT_CYCLES)
			return false;
	return true;
}

/*
 * One kind of interrupt, sent and taken: SEND returns the start of the time,
 * TAKEN the sample after the handler has run.
 */
struct interrupt {
	uint8_t vector;
	bool halts; /* until it comes */
	uint64_t (*send)(const struct micro_run *run);
	uint64_t (*taken)(const struct cpu_event *e, uint64_t from);
};

static uint64_t send_self(const struct micro_run *run)
{
	uint64_t from = rdtsc_begin();

	(void)run;
	apic_ipi_self(CPU_VECTOR_PING);
	return from;
}

static uint64_t send_second(const struct micro_run *run)
{
	uint64_t from;

	(void)run;
	/* Time to halt again. */
	for (from = rdtsc_now(); cpu_second_halts;)
		if (rdtsc_now() - from > SETTLE_CYCLES)
			break;
	from = rdtsc_begin();
	apic_ipi_second(CPU_VECTOR_PING);
	return from;
}

static uint64_t send_flush(const struct micro_run *run)
{
	uint64_t from;

	(void)run;
	cpu_flush_va = MICRO_FREE_GPA;
	from = rdtsc_begin();
	apic_ipi_second(CPU_VECTOR_FLUSH);
	return from;
}

static uint64_t send_echo(const struct micro_run *run)
{
	uint64_t from = rdtsc_begin();

	(void)run;
	*mmio(MICRO_MMIO_ECHO) = 1;
	return from;
}

static uint64_t arm_timer(const struct micro_run *run)
{
	return apic_timer_arm(run->param);
}

static uint64_t until_handler(const struct cpu_event *e, uint64_t from)
{
	return e->tsc > from ? e->tsc - from : 0;
}

static uint64_t until_seen(const struct cpu_event *e, uint64_t from)
{
	(void)e;
	return rdtsc_end() - from;
}

static uint64_t eoi_alone(const struct cpu_event *e, uint64_t from)
{
	(void)from;
	return e->eoi_cycles;
}

static void take_interrupts(struct micro_run *run, const struct interrupt *in)
{
	const struct cpu_event *e = &cpu_events[in->vector];
	const uint64_t first = e->count;
	uint32_t i;

	for (i = 0; i < run->sample_count; i++) {
		uint64_t count = e->count;
		uint64_t from = in->send(run);

		if (in->halts) {
			halt_while(&e->count, count);
		} else if (!wait_for(e, count)) {
			run->failure = "an interrupt was sent and did not come";
			return;
		}
		run->cycles[i] = in->taken(e, from);
		micro_limit(run, i);
	}
	if (e->count - first != run->sample_count)
		run->failure = "more interrupts came than were sent";
}

#define INTERRUPT_LOOP(name, second_halts, ...)            \
	void name(struct micro_run *run)                   \
	{                                                  \
		const struct interrupt in = {__VA_ARGS__}; \
                                                           \
		cpu_second_halts = second_halts;           \
		take_interrupts(run, &in);                 \
	}

INTERRUPT_LOOP(micro_self_ipi, false, CPU_VECTOR_PING, false, send_self,
	       until_handler)
INTERRUPT_LOOP(micro_eoi, false, CPU_VECTOR_PING, false, send_self, eoi_alone)
INTERRUPT_LOOP(micro_ipi_running, false, CPU_VECTOR_PING, false, send_second,
	       until_seen)
INTERRUPT_LOOP(micro_ipi_halted, true, CPU_VECTOR_PING, false, send_second,
	       until_seen)
INTERRUPT_LOOP(micro_tlb_flush, false, CPU_VECTOR_FLUSH, false, send_flush,
	       until_seen)
INTERRUPT_LOOP(micro_hlt_timer, false, CPU_VECTOR_TIMER, true, arm_timer,
	       until_handler)
INTERRUPT_LOOP(micro_timer_late, false, CPU_VECTOR_TIMER, false, arm_timer,
	       until_handler)
INTERRUPT_LOOP(micro_hlt_irqfd, false, MICRO_ECHO_VECTOR, true, send_echo,
	       until_handler)

static struct {
	volatile uint64_t asked, answered, tsc;
	volatile bool is_over;
} clocks;

static void answer_clock(void)
{
	while (!clocks.is_over) {
		if (clocks.answered == clocks.asked)
			continue;
		clocks.tsc = rdtsc_begin();
		clocks.answered = clocks.asked;
	}
}

/* How far the second CPU's TSC seems from the middle of the question; it
 * cannot be told from half of the way there and back. */
void micro_tsc_offset(struct micro_run *run)
{
	uint32_t i;

	cpu_second_halts = false;
	clocks.is_over = false;
	cpu_second_task = answer_clock;
	/* It may be halted. */
	apic_ipi_second(CPU_VECTOR_PING);
	for (i = 0; i < run->sample_count; i++) {
		uint64_t before = rdtsc_begin();
		uint64_t after, middle;

		clocks.asked++;
		while (clocks.answered != clocks.asked &&
		       rdtsc_now() - before < WAIT_CYCLES)
			;
		after = rdtsc_end();
		middle = before + (after - before) / 2;
		if (clocks.answered != clocks.asked) {
			run->sample_count = i;
			run->failure = "the second vCPU did not answer";
			break;
		}
		run->cycles[i] = clocks.tsc > middle ? clocks.tsc - middle
						     : middle - clocks.tsc;
		micro_limit(run, i);
	}
	cpu_second_task = NULL;
	clocks.is_over = true;
}

/*
 * How far the TSC, by the rate that the guest was told, is from the host's
 * clock since the first reading. The host's half of a reading is taken while
 * the guest waits for it; its 32 bits wrap less often than they are read.
 */
void micro_tsc_host(struct micro_run *run)
{
	uint64_t pause = run->param / run->sample_count;
	uint64_t host_ns = 0, first = 0;
	uint32_t last = 0, i;

	for (i = 0; i <= run->sample_count; i++) {
		uint64_t before = rdtsc_begin();
		uint32_t clock = inl(MICRO_PORT_CLOCK);
		uint64_t middle = before + (rdtsc_end() - before) / 2;
		uint64_t by_host, by_tsc;

		if (!i) {
			first = middle;
			last = clock;
		}
		host_ns += clock - last;
		last = clock;
		by_host = host_ns * tsc_khz / 1000000;
		by_tsc = middle - first;
		if (i)
			run->cycles[i - 1] = by_tsc > by_host
						     ? by_tsc - by_host
						     : by_host - by_tsc;
		/* By the first reading, so that no delay adds up. */
		while (rdtsc_now() - first < (i + 1) * pause)
			;
	}
}

/* A page a sample; the handler maps it. */
void micro_page_fault(struct micro_run *run)
{
	volatile uint8_t *page = run->area;
	uint32_t i;

	for (i = 0; i < run->sample_count; i++) {
		uint64_t start = rdtsc_begin();

		page[(uint64_t)i * 4096] = 1;
		run->cycles[i] = rdtsc_end() - start;
		micro_limit(run, i);
	}
}

/* A page a sample, mapped in the guest, that the host has not yet backed. */
void micro_first_touch(struct micro_run *run)
{
	volatile uint8_t *page = run->area;
	uint32_t i;

	for (i = 0; i < run->sample_count; i++) {
		uint64_t start = rdtsc_begin();

		page[i * run->param] = 1;
		run->cycles[i] = rdtsc_end() - start;
		micro_limit(run, i);
	}
}

MICRO_LOOP(micro_fault_ud, __asm__ volatile("ud2"))
MICRO_LOOP(micro_fault_gp, __asm__ volatile("lgdt 0"))

void micro_fault_triple(struct micro_run *run)
{
	static const uint8_t none[10];

	__asm__ volatile("lidt %0; ud2" : : "m"(none));
	run->failure = "a triple fault did not end it";
}

void micro_fault_hang(struct micro_run *run)
{
	(void)run;
	/* No timer is set that could end it. */
	for (;;)
		__asm__ volatile("pause");
}

/* PARAM milliseconds become cycles. */
static const char *prepare_clock(struct micro_run *run,
				 const struct micro_info *info)
{
	tsc_khz = info->tsc_khz;
	run->sample_count = CLOCK_SAMPLES;
	run->param *= tsc_khz;
	return tsc_khz ? NULL : "the rate of this guest's TSC is not known";
}

static const char *prepare_second(const struct micro_info *info)
{
	if (info->vcpu_count < 2)
		return "needs two vCPUs";
	if (info->host_cpu_count < 2)
		return "the host has one CPU for both vCPUs, which would take turns";
	return cpu_start_second() ? NULL : "the second vCPU did not start";
}

/* The second half of a region; walks use the first. Each byte is new once. */
static const char *prepare_touch(struct micro_run *run,
				 const struct micro_info *info)
{
	const struct micro_region *r =
		run->param > 4096 ? &info->huge : &info->small;
	uint64_t count = r->bytes / 2 / run->param;

	if (!count)
		return "needs more guest RAM";
	run->area = (void *)(uintptr_t)(r->gpa + r->bytes / 2);
	if (run->sample_count > count)
		run->sample_count = (uint32_t)count;
	return NULL;
}

const char *prim_prepare(micro_loop *loop, struct micro_run *run,
			 const struct micro_info *info)
{
	is_amd = cpuid(0, 0).ecx != 0x6c65746e; /* "ntel" */
	if (loop == micro_ipi_running || loop == micro_ipi_halted ||
	    loop == micro_tlb_flush || loop == micro_tsc_offset)
		return prepare_second(info);
	if (loop == micro_hlt_timer || loop == micro_timer_late)
		apic_timer_init();
	if (loop == micro_first_touch)
		return prepare_touch(run, info);
	if (loop == micro_tsc_host)
		return prepare_clock(run, info);
	if ((loop == micro_vmm_msr_read || loop == micro_vmm_msr_write) &&
	    !info->has_msr)
		return "this hypervisor hands no MSR to the VMM";
	if (loop == micro_page_fault)
		run->area = pages_demand(run->sample_count);
	if (loop == micro_msr_write)
		run->param = rdmsr(MSR_PAT);
	if (loop == micro_xsetbv) {
		if (!(cpuid(1, 0).ecx & CPUID1_XSAVE))
			return "this guest's CPU has no XSAVE";
		run->param = xgetbv0();
	}
	return NULL;
}

bool prim_may_trap(micro_loop *loop)
{
	return loop == micro_hypercall || loop == micro_msr_read ||
	       loop == micro_msr_write || loop == micro_vmm_msr_read ||
	       loop == micro_vmm_msr_write || loop == micro_xsetbv;
}
