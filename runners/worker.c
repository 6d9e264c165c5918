// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/worker.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/err.h"
#include "harness/core/bench_case.h"
#include "harness/core/envinfo.h"
#include "harness/core/hostprobe.h"
#include "harness/core/result.h"
#include "harness/core/runner.h"

static json_t *hello(json_t *(*node)(void))
{
	json_t *list = json_array(), *probe = hostprobe_json();
	const struct runner_ops *const *r;

	for (r = runners; *r; r++)
		json_array_append_new(
			list, json_pack("{s:s, s:s}", "name", (*r)->name,
					"grade", grade_name((*r)->grade())));
	if (node)
		json_object_set_new(probe, "kubevirt", node());
	return json_pack("{s:{s:o, s:o, s:o}}", "hello", "fingerprint",
			 envinfo_fingerprint(), "probe", probe, "runners",
			 list);
}

static json_t *run_case(const json_t *json)
{
	const struct runner_ops *runner;
	struct bench_case bc;
	struct result res;
	struct err err = {0};
	json_t *out;

	result_init(&res);
	if (bench_case_from_json(json, &bc, &err)) {
		result_fail(&res, RUN_RUNNER_FAILED, "%s", err.msg);
	} else {
		runner = runner_find(bc.runner);
		if (runner)
			runner->run(&bc, &res);
		else
			result_fail(&res, RUN_SKIPPED, "unknown runner '%s'",
				    bc.runner);
		bench_case_release(&bc);
	}
	out = json_pack("{s:o}", "result", result_to_json(&res));
	result_release(&res);
	return out;
}

static int answer(const json_t *request, json_t *(*node)(void), FILE *out,
		  int *running)
{
	const char *op = json_string_value(json_object_get(request, "op"));
	json_t *reply;

	if (op && !strcmp(op, "quit")) {
		*running = 0;
		return 0;
	}
	if (op && !strcmp(op, "hello"))
		reply = hello(node);
	else if (op && !strcmp(op, "run"))
		reply = run_case(json_object_get(request, "case"));
	else
		return -EPROTO;
	json_dumpf(reply, out, JSON_COMPACT);
	json_decref(reply);
	fputc('\n', out);
	return fflush(out) ? -errno : 0;
}

int worker_serve(int in_fd, int out_fd, json_t *(*node)(void))
{
	FILE *in = fdopen(dup(in_fd), "r");
	FILE *out = fdopen(dup(out_fd), "w");
	char *line = NULL;
	size_t size = 0;
	int running = 1;
	int ret = 0;

	while (in && out && running && !ret && getline(&line, &size, in) > 0) {
		json_t *request = json_loads(line, 0, NULL);

		ret = request ? answer(request, node, out, &running) : -EPROTO;
		json_decref(request);
	}
	free(line);
	if (in)
		fclose(in);
	if (out)
		fclose(out);
	return ret;
}
