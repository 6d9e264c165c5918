// SPDX-License-Identifier: GPL-3.0-or-later
#include "workloads/wire.h"

#include <errno.h>
#include <string.h>

#define MAGIC 0x4656314cu /* "L1VF" */

static uint32_t crc32_update(uint32_t crc, const uint8_t *p, size_t len)
{
	int bit;

	while (len--) {
		crc ^= *p++;
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return crc;
}

static uint32_t checksum(const uint8_t *frame, const void *payload,
			 uint32_t length)
{
	uint32_t crc = crc32_update(UINT32_MAX, frame + 4, 12);

	return ~crc32_update(crc, payload, length);
}

static void put32(uint8_t *p, uint32_t value)
{
	int i;

	for (i = 0; i < 4; i++)
		p[i] = (uint8_t)(value >> 8 * i);
}

static uint32_t get32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

size_t wire_encode(uint32_t type, uint32_t sequence, const void *payload,
		   uint32_t length, void *buf)
{
	uint8_t *p = buf;

	put32(p, MAGIC);
	put32(p + 4, type);
	put32(p + 8, sequence);
	put32(p + 12, length);
	if (length)
		memcpy(p + WIRE_HEADER_BYTES, payload, length);
	put32(p + 16, checksum(p, p + WIRE_HEADER_BYTES, length));
	return WIRE_HEADER_BYTES + length;
}

long wire_decode(const void *buf, size_t len, struct wire_frame *frame)
{
	const uint8_t *p = buf;

	if (len >= 4 && get32(p) != MAGIC)
		return -EPROTO;
	if (len < WIRE_HEADER_BYTES)
		return 0;
	frame->type = get32(p + 4);
	frame->sequence = get32(p + 8);
	frame->length = get32(p + 12);
	if (!frame->type || frame->type >= WIRE_TYPE_COUNT ||
	    frame->length > WIRE_MAX_PAYLOAD)
		return -EPROTO;
	if (len - WIRE_HEADER_BYTES < frame->length)
		return 0;
	frame->payload = (const char *)p + WIRE_HEADER_BYTES;
	if (get32(p + 16) != checksum(p, frame->payload, frame->length))
		return -EPROTO;
	return (long)(WIRE_HEADER_BYTES + frame->length);
}
