// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Attacks on the harness: what an agent says that is not what it should say.
 * The harness runs one point of micro_exit, which is answered by a document.
 */
#include <string.h>

#include "tests/hostile/guest/attack.h"
#include "tests/hostile/guest/machine.h"
#include "workloads/guest/micro/abi.h"
#include "workloads/guest/micro/text.h"
#include "workloads/wire.h"

#define POINT "micro_exit null,ring3"
#define PART_BYTES 65536u

static uint32_t sequence;

static uint8_t *frame_at(void)
{
	return (uint8_t *)(uintptr_t)MICRO_FRAME_GPA;
}

static void send(enum wire_type type, const void *bytes, uint32_t len)
{
	outl(MICRO_PORT_FRAME,
	     (uint32_t)wire_encode(type, sequence++, bytes, len, frame_at()));
}

static void send_text(enum wire_type type, const char *text)
{
	uint32_t len = 0;

	while (text[len])
		len++;
	send(type, text, len);
}

/* Whatever it is that the harness says. */
static void hear(void)
{
	inl(MICRO_PORT_FRAME);
}

static void begin(void)
{
	send_text(WIRE_HELLO, "agent=micro\n");
	hear();
}

/* A program of the point has run, by its word. */
static void begin_output(void)
{
	begin();
	send_text(WIRE_SERIES, POINT " document 1");
	send_text(WIRE_MARK, "begin 0");
	hear();
	send_text(WIRE_MARK, "ping");
	hear();
	send_text(WIRE_MARK, "end 0 1000 10 10 10 20500 21000");
	hear();
}

static void end_output(void)
{
	send_text(WIRE_END, "1");
	send_text(WIRE_DONE, "");
	hear();
}

void attack_link_garbage(struct world *w)
{
	uint32_t i;

	(void)w;
	for (i = 0; i < 4096; i++)
		frame_at()[i] = (uint8_t)chance();
	outl(MICRO_PORT_FRAME, 4096);
	hear();
}

void attack_link_length(struct world *w)
{
	(void)w;
	begin();
	wire_encode(WIRE_SERIES, sequence++, "x", 1, frame_at());
	frame_at()[12] = 1;
	frame_at()[14] = 1;
	outl(MICRO_PORT_FRAME, WIRE_HEADER_BYTES + 1);
	hear();
}

void attack_link_checksum(struct world *w)
{
	(void)w;
	begin();
	wire_encode(WIRE_DONE, sequence++, "", 0, frame_at());
	frame_at()[16] ^= 1;
	outl(MICRO_PORT_FRAME, WIRE_HEADER_BYTES);
	hear();
}

void attack_link_sequence(struct world *w)
{
	(void)w;
	begin();
	sequence += 7;
	send_text(WIRE_DONE, "");
	hear();
}

void attack_link_types(struct world *w)
{
	(void)w;
	begin();
	send_text(WIRE_SHUTDOWN, "");
	hear();
}

/* As long as a frame may be, and nothing that can be read. */
void attack_link_hello(struct world *w)
{
	uint8_t *bytes = (uint8_t *)(uintptr_t)DATA_GPA;
	uint32_t i;

	(void)w;
	for (i = 0; i < WIRE_MAX_PAYLOAD; i++)
		bytes[i] = (uint8_t)(i % 40 ? i : '\n');
	send(WIRE_HELLO, bytes, WIRE_MAX_PAYLOAD);
	hear();
	send(WIRE_HELLO, bytes, WIRE_MAX_PAYLOAD);
	hear();
}

void attack_link_unasked(struct world *w)
{
	(void)w;
	begin();
	send_text(WIRE_SERIES, "boot agent_ready ns 1");
	hear();
}

void attack_link_refusal(struct world *w)
{
	char *text = (char *)(uintptr_t)DATA_GPA;

	(void)w;
	begin();
	memset(text, 0x1b, WIRE_MAX_PAYLOAD);
	memcpy(text, POINT " ", sizeof(POINT));
	send(WIRE_FAIL, text, WIRE_MAX_PAYLOAD);
	send_text(WIRE_DONE, "");
	hear();
}

/* It never reads, and wants answers. */
void attack_link_deaf(struct world *w)
{
	(void)w;
	begin();
	send_text(WIRE_SERIES, POINT " document 1");
	for (;;)
		send_text(WIRE_MARK, "begin 0");
}

void attack_link_silent(struct world *w)
{
	(void)w;
	begin();
	hear();
}

/* Without an end. */
void attack_link_output(struct world *w)
{
	uint8_t *bytes = (uint8_t *)(uintptr_t)DATA_GPA;
	uint32_t i;

	(void)w;
	memset(bytes, 'x', PART_BYTES);
	begin_output();
	for (i = 0; i < 400; i++)
		send(WIRE_OUTPUT, bytes, PART_BYTES);
	end_output();
}

/* PARTS of 64 KiB that repeat WORD, within a beginning and an end. */
static void bomb(const char *first, const char *word, const char *last,
		 uint32_t parts)
{
	char *bytes = (char *)(uintptr_t)DATA_GPA;
	uint32_t len = 0, at = 0, i;

	while (word[len])
		len++;
	for (; at + len <= PART_BYTES; at += len)
		memcpy(bytes + at, word, len);
	begin_output();
	send_text(WIRE_OUTPUT, first);
	for (i = 0; i < parts; i++)
		send(WIRE_OUTPUT, bytes, at);
	send_text(WIRE_OUTPUT, last);
	end_output();
}

/* Little text, and a lot of memory to whoever reads it. */
void attack_link_objects(struct world *w)
{
	(void)w;
	bomb("{\"a\":[", "{},", "0]}", 120);
}

void attack_link_depth(struct world *w)
{
	(void)w;
	bomb("{\"a\":", "[", "0", 100);
}

void attack_link_numbers(struct world *w)
{
	(void)w;
	bomb("{\"tsc_khz\":1,\"cycles\":[", "9,", "1]}", 120);
}

/* Numbers that are none, or too large. */
void attack_link_values(struct world *w)
{
	(void)w;
	bomb("{\"tsc_khz\":0,\"repeat\":-1,\"cycles\":[",
	     "1e308,-9223372036854775808,9223372036854775807,0,", "1]}", 1);
}
