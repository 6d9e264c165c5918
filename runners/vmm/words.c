// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/vmm/words.h"

#include <stdarg.h>
#include <stdio.h>

void words_add(struct words *w, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (w->len < w->size)
		w->len += (size_t)vsnprintf(w->text + w->len, w->size - w->len,
					    fmt, ap);
	va_end(ap);
}
