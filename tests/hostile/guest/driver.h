/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TESTS_HOSTILE_GUEST_DRIVER_H
#define TESTS_HOSTILE_GUEST_DRIVER_H

/*
 * driver - a virtio 1.x driver that can do all of it right, and leaves every
 * word of a queue open to who wants it wrong. It polls; interrupts are the
 * attacks' own affair.
 */
#include <stdbool.h>
#include <stdint.h>

#include "tests/hostile/guest/pci.h"

/* virtio_pci_common_cfg, 4.1.4.3 */
enum common {
	C_FEATURE_SELECT = 0,
	C_FEATURE = 4,
	C_DRIVER_SELECT = 8,
	C_DRIVER_FEATURE = 12,
	C_CONFIG_VECTOR = 16,
	C_NUM_QUEUES = 18,
	C_STATUS = 20,
	C_QUEUE_SELECT = 22,
	C_QUEUE_SIZE = 24,
	C_QUEUE_VECTOR = 26,
	C_QUEUE_ENABLE = 28,
	C_QUEUE_DESC = 32,
	C_QUEUE_AVAIL = 40,
	C_QUEUE_USED = 48,
};

#define S_ACKNOWLEDGE 1u
#define S_DRIVER 2u
#define S_DRIVER_OK 4u
#define S_FEATURES_OK 8u
#define S_NEEDS_RESET 64u
#define S_FAILED 128u

#define F_VERSION_1 (1ull << 32)
#define F_INDIRECT (1ull << 28)
#define F_EVENT_IDX (1ull << 29)

#define D_NEXT 1u
#define D_WRITE 2u
#define D_INDIRECT 4u

#define QUEUE_MAX 256u

struct desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags;
	uint16_t next;
};

/* One queue as the driver sees it; its parts are where the guest put them. */
struct queue {
	struct pci_dev *dev;
	uint32_t index;
	uint32_t size;
	volatile struct desc *desc;
	volatile uint16_t *avail; /* flags, index, ring */
	volatile uint16_t *used;  /* flags, index, then pairs of 32 bits */
	uint16_t next;            /* what the driver has put in avail */
};

uint64_t common_read(const struct pci_dev *dev, enum common reg,
		     uint32_t width);
void common_write(const struct pci_dev *dev, enum common reg, uint32_t width,
		  uint64_t value);

/* From reset to FEATURES_OK with what is offered of WANTED. */
void driver_begin(const struct pci_dev *dev, uint64_t wanted);

/* Rings of SIZE entries for queue INDEX at a place of its own, and enabled. */
void driver_queue(struct pci_dev *dev, uint32_t index, uint32_t size,
		  struct queue *q);

/* Where the three parts are, before the queue is enabled. */
void driver_rings(const struct pci_dev *dev, uint32_t index, uint32_t size,
		  uint64_t desc, uint64_t avail, uint64_t used);

void driver_go(const struct pci_dev *dev);
void driver_reset(const struct pci_dev *dev);

/* All queues of DEV as above, and DRIVER_OK; how many there are. */
uint32_t driver_start(struct pci_dev *dev, uint64_t wanted, uint32_t size,
		      struct queue *queues, uint32_t max);

void queue_desc(struct queue *q, uint32_t i, uint64_t addr, uint32_t len,
		uint32_t flags, uint32_t next);
void queue_push(struct queue *q, uint32_t head); /* and its doorbell */
void queue_bell(const struct queue *q);

/* Wait until as much is used as was pushed; false after MS. */
bool queue_done(const struct queue *q, uint64_t ms);

/* A read of SECTORS sectors from SECTOR into GPA; false: it failed. */
bool disk_read(struct queue *q, uint64_t sector, uint64_t gpa,
	       uint32_t sectors);

#endif
