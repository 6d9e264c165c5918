// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/serve/hosts.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/serve/wire.h"

#define NAME_CHARS                   \
	"abcdefghijklmnopqrstuvwxyz" \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._"

/* Nobody can register a name below these (RFC 6761, 6762, 8375; .internal by
 * ICANN in 2024), and "svc" of Kubernetes is no top level domain. */
static const char *const private[] = {".local", ".localhost", ".internal",
				      ".home.arpa", ".svc"};

static bool is_literal(const char *name)
{
	unsigned char bytes[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, name, bytes) == 1 ||
	       inet_pton(AF_INET6, name, bytes) == 1;
}

static bool ends_in(const char *name, const char *end)
{
	size_t len = strlen(name), tail = strlen(end);

	return len > tail && !strcasecmp(name + len - tail, end);
}

void hosts_init(struct hosts *h, const char *names, enum hosts_check check)
{
	*h = (struct hosts){.check = check, .names = names};
	/* One that is cut would be another's. */
	if (gethostname(h->own, sizeof(h->own)) ||
	    !memchr(h->own, '\0', sizeof(h->own)))
		h->own[0] = '\0';
}

/* Of a list: the bytes up to the comma. */
static bool is_listable(const char *at, size_t len)
{
	char name[HOST_BYTES];

	if (!len || len >= sizeof(name))
		return false;
	snprintf(name, sizeof(name), "%.*s", (int)len, at);
	if (!strcmp(name, "*") || is_literal(name))
		return true;
	return name[strspn(name, NAME_CHARS)] == '\0' && strcmp(name, ".");
}

int hosts_check_list(const char *names, struct err *err)
{
	const char *at = names;
	size_t len;

	for (;; at += len + 1) {
		len = strcspn(at, ",");
		if (!is_listable(at, len))
			return err_set(
				err, -EINVAL,
				"'%.*s' is not a host name: give bench.example, .example for all names below it, or * for any",
				(int)(len < HOST_BYTES ? len : HOST_BYTES), at);
		if (!at[len])
			return 0;
	}
}

static int split_port(const char *authority, const char **name, size_t *len)
{
	const char *port;

	if (*authority == '[') {
		*name = authority + 1;
		*len = strcspn(*name, "]");
		port = *name + *len;
		port += *port == ']';
		if (port == *name + *len)
			return -EINVAL;
	} else {
		*name = authority;
		*len = strcspn(authority, ":");
		port = authority + *len;
	}
	if (!*port)
		return 0;
	/* It may be empty (RFC 3986, 3.2.3). */
	if (*port++ != ':' || strlen(port) > 5 ||
	    port[strspn(port, "0123456789")] || strtoul(port, NULL, 10) > 65535)
		return -EINVAL;
	return 0;
}

int host_parse(const char *authority, char name[HOST_BYTES], struct err *err)
{
	unsigned char bytes[sizeof(struct in6_addr)];
	const char *at = NULL;
	size_t len = 0, i;

	if (split_port(authority, &at, &len) || !len || len >= HOST_BYTES)
		goto bad;
	for (i = 0; i < len; i++)
		name[i] = (char)tolower((unsigned char)at[i]);
	name[len] = '\0';
	if (*authority == '[') {
		if (inet_pton(AF_INET6, name, bytes) != 1)
			goto bad;
		return 0;
	}
	if (name[strspn(name, NAME_CHARS)] || name[0] == '.' ||
	    strstr(name, ".."))
		goto bad;
	if (name[len - 1] == '.')
		name[len - 1] = '\0';
	return 0;

bad:
	return err_set(err, -EINVAL, "'%.80s' is not a host and a port",
		       authority);
}

static bool is_listed(const char *list, const char *name)
{
	char item[HOST_BYTES];
	size_t len;

	for (; list && *list; list += len + (list[len] == ',')) {
		len = strcspn(list, ",");
		snprintf(item, sizeof(item), "%.*s", (int)len, list);
		if (!strcmp(item, "*") || !strcasecmp(item, name) ||
		    (item[0] == '.' && ends_in(name, item)))
			return true;
	}
	return false;
}

/* A name that no outsider can let point here: an address is looked up nowhere,
 * and browsers know localhost themselves. */
static bool is_ours(const struct hosts *h, const char *name)
{
	return is_literal(name) || !strcmp(name, "localhost") ||
	       !strcasecmp(name, h->own);
}

/* A name of one part is of this network, as are those of `private`. */
static bool is_of_network(const char *name)
{
	size_t i;

	if (!strchr(name, '.'))
		return true;
	for (i = 0; i < ARRAY_SIZE(private); i++)
		if (ends_in(name, private[i]))
			return true;
	return false;
}

/*
 * The headers by which a browser is known are not those of Fetch Metadata:
 * over plain HTTP it sends none. Of what it always sends, a script can change
 * the value of Accept-Language, but not take it away.
 */
static bool is_browser(const struct wire *w)
{
	static const char *const signs[] = {"Accept-Language", "Sec-Fetch-Site",
					    "Origin", "Referer", "Cookie"};
	const char *agent = wire_get(w, "User-Agent");
	size_t i;

	for (i = 0; i < ARRAY_SIZE(signs); i++)
		if (wire_get(w, signs[i]))
			return true;
	return agent && !strncmp(agent, "Mozilla/", 8);
}

bool hosts_allow(const struct hosts *h, const char *name, const struct wire *w)
{
	if (h->check == HOSTS_ANY || is_ours(h, name) ||
	    is_listed(h->names, name))
		return true;
	if (h->check == HOSTS_ALL)
		return false;
	return is_of_network(name) || !is_browser(w);
}
