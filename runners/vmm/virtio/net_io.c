// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Packets between a queue pair and a TAP, by a thread of ours. Both ways
 * they go straight between guest RAM and the kernel, many for one wake-up.
 * Of a card without ioeventfds the vCPU's thread sends a packet that is alone.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/clock.h"
#include "harness/base/thread.h"
#include "runners/vmm/sandbox/sandbox.h"
#include "runners/vmm/virtio/iov.h"
#include "runners/vmm/virtio/net_priv.h"
#include "runners/vmm/virtio/tap.h"

#define ETHERNET_BYTES 1518u
#define MAX_PACKET_BYTES (65535u + 18u)
/* Of virtio_net_hdr_v1, 5.1.6: how many buffers a packet fills. */
#define NUM_BUFFERS_OFFSET 10u
/* Packets in one direction before the other has its turn. */
#define BURST 64
#define WORKER_STACK_BYTES (256 * KIB)

static uint32_t rx_queue(const struct net_worker *w)
{
	return 2 * w->pair;
}

static uint32_t tx_queue(const struct net_worker *w)
{
	return 2 * w->pair + 1;
}

static struct virtio_dev *dev_of(const struct net_worker *w)
{
	return &w->net->dev;
}

/* Whether the driver uses the pair; the TAP's queue is detached else. */
static bool is_active(const struct net_worker *w)
{
	return w->pair < atomic_load(&w->net->active_pairs);
}

/*
 * The TAP's queue failed. It may just have been detached, which looks the
 * same; the first one never is. Without an interface there is no carrier.
 */
static void tap_failed(struct net_worker *w)
{
	if (tap_is_there(w->net->tap_fds[0]))
		return;
	w->tap_is_gone = true;
	if (!atomic_exchange(&w->net->link_is_down, true))
		dev_of(w)->transport->config_changed(dev_of(w));
}

static bool rx_merges(const struct net_worker *w)
{
	return dev_of(w)->features & NET_F_MRG_RXBUF;
}

/*
 * Room for the largest packet that may come, by what the driver agreed to,
 * and a byte by which it differs from one that was cut. Without mergeable
 * buffers a packet must fit into one, and the driver sees to it that it does
 * (5.1.6.3.1).
 */
static uint64_t rx_wanted_bytes(const struct net_worker *w)
{
	uint64_t big = NET_F_GUEST_TSO4 | NET_F_GUEST_TSO6;

	if (!rx_merges(w))
		return 1;
	return TAP_HEADER_BYTES + 1 +
	       (dev_of(w)->features & big ? MAX_PACKET_BYTES : ETHERNET_BYTES);
}

static void rx_add(struct net_worker *w, const struct virtq_chain *c)
{
	struct net_buffer *b = &w->buffers[w->buffer_count++];

	*b = (struct net_buffer){
		.head = c->head,
		.iov_count = (uint16_t)c->in_count,
		.bytes = (uint32_t)iov_total(c->iov, c->in_count)};
	memcpy(w->iov + w->iov_count, c->iov, c->in_count * sizeof(*w->iov));
	w->iov_count += c->in_count;
	w->bytes += b->bytes;
}

/*
 * Take buffers until a whole packet fits. A driver whose ring is half empty
 * is waited for; one that gave more has small buffers, and gets what fits.
 */
static void rx_gather(struct net_worker *w)
{
	uint64_t wanted = rx_wanted_bytes(w);
	uint32_t enough = dev_of(w)->queues[rx_queue(w)].size / 2;
	struct virtq_chain chain;

	while (w->bytes < wanted && w->buffer_count < NET_MAX_HEADS &&
	       w->iov_count + VIRTQ_MAX_SEGS <= NET_MAX_IOV) {
		if (virtio_pop(dev_of(w), rx_queue(w), &chain) != 1)
			break;
		/* Buffers for packets are the device's to write. */
		if (chain.out_count || !chain.in_count ||
		    iov_total(chain.iov, chain.in_count) < TAP_HEADER_BYTES) {
			virtio_broken(dev_of(w));
			break;
		}
		rx_add(w, &chain);
	}
	w->rx_starves = !w->buffer_count ||
			(w->bytes < wanted && w->buffer_count < enough &&
			 w->iov_count + VIRTQ_MAX_SEGS <= NET_MAX_IOV);
}

static void rx_drop_front(struct net_worker *w, uint32_t count,
			  uint32_t iov_count)
{
	w->buffer_count -= count;
	w->iov_count -= iov_count;
	memmove(w->buffers, w->buffers + count,
		w->buffer_count * sizeof(*w->buffers));
	memmove(w->iov, w->iov + iov_count, w->iov_count * sizeof(*w->iov));
}

/* Hand out a packet of BYTES, header included, that fills the first ones. */
static void rx_finish(struct net_worker *w, size_t bytes)
{
	struct virtq *q = &dev_of(w)->queues[rx_queue(w)];
	struct iovec at[2];
	uint32_t iov_count = 0;
	uint16_t count = 0;
	size_t left = bytes;

	while (left && count < w->buffer_count) {
		const struct net_buffer *b = &w->buffers[count];
		uint32_t part = left < b->bytes ? (uint32_t)left : b->bytes;

		virtq_fill(q, count, b->head, part);
		iov_count += b->iov_count;
		w->bytes -= b->bytes;
		left -= part;
		count++;
	}
	iov_write(at,
		  iov_slice(w->iov, w->iov_count, NUM_BUFFERS_OFFSET,
			    sizeof(count), at),
		  &count, sizeof(count));
	/* Together, or the driver would miss the end of the packet. */
	virtq_publish(q, count);
	rx_drop_front(w, count, iov_count);
}

/* Whether there was a packet. */
static bool rx_packet(struct net_worker *w)
{
	uint32_t count = rx_merges(w) ? w->iov_count : w->buffers[0].iov_count;
	ssize_t n;

	do {
		n = readv(w->tap_fd, w->iov, (int)count);
	} while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return false;
	if (n <= 0) {
		tap_failed(w);
		return false;
	}
	/* One that fills all the room was cut, and is lost. */
	if (!rx_merges(w) || (uint64_t)n < w->bytes)
		rx_finish(w, (size_t)n);
	return true;
}

/* Whether the interface may have more. */
static bool rx_burst(struct net_worker *w)
{
	int i;

	for (i = 0; i < BURST; i++) {
		if (w->tap_is_gone || !is_active(w))
			return false;
		rx_gather(w);
		if (w->rx_starves || !rx_packet(w))
			return false;
	}
	return true;
}

/* False when the interface takes no more for now. */
static bool tx_send(struct net_worker *w)
{
	const struct virtq_chain *c = &w->chain;
	ssize_t n;

	do {
		n = w->tap_is_gone
			    ? 0
			    : writev(w->tap_fd, c->iov, (int)c->out_count);
	} while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return false;
	if (n < 0 && (errno == EBADFD || errno == EBADF))
		tap_failed(w);
	/*
	 * A packet that the kernel refuses is lost, as on a wire. Said at once:
	 * a TCP sender has but few packets under way (TSQ), and goes on with
	 * the next while we send the rest.
	 */
	virtio_complete(dev_of(w), tx_queue(w), c, 0);
	return true;
}

/* Whether the driver may have more. */
static bool tx_burst(struct net_worker *w)
{
	struct virtio_dev *dev = dev_of(w);
	int i;

	if (w->tx_waits && !tx_send(w))
		return false;
	w->tx_waits = false;
	virtq_notify_disable(&dev->queues[tx_queue(w)]);
	for (i = 0; i < BURST; i++) {
		if (virtio_pop(dev, tx_queue(w), &w->chain) != 1)
			return false;
		w->tx_waits = !tx_send(w);
		if (w->tx_waits)
			return false;
	}
	return true;
}

static bool tx_serve(void *worker, uint32_t queue)
{
	(void)queue;
	return tx_send(worker);
}

bool net_serve_exit(struct virtio_dev *dev, uint32_t queue)
{
	struct net *net = container_of(dev, struct net, dev);
	struct net_worker *w = &net->workers[queue / 2];
	bool is_done;

	/* vhost has its thread, and what is received nobody waits for. A thread that
	 * is to look for packets by itself has them all. */
	if (net->has_vhost || !w->has_thread || net->cfg.poll_us ||
	    queue != tx_queue(w))
		return false;
	/* Its thread sends, and will look again. */
	if (pthread_mutex_trylock(&w->tx_lock))
		return false;
	is_done = !w->tx_waits &&
		  virtio_serve_alone(dev, queue, &w->chain, tx_serve, w);
	pthread_mutex_unlock(&w->tx_lock);
	return is_done;
}

enum fd_name { FD_WAKE, FD_TAP, FD_RX_KICK, FD_TX_KICK, FD_COUNT };

static void take_events(struct net_worker *w, const struct pollfd *fds)
{
	uint64_t count;

	if (fds[FD_WAKE].revents && read(w->wake_fd, &count, sizeof(count)) < 0)
		return;
	if (fds[FD_RX_KICK].revents)
		virtio_kick_drain(dev_of(w), rx_queue(w));
	if (fds[FD_TX_KICK].revents)
		virtio_kick_drain(dev_of(w), tx_queue(w));
	if (fds[FD_TAP].revents & (POLLERR | POLLHUP | POLLNVAL))
		tap_failed(w);
}

/* Until there is something, or LIMIT_MS are over; negative: there is no limit. */
static bool wait_for_work(struct net_worker *w, int limit_ms)
{
	const struct virtio_dev *dev = dev_of(w);
	bool has_tap = !w->tap_is_gone && is_active(w);
	struct pollfd fds[FD_COUNT];
	int count;

	fds[FD_WAKE] = (struct pollfd){.fd = w->wake_fd, .events = POLLIN};
	fds[FD_TAP] = (struct pollfd){.fd = has_tap ? w->tap_fd : -1};
	if (!w->rx_starves)
		fds[FD_TAP].events |= POLLIN;
	if (w->tx_waits)
		fds[FD_TAP].events |= POLLOUT;
	if (!fds[FD_TAP].events)
		fds[FD_TAP].fd = -1;
	/* Buffers are of interest only while there are too few. */
	fds[FD_RX_KICK] = (struct pollfd){
		.fd = w->rx_starves ? dev->kick_fds[rx_queue(w)] : -1,
		.events = POLLIN};
	fds[FD_TX_KICK] = (struct pollfd){
		.fd = w->tx_waits ? -1 : dev->kick_fds[tx_queue(w)],
		.events = POLLIN};
	count = poll(fds, FD_COUNT, limit_ms);
	if (count > 0)
		take_events(w, fds);
	return count > 0;
}

/* When buffers are short, hear of new ones. True if some came meanwhile: of those that
 * come after them the driver does not tell, so there must be another round. */
static bool rx_refill(struct net_worker *w)
{
	return w->rx_starves &&
	       virtq_notify_enable(&dev_of(w)->queues[rx_queue(w)]);
}

/* From now on doorbells are wanted; true if one is already missed. */
static bool want_doorbells(struct net_worker *w)
{
	struct virtio_dev *dev = dev_of(w);
	bool missed;

	if (atomic_load(&dev->is_broken))
		return false;
	pthread_mutex_lock(&w->tx_lock);
	missed = !w->tx_waits && virtq_notify_enable(&dev->queues[tx_queue(w)]);
	pthread_mutex_unlock(&w->tx_lock);
	return rx_refill(w) || missed;
}

/* Without a call. What comes from the interface only a call can tell. */
static bool has_requests(struct net_worker *w)
{
	struct virtq *queues = dev_of(w)->queues;
	bool has_tx;

	if (atomic_load(&dev_of(w)->is_broken))
		return false;
	pthread_mutex_lock(&w->tx_lock);
	has_tx = !w->tx_waits && virtq_has_avail(&queues[tx_queue(w)]);
	pthread_mutex_unlock(&w->tx_lock);
	return has_tx ||
	       (w->rx_starves && virtq_has_avail(&queues[rx_queue(w)]));
}

/* Whether something came while looking, so that there is no need to sleep. */
static bool look_for_work(struct net_worker *w, uint64_t until_ns)
{
	do {
		if (has_requests(w) || wait_for_work(w, 0))
			return true;
		__builtin_ia32_pause();
	} while (clock_mono_ns() < until_ns);
	return false;
}

static void sleep_until_work(struct net_worker *w)
{
	struct poll_window *poll = &w->poll;
	uint64_t began_ns = poll->max_ns ? clock_mono_ns() : 0;

	if (poll->now_ns && look_for_work(w, began_ns + poll->now_ns))
		return;
	if (want_doorbells(w))
		return;
	wait_for_work(w, -1);
	if (poll->max_ns)
		poll_window_slept(poll, clock_mono_ns() - began_ns);
}

static void *worker_main(void *arg)
{
	struct net_worker *w = arg;
	struct virtio_dev *dev = dev_of(w);
	bool has_more;

	thread_set_name("net");
	sandbox_enter(SANDBOX_NET);
	while (!atomic_load(&w->is_stopping)) {
		pthread_mutex_lock(&w->tx_lock);
		has_more = tx_burst(w);
		pthread_mutex_unlock(&w->tx_lock);
		virtq_notify_disable(&dev->queues[rx_queue(w)]);
		has_more |= rx_burst(w);
		virtio_signal(dev, rx_queue(w));
		if (!has_more)
			sleep_until_work(w);
	}
	return NULL;
}

int net_worker_start(struct net_worker *w)
{
	int ret;

	w->wake_fd = eventfd(0, EFD_CLOEXEC);
	if (w->wake_fd < 0)
		return -errno;
	atomic_store(&w->is_stopping, false);
	w->buffer_count = w->iov_count = 0;
	w->bytes = 0;
	w->tx_waits = w->rx_starves = false;
	w->poll =
		(struct poll_window){.max_ns = w->net->cfg.poll_us * NS_PER_US};
	ret = sandbox_thread_start(&w->thread, WORKER_STACK_BYTES, worker_main,
				   w);
	w->has_thread = !ret;
	return ret;
}

void net_worker_wake(struct net_worker *w)
{
	uint64_t one = 1;

	/* One that is full wakes as well. */
	if (w->wake_fd >= 0 && write(w->wake_fd, &one, sizeof(one)) < 0)
		return;
}

void net_worker_stop(struct net_worker *w)
{
	atomic_store(&w->is_stopping, true);
	net_worker_wake(w);
	if (w->has_thread)
		pthread_join(w->thread, NULL);
	w->has_thread = false;
	if (w->wake_fd >= 0)
		close(w->wake_fd);
	w->wake_fd = -1;
}
