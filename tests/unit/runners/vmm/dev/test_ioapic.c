// SPDX-License-Identifier: GPL-3.0-or-later
/* The 82093AA's registers, and which interrupts leave it. */
#include "tests/unit/test.h"

#include "runners/vmm/dev/ioapic.h"
#include "tests/unit/fixture/access.h"
#include "tests/unit/fixture/hv_fake.h"

#define MASKED 0x10000u
#define LEVEL 0x8000u
#define REMOTE_IRR 0x4000u
#define LOGICAL 0x800u
#define LOWEST_PRIORITY 0x100u
#define REDIRECTION(pin) (0x10u + 2 * (pin))

static struct hv_vm vm = {.ops = &hv_fake};
static struct ioapic io;

static int setup(void **state)
{
	(void)state;
	hv_fake_reset();
	ioapic_init(&io, &vm);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	ioapic_release(&io);
	return 0;
}

static uint32_t get(uint32_t reg)
{
	access_write(ioapic_access, &io, 0, 4, reg);
	return (uint32_t)access_read(ioapic_access, &io, 0x10, 4);
}

static void put(uint32_t reg, uint32_t value)
{
	access_write(ioapic_access, &io, 0, 4, reg);
	access_write(ioapic_access, &io, 0x10, 4, value);
}

static void expect_sent(int count, uint64_t addr, uint32_t data)
{
	const struct hv_msi *last = &hv_fake_state.sent[count - 1];

	assert_int_equal(hv_fake_state.sent_count, count);
	assert_int_equal(last->addr, addr);
	assert_int_equal(last->data, data);
}

/* Datasheet 3.2: 24 entries, the highest is 23; version 0x20 has an EOI
 * register. */
static void it_says_what_it_is(void **state)
{
	(void)state;
	assert_int_equal(get(1), 0x00170020);
	put(1, 0);
	assert_int_equal(get(1), 0x00170020);
	assert_int_equal(get(0), 0);
	put(0, UINT32_MAX);
	assert_int_equal(get(0), 0x0f000000);
	assert_int_equal(get(2), 0x0f000000); /* arbitration follows it */
	put(2, 0);
	assert_int_equal(get(2), 0x0f000000);
	access_write(ioapic_access, &io, 0, 4, 0xab);
	assert_int_equal(access_read(ioapic_access, &io, 0, 4), 0xab);
}

static void every_pin_is_masked_at_first(void **state)
{
	uint32_t pin;

	(void)state;
	for (pin = 0; pin < 24; pin++) {
		assert_int_equal(get(REDIRECTION(pin)), MASKED);
		assert_int_equal(get(REDIRECTION(pin) + 1), 0);
		ioapic_set(&io, pin, true);
	}
	assert_int_equal(hv_fake_state.sent_count, 0);
}

static void halves_of_an_entry_are_apart(void **state)
{
	(void)state;
	put(REDIRECTION(23), MASKED | 0x99);
	put(REDIRECTION(23) + 1, 0xff000000);
	assert_int_equal(get(REDIRECTION(23)), MASKED | 0x99);
	assert_int_equal(get(REDIRECTION(23) + 1), 0xff000000);
	put(REDIRECTION(23), 0x98);
	assert_int_equal(get(REDIRECTION(23) + 1), 0xff000000);
	assert_int_equal(get(REDIRECTION(22)), MASKED);
	/* Delivery status and remote IRR are not the guest's to write. */
	put(REDIRECTION(3), UINT32_MAX);
	assert_int_equal(get(REDIRECTION(3)) & 0x5000, 0);
	assert_int_equal(get(REDIRECTION(3)) & 0xff, 0xff);
}

/* A guest may select any of 256 registers, and write beyond the last pin. */
static void registers_that_are_not_there(void **state)
{
	uint32_t before[48], i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(before); i++)
		before[i] = get(0x10 + i);
	for (i = 3; i < 0x10; i++)
		put(i, 0x31);
	for (i = 0x40; i <= 0xff; i++)
		put(i, 0x31);
	for (i = 0; i < ARRAY_SIZE(before); i++)
		assert_int_equal(get(0x10 + i), before[i]);
	assert_int_equal(get(0x0f), UINT32_MAX);
	assert_int_equal(get(0x40), UINT32_MAX);
	assert_int_equal(get(0xff), UINT32_MAX);
	access_write(ioapic_access, &io, 0x20, 4, UINT32_MAX);
	assert_int_equal(access_read(ioapic_access, &io, 0x20, 4), 0);
	ioapic_set(&io, 24, true);
	ioapic_set(&io, UINT32_MAX, true);
	assert_int_equal(hv_fake_state.sent_count, 0);
}

/* SDM 3A, 11.11: destination in bits 12 to 19, its mode in bit 2; delivery
 * mode, vector, trigger and level in the data. */
static void messages_say_whom_and_how(void **state)
{
	static const struct {
		uint32_t low, high;
		uint64_t addr;
		uint32_t data;
	} rows[] = {
		{0x31, 0, 0xfee00000, 0x31},
		{0x32, 7u << 24, 0xfee07000, 0x32},
		{0x33 | LOGICAL, 0xffu << 24, 0xfeeff004, 0x33},
		{0x34 | LOGICAL | LOWEST_PRIORITY, 3u << 24, 0xfee03004, 0x134},
		{0x400, 0, 0xfee00000, 0x400}, /* NMI */
		{0x35 | LEVEL, 1u << 24, 0xfee01000, 0xc035},
	};
	uint32_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		put(REDIRECTION(i) + 1, rows[i].high);
		put(REDIRECTION(i), rows[i].low);
		ioapic_set(&io, i, true);
		expect_sent((int)i + 1, rows[i].addr, rows[i].data);
	}
}

/* An edge that comes while its pin is masked is lost, as in the original. */
static void a_masked_edge_is_lost(void **state)
{
	(void)state;
	put(REDIRECTION(4), MASKED | 0x24);
	ioapic_set(&io, 4, true);
	put(REDIRECTION(4), 0x24);
	assert_int_equal(hv_fake_state.sent_count, 0);
	ioapic_set(&io, 4, true); /* it is high already */
	assert_int_equal(hv_fake_state.sent_count, 0);
	ioapic_set(&io, 4, false);
	ioapic_set(&io, 4, true);
	expect_sent(1, 0xfee00000, 0x24);
}

static void a_masked_level_waits(void **state)
{
	(void)state;
	put(REDIRECTION(9), MASKED | LEVEL | 0x29);
	ioapic_set(&io, 9, true);
	assert_int_equal(hv_fake_state.sent_count, 0);
	assert_false(hv_fake_state.route_set[9]);
	put(REDIRECTION(9), LEVEL | 0x29);
	expect_sent(1, 0xfee00000, 0xc029);
	/* The hypervisor is to report the end of exactly this interrupt. */
	assert_true(hv_fake_state.route_set[9]);
	assert_int_equal(hv_fake_state.routes[9].data, 0xc029);
	put(REDIRECTION(9), MASKED | LEVEL | 0x29);
	assert_false(hv_fake_state.route_set[9]);
}

static void remote_irr_shows_an_interrupt_in_service(void **state)
{
	(void)state;
	put(REDIRECTION(5), LEVEL | 0x25);
	assert_int_equal(get(REDIRECTION(5)) & REMOTE_IRR, 0);
	ioapic_set(&io, 5, true);
	assert_int_equal(get(REDIRECTION(5)) & REMOTE_IRR, REMOTE_IRR);
	ioapic_set(&io, 5, false);
	put(REDIRECTION(5), LEVEL | 0x25); /* a write does not end it */
	assert_int_equal(get(REDIRECTION(5)) & REMOTE_IRR, REMOTE_IRR);
	ioapic_eoi(&io, 0x25);
	assert_int_equal(get(REDIRECTION(5)) & REMOTE_IRR, 0);
	expect_sent(1, 0xfee00000, 0xc025);
}

/* Linux's way to end a stuck one (io_apic.c, __eoi_ioapic_pin()). */
static void an_edge_entry_has_no_remote_irr(void **state)
{
	(void)state;
	put(REDIRECTION(5), LEVEL | 0x25);
	ioapic_set(&io, 5, true);
	put(REDIRECTION(5), MASKED | 0x25);
	assert_int_equal(get(REDIRECTION(5)), MASKED | 0x25);
	put(REDIRECTION(5), LEVEL | 0x25); /* still high: again */
	assert_int_equal(hv_fake_state.sent_count, 2);
}

static void pins_may_share_a_vector(void **state)
{
	(void)state;
	put(REDIRECTION(6), LEVEL | 0x26);
	put(REDIRECTION(7), LEVEL | 0x26);
	put(REDIRECTION(8), 0x26);
	ioapic_set(&io, 6, true);
	ioapic_set(&io, 7, true);
	ioapic_set(&io, 8, true);
	assert_int_equal(hv_fake_state.sent_count, 3);
	ioapic_set(&io, 6, false);
	ioapic_eoi(&io, 0x26); /* 7 is still high; 8 was an edge */
	assert_int_equal(hv_fake_state.sent_count, 4);
	assert_int_equal(get(REDIRECTION(6)) & REMOTE_IRR, 0);
	assert_int_equal(get(REDIRECTION(7)) & REMOTE_IRR, REMOTE_IRR);
}

static int resampled;

static void resample(void *arg)
{
	resampled += *(int *)arg;
}

/* Who has it served is asked whether it is so again; until then it is not. */
static void a_resampled_line_is_low_at_the_end(void **state)
{
	int seven = 7;

	(void)state;
	ioapic_resample(&io, 17, resample, &seven);
	put(REDIRECTION(17), LEVEL | 0x51);
	ioapic_set(&io, 17, true);
	assert_int_equal(hv_fake_state.sent_count, 1);
	ioapic_eoi(&io, 0x50);
	assert_int_equal(resampled, 0);
	ioapic_eoi(&io, 0x51);
	assert_int_equal(resampled, 7);
	assert_int_equal(hv_fake_state.sent_count, 1);
	ioapic_set(&io, 17, true);
	assert_int_equal(hv_fake_state.sent_count, 2);
	ioapic_resample(&io, 17, NULL, NULL);
	ioapic_eoi(&io, 0x51);
	assert_int_equal(resampled, 7);
	/* Nobody lowers it: it is so still. */
	assert_int_equal(hv_fake_state.sent_count, 3);
}

#define IOAPIC(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IOAPIC(it_says_what_it_is),
		IOAPIC(every_pin_is_masked_at_first),
		IOAPIC(halves_of_an_entry_are_apart),
		IOAPIC(registers_that_are_not_there),
		IOAPIC(messages_say_whom_and_how),
		IOAPIC(a_masked_edge_is_lost),
		IOAPIC(a_masked_level_waits),
		IOAPIC(remote_irr_shows_an_interrupt_in_service),
		IOAPIC(an_edge_entry_has_no_remote_irr),
		IOAPIC(pins_may_share_a_vector),
		IOAPIC(a_resampled_line_is_low_at_the_end),
	};

	return RUN_TESTS(tests);
}
