// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/hostile/guest/machine.h"

#include <stdarg.h>
#include <stddef.h>

#include "workloads/guest/micro/abi.h"
#include "workloads/guest/micro/text.h"

#define POWER_PORT 0x604
#define POWER_OFF_VALUE 0x34
/* Where the hypervisor does not tell the TSC's rate. */
#define GUESS_KHZ 2000000ull

static uint64_t random_state = 1;

void mmio_write(uint64_t gpa, uint32_t width, uint64_t value)
{
	void *at = (void *)(uintptr_t)gpa;

	switch (width) {
	case 1:
		*(volatile uint8_t *)at = (uint8_t)value;
		break;
	case 2:
		*(volatile uint16_t *)at = (uint16_t)value;
		break;
	case 4:
		*(volatile uint32_t *)at = (uint32_t)value;
		break;
	default:
		*(volatile uint64_t *)at = value;
	}
}

uint64_t mmio_read(uint64_t gpa, uint32_t width)
{
	const void *at = (const void *)(uintptr_t)gpa;

	switch (width) {
	case 1:
		return *(const volatile uint8_t *)at;
	case 2:
		return *(const volatile uint16_t *)at;
	case 4:
		return *(const volatile uint32_t *)at;
	default:
		return *(const volatile uint64_t *)at;
	}
}

static void put(const char *s)
{
	for (; *s; s++)
		outb(UART_PORT, (uint8_t)*s);
}

static void add_number(struct text *t, uint64_t value, bool is_hex)
{
	text_add(t, is_hex ? "%x" : "%u", value);
}

void say(const char *fmt, ...)
{
	char line[160];
	struct text t = {line, sizeof(line), 0};
	va_list ap;

	line[0] = '\0';
	va_start(ap, fmt);
	for (; *fmt; fmt++) {
		char one[2] = {*fmt, '\0'};

		if (*fmt != '%') {
			text_add(&t, "%s", one);
			continue;
		}
		if (*++fmt == 's')
			text_add(&t, "%s", va_arg(ap, const char *));
		else
			add_number(&t, va_arg(ap, uint64_t), *fmt == 'x');
	}
	va_end(ap);
	put(line);
	put("\n");
}

void power_off(void)
{
	outb(POWER_PORT, POWER_OFF_VALUE);
	for (;;)
		__asm__ volatile("pause");
}

static uint64_t tsc_now(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

static uint64_t khz(void)
{
	const struct micro_info *info = (const void *)(uintptr_t)MICRO_INFO_GPA;

	return info->tsc_khz ? info->tsc_khz : GUESS_KHZ;
}

uint64_t after_ms(uint64_t ms)
{
	return tsc_now() + ms * khz();
}

bool is_past(uint64_t moment)
{
	return (int64_t)(tsc_now() - moment) >= 0;
}

void pause_us(uint64_t us)
{
	uint64_t until = tsc_now() + us * khz() / 1000;

	while (!is_past(until))
		__asm__ volatile("pause");
}

void chance_seed(uint64_t seed)
{
	random_state = seed * 0x9e3779b97f4a7c15ull + 1;
}

uint64_t chance(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * 0x2545f4914f6cdd1dull;
}

uint64_t chance_below(uint64_t limit)
{
	return chance() % limit;
}
