/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TESTS_HOSTILE_GUEST_MACHINE_H
#define TESTS_HOSTILE_GUEST_MACHINE_H

/*
 * machine - what the hostile guest knows of its machine: ports, addresses,
 * the serial console, time, chance. It runs without a libc, in ring 3 unless
 * an attack asks for ring 0 (workloads/guest/micro/cpu.h).
 */
#include <stdbool.h>
#include <stdint.h>

#include "workloads/guest/micro/cpu.h"

#define RAM_BYTES (64ull << 20) /* what the siege gives each guest */
#define RINGS_GPA 0x400000ull
#define DATA_GPA 0x1000000ull /* 16 MiB that attacks may fill */
#define DATA_BYTES 0x1000000ull

#define UART_PORT 0x3f8
#define PCI_WINDOW_GPA 0xc0000000ull
#define HOLE_GPA 0xd8000000ull /* of the PCI window, never decoded */
#define IOAPIC_GPA 0xfec00000ull
#define LAPIC_GPA 0xfee00000ull

static inline void outb(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline void outw(uint16_t port, uint16_t value)
{
	__asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline uint8_t inb(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

static inline uint16_t inw(uint16_t port)
{
	uint16_t value;

	__asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

/* One access of WIDTH bytes each: 1, 2, 4 or 8. */
void mmio_write(uint64_t gpa, uint32_t width, uint64_t value);
uint64_t mmio_read(uint64_t gpa, uint32_t width);

/* On the serial console; %s, %u and %x as text_add() has them. */
void say(const char *fmt, ...);

void power_off(void);

/* The moment MS from now, and whether it is past. */
uint64_t after_ms(uint64_t ms);
bool is_past(uint64_t moment);
void pause_us(uint64_t us);

/* xorshift64*, the same sequence for the same seed on every machine. */
void chance_seed(uint64_t seed);
uint64_t chance(void);
uint64_t chance_below(uint64_t limit);

#endif
