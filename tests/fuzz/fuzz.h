/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

/*
 * fuzz - targets for input that a guest, a file, a kernel or a network sends.
 * main.c runs all of them for bounded rounds; libfuzzer.c runs one of them,
 * guided by coverage. Each file of targets/ defines one group, targets_FILE[].
 */
#include <stddef.h>
#include <stdint.h>

struct fuzz_target {
	const char *name; /* also of its corpus, corpus/NAME.ar */
	/* Reads SIZE bytes at DATA and no further; aborts where the code under
	 * test breaks a promise. */
	void (*run)(const uint8_t *data, size_t size);
	size_t max_bytes;       /* of an input */
	const char *dictionary; /* dict/NAME.dict; NULL: none */
	/* Of an expensive target: it runs in one of so many bounded rounds. */
	unsigned int share;
};

/* An empty row ends each. */
extern const struct fuzz_target targets_boot[], targets_bundle[],
	targets_claims[], targets_devices[], targets_documents[], targets_emu[],
	targets_fleet[], targets_footprint[], targets_host[], targets_http[],
	targets_insn[], targets_kubevirt[], targets_link[], targets_micro[],
	targets_mshv[], targets_numbers[], targets_plan[], targets_report[],
	targets_results[], targets_serve[], targets_snapshot[], targets_text[],
	targets_vfio[], targets_virtio[], targets_vmms[], targets_yaml[];

#endif
