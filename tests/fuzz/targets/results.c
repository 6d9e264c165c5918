// SPDX-License-Identifier: GPL-3.0-or-later
/* What workers and programs print. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/core/bench_case.h"
#include "harness/core/io_doc.h"
#include "harness/core/result.h"
#include "tests/fuzz/fuzz.h"

static void fuzz_json(const uint8_t *data, size_t size)
{
	json_t *json = json_loadb((const char *)data, size, 0, NULL);
	struct bench_case bc;
	struct result res;
	struct err err;

	if (!json)
		return;
	if (!result_from_json(json, &res, &err))
		result_release(&res);
	if (!bench_case_from_json(json, &bc, &err))
		bench_case_release(&bc);
	json_decref(json);
}

/* What programs print: the whole, or the place of a number or a list in what
 * they would print. */
static void fuzz_documents(const uint8_t *data, size_t size)
{
	static const struct {
		const char *workload;
		const char *format;
	} documents[] = {
		{"storage", "%.*s"},
		{"storage_verify", "%.*s"},
		{"network", "{\"end\":{\"sum_received\":%.*s}}"},
		{"network_rr", "{\"rr\":%.*s}"},
		{"micro_exit", "{\"micro\":%.*s}"},
		{"micro_walk",
		 "{\"micro\":{\"repeat\":4,\"tsc_khz\":9,\"cycles\":[%.*s]}}"},
		{"storage", "{\"jobs\":[{\"error\":0,\"read\":%.*s}]}"},
	};
	char text[1024];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(documents); i++) {
		struct io_doc doc;
		struct err err;
		json_t *json;

		snprintf(text, sizeof(text), documents[i].format, (int)size,
			 (const char *)data);
		json = json_loads(text, 0, NULL);
		if (json &&
		    !io_doc_read(documents[i].workload, json, &doc, &err)) {
			io_doc_quantile(&doc, 0.5);
			io_doc_release(&doc);
		}
		json_decref(json);
	}
}

const struct fuzz_target targets_results[] = {
	{.name = "result",
	 .run = fuzz_json,
	 .max_bytes = 1536,
	 .dictionary = "json"},
	{.name = "io_doc",
	 .run = fuzz_documents,
	 .max_bytes = 512,
	 .dictionary = "json"},
	{0},
};
