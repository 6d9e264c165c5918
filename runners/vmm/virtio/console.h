/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_VIRTIO_CONSOLE_H
#define RUNNERS_VMM_VIRTIO_CONSOLE_H

/*
 * console - virtio-console with one port that is no terminal, the channel
 * over which the harness gives work and gets results (virtio 1.2, 5.3).
 */
#include "runners/vmm/virtio/virtio.h"

#define CONSOLE_PORT_NAME "l1vh.results"

struct console {
	struct virtio_dev dev;
	int channel_fd; /* borrowed; -1: no reader, output is dropped */
	const _Atomic(int) *stop; /* borrowed; not 0: give up blocking writes */
	bool driver_ready;
	bool guest_open;
};

/* A record of a snapshot (snapshot/snap_format.h). */
struct console_state {
	uint8_t driver_ready;
	uint8_t guest_open;
	uint8_t zero[6];
};

void console_init(struct console *con, const struct mem *mem, int channel_fd,
		  const _Atomic(int) *stop);
void console_release(struct console *con);

/*
 * Move what waits on the channel into the guest's buffers. Called when the
 * channel is readable. 0; -EAGAIN when the guest has no buffers now; -EPIPE
 * at the end of the stream.
 */
int console_receive(struct console *con);

/* Whether console_receive() could make progress; false while the device is
 * busy, so that the caller never waits for a guest. */
bool console_wants_input(struct console *con);

/* While no vCPU runs; the state to be set is hostile. */
void console_state_get(const struct console *con, struct console_state *state);
void console_state_set(struct console *con, const struct console_state *state);

#endif
