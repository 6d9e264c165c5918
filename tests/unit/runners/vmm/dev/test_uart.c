// SPDX-License-Identifier: GPL-3.0-or-later
/* COM1 as a driver of the PC16550D sees it, with an output that may fail. */
#include "tests/unit/test.h"

#include <fcntl.h>
#include <unistd.h>

#include "runners/vmm/dev/ioapic.h"
#include "runners/vmm/dev/uart16550.h"
#include "tests/unit/fixture/access.h"
#include "tests/unit/fixture/hv_fake.h"
#include "tests/unit/fixture/terminal.h"

/* Registers by the datasheet's table II. */
enum { RBR_THR, IER, IIR, LCR, MCR, LSR, MSR, SCR };

struct line {
	struct hv_vm vm;
	struct ioapic ioapic;
	struct uart uart;
	int fds[2]; /* what the guest writes comes out of the first */
};

static uint64_t get(struct line *l, uint64_t reg)
{
	return access_read(uart_access, &l->uart, reg, 1);
}

static void put(struct line *l, uint64_t reg, uint64_t value)
{
	access_write(uart_access, &l->uart, reg, 1, value);
}

/* Interrupts since this was asked last. */
static int interrupts(void)
{
	int count = hv_fake_state.sent_count;

	hv_fake_state.sent_count = 0;
	return count;
}

static int setup(void **state)
{
	struct line *l = calloc(1, sizeof(*l));

	hv_fake_reset();
	l->vm.ops = &hv_fake;
	ioapic_init(&l->ioapic, &l->vm);
	/* Pin 4: edge, vector 0x24, not masked. */
	access_write(ioapic_access, &l->ioapic, 0, 4, 0x10 + 2 * UART_IRQ);
	access_write(ioapic_access, &l->ioapic, 0x10, 4, 0x24);
	if (pipe2(l->fds, O_NONBLOCK | O_CLOEXEC))
		return -1;
	uart_init(&l->uart, &l->ioapic, l->fds[1]);
	*state = l;
	return 0;
}

static int teardown(void **state)
{
	struct line *l = *state;

	uart_release(&l->uart);
	ioapic_release(&l->ioapic);
	close(l->fds[0]);
	close(l->fds[1]);
	free(l);
	return 0;
}

static void expect_output(struct line *l, const char *text)
{
	char buf[1024];
	ssize_t n = read(l->fds[0], buf, sizeof(buf));

	assert_int_equal(n, *text ? (ssize_t)strlen(text) : -1);
	if (n > 0)
		assert_memory_equal(buf, text, (size_t)n);
}

static void type(struct line *l, const char *text)
{
	for (; *text; text++)
		put(l, RBR_THR, (uint8_t)*text);
}

static void registers_keep_what_a_driver_writes(void **state)
{
	static const struct {
		uint64_t reg, written, kept;
	} rows[] = {
		{LCR, 0x1b, 0x1b}, {MCR, 0x0b, 0x0b}, {SCR, 0xa5, 0xa5},
		{SCR, 0x5a, 0x5a}, {IER, 0xf5, 0x05}, /* 4 bits are there */
		{IER, 0x00, 0x00},
	};
	struct line *l = *state;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		put(l, rows[i].reg, rows[i].written);
		assert_int_equal(get(l, rows[i].reg), rows[i].kept);
	}
	/* Status is not to be written: empty, nothing received, a modem that
	 * is ready (DCD, DSR, CTS). */
	put(l, LSR, 0);
	put(l, MSR, 0);
	put(l, MCR, 0);
	assert_int_equal(get(l, LSR), 0x60);
	assert_int_equal(get(l, MSR), 0xb0);
}

/* With DLAB the first two registers are the baud rate's divisor. */
static void the_divisor_is_apart_from_data(void **state)
{
	struct line *l = *state;

	put(l, IER, 0x01);
	put(l, LCR, 0x83);
	put(l, RBR_THR, 0x0c);
	put(l, IER, 0x01 << 1);
	assert_int_equal(get(l, RBR_THR), 0x0c);
	assert_int_equal(get(l, IER), 0x02);
	put(l, LCR, 0x03);
	assert_int_equal(get(l, IER), 0x01);
	uart_receive(&l->uart, (const uint8_t *)"k", 1);
	assert_int_equal(get(l, RBR_THR), 'k');
	type(l, "\n");
	expect_output(l, "\n"); /* and not 0x0c before it */
}

/* "IIR: the highest priority interrupt": received data, then an empty THR,
 * whose cause is gone once it was read. */
static void causes_have_a_rank(void **state)
{
	struct line *l = *state;

	assert_int_equal(get(l, IIR), 0xc1);
	put(l, IER, 0x02);
	assert_int_equal(interrupts(), 1); /* it is empty now */
	put(l, IER, 0x03);
	interrupts();
	uart_receive(&l->uart, (const uint8_t *)"ab", 2);
	assert_true(interrupts() > 0);
	assert_int_equal(get(l, IIR), 0xc4);
	assert_int_equal(get(l, IIR), 0xc4); /* reading does not end it */
	assert_int_equal(get(l, RBR_THR), 'a');
	assert_true(interrupts() > 0); /* there is more */
	assert_int_equal(get(l, IIR), 0xc4);
	assert_int_equal(get(l, RBR_THR), 'b');
	assert_int_equal(get(l, IIR), 0xc2);
	assert_int_equal(get(l, IIR), 0xc1);
	put(l, RBR_THR, 'x');
	assert_int_equal(get(l, IIR), 0xc2);
}

static void what_is_not_asked_for_does_not_interrupt(void **state)
{
	struct line *l = *state;

	type(l, "x");
	uart_receive(&l->uart, (const uint8_t *)"k", 1);
	assert_int_equal(interrupts(), 0);
	assert_int_equal(get(l, IIR), 0xc1);
	assert_int_equal(get(l, LSR), 0x61);
	put(l, IER, 0x01); /* it has waited */
	assert_int_equal(interrupts(), 1);
	put(l, IER, 0x00);
	assert_int_equal(interrupts(), 0);
}

/* Kernels look for a UART in this way (8250_port.c, autoconfig()). */
static void loopback_turns_outputs_into_inputs(void **state)
{
	static const struct {
		uint64_t mcr, msr;
	} rows[] = {
		{0x10, 0x00}, {0x11, 0x20}, /* DTR: DSR */
		{0x12, 0x10},               /* RTS: CTS */
		{0x14, 0x40},               /* OUT1: RI */
		{0x18, 0x80},               /* OUT2: DCD */
		{0x1a, 0x90}, {0x1f, 0xf0},
	};
	struct line *l = *state;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		put(l, MCR, rows[i].mcr);
		assert_int_equal(get(l, MSR), rows[i].msr);
	}
	type(l, "q\n");
	assert_int_equal(get(l, RBR_THR), 'q');
	assert_int_equal(get(l, RBR_THR), '\n');
	assert_int_equal(get(l, LSR), 0x60);
	expect_output(l, "");
	put(l, MCR, 0);
	type(l, "\n");
	expect_output(l, "\n");
}

static void keys_beyond_the_buffer_are_dropped(void **state)
{
	struct line *l = *state;
	uint8_t keys[300];
	size_t i;

	for (i = 0; i < sizeof(keys); i++)
		keys[i] = (uint8_t)(i * 7);
	uart_receive(&l->uart, keys, 100);
	for (i = 0; i < 60; i++)
		assert_int_equal(get(l, RBR_THR), keys[i]);
	/* 40 are left; so 216 more fit, over the end of the ring. */
	uart_receive(&l->uart, keys, sizeof(keys));
	for (i = 60; i < 100; i++)
		assert_int_equal(get(l, RBR_THR), keys[i]);
	for (i = 0; i < 216; i++)
		assert_int_equal(get(l, RBR_THR), keys[i]);
	assert_int_equal(get(l, LSR), 0x60);
	assert_int_equal(get(l, RBR_THR), 0);
}

static void output_comes_in_lines(void **state)
{
	struct line *l = *state;
	char text[513];

	memset(text, 'x', 512);
	text[512] = '\0';
	type(l, "no end");
	expect_output(l, "");
	type(l, " yet\n");
	expect_output(l, "no end yet\n");
	type(l, text); /* what has no end is written as well */
	expect_output(l, text);
	type(l, "rest");
	uart_release(&l->uart);
	expect_output(l, "rest");
	uart_init(&l->uart, &l->ioapic, -1);
}

/* A person who types at a terminal wants to see each key. */
static void a_terminal_gets_each_byte(void **state)
{
	struct line *l = *state;
	char byte;
	int master;
	FILE *out = terminal_open(&master, 80);

	l->uart.out_fd = fileno(out);
	type(l, "k");
	assert_int_equal(read(master, &byte, 1), 1);
	assert_int_equal(byte, 'k');
	l->uart.out_fd = -1;
	fclose(out);
	close(master);
}

/* Output that cannot be written, or none at all, must not stop the guest, nor
 * pile up. */
static void output_may_fail(void **state)
{
	int fds[] = {-1, open("/dev/null", O_RDONLY | O_CLOEXEC)};
	struct line *l = *state;
	size_t i, k;

	for (i = 0; i < ARRAY_SIZE(fds); i++) {
		l->uart.out_fd = fds[i];
		put(l, IER, 0);
		put(l, IER, 0x02);
		interrupts();
		for (k = 0; k < 2000; k++)
			put(l, RBR_THR, 'x');
		assert_int_equal(interrupts(), 2000);
		type(l, "\n");
		assert_int_equal(l->uart.line_len, 0);
	}
	l->uart.out_fd = l->fds[1];
	type(l, "well\n");
	expect_output(l, "well\n");
	close(fds[1]);
}

#define LINE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LINE(registers_keep_what_a_driver_writes),
		LINE(the_divisor_is_apart_from_data),
		LINE(causes_have_a_rank),
		LINE(what_is_not_asked_for_does_not_interrupt),
		LINE(loopback_turns_outputs_into_inputs),
		LINE(keys_beyond_the_buffer_are_dropped),
		LINE(output_comes_in_lines),
		LINE(a_terminal_gets_each_byte),
		LINE(output_may_fail),
	};

	return RUN_TESTS(tests);
}
