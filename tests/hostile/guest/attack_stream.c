// SPDX-License-Identifier: GPL-3.0-or-later
/* Attacks by what carries bytes: consoles, channel, network, vsock, chance. */
#include <string.h>

#include "tests/hostile/guest/attack.h"
#include "tests/hostile/guest/machine.h"
#include "workloads/guest/micro/abi.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define FLOOD_BYTES (2u << 20)
#define VSOCK_HEAD_BYTES 44u

/* Never a new line. */
void attack_uart_flood(struct world *w)
{
	uint64_t until = after_ms(700);
	uint32_t i;

	(void)w;
	for (i = 0; i < FLOOD_BYTES && !is_past(until); i++)
		outb(UART_PORT, (uint8_t)('A' + i % 26));
}

void attack_uart_registers(struct world *w)
{
	uint32_t i;

	(void)w;
	for (i = 0; i < 6000; i++) {
		uint16_t port = (uint16_t)(UART_PORT + chance_below(8));

		outb(port, (uint8_t)chance());
		inb(port);
		if (i % 64 == 0)
			inl(UART_PORT + 4);
	}
	outb(UART_PORT + 3, 3); /* as it was, so that words can be read */
	outb(UART_PORT + 4, 0);
}

/* What makes terminals do things, and no terminal should see. */
void attack_escapes(struct world *w)
{
	static const char text[] =
		"\x1b]0;owned\x07\x1b[2J\x1b[?1049h\x1b[6n\x1bP$qm\x1b\\"
		"\x1b]52;c;b3duZWQ=\x07\x9b"
		"31m\x00\xff\xfe%n%s\r\x08\x08";
	uint32_t i, k;

	(void)w;
	for (k = 0; k < 20; k++)
		for (i = 0; i < sizeof(text); i++)
			outb(UART_PORT, (uint8_t)text[i]);
	outb(UART_PORT, '\n');
}

void attack_console_flood(struct world *w)
{
	struct pci_dev *dev = world_dev(w, VIRTIO_CONSOLE);
	uint64_t until = after_ms(500);
	uint32_t i;

	if (!dev)
		return;
	memset((void *)(uintptr_t)DATA_GPA, 0x1b, 0x100000);
	world_start(w, dev, UINT64_MAX);
	for (i = 0; i < 64 && !is_past(until); i++) {
		queue_desc(&w->queues[1], i, DATA_GPA, DATA_BYTES, 0, 0);
		queue_push(&w->queues[1], i);
	}
	driver_reset(dev);
}

void attack_console_control(struct world *w)
{
	struct pci_dev *dev = world_dev(w, VIRTIO_CONSOLE);
	volatile uint16_t *msg = (void *)(uintptr_t)DATA_GPA;
	uint32_t i;

	if (!dev)
		return;
	world_start(w, dev, UINT64_MAX);
	for (i = 0; i < 255; i++) {
		queue_desc(&w->queues[2], i, DATA_GPA + 0x1000 + 8 * i,
			   i % 5 * 3, D_WRITE, 0);
		queue_push(&w->queues[2], i);
	}
	for (i = 0; i < 300; i++) {
		msg[0] = (uint16_t)chance();
		msg[1] = i % 3 ? 0 : (uint16_t)chance();
		msg[2] = i < 150 ? (uint16_t)(i % 10) : (uint16_t)chance();
		msg[3] = (uint16_t)chance_below(3);
		queue_desc(&w->queues[3], i % 256, DATA_GPA,
			   i % 7 ? 8 : (uint32_t)chance_below(9), 0, 0);
		queue_push(&w->queues[3], i % 256);
	}
	driver_reset(dev);
}

/* Bytes wait for it, it has buffers, and it has broken the device. */
void attack_console_broken(struct world *w)
{
	struct pci_dev *dev = world_dev(w, VIRTIO_CONSOLE);
	volatile uint16_t *msg = (void *)(uintptr_t)DATA_GPA;
	uint32_t i;

	if (!dev)
		return;
	for (i = 0; i < 20; i++) {
		world_start(w, dev, UINT64_MAX);
		msg[0] = msg[1] = 0;
		msg[2] = 6; /* the port is open */
		msg[3] = 1;
		queue_desc(&w->queues[3], 0, DATA_GPA, 8, 0, 0);
		queue_push(&w->queues[3], 0);
		queue_desc(&w->queues[0], 0, i % 2 ? DATA_GPA : HOLE_GPA,
			   i % 4 * 64, i % 3 ? D_WRITE : 0, 0);
		queue_push(&w->queues[0], 0);
		queue_desc(&w->queues[1], 0, HOLE_GPA, 8, 0, 0);
		queue_push(&w->queues[1], 0);
		pause_us(5000);
		driver_reset(dev);
	}
}

void attack_rng_flood(struct world *w)
{
	struct pci_dev *dev = world_dev(w, VIRTIO_RNG);
	uint64_t until = after_ms(400);
	uint32_t i;

	if (!dev)
		return;
	world_start(w, dev, 0);
	for (i = 0; !is_past(until); i++) {
		queue_desc(&w->queues[0], i % 256, DATA_GPA,
			   i % 2 ? DATA_BYTES : 1, D_WRITE, 0);
		w->queues[0].avail[2 + i % 256] = (uint16_t)(i % 256);
		w->queues[0].next++;
		if (i % 256 < 255)
			continue;
		w->queues[0].avail[1] = w->queues[0].next;
		queue_bell(&w->queues[0]);
	}
	driver_reset(dev);
}

/* Packets of every length, and heads that lie about their contents. */
void attack_net_flood(struct world *w)
{
	struct pci_dev *dev = world_dev(w, VIRTIO_NET);
	uint64_t until = after_ms(400);
	volatile uint8_t *head = (void *)(uintptr_t)DATA_GPA;
	uint32_t i, k;

	if (!dev)
		return;
	world_start(w, dev, UINT64_MAX & ~(1ull << 22));
	for (i = 0; !is_past(until); i++) {
		for (k = 0; k < 12; k++)
			head[k] = i % 3 ? 0 : (uint8_t)chance();
		queue_desc(&w->queues[1], i % 256, DATA_GPA,
			   i % 16 ? (uint32_t)chance_below(2000)
				  : (uint32_t)(chance() & 0xffffff),
			   0, 0);
		queue_push(&w->queues[1], i % 256);
		if (i % 128 == 127)
			queue_done(&w->queues[1], 50);
	}
	driver_reset(dev);
}

/* Buffers for packets that are none: too small, empty, the driver's own. */
void attack_net_receive(struct world *w)
{
	struct pci_dev *dev = world_dev(w, VIRTIO_NET);
	static const uint32_t lengths[] = {0,  1,  11,   12,
					   13, 60, 4096, DATA_BYTES};
	uint32_t i, k;

	for (i = 0; dev && i < COUNT(lengths) * 2; i++) {
		world_start(w, dev, i % 2 ? UINT64_MAX : 0);
		for (k = 0; k < 256; k++) {
			queue_desc(&w->queues[0], k, DATA_GPA, lengths[i / 2],
				   k % 9 ? D_WRITE : 0, 0);
			queue_push(&w->queues[0], k);
		}
		/* It asks who has all addresses, and may hear itself. */
		queue_desc(&w->queues[1], 0, DATA_GPA + 0x8000, 54, 0, 0);
		queue_push(&w->queues[1], 0);
		pause_us(2000);
		driver_reset(dev);
	}
}

/* virtio_vsock_hdr (5.10.6) with whatever comes, by the thousand. */
void attack_vsock(struct world *w)
{
	struct pci_dev *dev = world_dev(w, VIRTIO_VSOCK);
	volatile uint64_t *head = (void *)(uintptr_t)DATA_GPA;
	uint32_t i;

	if (!dev)
		return;
	world_start(w, dev, UINT64_MAX);
	for (i = 0; i < 4000; i++) {
		volatile uint64_t *h = head + i % 256 * 8;
		uint64_t cid = mmio_read(dev->device, 8);

		h[0] = i % 5 ? cid : chance();      /* from */
		h[1] = i % 4 ? 2 : chance_below(4); /* to the host */
		h[2] = chance();                    /* ports */
		h[3] = (i % 3 ? 0 : chance()) | 1ull << 32 |
		       (uint64_t)(i % 2 ? 1 : chance_below(9)) << 48;
		h[4] = chance(); /* flags, credit */
		h[5] = chance();
		queue_desc(&w->queues[1], i % 256, (uintptr_t)h,
			   i % 11 ? VSOCK_HEAD_BYTES
				  : (uint32_t)chance_below(70000),
			   0, 0);
		queue_push(&w->queues[1], i % 256);
		if (i % 200 == 199)
			queue_done(&w->queues[1], 50);
	}
	driver_reset(dev);
}

/* More bytes than there are, and what is no frame. */
void attack_channel(struct world *w)
{
	static const uint32_t lengths[] = {0,
					   1,
					   19,
					   20,
					   21,
					   4096,
					   MICRO_FRAME_MAX_BYTES,
					   MICRO_FRAME_MAX_BYTES + 1,
					   0x7fffffff,
					   0xffffffff};
	uint32_t i;

	(void)w;
	memset((void *)(uintptr_t)MICRO_FRAME_GPA, 'x', 4096);
	for (i = 0; i < 200; i++)
		outl(MICRO_PORT_FRAME, lengths[i % COUNT(lengths)]);
	for (i = 0; i < MICRO_PORT_COUNT; i++) {
		outb((uint16_t)(MICRO_PORT + i), 0xff);
		outw((uint16_t)(MICRO_PORT + i), 0xffff);
		if (i / 4 == MICRO_PORT_FRAME - MICRO_PORT)
			continue;
		inb((uint16_t)(MICRO_PORT + i));
		inl((uint16_t)(MICRO_PORT + i));
	}
	for (i = 0; i < 4096; i += 4) {
		if (MICRO_MMIO_GPA + i == MICRO_MMIO_ECHO)
			continue;
		mmio_write(MICRO_MMIO_GPA + i, 4, i);
		if (i < 4092)
			mmio_read(MICRO_MMIO_GPA + i, 8);
	}
}

/* It waits for words that never come; the machine can still be stopped. */
void attack_channel_silent(struct world *w)
{
	(void)w;
	inl(MICRO_PORT_FRAME);
}
