/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_VIRTIO_NET_PRIV_H
#define RUNNERS_VMM_VIRTIO_NET_PRIV_H

/* net_priv - between net.c and net_io.c. */
#include "runners/vmm/virtio/net.h"
#include "runners/vmm/virtio/poll_window.h"

#define NET_MAX_HEADS VIRTQ_MAX_SIZE
/* Below IOV_MAX, 1024. */
#define NET_MAX_IOV (2 * NET_MAX_HEADS + VIRTQ_MAX_SEGS)

/* A buffer of the driver's that waits for a packet. */
struct net_buffer {
	uint16_t head;
	uint16_t iov_count;
	uint32_t bytes;
};

/* A thread, and the pair of queues that is its own. */
struct net_worker {
	struct net *net;
	uint32_t pair;
	int tap_fd;  /* borrowed */
	int wake_fd; /* owned; eventfd; -1: not started */
	_Atomic bool is_stopping;
	pthread_t thread;
	bool has_thread;
	_Atomic bool tap_is_gone;
	bool rx_starves; /* the driver has given too few buffers */
	/* Of the thread, or a vCPU that serves an exit: the queue that sends, and
	 * the two below. */
	pthread_mutex_t tx_lock;
	bool tx_waits;            /* the interface is full; the thread's word */
	struct virtq_chain chain; /* the packet that waits, or scratch */
	struct net_buffer buffers[NET_MAX_HEADS];
	uint32_t buffer_count;
	struct iovec iov[NET_MAX_IOV]; /* of all buffers in turn */
	uint32_t iov_count;
	uint64_t bytes; /* room in them */
	struct poll_window poll;
};

struct net {
	struct virtio_dev dev;
	struct net_config cfg;
	bool has_vhost;
	uint64_t vhost_features;
	int tap_fds[NET_MAX_PAIRS];    /* owned; -1 */
	int vhost_fds[NET_MAX_PAIRS];  /* owned; -1 */
	_Atomic uint32_t active_pairs; /* those of others are detached */
	_Atomic bool link_is_down;
	struct net_worker *workers; /* owned; one a pair */
};

/* net_io.c */
int net_worker_start(struct net_worker *w);
void net_worker_stop(struct net_worker *w);

bool net_serve_exit(struct virtio_dev *dev,
		    uint32_t queue); /* virtio_dev_ops */

/* Let it look at active_pairs again. */
void net_worker_wake(struct net_worker *w);

#endif
