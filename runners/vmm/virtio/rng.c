// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/vmm/virtio/rng.h"

#include <string.h>
#include <sys/random.h>

#define DEVICE_ID_RNG 4
/* One request gives at most this much, so that a guest cannot keep the host's
 * random number generator busy. */
#define RNG_MAX_BYTES 4096

static uint32_t fill_chain(const struct virtq_chain *chain)
{
	const struct iovec *iov = chain->iov + chain->out_count;
	uint32_t total = 0;
	uint32_t i;

	for (i = 0; i < chain->in_count && total < RNG_MAX_BYTES; i++) {
		size_t want = RNG_MAX_BYTES - total;
		ssize_t n;

		if (want > iov[i].iov_len)
			want = iov[i].iov_len;
		n = getrandom(iov[i].iov_base, want, 0);
		if (n <= 0)
			break;
		total += (uint32_t)n;
	}
	return total;
}

static void rng_notify(struct virtio_dev *dev, uint32_t queue)
{
	struct virtq_chain chain;
	int left = VIRTIO_NOTIFY_MAX;

	while (left-- && virtio_pop(dev, queue, &chain) == 1)
		virtio_complete(dev, queue, &chain, fill_chain(&chain));
}

static const struct virtio_dev_ops rng_ops = {
	.name = "rng",
	.device_id = DEVICE_ID_RNG,
	.class_code = 0x00ff00,
	.queue_count = 1,
	.notify = rng_notify,
};

void rng_init(struct rng *rng, const struct mem *mem)
{
	memset(rng, 0, sizeof(*rng));
	virtio_dev_init(&rng->dev, &rng_ops, mem);
}

void rng_release(struct rng *rng)
{
	virtio_dev_release(&rng->dev);
}
