// SPDX-License-Identifier: GPL-3.0-or-later
/* Documents of JSON from other hosts and services, and stored ones. */
#include <stdlib.h>
#include <string.h>

#include "harness/base/err.h"
#include "harness/core/imds.h"
#include "harness/core/place.h"
#include "harness/findings/run_plan.h"
#include "harness/qualify/qualification.h"
#include "harness/qualify/qualification_file.h"
#include "harness/store/stored_json.h"
#include "harness/verdict/comparable.h"
#include "tests/fuzz/files.h"
#include "tests/fuzz/fuzz.h"

static void fuzz_imds(const uint8_t *data, size_t size)
{
	json_t *imds, *fingerprint;
	struct err err;

	if (imds_parse((const char *)data, size, &imds, &err))
		return;
	fingerprint = json_object();
	place_put_azure(fingerprint, imds);
	json_decref(fingerprint);
	json_decref(imds);
}

static void check_qualification(const struct qualification *q)
{
	struct qualification again;
	json_t *first, *second;
	char text[400];
	struct err err;

	qualification_sentence(q, text, sizeof(text));
	if (qualification_can_run(q) && qualification_cannot_run(q))
		abort();
	qualification_is_clean(q);
	first = qualification_to_json(q);
	if (!first || qualification_from_json(first, &again, &err))
		abort();
	second = qualification_to_json(&again);
	if (!json_equal(first, second))
		abort();
	qualification_release(&again);
	json_decref(first);
	json_decref(second);
}

/* What can be read can be written, and is then the same. */
static void fuzz_qualification(const uint8_t *data, size_t size)
{
	json_t *json = json_loadb((const char *)data, size, 0, NULL);
	struct qualification q;
	struct err err;

	if (!json)
		return;
	if (!qualification_from_json(json, &q, &err))
		check_qualification(&q);
	qualification_release(&q);
	json_decref(json);
}

static void fuzz_qualification_file(const uint8_t *data, size_t size)
{
	const char *path = files_real(data, size);
	struct qualification q;
	struct err err;

	if (!qualification_is_file(path))
		return;
	if (!qualification_read(path, &q, &err))
		check_qualification(&q);
	qualification_release(&q);
}

static void fuzz_run_plan(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	struct run_plan plan;

	run_plan_init(&plan, text);
	run_plan_release(&plan);
	free(text);
}

/* Two fingerprints, with a newline between them. */
static void fuzz_differences(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size), *at = text;
	json_t *a = stored_json(strsep(&at, "\n")), *b = stored_json(at);
	struct differences d, same;
	json_t *json;

	differences_init(&d, a, b);
	json = differences_to_json(&d);
	if (!json)
		abort();
	json_decref(json);
	differences_release(&d);
	differences_init(&same, a, a);
	if (same.count)
		abort();
	differences_release(&same);
	json_decref(a);
	json_decref(b);
	free(text);
}

const struct fuzz_target targets_documents[] = {
	{.name = "imds",
	 .run = fuzz_imds,
	 .max_bytes = 512,
	 .dictionary = "documents"},
	{.name = "qualification",
	 .run = fuzz_qualification,
	 .max_bytes = 768,
	 .dictionary = "documents"},
	{.name = "qualification_file",
	 .run = fuzz_qualification_file,
	 .max_bytes = 512},
	{.name = "run_plan",
	 .run = fuzz_run_plan,
	 .max_bytes = 512,
	 .dictionary = "documents"},
	{.name = "differences",
	 .run = fuzz_differences,
	 .max_bytes = 512,
	 .dictionary = "documents"},
	{0},
};
