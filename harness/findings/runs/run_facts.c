// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/findings/runs/run_facts.h"

#include <stdlib.h>

#include "harness/base/xmalloc.h"
#include "harness/store/stored_json.h"

json_t *run_facts(const char *fingerprint, const char *plan_text,
		  const char *guest_manifest, bool is_lab)
{
	json_t *out = stored_json(fingerprint);
	json_t *plan = stored_json(plan_text);
	const char *key;
	json_t *value;

	if (!json_is_object(out)) {
		json_decref(out);
		out = json_object();
	}
	json_object_foreach(plan, key, value) {
		char *name = xasprintf("plan.%s", key);

		json_object_set(out, name, value);
		free(name);
	}
	json_object_set_new(out, "guest", json_string(guest_manifest));
	json_object_set_new(out, "lab", json_boolean(is_lab));
	json_decref(plan);
	return out;
}

const char *run_fact(const json_t *facts, const char *key)
{
	const char *text = json_string_value(json_object_get(facts, key));

	return text ? text : "";
}
