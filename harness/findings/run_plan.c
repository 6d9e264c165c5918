// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/findings/run_plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/store/stored_json.h"
#include "harness/verdict/claims.h"

static uint64_t count_at(const json_t *plan, const char *key)
{
	json_int_t value = json_integer_value(json_object_get(plan, key));

	return value > 0 ? (uint64_t)value : 0;
}

/* As they were written when the run was begun, whatever their file says now. */
static struct claims *read_claims(const json_t *plan, struct err *err)
{
	const json_t *stored = json_object_get(plan, "claims");
	const char *text = json_string_value(json_object_get(stored, "text"));
	const char *sum = json_string_value(json_object_get(stored, "sha256"));
	struct claims *claims = NULL;

	if (!text || !*text)
		return NULL;
	if (claims_parse(text, strlen(text), &claims, err))
		err_wrap(err, "the run's claims cannot be read");
	else if (sum && strcmp(sum, claims->sha256))
		err_set(err, -EPROTO, "the run's claims have another checksum");
	return claims;
}

void run_plan_init(struct run_plan *p, const char *text)
{
	json_t *plan = stored_json(text);
	const char *command =
		json_string_value(json_object_get(plan, "command"));

	*p = (struct run_plan){
		.block_count = count_at(plan, "block_count"),
		.io_block_count = count_at(plan, "io_block_count"),
		.look_count = count_at(plan, "look_count"),
		.more_block_count = count_at(plan, "more_block_count"),
		.command = command ? strdup(command) : NULL,
	};
	if (json_is_object(plan))
		p->claims = read_claims(plan, &p->err);
	else
		err_set(&p->err, -EPROTO, "the run's plan cannot be read");
	json_decref(plan);
}

void run_plan_release(struct run_plan *p)
{
	free(p->command);
	claims_free(p->claims);
	*p = (struct run_plan){.command = NULL};
}
