// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/machine/args.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/base/file.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"

void args_add(struct args *a, const char *fmt, ...)
{
	char buf[4096];
	va_list ap;

	if (a->count == ARGS_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	a->words[a->count++] = xstrdup(buf);
}

void args_add_path(struct args *a, const char *before, const char *path,
		   const char *after)
{
	struct strbuf word = {0};

	strbuf_puts(&word, before);
	for (; *path; path++)
		strbuf_add(&word, *path == ',' ? ",," : path,
			   *path == ',' ? 2 : 1);
	args_add(a, "%s%s", strbuf_str(&word), after);
	strbuf_release(&word);
}

void args_add_emulator(struct args *a)
{
	char *bench = file_beside_exe("l1vh-bench");

	args_add(a, "%s", bench);
	args_add(a, "mshv-emu");
	args_add(a, "--hide-kvm");
	args_add(a, "--");
	free(bench);
}

void args_release(struct args *a)
{
	while (a->count)
		free(a->words[--a->count]);
	a->words[0] = NULL;
}
