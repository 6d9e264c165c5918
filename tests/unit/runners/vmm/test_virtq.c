// SPDX-License-Identifier: GPL-3.0-or-later
/* runners/vmm/virtio: queues as drivers keep and break their rules; iov. */
#include "tests/unit/test.h"

#include <errno.h>

#include "runners/vmm/virtio/iov.h"
#include "tests/unit/fixture/vdriver.h"

#define DATA_GPA (32 * MIB)
#define RAM_END (64 * MIB)
#define EVENT VIRTIO_FEATURE_EVENT_IDX
#define INDIRECT VIRTIO_FEATURE_INDIRECT

/* A driver and a device that are on no bus: the test is both. */
struct bench {
	struct vdriver d;
	struct vqueue *q; /* the driver's */
	struct virtq dev; /* the device's */
	struct virtq_chain chain;
};

static void bench_queue(struct bench *b, uint64_t features, uint16_t size)
{
	b->d.next_gpa = VDRIVER_RINGS_GPA;
	b->d.features = features;
	b->q = &b->d.queues[0];
	vdriver_queue(&b->d, 0, size); /* nothing is on the bus to hear of it */
	virtq_reset(&b->dev, size);
	b->dev.desc_gpa = b->q->desc_gpa;
	b->dev.avail_gpa = b->q->avail_gpa;
	b->dev.used_gpa = b->q->used_gpa;
	assert_int_equal(virtq_map(&b->dev, &b->d.mem, features), 0);
}

static int setup(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct err err = {0};

	*state = b;
	return vdriver_init(&b->d, &err);
}

static int teardown(void **state)
{
	struct bench *b = *state;

	vdriver_release(&b->d);
	free(b);
	return 0;
}

static int pop(struct bench *b)
{
	return virtq_pop(&b->dev, &b->d.mem, &b->chain);
}

/* What the device makes of one chain of raw descriptors from 0. */
static int pop_raw(struct bench *b, uint64_t features, uint16_t size,
		   const struct vdesc *descs, uint32_t count)
{
	bench_queue(b, features, size);
	memcpy(b->q->desc, descs, count * sizeof(*descs));
	vqueue_expose(b->q, 0);
	return pop(b);
}

/* --- in order ---------------------------------------------------------- */

static void chains_arrive_as_they_were_cut(void **state)
{
	const struct vseg segs[] = {{DATA_GPA, 16, false},
				    {DATA_GPA + 16, 0, false},
				    {DATA_GPA + 100, 7, true},
				    {DATA_GPA + 200, 1, true}};
	struct bench *b = *state;
	uint32_t len;
	int head, i;

	bench_queue(b, 0, 8);
	assert_int_equal(pop(b), 0);
	head = vqueue_add(b->q, segs, ARRAY_SIZE(segs));
	assert_int_equal(pop(b), 1);
	assert_int_equal(b->chain.head, head);
	assert_int_equal(b->chain.out_count, 2);
	assert_int_equal(b->chain.in_count, 2);
	for (i = 0; i < 4; i++) {
		assert_ptr_equal(b->chain.iov[i].iov_base,
				 vdriver_ptr(&b->d, segs[i].gpa));
		assert_int_equal(b->chain.iov[i].iov_len, segs[i].len);
	}
	assert_int_equal(pop(b), 0);
	assert_int_equal(vqueue_take(b->q, &len), -EAGAIN);
	virtq_push(&b->dev, b->chain.head, 8);
	assert_int_equal(vqueue_take(b->q, &len), head);
	assert_int_equal(len, 8);
}

static void an_unpopped_chain_is_the_next_again(void **state)
{
	const struct vseg seg = {DATA_GPA, 16, true};
	struct bench *b = *state;
	int head;

	bench_queue(b, 0, 8);
	assert_int_equal(virtq_avail_count(&b->dev), 0);
	head = vqueue_add(b->q, &seg, 1);
	vqueue_add(b->q, &seg, 1);
	assert_int_equal(virtq_avail_count(&b->dev), 2);
	assert_int_equal(pop(b), 1);
	virtq_unpop(&b->dev);
	assert_int_equal(virtq_avail_count(&b->dev), 2);
	assert_int_equal(pop(b), 1);
	assert_int_equal(b->chain.head, head);
	assert_int_equal(virtq_avail_count(&b->dev), 1);
	virtq_push(&b->dev, b->chain.head, 16);
	assert_int_equal(vqueue_take(b->q, NULL), head);
}

/* Twice around the indexes, in batches that do not divide the ring. */
static void indexes_wrap(void **state)
{
	const struct vseg seg = {DATA_GPA, 64, true};
	struct bench *b = *state;
	uint32_t done = 0, i, len;

	bench_queue(b, EVENT, 16);
	while (done < 2 * 65536 + 7) {
		uint16_t heads[16];
		uint32_t n = 1 + done % 13;

		for (i = 0; i < n; i++)
			assert_true(vqueue_add(b->q, &seg, 1) >= 0);
		for (i = 0; i < n; i++) {
			assert_int_equal(pop(b), 1);
			heads[i] = b->chain.head;
		}
		assert_int_equal(pop(b), 0);
		for (i = n; i--;)
			virtq_push(&b->dev, heads[i], done + i);
		for (i = n; i--;) {
			assert_int_equal(vqueue_take(b->q, &len), heads[i]);
			assert_int_equal(len, done + i);
		}
		done += n;
	}
	assert_int_equal(b->q->free_count, 16);
}

static void many_are_published_at_once(void **state)
{
	const struct vseg seg = {DATA_GPA, 64, true};
	struct bench *b = *state;
	uint16_t i;

	bench_queue(b, 0, 4);
	/* So that the three lie around the end of the ring. */
	b->dev.next_used = 2;
	b->q->next_used = 2;
	b->q->used[1] = 2;
	for (i = 0; i < 3; i++) {
		vqueue_add(b->q, &seg, 1);
		assert_int_equal(pop(b), 1);
		virtq_fill(&b->dev, i, b->chain.head, 10u + i);
		assert_int_equal(vqueue_take(b->q, NULL), -EAGAIN);
	}
	virtq_publish(&b->dev, 3);
	for (i = 0; i < 3; i++) {
		uint32_t len;

		assert_int_equal(vqueue_take(b->q, &len), i);
		assert_int_equal(len, 10 + i);
	}
}

/* --- who tells whom ---------------------------------------------------- */

static void push_many(struct bench *b, int count)
{
	const struct vseg seg = {DATA_GPA, 64, true};

	while (count--) {
		vqueue_add(b->q, &seg, 1);
		assert_int_equal(pop(b), 1);
		virtq_push(&b->dev, b->chain.head, 0);
		vqueue_take(b->q, NULL);
	}
}

static void flags_silence_both_sides(void **state)
{
	struct bench *b = *state;

	bench_queue(b, 0, 8);
	assert_false(virtq_wants_interrupt(&b->dev)); /* nothing was pushed */
	push_many(b, 3);
	assert_true(virtq_wants_interrupt(&b->dev));
	assert_false(virtq_wants_interrupt(&b->dev)); /* once a batch */
	b->q->avail[0] = 1;
	push_many(b, 1);
	assert_false(virtq_wants_interrupt(&b->dev));

	virtq_notify_disable(&b->dev);
	assert_int_equal(b->q->used[0], 1);
	assert_false(virtq_notify_enable(&b->dev));
	assert_int_equal(b->q->used[0], 0);
}

static void the_event_index_asks_for_one_interrupt(void **state)
{
	struct bench *b = *state;
	uint16_t *used_event;

	bench_queue(b, EVENT, 8);
	used_event = &b->q->avail[2 + 8];
	/* After entry 4, whichever batch it is in. */
	*used_event = 4;
	push_many(b, 4);
	assert_false(virtq_wants_interrupt(&b->dev));
	push_many(b, 4);
	assert_true(virtq_wants_interrupt(&b->dev));
	push_many(b, 4); /* stale now */
	assert_false(virtq_wants_interrupt(&b->dev));
	/* Flags mean nothing beside it. */
	b->q->avail[0] = 1;
	*used_event = b->dev.next_used;
	push_many(b, 1);
	assert_true(virtq_wants_interrupt(&b->dev));
	/* Across the wrap of the index. */
	push_many(b, 65535 - b->dev.next_used);
	virtq_wants_interrupt(&b->dev);
	*used_event = 1;
	push_many(b, 2); /* entries 65535 and 0 */
	assert_int_equal(b->dev.next_used, 1);
	assert_false(virtq_wants_interrupt(&b->dev));
	push_many(b, 1);
	assert_true(virtq_wants_interrupt(&b->dev));
}

static void enabling_finds_what_was_missed(void **state)
{
	static const uint64_t features[] = {0, EVENT};
	const struct vseg seg = {DATA_GPA, 64, true};
	struct bench *b = *state;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(features); i++) {
		bench_queue(b, features[i], 8);
		virtq_notify_disable(&b->dev);
		assert_int_equal(pop(b), 0);
		vqueue_add(b->q, &seg, 1); /* without a doorbell */
		assert_true(virtq_notify_enable(&b->dev));
		assert_int_equal(pop(b), 1);
		assert_false(virtq_notify_enable(&b->dev));
	}
	/* avail_event: the next one that is put in is to be told of. */
	assert_int_equal(b->q->used[2 + 4 * 8], 1);
}

/* Also where the driver has not passed the index that it was asked for. */
static void a_disabled_queue_is_not_rung_for(void **state)
{
	const struct vseg seg = {DATA_GPA, 64, true};
	struct bench *b = *state;
	int i;

	bench_queue(b, EVENT, 8);
	assert_false(virtq_notify_enable(&b->dev));
	virtq_notify_disable(&b->dev);
	for (i = 0; i < 6; i++) {
		assert_true(vqueue_add(b->q, &seg, 1) >= 0);
		assert_false(vqueue_kick(&b->d, b->q));
	}
	/* Nor while the device goes on through them. */
	assert_int_equal(pop(b), 1);
	assert_int_equal(pop(b), 1);
	assert_true(vqueue_add(b->q, &seg, 1) >= 0);
	assert_false(vqueue_kick(&b->d, b->q));
	assert_true(virtq_notify_enable(&b->dev));
}

/* --- indirect tables --------------------------------------------------- */

static void indirect_tables_are_chains(void **state)
{
	struct vseg segs[VDRIVER_MAX_SEGS];
	struct bench *b = *state;
	uint32_t i;

	for (i = 0; i < ARRAY_SIZE(segs); i++)
		segs[i] = (struct vseg){DATA_GPA + 16 * i, 16, i > 5};
	bench_queue(b, INDIRECT, 256);
	assert_int_equal(vqueue_add_indirect(b->q, segs, VIRTQ_MAX_SEGS), 0);
	assert_int_equal(pop(b), 1);
	assert_int_equal(b->chain.out_count, 6);
	assert_int_equal(b->chain.in_count, VIRTQ_MAX_SEGS - 6);
	assert_ptr_equal(b->chain.iov[129].iov_base,
			 vdriver_ptr(&b->d, DATA_GPA + 16 * 129));
	assert_int_equal(vqueue_add_indirect(b->q, segs, VIRTQ_MAX_SEGS + 1),
			 1);
	assert_int_equal(pop(b), -EPROTO);
}

/* As long as the queue and no longer (2.7.5.3.1). */
static void indirect_tables_are_as_long_as_the_queue(void **state)
{
	struct vseg segs[17];
	struct bench *b = *state;
	uint32_t i;

	for (i = 0; i < ARRAY_SIZE(segs); i++)
		segs[i] = (struct vseg){DATA_GPA + 16 * i, 16, true};
	bench_queue(b, INDIRECT, 16);
	vqueue_add_indirect(b->q, segs, 16);
	assert_int_equal(pop(b), 1);
	assert_int_equal(b->chain.in_count, 16);
	vqueue_add_indirect(b->q, segs, 17);
	assert_int_equal(pop(b), -EPROTO);
}

/* Some direct ones and then a table are one chain (2.7.5.3.2). */
static void a_table_may_end_a_chain(void **state)
{
	const uint64_t table = DATA_GPA + 0x1000;
	const struct vdesc descs[] = {
		{DATA_GPA, 16, VDESC_NEXT, 1},
		/* The write flag of it means nothing. */
		{table, 32, VDESC_INDIRECT | VDESC_WRITE, 0}};
	const struct vdesc in_table[] = {{DATA_GPA + 16, 8, VDESC_NEXT, 1},
					 {DATA_GPA + 24, 8, VDESC_WRITE, 0}};
	struct bench *b = *state;

	memcpy(vdriver_ptr(&b->d, table), in_table, sizeof(in_table));
	assert_int_equal(pop_raw(b, INDIRECT, 8, descs, 2), 1);
	assert_int_equal(b->chain.out_count, 2);
	assert_int_equal(b->chain.in_count, 1);
	/* A table may lie anywhere. */
	memcpy(vdriver_ptr(&b->d, table + 3), in_table, sizeof(in_table));
	bench_queue(b, INDIRECT, 8);
	b->q->desc[0] = (struct vdesc){table + 3, 32, VDESC_INDIRECT, 0};
	vqueue_expose(b->q, 0);
	assert_int_equal(pop(b), 1);
}

static void bad_tables_are_refused(void **state)
{
	static const struct vdesc bad[] = {
		{DATA_GPA, 0, VDESC_INDIRECT, 0},
		{DATA_GPA, 15, VDESC_INDIRECT, 0},
		{DATA_GPA, 24, VDESC_INDIRECT, 0},
		{DATA_GPA, 32, VDESC_INDIRECT | VDESC_NEXT, 1},
		{RAM_END - 16, 32, VDESC_INDIRECT, 0},
		{UINT64_MAX - 15, 32, VDESC_INDIRECT, 0},
		{DATA_GPA, 16 * 65536, VDESC_INDIRECT, 0},
		{DATA_GPA, UINT32_MAX - 15, VDESC_INDIRECT, 0},
	};
	struct bench *b = *state;
	struct vdesc *table = vdriver_ptr(&b->d, DATA_GPA);
	const struct vdesc good = {DATA_GPA, 32, VDESC_INDIRECT, 0};
	size_t i;

	table[0] = (struct vdesc){DATA_GPA, 16, 0, 0};
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(pop_raw(b, INDIRECT, 8, &bad[i], 1), -EPROTO);
	assert_int_equal(pop_raw(b, INDIRECT, 8, &good, 1), 1);
	/* Not negotiated. */
	assert_int_equal(pop_raw(b, 0, 8, &good, 1), -EPROTO);
	/* One within another. */
	table[0].flags = VDESC_INDIRECT;
	assert_int_equal(pop_raw(b, INDIRECT, 8, &good, 1), -EPROTO);
	/* A next beyond the table, and a loop within. */
	table[0] = (struct vdesc){DATA_GPA, 16, VDESC_NEXT, 2};
	assert_int_equal(pop_raw(b, INDIRECT, 8, &good, 1), -EPROTO);
	table[0].next = 0;
	assert_int_equal(pop_raw(b, INDIRECT, 8, &good, 1), -EPROTO);
}

/* --- rules broken ------------------------------------------------------ */

static void bad_chains_are_refused(void **state)
{
	static const struct vdesc bad[][3] = {
		{{DATA_GPA, 8, VDESC_NEXT, 0}},
		{{DATA_GPA, 8, VDESC_NEXT, 1}, {DATA_GPA, 8, VDESC_NEXT, 0}},
		{{DATA_GPA, 8, VDESC_NEXT, 8}},
		{{DATA_GPA, 8, VDESC_NEXT, UINT16_MAX}},
		{{RAM_END - 7, 8, 0, 0}},
		{{RAM_END + 1, 0, 0, 0}},
		{{DATA_GPA, UINT32_MAX, 0, 0}},
		{{UINT64_MAX, 1, 0, 0}},
		{{UINT64_MAX - 7, 8, 0, 0}},
		{{MEM_HOLE_START, 8, 0, 0}},
		{{MEM_HOLE_END, 8, 0, 0}},
		{{DATA_GPA, 8, VDESC_WRITE | VDESC_NEXT, 1},
		 {DATA_GPA, 8, 0, 0}},
	};
	static const struct vdesc good[] = {
		{RAM_END - 8, 8, VDESC_NEXT, 1},
		{RAM_END, 0, VDESC_NEXT, 2},
		{0, RAM_END, VDESC_WRITE, 0},
	};
	struct bench *b = *state;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(pop_raw(b, 0, 8, bad[i], 3), -EPROTO);
	assert_int_equal(pop_raw(b, 0, 8, good, 3), 1);
	assert_int_equal(iov_total(b->chain.iov, 2), 8);
}

static void a_chain_is_as_long_as_the_queue(void **state)
{
	struct vdesc descs[256];
	struct bench *b = *state;
	uint16_t i;

	for (i = 0; i < ARRAY_SIZE(descs); i++)
		descs[i] = (struct vdesc){DATA_GPA, 8, VDESC_NEXT,
					  (uint16_t)(i + 1)};
	descs[15].flags = 0;
	assert_int_equal(pop_raw(b, 0, 16, descs, 16), 1);
	assert_int_equal(b->chain.out_count, 16);
	descs[15].flags = VDESC_NEXT;
	descs[VIRTQ_MAX_SEGS - 1].flags = 0;
	assert_int_equal(pop_raw(b, 0, 256, descs, 256), 1);
	descs[VIRTQ_MAX_SEGS - 1].flags = VDESC_NEXT;
	descs[VIRTQ_MAX_SEGS].flags = 0;
	assert_int_equal(pop_raw(b, 0, 256, descs, 256), -EPROTO);
}

static void bad_heads_and_indexes_are_refused(void **state)
{
	struct bench *b = *state;

	bench_queue(b, 0, 8);
	vqueue_expose(b->q, 8);
	assert_int_equal(pop(b), -EPROTO);
	bench_queue(b, 0, 8);
	vqueue_expose(b->q, UINT16_MAX);
	assert_int_equal(pop(b), -EPROTO);
	/* All that fit, one more, and an index that goes back. */
	bench_queue(b, 0, 8);
	b->q->avail[1] = 8;
	assert_int_equal(pop(b), 1);
	bench_queue(b, 0, 8);
	b->q->avail[1] = 9;
	assert_int_equal(pop(b), -EPROTO);
	bench_queue(b, 0, 8);
	b->q->avail[1] = UINT16_MAX;
	assert_int_equal(pop(b), -EPROTO);
}

static void rings_must_be_aligned_ram(void **state)
{
	static const struct {
		uint64_t desc, avail, used;
		int result;
	} cases[] = {
		{0, 0x1000, 0x2000, 0},
		{8, 0x1000, 0x2000, -EPROTO},
		{0, 0x1001, 0x2000, -EPROTO},
		{0, 0x1002, 0x2000, 0},
		{0, 0x1000, 0x2002, -EPROTO},
		{0, 0x1000, 0x2004, 0},
		{RAM_END - 128, 0x1000, 0x2000, 0},
		{RAM_END - 112, 0x1000, 0x2000, -EPROTO},
		{0, RAM_END - 22, 0x2000, 0},
		{0, RAM_END - 20, 0x2000, -EPROTO},
		{0, 0x1000, RAM_END - 72, 0},
		{0, 0x1000, RAM_END - 68, -EPROTO},
		{UINT64_MAX & ~15ULL, 0x1000, 0x2000, -EPROTO},
		{0, MEM_HOLE_START, 0x2000, -EPROTO},
	};
	struct bench *b = *state;
	struct virtq q;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		virtq_reset(&q, 8);
		q.desc_gpa = cases[i].desc;
		q.avail_gpa = cases[i].avail;
		q.used_gpa = cases[i].used;
		assert_int_equal(virtq_map(&q, &b->d.mem, 0), cases[i].result);
		assert_int_equal(!q.desc, cases[i].result != 0);
		assert_int_equal(!q.used, cases[i].result != 0);
	}
}

static void unmapped_queues_are_silent(void **state)
{
	struct bench *b = *state;
	struct virtq q;

	virtq_reset(&q, 8);
	assert_false(virtq_has_avail(&q));
	assert_int_equal(virtq_pop(&q, &b->d.mem, &b->chain), 0);
	virtq_notify_disable(&q);
	assert_false(virtq_notify_enable(&q));
	q.next_used = 1;
	assert_false(virtq_wants_interrupt(&q));
}

/* --- iov --------------------------------------------------------------- */

static void iov_copies_across_pieces(void **state)
{
	char a[3], c[4], out[8] = "";
	const struct iovec iov[] = {{a, 3}, {a, 0}, {c, 4}};

	(void)state;
	assert_int_equal(iov_total(iov, 3), 7);
	assert_int_equal(iov_write(iov, 3, "abcdefgh", 8), 7);
	assert_memory_equal(a, "abc", 3);
	assert_memory_equal(c, "defg", 4);
	assert_int_equal(iov_read(iov, 3, out, 5), 5);
	assert_string_equal(out, "abcde");
	assert_int_equal(iov_read(iov, 3, out, 8), 7);
	assert_string_equal(out, "abcdefg");
	assert_int_equal(iov_read(iov, 0, out, 8), 0);
}

/* Every skip and length of a buffer that is cut in odd places. */
static void iov_slices_say_what_is_in_them(void **state)
{
	char bytes[] = "0123456789";
	const struct iovec iov[] = {
		{bytes, 1}, {bytes + 1, 0}, {bytes + 1, 4}, {bytes + 5, 5}};
	struct iovec out[4];
	size_t skip, len;

	(void)state;
	for (skip = 0; skip <= 12; skip++)
		for (len = 0; len <= 12; len++) {
			uint32_t n = iov_slice(iov, 4, skip, len, out), i;
			size_t have = skip < 10 ? 10 - skip : 0;
			char text[16];

			assert_true(n <= 4);
			for (i = 0; i < n; i++)
				assert_true(out[i].iov_len);
			have = len < have ? len : have;
			assert_int_equal(iov_total(out, n), have);
			assert_int_equal(iov_read(out, n, text, sizeof(text)),
					 have);
			if (have)
				assert_memory_equal(text, bytes + skip, have);
		}
	assert_int_equal(iov_slice(iov, 4, 2, SIZE_MAX, out), 2);
}

#define ON_BENCH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_BENCH(chains_arrive_as_they_were_cut),
		ON_BENCH(an_unpopped_chain_is_the_next_again),
		ON_BENCH(indexes_wrap),
		ON_BENCH(many_are_published_at_once),
		ON_BENCH(flags_silence_both_sides),
		ON_BENCH(the_event_index_asks_for_one_interrupt),
		ON_BENCH(enabling_finds_what_was_missed),
		ON_BENCH(a_disabled_queue_is_not_rung_for),
		ON_BENCH(indirect_tables_are_chains),
		ON_BENCH(indirect_tables_are_as_long_as_the_queue),
		ON_BENCH(a_table_may_end_a_chain),
		ON_BENCH(bad_tables_are_refused),
		ON_BENCH(bad_chains_are_refused),
		ON_BENCH(a_chain_is_as_long_as_the_queue),
		ON_BENCH(bad_heads_and_indexes_are_refused),
		ON_BENCH(rings_must_be_aligned_ram),
		ON_BENCH(unmapped_queues_are_silent),
		cmocka_unit_test(iov_copies_across_pieces),
		cmocka_unit_test(iov_slices_say_what_is_in_them),
	};

	return RUN_TESTS(tests);
}
