// SPDX-License-Identifier: GPL-3.0-or-later
/* A virtio device's state out of one device and into another, requests in flight. */
#include "tests/unit/test.h"

#include <errno.h>

#include "runners/vmm/virtio/blk.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/hv_fake.h"
#include "tests/unit/fixture/vdriver.h"

#define SIZE 64
#define REQUESTS 40u
#define BLOCK 4096u
#define NONE 0x7f

struct head {
	uint32_t type, reserved;
	uint64_t sector;
};

struct bench {
	struct vdriver d;
	struct blk *blk;
	uint64_t heads_gpa, status_gpa, data_gpa;
	struct virtio_state device;
	struct pci_function_state function;
};

static void disk_add(struct bench *b, const char *path)
{
	const struct blk_config cfg = {.disk.path = path, .queue_count = 1};
	struct err err = {0};

	if (blk_create(&cfg, &b->d.mem, &b->blk, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(vdriver_attach(&b->d, blk_dev(b->blk)), 0);
}

static void disk_remove(struct bench *b)
{
	vdriver_detach(&b->d);
	blk_destroy(b->blk);
	b->blk = NULL;
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

	disk_remove(b);
	vdriver_release(&b->d);
	free(b);
	return 0;
}

static void start(struct bench *b)
{
	disk_add(b, "null:16M");
	assert_int_equal(vdriver_start(&b->d, UINT64_MAX, 1, SIZE), 0);
	b->heads_gpa = vdriver_alloc(&b->d, REQUESTS * sizeof(struct head), 16);
	b->status_gpa = vdriver_alloc(&b->d, REQUESTS, 16);
	b->data_gpa = vdriver_alloc(&b->d, REQUESTS * BLOCK, BLOCK);
	memset(vdriver_ptr(&b->d, b->status_gpa), NONE, REQUESTS);
	memset(vdriver_ptr(&b->d, b->heads_gpa), 0,
	       REQUESTS * sizeof(struct head));
}

static void add(struct bench *b, uint32_t i)
{
	const struct vseg segs[] = {
		{b->heads_gpa + i * sizeof(struct head), sizeof(struct head),
		 false},
		{b->data_gpa + i * BLOCK, BLOCK, true},
		{b->status_gpa + i, 1, true},
	};

	assert_true(vqueue_add_indirect(&b->d.queues[0], segs, 3) >= 0);
}

static void move(struct bench *b, const char *path)
{
	virtio_pci_state_get(&b->d.vp, &b->device);
	pci_function_state_get(&b->d.vp.fn, &b->function);
	disk_remove(b);
	disk_add(b, path);
}

/* Whatever was asked for before is answered once, and what comes later too. */
static void requests_in_flight_are_answered_once(void **state)
{
	struct bench *b = *state;
	struct err err = {0};
	uint32_t i;

	start(b);
	for (i = 0; i < REQUESTS / 2; i++) {
		add(b, i);
		if (i % 3 == 0)
			vqueue_kick(&b->d, &b->d.queues[0]);
	}
	move(b, "null:16M");
	assert_int_equal(virtio_pci_state_set(&b->d.vp, &b->device, &err), 0);
	assert_int_equal(pci_function_state_set(&b->d.vp.fn, &b->function), 0);
	virtio_pci_resume(&b->d.vp);
	for (; i < REQUESTS; i++)
		add(b, i);
	vqueue_ring(&b->d, &b->d.queues[0]);
	for (i = 0; i < REQUESTS; i++)
		assert_true(vqueue_wait(&b->d, &b->d.queues[0], NULL) >= 0);
	assert_int_equal(vqueue_take(&b->d.queues[0], NULL), -EAGAIN);
	for (i = 0; i < REQUESTS; i++)
		assert_int_equal(
			((uint8_t *)vdriver_ptr(&b->d, b->status_gpa))[i], 0);
}

/* A guest whose device was set up and idle hears of its queue all the same. */
static void each_queue_is_interrupted_once(void **state)
{
	struct bench *b = *state;
	struct err err = {0};

	start(b);
	move(b, "null:16M");
	assert_int_equal(virtio_pci_state_set(&b->d.vp, &b->device, &err), 0);
	assert_int_equal(pci_function_state_set(&b->d.vp.fn, &b->function), 0);
	assert_int_equal(vdriver_interrupts(&b->d, 0, 0), 0);
	virtio_pci_resume(&b->d.vp);
	assert_int_equal(vdriver_interrupts(&b->d, 0, VDRIVER_WAIT_MS), 1);
}

static void another_device_is_refused(void **state)
{
	struct bench *b = *state;
	struct err err = {0};

	start(b);
	move(b, "null:32M");
	assert_int_equal(virtio_pci_state_set(&b->d.vp, &b->device, &err),
			 -ENODEV);
	assert_non_null(strstr(err.msg, "size"));
	b->function.config[PCI_VENDOR] ^= 1;
	assert_int_equal(pci_function_state_set(&b->d.vp.fn, &b->function),
			 -ENODEV);
	b->function.config[PCI_VENDOR] ^= 1;
	b->function.entry_count--;
	assert_int_equal(pci_function_state_set(&b->d.vp.fn, &b->function),
			 -ENODEV);
}

/* What no driver could have brought a device to. */
static void a_hostile_state_is_refused(void **state)
{
	struct bench *b = *state;
	struct virtio_state bad;
	struct err err = {0};

	start(b);
	move(b, "null:16M");
	bad = b->device;
	bad.features |= 1ULL << 63;
	assert_int_equal(virtio_pci_state_set(&b->d.vp, &bad, &err), -EINVAL);
	bad = b->device;
	bad.queues[0].avail_gpa = UINT64_MAX - 1;
	assert_int_equal(virtio_pci_state_set(&b->d.vp, &bad, &err), -EINVAL);
	/* The driver would use another one than the device. */
	bad = b->device;
	bad.queues[0].size = 3;
	assert_int_equal(virtio_pci_state_set(&b->d.vp, &bad, &err), -EINVAL);
	bad.queues[0].size = 2 * VIRTQ_MAX_SIZE;
	assert_int_equal(virtio_pci_state_set(&b->d.vp, &bad, &err), -EINVAL);
	assert_contains(err.msg, "a size that the device lacks");
	bad = b->device;
	bad.queues[0].msix_vector = 77;
	bad.is_running = 0;
	assert_int_equal(virtio_pci_state_set(&b->d.vp, &bad, &err), 0);
	assert_int_equal(b->d.vp.dev->queues[0].msix_vector, PCI_NO_VECTOR);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(requests_in_flight_are_answered_once),
		TEST(each_queue_is_interrupted_once),
		TEST(another_device_is_refused),
		TEST(a_hostile_state_is_refused),
	};

	return RUN_TESTS(tests);
}
