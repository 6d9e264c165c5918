// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/peers/peer_version.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/proc.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/core/result.h"

/* "Firecracker v1.13.1", "kvm tool 3.18.0", "crosvm 0.1.0-abc": up to a blank. */
static bool find_version(const char *line, struct peer_version *v)
{
	static const char digits[] = "0123456789";
	size_t length = strcspn(line, "\n");
	const char *p = line;

	for (p += strcspn(p, digits); p < line + length;
	     p += strspn(p, digits), p += strcspn(p, digits)) {
		if (sscanf(p, "%u.%u", &v->major, &v->minor) != 2)
			continue;
		snprintf(v->text, sizeof(v->text), "%.*s",
			 (int)strcspn(p, " \t\r\n"), p);
		text_clean(v->text);
		return true;
	}
	return false;
}

int peer_version_read(const char *program, const char *word,
		      struct peer_version *v, struct err *err)
{
	/* kvmtool makes a folder in its user's home when it is asked. */
	const char *const argv[] = {"env", "HOME=/proc", program, word, NULL};
	struct strbuf out = {0};
	int ret = proc_capture(argv, NULL, &out, err);

	*v = (struct peer_version){.text = ""};
	if (!ret && !find_version(strbuf_str(&out), v))
		ret = err_set(err, -EPROTO, "'%s %s' tells no version", program,
			      word);
	strbuf_release(&out);
	return ret;
}

bool peer_version_is_below(const struct peer_version *v, unsigned int major,
			   unsigned int minor)
{
	return v->major < major || (v->major == major && v->minor < minor);
}

void peer_version_add(const struct peer_version *v, const char *title,
		      struct result *res)
{
	char *text;

	text = xasprintf("%s %s", title, v->text);
	result_add_fact(res, "vmm.version", text);
	free(text);
}
