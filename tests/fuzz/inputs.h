/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TESTS_FUZZ_INPUTS_H
#define TESTS_FUZZ_INPUTS_H

/*
 * inputs - a target's kept inputs, its words, and new inputs made of both. The
 * same seed makes the same inputs. One thread; a file that cannot be read ends
 * the process.
 */
#include <stddef.h>
#include <stdint.h>

struct fuzz_target;

struct input {
	uint8_t *bytes; /* owned, of just that size */
	size_t size;
};

struct inputs {
	struct input *kept; /* owned; what corpus/NAME.ar has */
	size_t kept_count;
	struct input *words; /* owned; those of the dictionary */
	size_t word_count;
	size_t max_bytes;
	uint64_t random;
};

/* Reads files below tests/fuzz; without a corpus there is none. */
void inputs_init(struct inputs *in, const struct fuzz_target *t);
void inputs_release(struct inputs *in);

/* A whole file. */
struct input input_read(const char *path);

/* One more: a kept one that is damaged in a few places, or noise with words in
 * it. The caller frees its bytes. */
struct input inputs_next(struct inputs *in);

#endif
