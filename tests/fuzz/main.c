// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Runs all targets for bounded rounds, or one of them on given files.
 * usage: fuzz [ROUNDS]         each target's corpus, then so many new inputs
 *        fuzz TARGET FILE...
 *        fuzz TARGET COUNT DIR  only write the first new inputs into DIR
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/base/base.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/inputs.h"

#define ROUNDS 8000

static const struct fuzz_target *const groups[] = {
	targets_boot,      targets_bundle, targets_claims,  targets_devices,
	targets_documents, targets_emu,    targets_fleet,   targets_footprint,
	targets_host,      targets_http,   targets_insn,    targets_kubevirt,
	targets_link,      targets_micro,  targets_mshv,    targets_numbers,
	targets_plan,      targets_report, targets_results, targets_serve,
	targets_snapshot,  targets_text,   targets_vfio,    targets_virtio,
	targets_vmms,      targets_yaml,
};

static const struct fuzz_target *find(const char *name)
{
	const struct fuzz_target *t;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(groups); i++)
		for (t = groups[i]; t->name; t++)
			if (!strcmp(t->name, name))
				return t;
	errx(64, "fuzz: there is no target '%s'", name);
}

static unsigned long run_bounded(const struct fuzz_target *t,
				 unsigned long rounds)
{
	struct inputs in;
	unsigned long i, count;

	inputs_init(&in, t);
	count = in.kept_count;
	for (i = 0; i < in.kept_count; i++)
		t->run(in.kept[i].bytes, in.kept[i].size);
	for (i = 0; i < rounds; i += t->share ? t->share : 1, count++) {
		struct input one = inputs_next(&in);

		t->run(one.bytes, one.size);
		free(one.bytes);
	}
	inputs_release(&in);
	return count;
}

static int run_all(unsigned long rounds)
{
	const struct fuzz_target *t;
	unsigned long count = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(groups); i++)
		for (t = groups[i]; t->name; t++)
			count += run_bounded(t, rounds);
	/* Whatever does not survive ends the process. */
	printf("# faults: fuzzing: %lu tried, %lu survived\n", count, count);
	return 0;
}

static int run_file(const struct fuzz_target *t, const char *path)
{
	struct input in = input_read(path);

	t->run(in.bytes, in.size);
	free(in.bytes);
	return 0;
}

static int write_inputs(const struct fuzz_target *t, unsigned long count,
			const char *folder)
{
	struct inputs in;
	char path[512];
	unsigned long i;

	inputs_init(&in, t);
	in.kept_count = 0;
	for (i = 0; i < count; i++) {
		struct input one = inputs_next(&in);
		FILE *f;

		snprintf(path, sizeof(path), "%s/%lu", folder, i);
		f = fopen(path, "we");
		if (!f || fwrite(one.bytes, 1, one.size, f) != one.size ||
		    fclose(f))
			err(1, "fuzz: cannot write '%s'", path);
		free(one.bytes);
	}
	inputs_release(&in);
	return 0;
}

int main(int argc, char **argv)
{
	const struct fuzz_target *t;
	struct stat st;
	int i;

	if (argc < 3)
		return run_all(argc > 1 ? strtoul(argv[1], NULL, 10) : ROUNDS);
	t = find(argv[1]);
	if (argc == 4 && !stat(argv[3], &st) && S_ISDIR(st.st_mode))
		return write_inputs(t, strtoul(argv[2], NULL, 10), argv[3]);
	for (i = 2; i < argc; i++)
		run_file(t, argv[i]);
	return 0;
}
