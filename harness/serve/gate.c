// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/serve/gate.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "harness/base/err.h"
#include "harness/serve/hosts.h"
#include "harness/serve/query.h"
#include "harness/serve/wire.h"

#define BAD_REQUEST 400
#define FORBIDDEN 403
#define MISDIRECTED 421

/* The address's own authority replaces the header (RFC 9112, 3.2.2), which
 * must be well-formed all the same. */
static const char *authority_of(const struct wire *w, const struct query *q)
{
	return q->authority ? q->authority : wire_get(w, "Host");
}

static int check_host(const struct hosts *hosts, const struct wire *w,
		      const struct query *q, unsigned int *status,
		      struct err *err)
{
	const char *header = wire_get(w, "Host");
	const char *authority = authority_of(w, q);
	char name[HOST_BYTES];
	int ret = header ? host_parse(header, name, err) : 0;

	*status = BAD_REQUEST;
	if (!ret && authority)
		ret = host_parse(authority, name, err);
	if (ret || !authority || hosts_allow(hosts, name, w))
		return ret;
	*status = MISDIRECTED;
	return err_set(
		err, -EPERM,
		"this server does not answer for '%.80s'; if that is its name, start it with: serve --host %.80s",
		name, name);
}

/* Browsers say where a request comes from: Fetch Metadata where the connection
 * is to be trusted, and Origin with every POST. Programs send neither. */
static int check_origin(const struct wire *w, const struct query *q,
			struct err *err)
{
	const char *site = wire_get(w, "Sec-Fetch-Site");
	const char *origin = wire_get(w, "Origin");
	const char *authority = authority_of(w, q);
	const char *from = origin ? strstr(origin, "://") : NULL;

	if (site && strcmp(site, "same-origin") && strcmp(site, "none"))
		return err_set(err, -EPERM,
			       "a page of another site sent this request");
	if (origin && (!from || !authority || strcasecmp(from + 3, authority)))
		return err_set(err, -EPERM,
			       "a page of '%.80s' sent this request", origin);
	return 0;
}

int gate_check(const struct hosts *hosts, const struct wire *w,
	       const struct query *q, unsigned int *status, struct err *err)
{
	int ret = wire_check(w, status, err);

	if (!ret)
		ret = check_host(hosts, w, q, status, err);
	if (ret)
		return ret;
	*status = FORBIDDEN;
	return strcmp(w->method, "POST") ? 0 : check_origin(w, q, err);
}
