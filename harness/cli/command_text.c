// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/cli/command_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/store/store.h"

/* One more word, quoted where a shell would not take it as it is. */
static void add_word(struct strbuf *text, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789%+,-./:=@_";

	if (*word && !word[strspn(word, plain)]) {
		strbuf_printf(text, " %s", word);
		return;
	}
	strbuf_puts(text, " '");
	for (; *word; word++) {
		if (*word == '\'')
			strbuf_puts(text, "'\\''");
		else
			strbuf_add(text, word, 1);
	}
	strbuf_puts(text, "'");
}

/* An address may stand behind "--db=". */
static void add_argument(struct strbuf *text, const char *word)
{
	const char *place = strstr(word, "postgres");
	char *shown, *without;

	if (!place || store_is_file(place)) {
		add_word(text, word);
		return;
	}
	shown = store_shown(place);
	without = xasprintf("%.*s%s", (int)(place - word), word, shown);
	add_word(text, without);
	free(without);
	free(shown);
}

char *command_text(int argc, char **argv, uint64_t seed)
{
	struct strbuf text = {0};
	char *copy;
	int i;

	strbuf_puts(&text, "build/l1vh-bench");
	for (i = 0; i < argc; i++)
		add_argument(&text, argv[i]);
	strbuf_printf(&text, " --seed %" PRIu64, seed);
	copy = xstrdup(text.str);
	text_clean(copy);
	strbuf_release(&text);
	return copy;
}
