// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/vmm/virtio/console.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "runners/vmm/virtio/iov.h"

#define DEVICE_ID_CONSOLE 3
#define F_MULTIPORT (1ULL << 1)
/* Linux fills two of the queues while it boots, and rings for each buffer. */
#define QUEUE_SIZE 16

enum console_queue { Q_RX, Q_TX, Q_CONTROL_RX, Q_CONTROL_TX, Q_COUNT };

/* Control messages, 5.3.6.2 */
enum control_event {
	EV_DEVICE_READY = 0,
	EV_PORT_ADD = 1,
	EV_PORT_READY = 3,
	EV_PORT_OPEN = 6,
	EV_PORT_NAME = 7,
};

struct control {
	uint32_t id;
	uint16_t event;
	uint16_t value;
};

/* virtio_console_config, 5.3.4 */
struct console_config {
	uint16_t cols, rows;
	uint32_t max_nr_ports;
	uint32_t emerg_wr;
};

/* The driver fills the control queue before it says it is ready. */
static void control_send(struct console *con, enum control_event event,
			 uint16_t value, const char *text)
{
	struct virtq_chain chain;
	struct control head = {.event = (uint16_t)event, .value = value};
	char msg[64];
	size_t len = sizeof(head);

	memcpy(msg, &head, len);
	if (text) {
		memcpy(msg + len, text, strlen(text));
		len += strlen(text);
	}
	if (virtio_pop(&con->dev, Q_CONTROL_RX, &chain) != 1)
		return;
	len = iov_write(chain.iov + chain.out_count, chain.in_count, msg, len);
	virtio_complete(&con->dev, Q_CONTROL_RX, &chain, (uint32_t)len);
}

static void control_receive(struct console *con, const struct control *msg)
{
	switch (msg->event) {
	case EV_DEVICE_READY:
		con->driver_ready = msg->value == 1;
		if (con->driver_ready)
			control_send(con, EV_PORT_ADD, 1, NULL);
		break;
	case EV_PORT_READY:
		control_send(con, EV_PORT_NAME, 1, CONSOLE_PORT_NAME);
		control_send(con, EV_PORT_OPEN, 1, NULL);
		break;
	case EV_PORT_OPEN:
		con->guest_open = msg->value == 1;
		break;
	default:
		break;
	}
}

static void control_drain(struct console *con)
{
	struct virtq_chain chain;
	int left = VIRTIO_NOTIFY_MAX;
	struct control msg;

	while (left-- && virtio_pop(&con->dev, Q_CONTROL_TX, &chain) == 1) {
		if (iov_read(chain.iov, chain.out_count, &msg, sizeof(msg)) ==
		    sizeof(msg))
			control_receive(con, &msg);
		virtio_complete(&con->dev, Q_CONTROL_TX, &chain, 0);
	}
}

/*
 * Blocks while the harness is slow to read: results must not be lost, and
 * frames are sent between timed sections only.
 */
static void write_iov(const struct console *con, const struct iovec *iov,
		      uint32_t count)
{
	uint32_t i;

	for (i = 0; i < count; i++) {
		const char *p = iov[i].iov_base;
		size_t left = iov[i].iov_len;

		while (left) {
			ssize_t n = write(con->channel_fd, p, left);

			/* The kick that ends the machine comes as EINTR. */
			if (n < 0 && errno == EINTR && !atomic_load(con->stop))
				continue;
			if (n <= 0)
				return;
			p += n;
			left -= (size_t)n;
		}
	}
}

static void transmit_drain(struct console *con)
{
	struct virtq_chain chain;
	int left = VIRTIO_NOTIFY_MAX;

	/* A machine that ends waits for no reader of what is left. */
	while (left-- && !atomic_load(con->stop) &&
	       virtio_pop(&con->dev, Q_TX, &chain) == 1) {
		if (con->channel_fd >= 0)
			write_iov(con, chain.iov, chain.out_count);
		virtio_complete(&con->dev, Q_TX, &chain, 0);
	}
}

static void console_notify(struct virtio_dev *dev, uint32_t queue)
{
	struct console *con = container_of(dev, struct console, dev);

	if (queue == Q_CONTROL_TX)
		control_drain(con);
	else if (queue == Q_TX)
		transmit_drain(con);
}

static void console_reset(struct virtio_dev *dev)
{
	struct console *con = container_of(dev, struct console, dev);

	con->driver_ready = false;
	con->guest_open = false;
}

static void console_config_read(const struct virtio_dev *dev, size_t off,
				void *buf, size_t len)
{
	static const struct console_config config = {.max_nr_ports = 1};

	(void)dev;
	if (off < sizeof(config) && len <= sizeof(config) - off)
		memcpy(buf, (const char *)&config + off, len);
}

static const struct virtio_dev_ops console_ops = {
	.name = "console",
	.device_id = DEVICE_ID_CONSOLE,
	.class_code = 0x078000,
	.queue_count = Q_COUNT,
	.queue_size = QUEUE_SIZE,
	.features = F_MULTIPORT,
	.config_read = console_config_read,
	.notify = console_notify,
	.reset = console_reset,
};

void console_init(struct console *con, const struct mem *mem, int channel_fd,
		  const _Atomic(int) *stop)
{
	memset(con, 0, sizeof(*con));
	virtio_dev_init(&con->dev, &console_ops, mem);
	con->channel_fd = channel_fd;
	con->stop = stop;
}

void console_release(struct console *con)
{
	virtio_dev_release(&con->dev);
}

bool console_wants_input(struct console *con)
{
	bool wants;

	if (con->channel_fd < 0 || pthread_mutex_trylock(&con->dev.lock))
		return false;
	wants = con->guest_open && !atomic_load(&con->dev.is_broken) &&
		virtq_has_avail(&con->dev.queues[Q_RX]);
	pthread_mutex_unlock(&con->dev.lock);
	return wants;
}

int console_receive(struct console *con)
{
	struct virtq_chain chain;
	ssize_t n = -EAGAIN;

	pthread_mutex_lock(&con->dev.lock);
	if (virtio_pop(&con->dev, Q_RX, &chain) != 1)
		goto unlock;
	/* Nothing read into no room would pass for the stream's end. */
	if (iov_total(chain.iov + chain.out_count, chain.in_count)) {
		n = readv(con->channel_fd, chain.iov + chain.out_count,
			  (int)chain.in_count);
		virtio_complete(&con->dev, Q_RX, &chain,
				n > 0 ? (uint32_t)n : 0);
		n = n > 0 ? 0 : -EPIPE;
	} else {
		virtio_broken(&con->dev);
	}
unlock:
	pthread_mutex_unlock(&con->dev.lock);
	return (int)n;
}

void console_state_get(const struct console *con, struct console_state *state)
{
	*state = (struct console_state){.driver_ready = con->driver_ready,
					.guest_open = con->guest_open};
}

void console_state_set(struct console *con, const struct console_state *state)
{
	con->driver_ready = state->driver_ready & 1;
	con->guest_open = state->guest_open & 1;
}
