// SPDX-License-Identifier: GPL-3.0-or-later
/* A machine's small devices, its CPUID and its memory map, on the fake hypervisor. */
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "runners/vmm/acpi.h"
#include "runners/vmm/bus.h"
#include "runners/vmm/cpuid.h"
#include "runners/vmm/dev/ioapic.h"
#include "runners/vmm/dev/legacy.h"
#include "runners/vmm/dev/power.h"
#include "runners/vmm/dev/uart16550.h"
#include "runners/vmm/mem.h"
#include "runners/vmm/stamp.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/fixture/hv_fake.h"

#define STEP_BYTES 8

struct board {
	struct hv_vm vm;
	struct ioapic ioapic;
	struct uart uart;
	struct rtc rtc;
	struct power power;
	struct stamp_log stamps;
	struct thread_wait wait;
	struct bus ports, memory;
};

static void note_request(void *arg, enum power_request request)
{
	(void)arg;
	if (request != POWER_REQUEST_OFF && request != POWER_REQUEST_RESET)
		abort();
}

static void board_init(struct board *b)
{
	const struct bus_region ports[] = {
		{UART_PORT, UART_PORT_COUNT, uart_access, &b->uart},
		{RTC_PORT, RTC_PORT_COUNT, rtc_access, &b->rtc},
		{PIT_PORT, PIT_PORT_COUNT, pit_access, NULL},
		{POWER_PORT, POWER_PORT_COUNT, power_access, &b->power},
		{KEYBOARD_PORT, 1, keyboard_access, &b->power},
	};
	const struct bus_region pins = {IOAPIC_GPA, IOAPIC_SIZE_BYTES,
					ioapic_access, &b->ioapic};
	size_t i;

	memset(b, 0, sizeof(*b));
	hv_fake_reset();
	b->vm.ops = &hv_fake;
	b->power.request = note_request;
	ioapic_init(&b->ioapic, &b->vm);
	uart_init(&b->uart, &b->ioapic, -1);
	for (i = 0; i < ARRAY_SIZE(ports); i++)
		if (bus_add(&b->ports, &ports[i]))
			abort();
	if (bus_add(&b->memory, &pins))
		abort();
}

static void board_step(struct board *b, const uint8_t *data)
{
	static const uint16_t bases[] = {UART_PORT,  RTC_PORT,      PIT_PORT,
					 POWER_PORT, KEYBOARD_PORT, 0xffff};
	struct hv_access a = {.len_bytes = (uint8_t)(1 << data[0] % 4),
			      .is_write = data[0] & 0x80};

	memcpy(&a.data, data + 3, 4);
	switch (data[1] % 6) {
	case 0:
		a.addr = IOAPIC_GPA + (data[2] & 0x1f);
		bus_dispatch(&b->memory, &a);
		break;
	case 1:
		ioapic_set(&b->ioapic, data[2] % IOAPIC_PIN_COUNT, data[3] & 1);
		break;
	case 2:
		ioapic_eoi(&b->ioapic, data[2]);
		break;
	case 3:
		uart_receive(&b->uart, data + 2, 1 + data[0] % 6);
		break;
	case 4:
		stamp_write(&b->stamps, &b->wait, (uint32_t)a.data, data[7]);
		break;
	default:
		a.addr = bases[data[2] % ARRAY_SIZE(bases)] + data[7] % 8u;
		bus_dispatch(&b->ports, &a);
	}
}

static void fuzz_board(const uint8_t *data, size_t size)
{
	struct board b;

	board_init(&b);
	for (; size >= STEP_BYTES; data += STEP_BYTES, size -= STEP_BYTES)
		board_step(&b, data);
	thread_wait_close(&b.wait);
	uart_release(&b.uart);
	ioapic_release(&b.ioapic);
}

/* A hypervisor's CPUID, with any leaves in it. */
static void fuzz_cpuid(const uint8_t *data, size_t size)
{
	struct cpuid_table table = {.count = 0};
	struct cpuid_policy policy;
	size_t i;

	if (size < 4)
		return;
	policy = (struct cpuid_policy){.paravirt =
					       (enum hv_paravirt)(data[0] % 3),
				       .vcpu_index = data[1],
				       .vcpu_count = data[2],
				       .has_tsc_deadline = data[3] & 1,
				       .has_invariant_tsc = data[3] & 2};
	for (i = 4; i + 8 <= size; i += 8) {
		struct cpuid_entry *e = &table.entries[table.count++];

		*e = (struct cpuid_entry){
			.function = data[i] | (uint32_t)(data[i + 1] & 3) << 30,
			.index = data[i + 2],
			.has_index = data[i + 1] & 4};
		memset(&e->eax, data[i + 3], 4);
		memcpy(&e->ebx, data + i + 4, 4);
		e->ecx = e->ebx >> 3;
		e->edx = ~e->ebx;
	}
	cpuid_apply(&table, &policy);
	if (table.count > ARRAY_SIZE(table.entries))
		abort();
}

/* Any address and length; ACPI's tables of any number of CPUs. */
static void fuzz_mem(const uint8_t *data, size_t size)
{
	const struct mem_config cfg = {.bytes = MEM_MIN_BYTES};
	static struct mem mem;
	uint64_t gpa, len;
	struct err err;
	char *host;

	if (size < 18)
		return;
	if (!mem.host && mem_init(&mem, &cfg, &err))
		abort();
	memcpy(&gpa, data, sizeof(gpa));
	memcpy(&len, data + 8, sizeof(len));
	gpa >>= data[16] % 64;
	len >>= data[17] % 64;
	host = mem_ptr(&mem, gpa, len);
	if (host && (host < (char *)mem.host ||
		     host + len > (char *)mem.host + mem.bytes))
		abort();
	if (data[16] == 0xff)
		acpi_build(&mem, data[0] | (uint32_t)data[1] << 8, &err);
}

const struct fuzz_target targets_devices[] = {
	{.name = "board", .run = fuzz_board, .max_bytes = 512},
	{.name = "cpuid", .run = fuzz_cpuid, .max_bytes = 512},
	{.name = "mem", .run = fuzz_mem, .max_bytes = 18},
	{0},
};
