// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/verdict/claims.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/sha256.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/base/yaml_file.h"

#define MAX_FILE_BYTES (1 * MIB)
#define MAX_CLAIMS 1000

static const cyaml_strval_t kinds[] = {
	{"non-inferior", MARGIN_NON_INFERIOR},
	{"equivalent", MARGIN_EQUIVALENT},
	{"superior", MARGIN_SUPERIOR},
};

#define TEXT(field)                                                      \
	CYAML_FIELD_STRING_PTR(#field, CYAML_FLAG_POINTER, struct claim, \
			       field, 1, 400)

static const cyaml_schema_field_t claim_fields[] = {
	TEXT(id),
	TEXT(text),
	TEXT(metric),
	TEXT(candidate),
	TEXT(baseline),
	TEXT(reason),
	CYAML_FIELD_STRING_PTR("scope",
			       CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
			       struct claim, scope, 1, 400),
	CYAML_FIELD_ENUM("kind", CYAML_FLAG_STRICT, struct claim, kind, kinds,
			 CYAML_ARRAY_LEN(kinds)),
	/* The library's own numbers take "5 %" for 5. */
	CYAML_FIELD_STRING_PTR("margin", CYAML_FLAG_POINTER, struct claim,
			       margin_text, 1, 40),
	CYAML_FIELD_STRING_PTR("confidence", CYAML_FLAG_POINTER, struct claim,
			       confidence_text, 1, 40),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t claim_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct claim, claim_fields),
};

static const cyaml_schema_field_t file_fields[] = {
	CYAML_FIELD_STRING_PTR("name", CYAML_FLAG_POINTER, struct claims, name,
			       1, 60),
	CYAML_FIELD_SEQUENCE("claims", CYAML_FLAG_POINTER, struct claims,
			     claims, &claim_schema, 1, MAX_CLAIMS),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t file_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct claims, file_fields),
};

static unsigned int line_of(const struct strbuf *file, const struct claim *c)
{
	char *id = xasprintf("id: %s", c->id);
	unsigned int line = yaml_file_line_of(strbuf_str(file), id);

	free(id);
	return line;
}

static int number_of(const char *text, double *out)
{
	char *end;

	*out = strtod(text, &end);
	return end == text || *end || !isfinite(*out) ? -EINVAL : 0;
}

/* The error in claim I, or NULL: the key, its text, and the expected value. */
static const char *find_mistake(struct claims *all, uint32_t i,
				const char **key, const char **text)
{
	struct claim *c = &all->claims[i];
	uint32_t k;

	*key = "id";
	*text = c->id;
	for (k = 0; k < i; k++)
		if (!strcmp(all->claims[k].id, c->id))
			return "an id that no other claim has";
	*key = "margin";
	*text = c->margin_text;
	if (number_of(c->margin_text, &c->margin) || !(c->margin < 10) ||
	    !(c->kind == MARGIN_SUPERIOR ? c->margin >= 0 : c->margin > 0))
		return "a share above 0, 0.05 for 5 %";
	*key = "confidence";
	*text = c->confidence_text;
	if (number_of(c->confidence_text, &c->confidence) ||
	    !(c->confidence > .5 && c->confidence < 1))
		return "a share above 0.5 and below 1";
	*key = "baseline";
	*text = c->baseline;
	return strcmp(c->candidate, c->baseline)
		       ? NULL
		       : "a runner other than the candidate";
}

static int check_claim(struct claims *all, uint32_t i,
		       const struct strbuf *file, struct err *err)
{
	const char *key, *text;
	const char *expected = find_mistake(all, i, &key, &text);

	if (!expected)
		return 0;
	return err_set(err, -EINVAL,
		       "claim '%s' (line %u): %s is '%s'; expected: %s",
		       all->claims[i].id, line_of(file, &all->claims[i]), key,
		       text, expected);
}

static int parse_claims(const struct strbuf *file, struct claims **out,
			struct err *err)
{
	void *data;
	int ret = yaml_file_parse(strbuf_str(file), file->len, &file_schema,
				  &data, err);

	*out = data;
	if (ret && strstr(err->msg, "field 'kind'"))
		strncat(err->msg,
			"; expected: non-inferior, equivalent or superior",
			sizeof(err->msg) - strlen(err->msg) - 1);
	return ret;
}

int claims_parse(const char *bytes, size_t len, struct claims **out,
		 struct err *err)
{
	struct strbuf file = {0};
	struct claims *claims = NULL;
	int ret = 0;
	uint32_t i;

	*out = NULL;
	strbuf_add(&file, bytes, len);
	ret = parse_claims(&file, &claims, err);
	for (i = 0; !ret && i < claims->claims_count; i++)
		ret = check_claim(claims, i, &file, err);
	if (!ret) {
		sha256_of(strbuf_str(&file), file.len, claims->sha256);
		claims->file = xstrdup(strbuf_str(&file));
	}
	strbuf_release(&file);
	if (ret)
		claims_free(claims);
	else
		*out = claims;
	return ret;
}

int claims_load(const char *path, struct claims **out, struct err *err)
{
	struct strbuf file = {0};
	int ret = file_read_whole(path, MAX_FILE_BYTES, &file);

	*out = NULL;
	if (ret)
		err_sys(err, ret, "cannot read it");
	else
		ret = claims_parse(strbuf_str(&file), file.len, out, err);
	strbuf_release(&file);
	return ret ? err_wrap(err, "claims '%s'", path) : 0;
}

void claims_free(struct claims *claims)
{
	if (claims)
		free(claims->file);
	yaml_file_free(&file_schema, claims);
}
