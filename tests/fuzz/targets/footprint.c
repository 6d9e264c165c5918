// SPDX-License-Identifier: GPL-3.0-or-later
/* Documents of memory, as stored. */
#include <stdio.h>
#include <string.h>

#include "harness/base/err.h"
#include "harness/core/result.h"
#include "harness/core/shape.h"
#include "harness/findings/footprint.h"
#include "harness/findings/model.h"
#include "reports/text/footprint_text.h"
#include "tests/fuzz/fuzz.h"

/* Names of shapes, and a stored document with damage in a few places. */
static void fuzz_footprint(const uint8_t *data, size_t size)
{
	char text[] =
		"{\"footprint\":{\"moments\":{\"baseline\":{\"host\":{\"used\":9,"
		"\"mshv_deposited\":null}},\"touched\":{\"host\":{\"used\":99},"
		"\"guests\":[{\"processes\":[{\"role\":\"vmm\",\"rss\":50,"
		"\"pss\":40,\"guest_rss\":30},{\"role\":\"virtqemud\"}]}]},"
		"\"gone\":{\"host\":{\"used\":12},\"guests\":[{\"cgroup\":"
		"{\"unreclaimable\":3}}]}}}}";
	char name[64];
	struct boot_data boot;
	struct run_data run = {.boots = &boot, .boot_count = 1};
	static FILE *out;
	struct shape shape;
	struct err err;
	struct footprints fs;
	struct model m;
	size_t i;

	if (!out)
		out = fopen("/dev/null", "we");
	snprintf(name, sizeof(name), "%.*s", (int)(size < 60 ? size : 60),
		 (const char *)data);
	shape_parse(name, &shape, &err);
	for (i = 0; i + 1 < size && i < 8; i += 2)
		text[(data[i] * 2u) % (sizeof(text) - 1)] =
			(char)(data[i + 1] ? data[i + 1] : '0');
	memset(&boot, 0, sizeof(boot));
	snprintf(boot.bc.runner, sizeof(boot.bc.runner), "kvm");
	result_init(&boot.res);
	series_add_sample(result_add_series(&boot.res, "footprint",
					    "256M-1cpu/beside_rss", "bytes"))
		->value = 5;
	result_add_document(&boot.res, "footprint", "256M-1cpu", text);
	model_init(&m, &run);
	footprints_init(&fs, &m, NULL);
	if (out)
		footprint_text_write(&fs, true, out);
	footprints_release(&fs);
	model_release(&m);
	result_release(&boot.res);
}

const struct fuzz_target targets_footprint[] = {
	{.name = "footprint",
	 .run = fuzz_footprint,
	 .max_bytes = 64,
	 .dictionary = "json"},
	{0},
};
