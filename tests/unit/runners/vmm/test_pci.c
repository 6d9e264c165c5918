// SPDX-License-Identifier: GPL-3.0-or-later
/* runners/vmm/dev/pci: interrupts that begin in eventfds, doorbells that end
 * in them, both where the guest put them. */
#include "tests/unit/test.h"

#include <errno.h>

#include "runners/vmm/virtio/blk.h"
#include "tests/unit/fixture/hv_fake.h"
#include "tests/unit/fixture/vdriver.h"

#define QUEUES 2
#define NOTIFY 0x3000u
#define CFG_COMMAND 4
#define CFG_BAR0 0x10
#define CFG_BAR1 0x14
#define PBA 0x800
#define ENTRY_MASK 12

struct bench {
	struct vdriver d;
	struct blk *blk;
	uint32_t msix; /* the capability */
};

static int setup(void **state)
{
	const struct blk_config cfg = {.disk.path = "null:1M",
				       .queue_count = QUEUES};
	struct bench *b = calloc(1, sizeof(*b));
	struct err err = {0};

	*state = b;
	if (vdriver_init(&b->d, &err) ||
	    blk_create(&cfg, &b->d.mem, &b->blk, &err) ||
	    vdriver_attach(&b->d, blk_dev(b->blk)))
		return -1;
	b->msix = b->d.vp.fn.msix_cap;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	vdriver_release(&b->d);
	blk_destroy(b->blk);
	free(b);
	return 0;
}

static void table_write(struct bench *b, uint32_t off, uint8_t len, uint64_t v)
{
	vdriver_write(&b->d, b->d.table - b->d.bar + off, len, v);
}

static uint64_t table_read(struct bench *b, uint32_t off, uint8_t len)
{
	return vdriver_read(&b->d, b->d.table - b->d.bar + off, len);
}

static void notify(struct bench *b, uint32_t vector)
{
	pci_msix_notify(&b->d.vp.fn, vector);
}

static const struct hv_fake_irqfd *irqfd(struct bench *b, uint32_t vector)
{
	return &hv_fake_state.irqfds[b->d.vp.fn.msix[vector].irqfd_slot];
}

/* --- interrupts -------------------------------------------------------- */

static void vectors_have_eventfds_of_their_own(void **state)
{
	struct bench *b = *state;
	uint32_t i;

	for (i = 0; i <= QUEUES; i++) {
		assert_true(irqfd(b, i)->is_on);
		assert_int_equal(irqfd(b, i)->fd, pci_msix_fd(&b->d.vp.fn, i));
		assert_int_equal(irqfd(b, i)->msi.addr, 0xfee00000);
		assert_int_equal(irqfd(b, i)->msi.data, 0x40 + i);
		assert_true(!i || irqfd(b, i)->fd != irqfd(b, i - 1)->fd);
	}
	assert_int_equal(pci_msix_fd(&b->d.vp.fn, QUEUES + 1), -1);
	notify(b, 1);
	assert_int_equal(hv_fake_state.sent_count, 0); /* no call for it */
	assert_int_equal(vdriver_interrupts(&b->d, 1, 0), 1);
	notify(b, PCI_NO_VECTOR); /* a queue that is polled */
	notify(b, QUEUES + 1);
}

static void a_masked_vector_stays_pending(void **state)
{
	struct bench *b = *state;

	table_write(b, 16 + ENTRY_MASK, 4, 1);
	assert_false(irqfd(b, 1)->is_on);
	assert_true(irqfd(b, 0)->is_on);
	assert_int_equal(table_read(b, PBA, 8), 0);
	notify(b, 1);
	notify(b, 1);
	assert_int_equal(table_read(b, PBA, 8), 2);
	assert_int_equal(hv_fake_state.sent_count, 0);
	/* Once, however often; by a call, with what the entry says by now. */
	table_write(b, 16 + 8, 4, 0x77);
	table_write(b, 16 + ENTRY_MASK, 4, 0);
	assert_int_equal(hv_fake_state.sent_count, 1);
	assert_int_equal(hv_fake_state.sent[0].data, 0x77);
	assert_true(irqfd(b, 1)->is_on);
	assert_int_equal(irqfd(b, 1)->msi.data, 0x77);
	assert_int_equal(table_read(b, PBA, 8), 0);
	assert_int_equal(vdriver_interrupts(&b->d, 1, 0), 0);
}

static void a_masked_function_stays_pending(void **state)
{
	struct bench *b = *state;
	uint32_t i;

	vdriver_pci_write(&b->d, b->msix + 2, 2, 0xc000);
	for (i = 0; i <= QUEUES; i++) {
		assert_false(irqfd(b, i)->is_on);
		notify(b, i);
	}
	assert_int_equal(table_read(b, PBA, 8), 7);
	/* Masked by itself as well: that one waits on. */
	table_write(b, ENTRY_MASK, 4, 1);
	vdriver_pci_write(&b->d, b->msix + 2, 2, 0x8000);
	assert_int_equal(hv_fake_state.sent_count, 2);
	assert_int_equal(table_read(b, PBA, 8), 1);
	/* Switched off altogether, all are silent. */
	vdriver_pci_write(&b->d, b->msix + 2, 2, 0);
	for (i = 0; i <= QUEUES; i++)
		assert_false(irqfd(b, i)->is_on);
	assert_int_equal(hv_fake_state.sent_count, 2);
}

static void a_rewritten_vector_goes_elsewhere(void **state)
{
	struct bench *b = *state;
	int calls;

	table_write(b, 8, 4, 0x55);
	assert_true(irqfd(b, 0)->is_on);
	assert_int_equal(irqfd(b, 0)->msi.data, 0x55);
	table_write(b, 0, 8, 0x1fee01000);
	assert_true(irqfd(b, 0)->msi.addr == 0x1fee01000);
	table_write(b, 4, 4, 0);
	assert_true(irqfd(b, 0)->msi.addr == 0xfee01000);
	/* To write what is there already disturbs nobody. */
	calls = hv_fake_state.calls;
	table_write(b, 8, 4, 0x55);
	table_write(b, 0, 4, 0xfee01000);
	assert_int_equal(hv_fake_state.calls, calls);
	assert_int_equal(table_read(b, 0, 8), 0xfee01000);
	assert_int_equal(table_read(b, 8, 8), 0x55);
}

static void odd_accesses_to_the_table_do_nothing(void **state)
{
	static const struct {
		uint32_t off;
		uint8_t len;
	} odd[] = {
		{0, 1},   {0, 2},   {2, 4},     {12, 8}, {16 * (QUEUES + 1), 4},
		{PBA, 4}, {PBA, 8}, {0x3ffc, 8}};
	struct bench *b = *state;
	int calls = hv_fake_state.calls;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(odd); i++)
		table_write(b, odd[i].off, odd[i].len, UINT64_MAX);
	assert_int_equal(hv_fake_state.calls, calls);
	assert_int_equal(table_read(b, 16 * (QUEUES + 1), 4), 0);
	assert_int_equal(table_read(b, 1, 1), 0);
	for (i = 0; i <= QUEUES; i++)
		assert_int_equal(irqfd(b, (uint32_t)i)->msi.data, 0x40 + i);
}

static void slots_for_eventfds_run_out(void **state)
{
	struct bench *b = *state;
	int n = 0;

	while (vdriver_detach(&b->d),
	       vdriver_attach(&b->d, blk_dev(b->blk)) == 0)
		n++;
	assert_int_equal(n, HV_IRQFD_COUNT / (QUEUES + 1) - 1);
	vdriver_detach(&b->d);
	for (n = 0; n < HV_IRQFD_COUNT; n++)
		assert_false(hv_fake_state.irqfds[n].is_on);
}

/* --- doorbells --------------------------------------------------------- */

static void expect_bells_at(struct bench *b, uint64_t bar_gpa)
{
	int i, q;

	assert_int_equal(hv_fake_state.bell_count, bar_gpa ? QUEUES : 0);
	for (i = 0; i < hv_fake_state.bell_count; i++) {
		const struct hv_doorbell *bell = &hv_fake_state.bells[i];

		q = bell->fd == blk_dev(b->blk)->kick_fds[1];
		assert_int_equal(bell->fd, blk_dev(b->blk)->kick_fds[q]);
		assert_int_equal(bell->gpa,
				 bar_gpa + NOTIFY + 4u * (uint32_t)q);
		assert_int_equal(bell->len_bytes, 0);
		assert_false(bell->has_datamatch);
	}
}

static void start(struct bench *b)
{
	assert_int_equal(vdriver_start(&b->d, UINT64_MAX, QUEUES, 16), 0);
}

static void doorbells_are_there_while_it_runs(void **state)
{
	struct bench *b = *state;

	expect_bells_at(b, 0);
	start(b);
	expect_bells_at(b, PCI_MMIO_GPA + b->d.bar);
	vdriver_reset(&b->d);
	expect_bells_at(b, 0);
	start(b);
	vdriver_detach(&b->d);
	expect_bells_at(b, 0);
}

static void doorbells_move_with_their_bar(void **state)
{
	const uint64_t there = PCI_MMIO_GPA + PCI_MMIO_SIZE_BYTES / 2;
	struct bench *b = *state;
	uint64_t here = PCI_MMIO_GPA + b->d.bar;

	start(b);
	/* As systems size it, decoding all the while. */
	vdriver_pci_write(&b->d, CFG_BAR0, 4, UINT32_MAX);
	vdriver_pci_write(&b->d, CFG_BAR0, 4, here);
	expect_bells_at(b, here);
	vdriver_pci_write(&b->d, CFG_BAR0, 4, there);
	expect_bells_at(b, there);
	assert_int_equal(vdriver_status(&b->d), UINT8_MAX); /* not here now */
	b->d.bar = there - PCI_MMIO_GPA;
	assert_int_equal(vdriver_status(&b->d) & 4, 4);
	/* The other BAR is none of theirs. */
	vdriver_pci_write(&b->d, CFG_BAR1, 4, here);
	expect_bells_at(b, there);
	vdriver_reset(&b->d);
	expect_bells_at(b, 0);
	/* Where it is when the next driver starts. */
	vdriver_pci_write(&b->d, CFG_BAR0, 4, there + MIB);
	b->d.bar += MIB;
	start(b);
	expect_bells_at(b, there + MIB);
}

static void doorbells_need_memory_decoding(void **state)
{
	struct bench *b = *state;
	uint64_t here = PCI_MMIO_GPA + b->d.bar;

	start(b);
	vdriver_pci_write(&b->d, CFG_COMMAND, 2, 4);
	expect_bells_at(b, 0);
	vdriver_pci_write(&b->d, CFG_BAR0, 4, here + MIB);
	expect_bells_at(b, 0);
	vdriver_pci_write(&b->d, CFG_COMMAND, 2, 6);
	expect_bells_at(b, here + MIB);
	/* A driver that starts its device through a BAR that then goes. */
	b->d.bar += MIB;
	vdriver_pci_write(&b->d, CFG_COMMAND, 2, 0);
	vdriver_detach(&b->d);
	expect_bells_at(b, 0);
}

/* Without a doorbell the write is an exit, and ends in the same eventfd. */
static void a_write_rings_as_a_doorbell_does(void **state)
{
	struct bench *b = *state;
	struct vseg segs[2];
	uint64_t head;

	start(b);
	head = vdriver_alloc(&b->d, 16, 16);
	memset(vdriver_ptr(&b->d, head), 0, 16);
	*(uint32_t *)vdriver_ptr(&b->d, head) = 4; /* flush */
	segs[0] = (struct vseg){head, 16, false};
	segs[1] = (struct vseg){vdriver_alloc(&b->d, 1, 1), 1, true};
	vqueue_add(&b->d.queues[1], segs, 2);
	vqueue_kick(&b->d, &b->d.queues[1]);
	assert_true(vqueue_wait(&b->d, &b->d.queues[1], NULL) >= 0);
	/* Words behind the last queue's are nobody's. */
	vdriver_write(&b->d, NOTIFY + 4 * QUEUES, 2, QUEUES);
	vdriver_write(&b->d, NOTIFY + 0xffc, 2, 0);
	assert_int_equal(vdriver_read(&b->d, NOTIFY, 2), 0);
	assert_false(vdriver_needs_reset(&b->d));
}

#define ON_BUS(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_BUS(vectors_have_eventfds_of_their_own),
		ON_BUS(a_masked_vector_stays_pending),
		ON_BUS(a_masked_function_stays_pending),
		ON_BUS(a_rewritten_vector_goes_elsewhere),
		ON_BUS(odd_accesses_to_the_table_do_nothing),
		ON_BUS(slots_for_eventfds_run_out),
		ON_BUS(doorbells_are_there_while_it_runs),
		ON_BUS(doorbells_move_with_their_bar),
		ON_BUS(doorbells_need_memory_decoding),
		ON_BUS(a_write_rings_as_a_doorbell_does),
	};

	return RUN_TESTS(tests);
}
