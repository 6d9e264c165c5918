// SPDX-License-Identifier: GPL-3.0-or-later
/* runners/vmm: buses, IOAPIC, UART, PCI, virtio, CPUID. */
#include "tests/unit/test.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runners/vmm/bus.h"
#include "runners/vmm/cpuid.h"
#include "runners/vmm/dev/ioapic.h"
#include "runners/vmm/dev/legacy.h"
#include "runners/vmm/dev/uart16550.h"
#include "runners/vmm/mem.h"
#include "runners/vmm/virtio/console.h"
#include "runners/vmm/virtio/rng.h"
#include "runners/vmm/virtio/virtio_pci.h"
#include "tests/unit/fixture/access.h"
#include "tests/unit/fixture/hv_fake.h"

static struct hv_vm fake_vm = {.ops = &hv_fake};

/* --- bus ------------------------------------------------------------- */

static void echo_offset(void *dev, struct hv_access *a)
{
	(void)dev;
	a->data = a->addr;
}

static void bus_finds_owners_and_refuses_overlap(void **state)
{
	struct bus bus = {.count = 0};
	const struct bus_region a = {0x100, 0x10, echo_offset, NULL};
	const struct bus_region b = {0x10f, 1, echo_offset, NULL};
	struct hv_access access = {.addr = 0x10f, .len_bytes = 1};

	(void)state;
	assert_int_equal(bus_add(&bus, &a), 0);
	assert_int_equal(bus_add(&bus, &b), -EEXIST);
	bus_dispatch(&bus, &access);
	assert_int_equal(access.data, 0xf);
	assert_int_equal(access.addr, 0x10f);
	access.addr = 0x110;
	bus_dispatch(&bus, &access);
	assert_true(access.data == UINT64_MAX);
}

/* --- IOAPIC ---------------------------------------------------------- */

static void ioapic_program(struct ioapic *io, uint32_t pin, uint64_t entry)
{
	access_write(ioapic_access, io, 0, 4, 0x10 + 2 * pin + 1);
	access_write(ioapic_access, io, 0x10, 4, entry >> 32);
	access_write(ioapic_access, io, 0, 4, 0x10 + 2 * pin);
	access_write(ioapic_access, io, 0x10, 4, entry & UINT32_MAX);
}

static void ioapic_edge_delivers_once_a_rise(void **state)
{
	struct ioapic io;

	(void)state;
	hv_fake_reset();
	ioapic_init(&io, &fake_vm);
	ioapic_set(&io, 4, true); /* masked after reset */
	ioapic_set(&io, 4, false);
	assert_int_equal(hv_fake_state.sent_count, 0);
	ioapic_program(&io, 4, 3ULL << 56 | 0x31);
	assert_false(hv_fake_state.route_set[4]); /* nothing to hear of it */
	ioapic_set(&io, 4, true);
	ioapic_set(&io, 4, true);
	assert_int_equal(hv_fake_state.sent_count, 1);
	assert_int_equal(hv_fake_state.sent[0].addr, 0xfee03000);
	assert_int_equal(hv_fake_state.sent[0].data, 0x31);
	ioapic_set(&io, 99, true);
	ioapic_release(&io);
}

static void ioapic_level_waits_for_eoi(void **state)
{
	struct ioapic io;

	(void)state;
	hv_fake_reset();
	ioapic_init(&io, &fake_vm);
	ioapic_program(&io, 5, 1u << 15 | 0x42);
	assert_true(hv_fake_state.route_set[5]);
	ioapic_set(&io, 5, true);
	ioapic_set(&io, 5, true);
	assert_int_equal(hv_fake_state.sent_count, 1);
	ioapic_eoi(&io, 0x41);
	assert_int_equal(hv_fake_state.sent_count, 1);
	/* By the register of newer versions; the line is still high. */
	access_write(ioapic_access, &io, 0x40, 4, 0x42);
	assert_int_equal(hv_fake_state.sent_count, 2);
	ioapic_set(&io, 5, false);
	ioapic_eoi(&io, 0x42);
	assert_int_equal(hv_fake_state.sent_count, 2);
	ioapic_release(&io);
}

/* --- UART ------------------------------------------------------------ */

static void uart_writes_lines_and_takes_keys(void **state)
{
	struct ioapic io;
	struct uart u;
	int fds[2];
	char buf[16];
	size_t i;

	(void)state;
	hv_fake_reset();
	assert_int_equal(pipe(fds), 0);
	ioapic_init(&io, &fake_vm);
	ioapic_program(&io, UART_IRQ, 0x24);
	uart_init(&u, &io, fds[1]);
	for (i = 0; i < 3; i++)
		access_write(uart_access, &u, 0, 1, (uint64_t) "hi\n"[i]);
	assert_int_equal(read(fds[0], buf, sizeof(buf)), 3);
	assert_memory_equal(buf, "hi\n", 3);
	assert_int_equal(access_read(uart_access, &u, 5, 1), 0x60);
	access_write(uart_access, &u, 1, 1, 1); /* interrupt on data */
	uart_receive(&u, (const uint8_t *)"k", 1);
	assert_true(hv_fake_state.sent_count > 0);
	assert_int_equal(access_read(uart_access, &u, 5, 1), 0x61);
	assert_int_equal(access_read(uart_access, &u, 0, 1), 'k');
	assert_int_equal(access_read(uart_access, &u, 5, 1), 0x60);
	access_write(uart_access, &u, 0, 1, 'x');
	uart_release(&u);
	assert_int_equal(read(fds[0], buf, sizeof(buf)), 1);
	ioapic_release(&io);
	close(fds[0]);
	close(fds[1]);
}

static void rtc_shows_a_plausible_date(void **state)
{
	struct rtc rtc = {0};
	uint64_t month;

	(void)state;
	access_write(rtc_access, &rtc, 0, 1, 0x08);
	month = access_read(rtc_access, &rtc, 1, 1);
	assert_in_range(month, 1, 0x12);
	access_write(rtc_access, &rtc, 0, 1, 0x0a);
	assert_int_equal(access_read(rtc_access, &rtc, 1, 1), 0);
}

/* --- PCI and virtio -------------------------------------------------- */

#define CFG(slot, reg) (1u << 31 | (slot) << 11 | (reg))

struct machine {
	struct mem mem;
	struct pci_bus pci;
	struct console con;
	struct virtio_pci con_pci;
	struct rng rng;
	struct virtio_pci rng_pci;
	int channel[2];
};

static const _Atomic(int) never;

static int machine_setup(void **state)
{
	const struct mem_config mc = {.bytes = 32 * MIB};
	struct machine *m = calloc(1, sizeof(*m));
	struct err err = {0};

	hv_fake_reset();
	*state = m;
	if (mem_init(&m->mem, &mc, &err) ||
	    socketpair(AF_UNIX, SOCK_STREAM, 0, m->channel))
		return -1;
	pci_bus_init(&m->pci, &fake_vm);
	console_init(&m->con, &m->mem, m->channel[1], &never);
	rng_init(&m->rng, &m->mem);
	return virtio_pci_init(&m->con_pci, &m->pci, 1, &m->con.dev) ||
	       virtio_pci_init(&m->rng_pci, &m->pci, 2, &m->rng.dev);
}

static int machine_teardown(void **state)
{
	struct machine *m = *state;

	virtio_pci_release(&m->rng_pci);
	virtio_pci_release(&m->con_pci);
	console_release(&m->con);
	rng_release(&m->rng);
	pci_bus_release(&m->pci);
	mem_release(&m->mem);
	close(m->channel[0]);
	close(m->channel[1]);
	free(m);
	return 0;
}

static uint64_t cfg_read(struct machine *m, uint32_t slot, uint32_t reg,
			 uint8_t len)
{
	access_write(pci_config_access, &m->pci, 0, 4, CFG(slot, reg & ~3u));
	return access_read(pci_config_access, &m->pci, 4 + (reg & 3), len);
}

static void cfg_write(struct machine *m, uint32_t slot, uint32_t reg,
		      uint8_t len, uint64_t v)
{
	access_write(pci_config_access, &m->pci, 0, 4, CFG(slot, reg & ~3u));
	access_write(pci_config_access, &m->pci, 4 + (reg & 3), len, v);
}

static void pci_shows_devices_and_sizes_bars(void **state)
{
	struct machine *m = *state;
	uint64_t bar;

	assert_int_equal(cfg_read(m, 0, 0, 4), 0x0d578086);
	assert_int_equal(cfg_read(m, 1, 0, 4), 0x10431af4);
	assert_int_equal(cfg_read(m, 2, 0, 4), 0x10441af4);
	assert_int_equal(cfg_read(m, 3, 0, 4),
			 UINT32_MAX | 0xffffffff00000000ULL);
	bar = cfg_read(m, 1, 0x10, 4);
	cfg_write(m, 1, 0x10, 4, UINT32_MAX);
	assert_int_equal(cfg_read(m, 1, 0x10, 4), ~(PCI_BAR_BYTES - 1));
	cfg_write(m, 1, 0x10, 4, bar);
	assert_int_equal(cfg_read(m, 1, 0x10, 4), bar);
	cfg_write(m, 1, 0, 4, 0); /* identity is read-only */
	assert_int_equal(cfg_read(m, 1, 0, 4), 0x10431af4);
}

static void pci_capabilities_end(void **state)
{
	struct machine *m = *state;
	uint64_t at = cfg_read(m, 1, 0x34, 1);
	int vendor = 0, msix = 0, steps = 0;

	while (at && steps++ < 20) {
		uint64_t id = cfg_read(m, 1, (uint32_t)at, 1);

		vendor += id == 9;
		msix += id == 0x11;
		at = cfg_read(m, 1, (uint32_t)at + 1, 1);
	}
	assert_int_equal(vendor, 4);
	assert_int_equal(msix, 1);
}

static uint64_t bar_gpa(struct machine *m, uint32_t slot, uint32_t bar)
{
	return cfg_read(m, slot, 0x10 + 4 * bar, 4) - PCI_MMIO_GPA;
}

static void mmio_write(struct machine *m, uint64_t off, uint8_t len, uint64_t v)
{
	access_write(pci_mmio_access, &m->pci, off, len, v);
}

static uint64_t mmio_read(struct machine *m, uint64_t off, uint8_t len)
{
	return access_read(pci_mmio_access, &m->pci, off, len);
}

/* Queue q of the device in SLOT: rings at 1 MiB + q * 64 KiB. */
#define RING(q) (MIB + (q)*64 * KIB)

static void queue_start(struct machine *m, uint64_t bar, uint16_t q)
{
	mmio_write(m, bar + 22, 2, q);
	mmio_write(m, bar + 24, 2, 16);
	mmio_write(m, bar + 26, 2, q);
	mmio_write(m, bar + 32, 8, RING(q));
	mmio_write(m, bar + 40, 8, RING(q) + 0x1000);
	mmio_write(m, bar + 48, 8, RING(q) + 0x2000);
	mmio_write(m, bar + 28, 2, 1);
}

static uint64_t device_start(struct machine *m, uint32_t slot, uint16_t queues)
{
	uint64_t bar = bar_gpa(m, slot, 0);
	uint64_t table = bar_gpa(m, slot, 1);
	uint16_t q;

	cfg_write(m, slot, 4, 2, 2);
	cfg_write(m, slot,
		  (slot == 1 ? m->con_pci : m->rng_pci).fn.msix_cap + 2u, 2,
		  0x8000);
	for (q = 0; q < queues; q++) {
		mmio_write(m, table + 16u * q, 4, 0xfee00000);
		mmio_write(m, table + 16u * q + 8, 4, 0x50u + q);
		mmio_write(m, table + 16u * q + 12, 4, 0);
	}
	mmio_write(m, bar + 20, 1, 0);
	mmio_write(m, bar + 20, 1, 3);
	mmio_write(m, bar + 8, 4, 1);
	mmio_write(m, bar + 12, 4, 1); /* VERSION_1 */
	mmio_write(m, bar + 20, 1, 11);
	assert_int_equal(mmio_read(m, bar + 20, 1), 11);
	for (q = 0; q < queues; q++)
		queue_start(m, bar, q);
	mmio_write(m, bar + 20, 1, 15);
	return bar;
}

struct desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags;
	uint16_t next;
};

static void put_desc(struct machine *m, uint16_t q, uint16_t i, struct desc d)
{
	memcpy(mem_ptr(&m->mem, RING(q) + i * sizeof(d), sizeof(d)), &d,
	       sizeof(d));
}

static void make_available(struct machine *m, uint16_t q, uint16_t head)
{
	uint16_t *avail = mem_ptr(&m->mem, RING(q) + 0x1000, 64);

	avail[2 + (avail[1] & 15)] = head;
	avail[1]++;
}

static uint16_t used_count(struct machine *m, uint16_t q)
{
	return ((uint16_t *)mem_ptr(&m->mem, RING(q) + 0x2000, 8))[1];
}

static void rng_fills_buffers_and_interrupts(void **state)
{
	struct machine *m = *state;
	uint64_t bar = device_start(m, 2, 1);
	static const uint8_t zero[64];
	uint32_t *used = mem_ptr(&m->mem, RING(0) + 0x2000, 16);

	put_desc(m, 0, 0, (struct desc){2 * MIB, 64, 2, 0});
	make_available(m, 0, 0);
	mmio_write(m, bar + 0x3000, 2, 0);
	assert_int_equal(used_count(m, 0), 1);
	assert_int_equal(used[2], 64);
	assert_true(memcmp(mem_ptr(&m->mem, 2 * MIB, 64), zero, 64));
	assert_int_equal(hv_fake_state.sent_count, 1);
	assert_int_equal(hv_fake_state.sent[0].data, 0x50);
}

static void masked_vectors_wait(void **state)
{
	struct machine *m = *state;
	uint64_t bar = device_start(m, 2, 1);
	uint64_t table = bar_gpa(m, 2, 1);

	mmio_write(m, table + 12, 4, 1);
	put_desc(m, 0, 0, (struct desc){2 * MIB, 8, 2, 0});
	make_available(m, 0, 0);
	mmio_write(m, bar + 0x3000, 2, 0);
	assert_int_equal(hv_fake_state.sent_count, 0);
	assert_int_equal(mmio_read(m, table + 0x800, 4) & 1, 1);
	mmio_write(m, table + 12, 4, 0);
	assert_int_equal(hv_fake_state.sent_count, 1);
	assert_int_equal(mmio_read(m, table + 0x800, 4) & 1, 0);
}

/* Each breaks one rule of 2.7; the device must stop, not crash. */
static void hostile_rings_stop_the_device(void **state)
{
	static const struct desc bad[][2] = {
		{{64 * GIB, 64, 2, 0}, {0}},        /* outside RAM */
		{{2 * MIB, UINT32_MAX, 2, 0}, {0}}, /* longer than RAM */
		{{UINT64_MAX - 3, 64, 2, 0}, {0}},  /* wraps around */
		{{2 * MIB, 8, 3, 0}, {0}},          /* points at itself */
		{{2 * MIB, 8, 1, 99}, {0}},         /* next beyond the ring */
		{{2 * MIB, 8, 3, 1}, {2 * MIB, 8, 0, 0}}, /* read after write */
	};
	struct machine *m = *state;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		uint64_t bar = device_start(m, 2, 1);

		memset(mem_ptr(&m->mem, RING(0), 0x3000), 0, 0x3000);
		put_desc(m, 0, 0, bad[i][0]);
		put_desc(m, 0, 1, bad[i][1]);
		make_available(m, 0, 0);
		mmio_write(m, bar + 0x3000, 2, 0);
		assert_int_equal(mmio_read(m, bar + 20, 1) & 64, 64);
		assert_int_equal(used_count(m, 0), 0);
		/* A reset makes it usable again. */
		mmio_write(m, bar + 20, 1, 0);
		assert_int_equal(mmio_read(m, bar + 20, 1), 0);
	}
}

static void features_nobody_offered_are_refused(void **state)
{
	struct machine *m = *state;
	uint64_t bar = bar_gpa(m, 2, 0);

	cfg_write(m, 2, 4, 2, 2);
	mmio_write(m, bar + 8, 4, 0);
	mmio_write(m, bar + 12, 4, 0xff);
	mmio_write(m, bar + 20, 1, 11);
	assert_int_equal(mmio_read(m, bar + 20, 1) & 8, 0);
}

static void console_talks_both_ways(void **state)
{
	struct machine *m = *state;
	uint64_t bar = device_start(m, 1, 4);
	const struct {
		uint32_t id;
		uint16_t event, value;
	} ready = {0, 0, 1}, port_ready = {0, 3, 1}, open = {0, 6, 1};
	char text[64];
	uint16_t i;

	/* Buffers for control messages to the driver, then the driver's own. */
	for (i = 0; i < 4; i++) {
		put_desc(m, 2, i, (struct desc){3 * MIB + i * 64u, 64, 2, 0});
		make_available(m, 2, i);
	}
	memcpy(mem_ptr(&m->mem, 2 * MIB, 8), &ready, 8);
	memcpy(mem_ptr(&m->mem, 2 * MIB + 8, 8), &port_ready, 8);
	memcpy(mem_ptr(&m->mem, 2 * MIB + 16, 8), &open, 8);
	for (i = 0; i < 3; i++) {
		put_desc(m, 3, i, (struct desc){2 * MIB + i * 8u, 8, 0, 0});
		make_available(m, 3, i);
	}
	mmio_write(m, bar + 0x3000 + 12, 2, 3);
	assert_int_equal(used_count(m, 3), 3);
	assert_int_equal(used_count(m, 2), 3); /* add, name, open */
	assert_memory_equal((char *)mem_ptr(&m->mem, 3 * MIB + 64 + 8, 12),
			    "l1vh.results", 12);

	/* Guest to host. */
	memcpy(mem_ptr(&m->mem, 2 * MIB + 100, 5), "hello", 5);
	put_desc(m, 1, 0, (struct desc){2 * MIB + 100, 5, 0, 0});
	make_available(m, 1, 0);
	mmio_write(m, bar + 0x3000 + 4, 2, 1);
	assert_int_equal(read(m->channel[0], text, sizeof(text)), 5);
	assert_memory_equal(text, "hello", 5);

	/* Host to guest: only once there is a buffer. */
	assert_false(console_wants_input(&m->con));
	put_desc(m, 0, 0, (struct desc){4 * MIB, 64, 2, 0});
	make_available(m, 0, 0);
	assert_true(console_wants_input(&m->con));
	assert_int_equal(write(m->channel[0], "job", 3), 3);
	assert_int_equal(console_receive(&m->con), 0);
	assert_memory_equal(mem_ptr(&m->mem, 4 * MIB, 3), "job", 3);
	assert_int_equal(console_receive(&m->con), -EAGAIN);
}

/* --- CPUID ----------------------------------------------------------- */

static void identical_mode_hides_the_hypervisor(void **state)
{
	struct cpuid_table t = {
		.entries = {{.function = 0, .eax = 0x10},
			    {.function = 1, .ecx = 1u << 21 | 1u << 5},
			    {.function = 0x40000000, .ebx = 0x4b4d564b},
			    {.function = 0x40000001, .eax = 0xff},
			    {.function = 0x80000001, .ecx = 1u << 2},
			    {.function = 4,
			     .index = 0,
			     .has_index = true,
			     .eax = 0x04004021},
			    {.function = 4,
			     .index = 3,
			     .has_index = true,
			     .eax = 0x04004063}},
		.count = 7};
	const struct cpuid_policy p = {.paravirt = HV_PARAVIRT_IDENTICAL,
				       .vcpu_index = 1,
				       .vcpu_count = 4,
				       .has_tsc_deadline = true};

	(void)state;
	assert_int_equal(cpuid_apply(&t, &p), 0);
	assert_memory_equal(&cpuid_find(&t, 0x40000000, 0)->ebx, "L1VH", 4);
	assert_null(cpuid_find(&t, 0x40000001, 0));
	assert_int_equal(cpuid_find(&t, 1, 0)->ebx >> 24, 1);
	assert_int_equal(cpuid_find(&t, 1, 0)->ebx >> 16 & 0xff, 4);
	assert_true(cpuid_find(&t, 1, 0)->ecx & 1u << 31);
	assert_true(cpuid_find(&t, 1, 0)->ecx & 1u << 24);
	assert_false(cpuid_find(&t, 1, 0)->ecx & (1u << 21 | 1u << 5));
	assert_false(cpuid_find(&t, 0x80000001, 0)->ecx & 1u << 2);
	assert_int_equal(cpuid_find(&t, 0xb, 1)->ebx, 4);
	/* A private first level, a last level that all four share. */
	assert_int_equal(cpuid_find(&t, 4, 0)->eax, 0x21 | 3u << 26);
	assert_int_equal(cpuid_find(&t, 4, 3)->eax, 0x63 | 3u << 14 | 3u << 26);
}

static void best_mode_keeps_the_hypervisors_leaves(void **state)
{
	struct cpuid_table t = {
		.entries = {{.function = 1},
			    {.function = 0x40000000, .ebx = 0x4b4d564b},
			    {.function = 0x40000001, .eax = 0xff}},
		.count = 3};
	const struct cpuid_policy p = {.paravirt = HV_PARAVIRT_BEST,
				       .vcpu_count = 1};

	(void)state;
	assert_int_equal(cpuid_apply(&t, &p), 0);
	assert_int_equal(cpuid_find(&t, 0x40000000, 0)->ebx, 0x4b4d564b);
	assert_int_equal(cpuid_find(&t, 0x40000001, 0)->eax, 0xff);
	assert_true(cpuid_find(&t, 1, 0)->ecx & 1u << 21);
}

#define ON_MACHINE(test) \
	cmocka_unit_test_setup_teardown(test, machine_setup, machine_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bus_finds_owners_and_refuses_overlap),
		cmocka_unit_test(ioapic_edge_delivers_once_a_rise),
		cmocka_unit_test(ioapic_level_waits_for_eoi),
		cmocka_unit_test(uart_writes_lines_and_takes_keys),
		cmocka_unit_test(rtc_shows_a_plausible_date),
		ON_MACHINE(pci_shows_devices_and_sizes_bars),
		ON_MACHINE(pci_capabilities_end),
		ON_MACHINE(rng_fills_buffers_and_interrupts),
		ON_MACHINE(masked_vectors_wait),
		ON_MACHINE(hostile_rings_stop_the_device),
		ON_MACHINE(features_nobody_offered_are_refused),
		ON_MACHINE(console_talks_both_ways),
		cmocka_unit_test(identical_mode_hides_the_hypervisor),
		cmocka_unit_test(best_mode_keeps_the_hypervisors_leaves),
	};

	return RUN_TESTS(tests);
}
