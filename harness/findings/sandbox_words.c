// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/findings/sandbox_words.h"

#include <stdlib.h>
#include <string.h>

#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/store/run_data.h"

char *sandbox_words(const char *identity)
{
	static const char key[] = "\nvmm.sandbox=";
	const char *at = identity ? strstr(identity, key) : NULL;
	char *words;

	if (!at)
		return NULL;
	at += strlen(key);
	words = xasprintf("%.*s", (int)strcspn(at, "\n"), at);
	/* A VMM that its guest has taken over says what it likes. */
	text_clean(words);
	return words;
}

/* Whether a boot before the one at INDEX had the same. */
static bool is_repeated(const struct run_data *run, size_t index,
			const char *words)
{
	size_t i;

	for (i = 0; i < index; i++) {
		char *other = sandbox_words(run->boots[i].res.identity);
		bool is_same = other && !strcmp(other, words);

		free(other);
		if (is_same)
			return true;
	}
	return false;
}

void sandbox_words_list(const struct run_data *run, struct strbuf *out)
{
	size_t i;

	for (i = 0; i < run->boot_count; i++) {
		char *words = sandbox_words(run->boots[i].res.identity);

		if (words && !is_repeated(run, i, words))
			strbuf_printf(out, "sandbox of the VMM: %s\n", words);
		free(words);
	}
}
