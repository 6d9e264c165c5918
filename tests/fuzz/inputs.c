// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/fuzz/inputs.h"

#include <ar.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/xmalloc.h"
#include "tests/fuzz/fuzz.h"

#define SEED 88172645463325252u

static void input_add(struct input **list, size_t *count, const void *bytes,
		      size_t size)
{
	struct input *in;

	*list = xrealloc(*list, *count + 1, sizeof(**list));
	in = &(*list)[(*count)++];
	in->size = size;
	in->bytes = xcalloc(size ? size : 1, 1);
	memcpy(in->bytes, bytes, size);
}

struct input input_read(const char *path)
{
	FILE *f = fopen(path, "re");
	struct input in = {NULL, 0};
	size_t got, capacity = 0;

	if (!f)
		err(1, "fuzz: cannot open '%s'", path);
	do {
		capacity = 2 * capacity + 4096;
		in.bytes = xrealloc(in.bytes, capacity, 1);
		got = fread(in.bytes + in.size, 1, capacity - in.size, f);
		in.size += got;
	} while (in.size == capacity);
	fclose(f);
	in.bytes = xrealloc(in.bytes, in.size ? in.size : 1, 1);
	return in;
}

/* ar(5): a magic, then a header and the bytes of each, from even offsets. */
static void read_corpus(struct inputs *in, const char *name)
{
	char path[128];
	struct input file;
	size_t at = SARMAG;

	snprintf(path, sizeof(path), "tests/fuzz/corpus/%s.ar", name);
	if (access(path, F_OK))
		return;
	file = input_read(path);
	while (at + sizeof(struct ar_hdr) <= file.size) {
		struct ar_hdr head;
		char digits[sizeof(head.ar_size) + 1] = "";
		size_t size;

		memcpy(&head, file.bytes + at, sizeof(head));
		memcpy(digits, head.ar_size, sizeof(head.ar_size));
		size = strtoul(digits, NULL, 10);
		at += sizeof(head);
		if (memcmp(head.ar_fmag, ARFMAG, 2) || size > file.size - at)
			errx(1, "fuzz: '%s' is no archive", path);
		input_add(&in->kept, &in->kept_count, file.bytes + at, size);
		at += size + size % 2;
	}
	free(file.bytes);
}

/* libFuzzer's form: a word in quotes on each line, with \\, \" and \xAB. */
static void read_word(struct inputs *in, char *line)
{
	char *from = strchr(line, '"'), *end = strrchr(line, '"'), *to = line;

	if (line[0] == '#' || !from || end == from)
		return;
	for (from++; from < end; from++) {
		char digits[3] = "";

		if (*from != '\\') {
			*to++ = *from;
		} else if (from[1] == 'x' && from + 3 < end) {
			memcpy(digits, from + 2, 2);
			*to++ = (char)strtoul(digits, NULL, 16);
			from += 3;
		} else {
			*to++ = *++from;
		}
	}
	input_add(&in->words, &in->word_count, line, (size_t)(to - line));
}

static void read_dictionary(struct inputs *in, const char *name)
{
	char path[128], line[256];
	FILE *f;

	snprintf(path, sizeof(path), "tests/fuzz/dict/%s.dict", name);
	f = fopen(path, "re");
	if (!f)
		err(1, "fuzz: cannot open '%s'", path);
	while (fgets(line, sizeof(line), f))
		read_word(in, line);
	fclose(f);
}

void inputs_init(struct inputs *in, const struct fuzz_target *t)
{
	memset(in, 0, sizeof(*in));
	in->random = SEED;
	in->max_bytes = t->max_bytes;
	read_corpus(in, t->name);
	if (t->dictionary)
		read_dictionary(in, t->dictionary);
}

static void free_all(struct input *list, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		free(list[i].bytes);
	free(list);
}

void inputs_release(struct inputs *in)
{
	free_all(in->kept, in->kept_count);
	free_all(in->words, in->word_count);
}

/* Marsaglia's xorshift; below LIMIT, which is not 0. */
static size_t below(struct inputs *in, size_t limit)
{
	in->random ^= in->random << 13;
	in->random ^= in->random >> 7;
	in->random ^= in->random << 17;
	return (size_t)(in->random % limit);
}

static void put_word(struct inputs *in, struct input *out)
{
	const struct input *w;

	if (!in->word_count || !out->size)
		return;
	w = &in->words[below(in, in->word_count)];
	if (w->size <= out->size)
		memcpy(out->bytes + below(in, out->size - w->size + 1),
		       w->bytes, w->size);
}

static void damage(struct inputs *in, struct input *out)
{
	size_t at, len;

	if (!out->size)
		return;
	at = below(in, out->size);
	len = below(in, out->size - at) % 16;
	switch (below(in, 6)) {
	case 0:
		out->bytes[at] = (uint8_t)below(in, 256);
		break;
	case 1:
		out->bytes[at] ^= (uint8_t)(1u << below(in, 8));
		break;
	case 2: /* a piece goes */
		memmove(out->bytes + at, out->bytes + at + len,
			out->size - at - len);
		out->size -= len;
		break;
	case 3: /* a piece comes twice, over what stood there */
		memmove(out->bytes + below(in, out->size - len),
			out->bytes + at, len);
		break;
	case 4: /* the end goes */
		out->size -= below(in, 2) ? len : 0;
		break;
	default:
		put_word(in, out);
	}
}

static void noise(struct inputs *in, struct input *out)
{
	size_t i;

	out->size = 1 + below(in, in->max_bytes);
	for (i = 0; i < out->size; i++)
		out->bytes[i] = (uint8_t)below(in, 256);
	while (below(in, 8))
		put_word(in, out);
}

struct input inputs_next(struct inputs *in)
{
	struct input out = {xcalloc(in->max_bytes, 1), 0};
	const struct input *kept;

	if (!in->kept_count || !below(in, 4)) {
		noise(in, &out);
	} else {
		kept = &in->kept[below(in, in->kept_count)];
		out.size =
			kept->size < in->max_bytes ? kept->size : in->max_bytes;
		memcpy(out.bytes, kept->bytes, out.size);
		do
			damage(in, &out);
		while (below(in, 4));
	}
	/* A block of just that size, so that a byte read behind it is found. */
	out.bytes = xrealloc(out.bytes, out.size ? out.size : 1, 1);
	return out;
}
