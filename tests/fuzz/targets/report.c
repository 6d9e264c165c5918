// SPDX-License-Identifier: GPL-3.0-or-later
/* A stored run that says anything, in every format. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/portable.h"
#include "harness/base/xmalloc.h"
#include "harness/findings/findings.h"
#include "harness/store/run_data.h"
#include "reports/formats.h"
#include "tests/fuzz/fuzz.h"

/* The head of the run, then a result in each line. */
static void run_make(struct run_data *run, char *text)
{
	static const char *const runners[] = {"native", "kvm", "mshv"};
	char *line = strsep(&text, "\n");
	size_t i;

	*run = (struct run_data){.status = xstrdup("complete"),
				 .revision = xstrdup("abc"),
				 .plan = xstrdup(line),
				 .fingerprint = xstrdup(line),
				 .probe = xstrdup(line),
				 .guest_manifest = xstrdup(""),
				 .boots = xcalloc(6, sizeof(*run->boots))};
	for (i = 0; i < 6 && (line = strsep(&text, "\n")); i++) {
		struct boot_data *b = &run->boots[run->boot_count];
		json_t *json = json_loads(line, 0, NULL);
		struct err err;

		if (json && !result_from_json(json, &b->res, &err)) {
			b->position = (uint32_t)run->boot_count++;
			b->bc.block = (uint32_t)(i / 2);
			snprintf(b->bc.runner, sizeof(b->bc.runner), "%s",
				 runners[i % 2 + (i == 4)]);
		}
		json_decref(json);
	}
}

static void write_as(const struct findings *f, const char *name)
{
	const struct format *format = format_find(name);
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	json_t *json = NULL;

	if (!out || !format)
		abort();
	format_write(format, f, NULL, out);
	fclose(out);
	/* JSON may have more characters: what is stored is passed on. */
	if (strcmp(name, "json") && strcmp(name, "virtualclient") &&
	    !portable_is_text(text)) {
		fprintf(stderr, "fuzz: '%s' is no text: %s\n", name, text);
		abort();
	}
	if (!strcmp(name, "json")) {
		json = json_loadb(text, len, 0, NULL);
		if (!json) {
			fprintf(stderr, "fuzz: no JSON: %s\n", text);
			abort();
		}
	}
	json_decref(json);
	free(text);
}

static void fuzz_report(const uint8_t *data, size_t size)
{
	static const char *const names[] = {
		"text",     "json",        "html",       "csv",
		"markdown", "junit",       "explain",    "power",
		"samples",  "openmetrics", "prometheus", "virtualclient",
		"kusto"};
	char *text = strndup((const char *)data, size);
	struct findings f;
	struct run_data run;
	size_t i;

	run_make(&run, text);
	findings_init(&f, &run, NULL);
	for (i = 0; i < ARRAY_SIZE(names); i++)
		write_as(&f, names[i]);
	findings_release(&f);
	run_data_release(&run);
	free(text);
}

const struct fuzz_target targets_report[] = {
	{.name = "report",
	 .run = fuzz_report,
	 .max_bytes = 4096,
	 .dictionary = "json",
	 .share = 50},
	{0},
};
