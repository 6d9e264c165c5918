// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/vmm/virtio/poll_window.h"

#include "harness/base/base.h"

/* The shortest one: less is not worth two looks at the clock. */
#define LEAST_NS (4 * NS_PER_US)

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

void poll_window_slept(struct poll_window *p, uint64_t waited_ns)
{
	if (waited_ns >= p->max_ns)
		p->now_ns = p->now_ns / 2 < LEAST_NS ? 0 : p->now_ns / 2;
	else if (p->now_ns)
		p->now_ns = smaller(2 * p->now_ns, p->max_ns);
	else
		p->now_ns = smaller(LEAST_NS, p->max_ns);
}
