/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_VIRTIO_RNG_H
#define RUNNERS_VMM_VIRTIO_RNG_H

/* rng - virtio-rng over the host's getrandom() (virtio 1.2, 5.4). */
#include "runners/vmm/virtio/virtio.h"

struct rng {
	struct virtio_dev dev;
};

void rng_init(struct rng *rng, const struct mem *mem);
void rng_release(struct rng *rng);

#endif
