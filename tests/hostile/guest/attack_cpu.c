// SPDX-License-Identifier: GPL-3.0-or-later
/* Attacks by instructions, registers and ports: what is no PCI device. */
#include <stddef.h>
#include <string.h>

#include "tests/hostile/guest/attack.h"
#include "tests/hostile/guest/machine.h"
#include "workloads/guest/micro/abi.h"
#include "workloads/stamp_port.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define PIT_PORT 0x40
#define RTC_PORT 0x70
#define KEYBOARD_PORT 0x64
#define POWER_PORT 0x604

void attack_ioapic(struct world *w)
{
	uint32_t i;

	(void)w;
	for (i = 0; i < 4000; i++) {
		mmio_write(IOAPIC_GPA, 4, chance());
		/* No level interrupt that is sent at once: none is wanted. */
		mmio_write(IOAPIC_GPA + 0x10, 4, chance());
		mmio_read(IOAPIC_GPA + 0x10, 4);
		mmio_write(IOAPIC_GPA + 0x40, 4, chance());
		mmio_write(IOAPIC_GPA + chance_below(0x1000), 1, chance());
		mmio_read(IOAPIC_GPA + chance_below(0xff8), 8);
	}
	for (i = 0; i < 48; i++) {
		mmio_write(IOAPIC_GPA, 4, 0x10 + i);
		mmio_write(IOAPIC_GPA + 0x10, 4, 0x10000);
	}
}

/* Interrupts are off, and stay so: nothing of this is to arrive. */
void attack_lapic(struct world *w)
{
	uint32_t i;

	(void)w;
	__asm__ volatile("cli");
	for (i = 0; i < 0x400; i += 0x10) {
		mmio_read(LAPIC_GPA + i, 4);
		if (i == 0x300 || i == 0xf0)
			continue;
		mmio_write(LAPIC_GPA + i, 4, 0xffffffff);
		mmio_write(LAPIC_GPA + i, 4, chance());
	}
	for (i = 0; i < 500; i++) {
		/* To all and to none, in each mode but INIT and start-up. */
		mmio_write(LAPIC_GPA + 0x310, 4, chance());
		mmio_write(LAPIC_GPA + 0x300, 4, 0x4000 | (0x80 + i % 64));
	}
	for (i = 0x1000; i < 0x20000; i += 0x1004)
		mmio_write(LAPIC_GPA + i, 4, i);
}

/* All ports but those that end the machine or wait. */
void attack_ports(struct world *w)
{
	uint32_t port, i;

	(void)w;
	for (port = 0; port < 0x10000; port += port < 0x1000 ? 1 : 97) {
		if (port == KEYBOARD_PORT || port / 8 == UART_PORT / 8 ||
		    (port >= 0x5f8 && port < 0x630))
			continue;
		inb((uint16_t)port);
		outb((uint16_t)port, (uint8_t)port);
		outl((uint16_t)port, 0xffffffff);
	}
	for (i = 0; i < 3000; i++) {
		outb((uint16_t)(PIT_PORT + i % 4), (uint8_t)chance());
		outb(RTC_PORT, (uint8_t)i);
		inb(RTC_PORT + 1);
		outb(RTC_PORT + 1, 0xff);
		outb(POWER_PORT + 1, (uint8_t)chance());
		outb(POWER_PORT, (uint8_t)(chance() & ~0x20u));
		outb(KEYBOARD_PORT, (uint8_t)(chance() & 0x7f));
	}
}

/* Ends before beginnings, sections twice, times of a calibration that lie. */
void attack_stamps(struct world *w)
{
	static const uint32_t kinds[] = {WL_STAMP_BEGIN,
					 WL_STAMP_END,
					 WL_STAMP_PHASE,
					 WL_STAMP_CALIBRATE,
					 0,
					 0x60000000,
					 0xf0000000};
	uint32_t i;

	(void)w;
	for (i = 0; i < 6000; i++)
		outl(WL_STAMP_PORT, kinds[chance_below(COUNT(kinds))] |
					    (i % 2 ? (uint32_t)chance_below(40)
						   : (uint32_t)chance() >> 4));
	for (i = 0; i < 100; i++) {
		outw(WL_STAMP_PORT, (uint16_t)chance());
		outb(WL_STAMP_PORT, (uint8_t)chance());
		inl(WL_STAMP_PORT);
	}
}

/* From both CPUs at once; the second one never stops. */
static void stamp_on(void)
{
	for (;;) {
		outl(WL_STAMP_PORT, WL_STAMP_BEGIN | 1);
		outl(WL_STAMP_PORT, WL_STAMP_END | 1);
	}
}

void attack_stamps_twice(struct world *w)
{
	struct pci_dev *dev = world_dev(w, VIRTIO_BLK);
	uint32_t i, k;

	if (!cpu_start_second())
		return;
	cpu_second_task = stamp_on;
	/* A disk that opens descriptors all the while. */
	for (i = 0; i < 40; i++) {
		if (dev)
			world_start(w, dev, 0);
		for (k = 0; k < 50; k++) {
			outl(WL_STAMP_PORT, WL_STAMP_BEGIN | 2);
			outl(WL_STAMP_PORT, WL_STAMP_END | 2);
		}
		if (dev)
			driver_reset(dev);
	}
}

/* Each asks the VMM for all its counters. */
void attack_counts(struct world *w)
{
	uint64_t until = after_ms(500);
	uint32_t i;

	(void)w;
	for (i = 0; i < 3000 && !is_past(until); i++)
		outl(WL_STAMP_PORT, 0x50000000u | (uint32_t)chance_below(9));
}

/* Where nothing is, up to the end of what is mapped. */
void attack_mmio_holes(struct world *w)
{
	uint64_t gpa;
	uint32_t width;

	(void)w;
	for (gpa = RAM_BYTES; gpa < 0xfee00000; gpa += 0x2110000 + 8)
		for (width = 1; width <= 8; width *= 2) {
			mmio_read(gpa - gpa % width, width);
			mmio_write(gpa - gpa % width, width, UINT64_MAX);
		}
}

/* Half in RAM, half not; half in one page, half in the next. */
void attack_mmio_crossing(struct world *w)
{
	(void)w;
	mmio_read(HOLE_GPA + 0xffc, 8);
	mmio_write(HOLE_GPA + 0xffd, 8, UINT64_MAX);
	mmio_read(RAM_BYTES - 4, 8);
	mmio_write(RAM_BYTES - 4, 8, UINT64_MAX);
}

/* Instructions of many forms; what a hypervisor does not know ends the machine. */
void attack_mmio_forms(struct world *w)
{
	volatile void *at = (volatile void *)(uintptr_t)HOLE_GPA;
	uint64_t a = 1, d = 2;

	(void)w;
	__asm__ volatile("movzbl (%1), %k0" : "=r"(a) : "r"(at));
	__asm__ volatile("movswq (%1), %0" : "=r"(a) : "r"(at));
	__asm__ volatile("addl %k0, (%1)" : : "r"(a), "r"(at) : "memory");
	__asm__ volatile("orb $1, (%0)" : : "r"(at) : "memory");
	__asm__ volatile("testl %k0, (%1)" : : "r"(a), "r"(at) : "memory");
	__asm__ volatile("xchgl %k0, (%1)" : "+r"(a) : "r"(at) : "memory");
	__asm__ volatile("lock incl (%0)" : : "r"(at) : "memory");
	__asm__ volatile("btsl $5, (%0)" : : "r"(at) : "memory");
	__asm__ volatile("lock cmpxchgl %k1, (%2)"
			 : "+a"(a)
			 : "r"(d), "r"(at)
			 : "memory");
}

void attack_mmio_push(struct world *w)
{
	(void)w;
	__asm__ volatile("pushq (%0); popq (%0)" : : "r"(HOLE_GPA) : "memory");
}

static void copy(uint64_t to, uint64_t from, uint64_t count)
{
	__asm__ volatile("rep movsb"
			 : "+D"(to), "+S"(from), "+c"(count)
			 :
			 : "memory");
}

/* Into a device, out of one, from one into the other, over the end of RAM. */
void attack_mmio_string(struct world *w)
{
	copy(HOLE_GPA, DATA_GPA, 64);
	copy(DATA_GPA, HOLE_GPA, 64);
	copy(HOLE_GPA + 0x100, w->devs[0].common, 64);
	copy(HOLE_GPA + 0xff0, DATA_GPA, 64);
	copy(RAM_BYTES - 16, DATA_GPA, 64);
}

void attack_mmio_vector(struct world *w)
{
	(void)w;
	__asm__ volatile("movups (%0), %%xmm0; movups %%xmm0, (%0)"
			 :
			 : "r"(HOLE_GPA)
			 : "memory");
}

void attack_cpuid(struct world *w)
{
	uint32_t i, leaf;

	(void)w;
	for (i = 0; i < 256; i++)
		for (leaf = 0; leaf < 4; leaf++)
			cpuid((leaf << 30) | i, leaf * i);
	for (i = 0; i < 2000; i++)
		cpuid((uint32_t)chance(), (uint32_t)chance());
}

/* An exception ends one of them, not all: each has a guard of its own. */
static uint32_t msr;

static void one_msr(void *arg)
{
	(void)arg;
	wrmsr(msr, rdmsr(msr) ^ 1);
}

void attack_msrs(struct world *w)
{
	static const uint32_t bases[] = {
		0,          0x100,      0x200,      0x174,      0x300,
		0x400,      0x480,      0x600,      0x6d0,      0x40000000,
		0x4b564d00, 0xc0010000, 0xc0010100, 0x400000e0, 0x40000100};
	uint32_t i, k;

	(void)w;
	for (i = 0; i < COUNT(bases); i++)
		for (k = 0; k < 48; k++) {
			msr = bases[i] + k;
			/* Where the CPU finds its own things. */
			if (msr == 0x1b || msr == 0x6e0)
				continue;
			guard_run(one_msr, NULL, 0);
		}
}

static void one_hypercall(void *arg)
{
	uint64_t a = chance(), c = chance(), d = chance();

	(void)arg;
	__asm__ volatile("vmcall" : "+a"(a), "+c"(c), "+d"(d) : : "memory");
}

static void other_hypercall(void *arg)
{
	uint64_t a = chance(), c = chance(), d = chance();

	(void)arg;
	__asm__ volatile("vmmcall" : "+a"(a), "+c"(c), "+d"(d) : : "memory");
}

void attack_hypercalls(struct world *w)
{
	uint32_t i;

	(void)w;
	for (i = 0; i < 64; i++) {
		guard_run(one_hypercall, NULL, 0);
		guard_run(other_hypercall, NULL, 0);
	}
}

/* Everything at its end at once, with I/O under way. */
void attack_power(struct world *w)
{
	struct pci_dev *dev = world_dev(w, VIRTIO_BLK);
	uint32_t i;

	if (dev)
		world_start(w, dev, 0);
	for (i = 0; i < 100; i++) {
		if (dev)
			queue_push(&w->queues[0], i);
		outb(POWER_PORT, i % 2 ? 0x34 : 0x20);
	}
}

void attack_reset_port(struct world *w)
{
	uint32_t i;

	(void)w;
	for (i = 0; i < 256; i++)
		outb(POWER_PORT + 2, (uint8_t)i);
}

void attack_keyboard_reset(struct world *w)
{
	(void)w;
	outb(KEYBOARD_PORT, 0xfe);
}

void attack_triple_fault(struct world *w)
{
	static const struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) none;

	(void)w;
	__asm__ volatile("lidt %0; ud2" : : "m"(none));
}

/* With interrupts off nothing ends this from inside. */
void attack_halt(struct world *w)
{
	(void)w;
	for (;;)
		__asm__ volatile("cli; hlt");
}

void attack_spin(struct world *w)
{
	(void)w;
	for (;;)
		__asm__ volatile("pause");
}

/* The tables by which the CPU translates are where nothing is. */
void attack_page_tables(struct world *w)
{
	(void)w;
	__asm__ volatile("mov %0, %%cr3" : : "r"(HOLE_GPA) : "memory");
	for (;;)
		__asm__ volatile("pause");
}

void attack_code_in_mmio(struct world *w)
{
	void (*there)(void);
	uint64_t gpa = HOLE_GPA;

	(void)w;
	memcpy(&there, &gpa, sizeof(there));
	there();
}
