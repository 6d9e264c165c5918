/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TESTS_HOSTILE_SIEGE_GUEST_H
#define TESTS_HOSTILE_SIEGE_GUEST_H

/*
 * siege_guest - one VMM with the hostile image: its start, its streams, its
 * end, and what of the host's memory it took.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "harness/base/strbuf.h"

struct err;
struct host;

#define GUEST_RAM_MIB 64u

struct guest_spec {
	const char *vmm;   /* l1vh-vmm */
	const char *image; /* hostile.bin, or hostile.bz with is_kernel */
	const char *hv;
	const char *command; /* an attack's name, "list", "neighbour" */
	bool is_kernel; /* booted as Linux is, with its channel on a console */
	bool is_neighbour;
	/* It has no sandbox, which forbids what the sanitizer's end needs. */
	bool is_sanitized;
	const struct host *host;
};

enum guest_stream {
	GUEST_SERIAL,
	GUEST_WORDS, /* the VMM's stderr */
	GUEST_EVENTS,
	GUEST_CHANNEL,
	GUEST_STREAM_COUNT,
};

struct guest {
	pid_t pid;
	int fds[GUEST_STREAM_COUNT]; /* owned; -1: closed */
	uint64_t bytes[GUEST_STREAM_COUNT];
	struct strbuf tails[GUEST_STREAM_COUNT];
	/* A neighbour's rounds; it is asked for each. */
	uint64_t asked_count, right_count, wrong_count;
	char line[64]; /* the one that is coming */
	size_t line_len;
	bool has_ended;
	int status;          /* as wait() has it */
	uint64_t memory_kib; /* the most that the process had, guest RAM too */
};

/* SPEC's image with its command, as a file without a name; -1 and why. */
int guest_image(const struct guest_spec *spec, struct err *err);

int guest_start(struct guest *g, const struct guest_spec *spec,
		struct err *err);

/* Read what all of COUNT guests say for at most TIMEOUT_MS, and see who has
 * ended. */
void guests_hear(struct guest *const *guests, uint32_t count, int timeout_ms);

/* Whether the last few KiB of a stream have TEXT. */
bool guest_said(const struct guest *g, enum guest_stream stream,
		const char *text);

/* A round of the neighbour, unless it is still at one; nothing if there is
 * none. */
void guest_ask(struct guest *g);

void guest_kill(struct guest *g); /* reaps as well */
void guest_release(struct guest *g);

#endif
