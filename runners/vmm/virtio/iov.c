// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/vmm/virtio/iov.h"

#include <string.h>

size_t iov_total(const struct iovec *iov, uint32_t count)
{
	size_t total = 0;
	uint32_t i;

	for (i = 0; i < count; i++)
		total += iov[i].iov_len;
	return total;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t iov_read(const struct iovec *iov, uint32_t count, void *bytes,
		size_t len)
{
	size_t done = 0;
	uint32_t i;

	for (i = 0; i < count && done < len; i++) {
		size_t part = least(len - done, iov[i].iov_len);

		memcpy((char *)bytes + done, iov[i].iov_base, part);
		done += part;
	}
	return done;
}

size_t iov_write(const struct iovec *iov, uint32_t count, const void *bytes,
		 size_t len)
{
	size_t done = 0;
	uint32_t i;

	for (i = 0; i < count && done < len; i++) {
		size_t part = least(len - done, iov[i].iov_len);

		memcpy(iov[i].iov_base, (const char *)bytes + done, part);
		done += part;
	}
	return done;
}

uint32_t iov_slice(const struct iovec *iov, uint32_t count, size_t skip,
		   size_t len, struct iovec *out)
{
	uint32_t n = 0;
	uint32_t i;

	for (i = 0; i < count && len; i++) {
		size_t part;

		if (skip >= iov[i].iov_len) {
			skip -= iov[i].iov_len;
			continue;
		}
		part = least(len, iov[i].iov_len - skip);
		out[n].iov_base = (char *)iov[i].iov_base + skip;
		out[n++].iov_len = part;
		skip = 0;
		len -= part;
	}
	return n;
}
