// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/findings/vmm_words.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/store/run_data.h"

static const struct {
	const char *key, *title;
} facts[VMM_FACT_COUNT] = {
	[VMM_FACT_SANDBOX] = {"\nvmm.sandbox=", "sandbox of the VMM"},
	[VMM_FACT_PLACEMENT] = {"\nvmm.placement=", "pinning"},
	[VMM_FACT_VERSION] = {"\nvmm.version=", "VMM"},
};

char *vmm_words(const char *identity, enum vmm_fact fact)
{
	const char *key = facts[fact].key;
	const char *at = NULL, *next = identity;
	char *words;

	/* What the harness adds stands behind what a guest says. */
	while (next && (next = strstr(next, key)) != NULL)
		at = next += strlen(key);
	if (!at)
		return NULL;
	words = xasprintf("%.*s", (int)strcspn(at, "\n"), at);
	/* A VMM that its guest has taken over says what it likes. */
	text_clean(words);
	return words;
}

/* Whether a boot before the one at INDEX had the same. */
static bool is_repeated(const struct run_data *run, size_t index,
			enum vmm_fact fact, const char *words)
{
	size_t i;

	for (i = 0; i < index; i++) {
		char *other = vmm_words(run->boots[i].res.identity, fact);
		bool is_same = other && !strcmp(other, words);

		free(other);
		if (is_same)
			return true;
	}
	return false;
}

void vmm_words_list(const struct run_data *run, struct strbuf *out)
{
	int fact;
	size_t i;

	for (fact = 0; fact < VMM_FACT_COUNT; fact++)
		for (i = 0; i < run->boot_count; i++) {
			char *words = vmm_words(run->boots[i].res.identity,
						(enum vmm_fact)fact);

			if (words &&
			    !is_repeated(run, i, (enum vmm_fact)fact, words))
				strbuf_printf(out, "%s: %s\n",
					      facts[fact].title, words);
			free(words);
		}
}
