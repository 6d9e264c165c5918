// SPDX-License-Identifier: GPL-3.0-or-later
/* A virtio device's registers (virtio 1.2, 4.1.4): as a driver expects them,
 * and as a hostile one uses them. */
#include "tests/unit/test.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runners/vmm/virtio/console.h"
#include "runners/vmm/virtio/rng.h"
#include "tests/unit/fixture/hv_fake.h"
#include "tests/unit/fixture/vdriver.h"

/* virtio_pci_common_cfg, 4.1.4.3 */
enum {
	DEVICE_SELECT = 0,
	DEVICE_FEATURE = 4,
	DRIVER_SELECT = 8,
	DRIVER_FEATURE = 12,
	CONFIG_VECTOR = 16,
	NUM_QUEUES = 18,
	STATUS = 20,
	GENERATION = 21,
	QUEUE_SELECT = 22,
	QUEUE_SIZE = 24,
	QUEUE_VECTOR = 26,
	QUEUE_ENABLE = 28,
	QUEUE_NOTIFY = 30,
	QUEUE_DESC = 32,
	QUEUE_DRIVER = 40,
	QUEUE_DEVICE = 48,
};
/* Of its queues: that many buffers are enough for what it says. */
#define CONSOLE_SIZE 16
#define NO_VECTOR 0xffff
#define ISR 0x1000
#define CONSOLE_QUEUES 4

static const _Atomic(int) never;

struct bench {
	struct vdriver d;
	struct console con;
	struct rng rng;
	int channel[2];
};

static struct bench *bench_new(void)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct err err = {0};

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, b->channel), 0);
	assert_int_equal(vdriver_init(&b->d, &err), 0);
	return b;
}

static int setup_console(void **state)
{
	struct bench *b = bench_new();

	*state = b;
	console_init(&b->con, &b->d.mem, b->channel[0], &never);
	return vdriver_attach(&b->d, &b->con.dev);
}

static int setup_rng(void **state)
{
	struct bench *b = bench_new();

	*state = b;
	rng_init(&b->rng, &b->d.mem);
	return vdriver_attach(&b->d, &b->rng.dev);
}

static int teardown(void **state)
{
	struct bench *b = *state;

	vdriver_release(&b->d);
	console_release(&b->con);
	rng_release(&b->rng);
	close(b->channel[0]);
	close(b->channel[1]);
	free(b);
	return 0;
}

static uint64_t get(struct bench *b, uint64_t reg, uint8_t len)
{
	return vdriver_read(&b->d, reg, len);
}

static void put(struct bench *b, uint64_t reg, uint8_t len, uint64_t value)
{
	vdriver_write(&b->d, reg, len, value);
}

/* --- as a driver expects them --------------------------------------------- */

static void features_come_in_words(void **state)
{
	struct bench *b = *state;

	put(b, DEVICE_SELECT, 4, 0);
	assert_int_equal(get(b, DEVICE_FEATURE, 4), 1u << 1); /* MULTIPORT */
	put(b, DEVICE_SELECT, 4, 1);
	assert_int_equal(get(b, DEVICE_SELECT, 4), 1);
	assert_int_equal(get(b, DEVICE_FEATURE, 4), 1); /* VERSION_1 */
	put(b, DEVICE_FEATURE, 4, UINT32_MAX);
	assert_int_equal(get(b, DEVICE_FEATURE, 4), 1);
	put(b, DEVICE_SELECT, 4, 2);
	assert_int_equal(get(b, DEVICE_FEATURE, 4), 0);
	put(b, DEVICE_SELECT, 4, UINT32_MAX);
	assert_int_equal(get(b, DEVICE_FEATURE, 4), 0);
}

/* A driver's choice holds from FEATURES_OK on (3.1.1). */
static void taken_features_stay(void **state)
{
	struct bench *b = *state;

	put(b, STATUS, 1, 3);
	put(b, DRIVER_SELECT, 4, 1);
	put(b, DRIVER_FEATURE, 4, 1);
	put(b, DRIVER_SELECT, 4, 2);
	put(b, DRIVER_FEATURE, 4, UINT32_MAX); /* nowhere */
	assert_int_equal(get(b, DRIVER_SELECT, 4), 2);
	assert_int_equal(get(b, DRIVER_FEATURE, 4), 0);
	put(b, STATUS, 1, 11);
	assert_int_equal(get(b, STATUS, 1), 11);
	put(b, DRIVER_SELECT, 4, 0);
	put(b, DRIVER_FEATURE, 4, UINT32_MAX);
	assert_int_equal(get(b, DRIVER_FEATURE, 4), 0);
	put(b, DRIVER_SELECT, 4, 1);
	assert_int_equal(get(b, DRIVER_FEATURE, 4), 1);
	put(b, STATUS, 1, 0);
	assert_int_equal(get(b, DRIVER_FEATURE, 4), 0);
}

/* A device that runs reads them all the while, whatever the driver says of
 * its status. */
static void features_stay_while_it_runs(void **state)
{
	struct bench *b = *state;

	assert_int_equal(vdriver_negotiate(&b->d, 0), 0);
	vdriver_ok(&b->d);
	put(b, STATUS, 1, 3);
	put(b, DRIVER_SELECT, 4, 0);
	put(b, DRIVER_FEATURE, 4, 2);
	assert_int_equal(get(b, DRIVER_FEATURE, 4), 0);
	put(b, STATUS, 1, 0);
	put(b, DRIVER_FEATURE, 4, 2);
	assert_int_equal(get(b, DRIVER_FEATURE, 4), 2);
}

/* What nobody offered would be in force, for nobody has looked at it. */
static void no_start_without_agreed_features(void **state)
{
	struct bench *b = *state;

	put(b, DRIVER_SELECT, 4, 0);
	put(b, DRIVER_FEATURE, 4, UINT32_MAX);
	put(b, STATUS, 1, VIRTIO_STATUS_DRIVER_OK);
	assert_int_equal(get(b, STATUS, 1), 0);
	assert_false(b->con.dev.is_running);
	put(b, STATUS, 1, 15);
	assert_int_equal(get(b, STATUS, 1), 3);
	assert_false(b->con.dev.is_running);
	put(b, DRIVER_FEATURE, 4, 0);
	put(b, STATUS, 1, 15);
	assert_true(b->con.dev.is_running);
}

/* --- a console that breaks ------------------------------------------------ */

static void console_open(struct bench *b)
{
	assert_int_equal(vdriver_start(&b->d, UINT64_MAX, CONSOLE_QUEUES, 16),
			 0);
	b->con.guest_open = true;
	assert_int_equal(write(b->channel[1], "job", 3), 3);
}

/* The VMM would look for its buffers without a pause. */
static void a_broken_console_wants_no_input(void **state)
{
	struct bench *b = *state;
	const struct vseg good = {MIB, 64, true}, bad = {3 * GIB, 8, false};

	console_open(b);
	assert_true(vqueue_add(&b->d.queues[0], &good, 1) >= 0);
	assert_true(console_wants_input(&b->con));
	assert_true(vqueue_add(&b->d.queues[1], &bad, 1) >= 0);
	vqueue_ring(&b->d, &b->d.queues[1]);
	assert_true(vdriver_needs_reset(&b->d));
	assert_false(console_wants_input(&b->con));
}

/* A whole queue that nobody reads, in a machine that is to end: the first of
 * them would wait without end. */
static void an_ending_machine_writes_no_more(void **state)
{
	static const _Atomic(int) ending = 1;
	const struct vseg seg = {MIB, 4096, false};
	struct bench *b = *state;
	char zeros[4096] = {0};

	while (send(b->channel[0], zeros, sizeof(zeros), MSG_DONTWAIT) > 0)
		;
	console_open(b);
	b->con.stop = &ending;
	assert_true(vqueue_add(&b->d.queues[1], &seg, 1) >= 0);
	vqueue_ring(&b->d, &b->d.queues[1]);
	assert_int_equal(virtio_request_count(&b->con.dev), 0);
}

/* An end of the channel that there was not. */
static void a_buffer_without_room_breaks_the_console(void **state)
{
	static const struct vseg bad[] = {{MIB, 64, false}, {MIB, 0, true}};
	struct bench *b = *state;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		console_open(b);
		assert_true(vqueue_add(&b->d.queues[0], &bad[i], 1) >= 0);
		assert_true(console_wants_input(&b->con));
		assert_int_equal(console_receive(&b->con), -EAGAIN);
		assert_true(vdriver_needs_reset(&b->d));
	}
}

static void each_queue_has_its_registers(void **state)
{
	static const uint64_t gpa = 0x123456000;
	struct bench *b = *state;
	uint64_t q;

	assert_int_equal(get(b, NUM_QUEUES, 2), CONSOLE_QUEUES);
	put(b, NUM_QUEUES, 2, 9);
	assert_int_equal(get(b, NUM_QUEUES, 2), CONSOLE_QUEUES);
	for (q = 0; q < CONSOLE_QUEUES; q++) {
		put(b, QUEUE_SELECT, 2, q);
		put(b, QUEUE_SIZE, 2, 2u << q);
		put(b, QUEUE_VECTOR, 2, q + 1);
		put(b, QUEUE_DESC, 8, gpa + q);
		put(b, QUEUE_DRIVER, 4, q + 1);
		put(b, QUEUE_DRIVER + 4, 4, 7);
		put(b, QUEUE_DEVICE, 8, UINT64_MAX - q);
	}
	for (q = 0; q < CONSOLE_QUEUES; q++) {
		put(b, QUEUE_SELECT, 2, q);
		assert_int_equal(get(b, QUEUE_SELECT, 2), q);
		assert_int_equal(get(b, QUEUE_SIZE, 2), 2u << q);
		assert_int_equal(get(b, QUEUE_VECTOR, 2), q + 1);
		assert_int_equal(get(b, QUEUE_NOTIFY, 2), q);
		assert_int_equal(get(b, QUEUE_ENABLE, 2), 0);
		assert_int_equal(get(b, QUEUE_DESC, 8), gpa + q);
		assert_int_equal(get(b, QUEUE_DESC + 4, 4), gpa >> 32);
		assert_int_equal(get(b, QUEUE_DRIVER, 8), 7ull << 32 | (q + 1));
		assert_true(get(b, QUEUE_DEVICE, 8) == UINT64_MAX - q);
	}
	/* A reset forgets all of it. */
	put(b, STATUS, 1, 0);
	put(b, QUEUE_SELECT, 2, 1);
	assert_int_equal(get(b, QUEUE_DESC, 8), 0);
	assert_int_equal(get(b, QUEUE_VECTOR, 2), NO_VECTOR);
	assert_int_equal(get(b, QUEUE_SIZE, 2), CONSOLE_SIZE);
}

static void only_powers_of_two_are_sizes(void **state)
{
	static const struct {
		uint64_t written, kept;
	} rows[] = {
		{8, 8},
		{0, 8},
		{3, 8},
		{CONSOLE_SIZE, CONSOLE_SIZE},
		{1, 1},
		{CONSOLE_SIZE * 2, 1},
		{VIRTQ_MAX_SIZE, 1},
		{6, 1},
		{0xffff, 1},
		{4, 4},
	};
	struct bench *b = *state;
	size_t i;

	put(b, QUEUE_SELECT, 2, 0);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		put(b, QUEUE_SIZE, 2, rows[i].written);
		assert_int_equal(get(b, QUEUE_SIZE, 2), rows[i].kept);
	}
}

/* A vector that the device does not have reads back as none (4.1.5.1.2.1). */
static void vectors_are_those_of_the_table(void **state)
{
	struct bench *b = *state;

	put(b, QUEUE_SELECT, 2, 0);
	put(b, QUEUE_VECTOR, 2, CONSOLE_QUEUES);
	assert_int_equal(get(b, QUEUE_VECTOR, 2), CONSOLE_QUEUES);
	put(b, QUEUE_VECTOR, 2, CONSOLE_QUEUES + 1);
	assert_int_equal(get(b, QUEUE_VECTOR, 2), NO_VECTOR);
	put(b, CONFIG_VECTOR, 2, 2);
	assert_int_equal(get(b, CONFIG_VECTOR, 2), 2);
	put(b, CONFIG_VECTOR, 2, 0x7fff);
	assert_int_equal(get(b, CONFIG_VECTOR, 2), NO_VECTOR);
	put(b, CONFIG_VECTOR, 2, 3);
	put(b, STATUS, 1, 0);
	assert_int_equal(get(b, CONFIG_VECTOR, 2), NO_VECTOR);
}

static void an_enabled_queue_does_not_move(void **state)
{
	struct bench *b = *state;

	put(b, QUEUE_SELECT, 2, 0);
	put(b, QUEUE_SIZE, 2, 16);
	put(b, QUEUE_DESC, 8, MIB);
	put(b, QUEUE_ENABLE, 2, 1);
	assert_int_equal(get(b, QUEUE_ENABLE, 2), 1);
	put(b, QUEUE_DESC, 8, 2 * MIB);
	put(b, QUEUE_SIZE, 2, 32);
	assert_int_equal(get(b, QUEUE_DESC, 8), MIB);
	assert_int_equal(get(b, QUEUE_SIZE, 2), 16);
	put(b, QUEUE_VECTOR, 2, 1); /* this may change */
	assert_int_equal(get(b, QUEUE_VECTOR, 2), 1);
}

static void queues_that_are_not_there_read_zero(void **state)
{
	struct bench *b = *state;
	uint64_t reg;

	put(b, QUEUE_SELECT, 2, CONSOLE_QUEUES);
	for (reg = QUEUE_SIZE; reg < QUEUE_DEVICE + 8; reg += 2) {
		put(b, reg, 2, 1);
		assert_int_equal(get(b, reg, 2), 0);
	}
	put(b, QUEUE_SELECT, 2, 0xffff);
	assert_int_equal(get(b, QUEUE_SIZE, 2), 0);
	assert_int_equal(get(b, GENERATION, 1), 0);
	/* With MSI-X the ISR has no use, and the rest is empty. */
	assert_int_equal(get(b, ISR, 1), 0);
	put(b, ISR, 1, 0xff);
	assert_int_equal(get(b, ISR, 1), 0);
	assert_int_equal(get(b, QUEUE_DEVICE + 8, 8), 0);
	assert_int_equal(get(b, 0xff8, 8), 0);
}

/* One port, and no size of a window (5.3.4). */
static void the_console_has_one_port(void **state)
{
	struct bench *b = *state;

	assert_int_equal(vdriver_config(&b->d, 0, 4), 0);
	assert_int_equal(vdriver_config(&b->d, 4, 4), 1);
	assert_int_equal(vdriver_config(&b->d, 4, 8), 1);
	assert_int_equal(vdriver_config(&b->d, 8, 8), 0); /* over its end */
	assert_int_equal(vdriver_config(&b->d, 12, 1), 0);
	assert_int_equal(vdriver_config(&b->d, 0xff8, 8), 0);
	vdriver_write(&b->d, b->d.device_config + 4, 4, 9);
	assert_int_equal(vdriver_config(&b->d, 4, 4), 1);
}

/* --- as a hostile one uses them ------------------------------------------- */

/* Random bytes for a driver that keeps the rules. */
static void expect_entropy(struct bench *b)
{
	struct vseg seg = {.len = 64, .is_in = true};
	uint32_t len = 0;

	assert_int_equal(vdriver_start(&b->d, UINT64_MAX, 1, 16), 0);
	seg.gpa = vdriver_alloc(&b->d, 64, 16);
	assert_true(vqueue_add(&b->d.queues[0], &seg, 1) >= 0);
	vqueue_kick(&b->d, &b->d.queues[0]);
	assert_true(vqueue_take(&b->d.queues[0], &len) >= 0);
	assert_int_equal(len, 64);
}

/* Rings outside RAM, or not aligned, are found when the driver is ready; it is
 * told by a configuration interrupt. */
static void bad_rings_need_a_reset(void **state)
{
	static const uint64_t bad[][3] = {
		{1ull << 40, MIB, MIB},
		{MIB, UINT64_MAX - 15, MIB},
		{MIB, MIB, 3 * GIB},
		{MIB + 8, MIB, MIB},
	};
	struct bench *b = *state;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(vdriver_negotiate(&b->d, UINT64_MAX), 0);
		put(b, CONFIG_VECTOR, 2, 1);
		put(b, QUEUE_SELECT, 2, 0);
		put(b, QUEUE_SIZE, 2, 16);
		put(b, QUEUE_DESC, 8, bad[i][0]);
		put(b, QUEUE_DRIVER, 8, bad[i][1]);
		put(b, QUEUE_DEVICE, 8, bad[i][2]);
		put(b, QUEUE_ENABLE, 2, 1);
		hv_fake_state.sent_count = 0;
		vdriver_ok(&b->d);
		assert_true(vdriver_needs_reset(&b->d));
		assert_int_equal(hv_fake_state.sent_count, 1);
		assert_int_equal(hv_fake_state.sent[0].data, 0x41);
		/* Once more says it no more. */
		vdriver_ok(&b->d);
		assert_int_equal(hv_fake_state.sent_count, 1);
		expect_entropy(b);
	}
}

/* Another CPU of the driver: as many new requests as the ring takes, at any
 * moment, for a while. */
struct feeder {
	struct vqueue *q;
	_Atomic bool has_begun, is_over;
};

static void *feed(void *arg)
{
	struct feeder *f = arg;
	uint16_t at = f->q->next_avail, used;

	while (!atomic_load(&f->is_over)) {
		used = __atomic_load_n(&f->q->used[1], __ATOMIC_RELAXED);
		if ((uint16_t)(at - used) < 200)
			at = (uint16_t)(at + 32);
		__atomic_store_n(&f->q->avail[1], at, __ATOMIC_RELEASE);
		atomic_store(&f->has_begun, true);
	}
	return NULL;
}

/* The vCPU that notified comes back all the same. */
static void a_notification_has_an_end(void **state)
{
	const struct vseg seg = {MIB, 1, true};
	struct bench *b = *state;
	struct vqueue *q = &b->d.queues[0];
	struct feeder feeder = {.q = q};
	pthread_t thread;
	int i;

	assert_int_equal(vdriver_start(&b->d, UINT64_MAX, 1, 256), 0);
	for (i = 0; i < 256; i++)
		assert_true(vqueue_add(q, &seg, 1) >= 0);
	assert_int_equal(pthread_create(&thread, NULL, feed, &feeder), 0);
	while (!atomic_load(&feeder.has_begun))
		sched_yield();
	for (i = 1; i <= 500; i++) {
		vqueue_ring(&b->d, q);
		assert_in_range(virtio_request_count(&b->rng.dev), 0,
				i * VIRTIO_NOTIFY_MAX);
	}
	atomic_store(&feeder.is_over, true);
	pthread_join(thread, NULL);
	expect_entropy(b);
}

/* What a running device does not know it never will. */
static void a_queue_enabled_too_late_stays_unknown(void **state)
{
	struct bench *b = *state;

	assert_int_equal(vdriver_negotiate(&b->d, UINT64_MAX), 0);
	vdriver_ok(&b->d);
	put(b, QUEUE_SELECT, 2, 0);
	put(b, QUEUE_DESC, 8, MIB);
	put(b, QUEUE_ENABLE, 2, 1);
	assert_int_equal(get(b, QUEUE_ENABLE, 2), 0);
	put(b, b->d.notify, 2, 0);
	assert_false(vdriver_needs_reset(&b->d));
	expect_entropy(b);
}

/* Every register in every width, with numbers that are the same each time;
 * a reset makes a device of it again. */
static void noise_does_not_outlive_a_reset(void **state)
{
	struct bench *b = *state;
	uint64_t x = 88172645463325252ull;
	int i;

	for (i = 0; i < 40000; i++) {
		uint8_t len;
		uint64_t reg;

		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		len = (uint8_t)(1u << (x & 3));
		/* Most of them where the registers are. */
		reg = x >> 2 & 1 ? x >> 8 & 0x3f : x >> 8 & 0x3fff;
		if (x >> 3 & 1)
			put(b, reg, len, x >> 16);
		else
			get(b, reg, len);
	}
	vdriver_reset(&b->d);
	assert_int_equal(vdriver_status(&b->d), 0);
	expect_entropy(b);
}

#define CONSOLE(test) \
	cmocka_unit_test_setup_teardown(test, setup_console, teardown)
#define RNG(test) cmocka_unit_test_setup_teardown(test, setup_rng, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CONSOLE(features_come_in_words),
		CONSOLE(taken_features_stay),
		CONSOLE(features_stay_while_it_runs),
		CONSOLE(no_start_without_agreed_features),
		CONSOLE(a_broken_console_wants_no_input),
		CONSOLE(an_ending_machine_writes_no_more),
		CONSOLE(a_buffer_without_room_breaks_the_console),
		CONSOLE(each_queue_has_its_registers),
		CONSOLE(only_powers_of_two_are_sizes),
		CONSOLE(vectors_are_those_of_the_table),
		CONSOLE(an_enabled_queue_does_not_move),
		CONSOLE(queues_that_are_not_there_read_zero),
		CONSOLE(the_console_has_one_port),
		RNG(bad_rings_need_a_reset),
		RNG(a_notification_has_an_end),
		RNG(a_queue_enabled_too_late_stays_unknown),
		RNG(noise_does_not_outlive_a_reset),
	};

	return RUN_TESTS(tests);
}
