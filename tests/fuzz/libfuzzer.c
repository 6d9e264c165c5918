// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * One group of targets under libFuzzer. L1VH_FUZZ_TARGET names the target;
 * without it the program lists its targets, for ci/fuzz-long. The linker gives
 * fuzz_this_group, so that a program has the code of its targets alone, and an
 * execution clears few counters.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

extern const struct fuzz_target fuzz_this_group[];

static const struct fuzz_target *target;

/* libFuzzer's interface. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *name = getenv("L1VH_FUZZ_TARGET");
	const struct fuzz_target *t;

	(void)argc;
	(void)argv;
	for (t = fuzz_this_group; t->name; t++)
		if (!name)
			printf("%s %zu %s\n", t->name, t->max_bytes,
			       t->dictionary ? t->dictionary : "-");
		else if (!strcmp(name, t->name))
			target = t;
	if (target)
		return 0;
	if (name)
		fprintf(stderr, "fuzz: no target '%s' here\n", name);
	exit(name ? 64 : 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	target->run(data, size);
	return 0;
}
