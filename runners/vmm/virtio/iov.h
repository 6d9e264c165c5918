/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_VIRTIO_IOV_H
#define RUNNERS_VMM_VIRTIO_IOV_H

/* iov - parts of a scattered buffer; its segmentation has no meaning
 * (virtio 1.2, 2.7.4.1). All lengths are in bytes. */
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

size_t iov_total(const struct iovec *iov, uint32_t count);

/* Copy up to LEN bytes from or to the front; returns how many it were. */
size_t iov_read(const struct iovec *iov, uint32_t count, void *bytes,
		size_t len);
size_t iov_write(const struct iovec *iov, uint32_t count, const void *bytes,
		 size_t len);

/*
 * The LEN bytes behind the first SKIP, as at most COUNT segments in OUT,
 * none of them empty. Returns their number.
 */
uint32_t iov_slice(const struct iovec *iov, uint32_t count, size_t skip,
		   size_t len, struct iovec *out);

#endif
