// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/fleet/fleet_claims.h"

#include <string.h>

#include "harness/base/err.h"
#include "harness/fleet/fleet.h"
#include "harness/verdict/claims.h"

/* As they were written when a run was begun, whatever their file says now. */
void fleet_claims_take(struct fleet *f, const json_t *registered)
{
	const char *text =
		json_string_value(json_object_get(registered, "text"));
	struct claims *claims = NULL;
	struct err ignored;

	if (text)
		claims_parse(text, strlen(text), &claims, &ignored);
	if (!claims) {
		f->lacks_claims = true;
	} else if (!f->claims) {
		f->claims = claims;
		return;
	} else if (strcmp(claims->sha256, f->claims->sha256)) {
		f->lacks_claims = true;
	}
	claims_free(claims);
}

const struct claims *fleet_claims(const struct fleet *f)
{
	return f->lacks_claims ? NULL : f->claims;
}

bool fleet_claims_are_registered(const struct fleet *f,
				 const struct claims *claims)
{
	const struct claims *registered = fleet_claims(f);

	return registered && f->match && *f->match && !f->has_several_matches &&
	       !strcmp(registered->sha256, claims->sha256);
}
