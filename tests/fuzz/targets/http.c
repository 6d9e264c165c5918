// SPDX-License-Identifier: GPL-3.0-or-later
/* Heads of requests, byte for byte, and the headers that decide an answer. */
#include <stdlib.h>
#include <string.h>

#include "harness/base/err.h"
#include "harness/base/strbuf.h"
#include "harness/serve/accept.h"
#include "harness/serve/entity.h"
#include "harness/serve/gate.h"
#include "harness/serve/hosts.h"
#include "harness/serve/query.h"
#include "harness/serve/wire.h"
#include "tests/fuzz/fuzz.h"

/* Where the line at AT ends for a parser that forgives: at CR, LF or both. *NEXT is
 * behind that; NULL: it does not end. */
static char *end_line(char *at, char *end, char **next)
{
	char *p = at;

	while (p < end && *p != '\r' && *p != '\n')
		p++;
	if (p == end)
		return NULL;
	*next = p + 1;
	if (*p == '\r' && *next < end && **next == '\n')
		*(*next)++ = '\0';
	*p = '\0';
	return p;
}

/* "METHOD TARGET VERSION", with the version behind the last blank. */
static bool take_request(struct wire *w, char *line, char *line_end)
{
	char *target = strchr(line, ' '), *version;

	if (!target)
		return false;
	*target++ = '\0';
	while (*target == ' ')
		target++;
	version = line_end;
	while (version > target && *version != ' ')
		version--;
	if (version == target)
		return false;
	*version++ = '\0';
	w->method = line;
	w->target = target;
	w->target_len = strlen(target);
	w->version = version;
	return true;
}

static bool take_field(struct wire *w, char *line)
{
	char *colon = strchr(line, ':');

	if (!colon)
		return false;
	*colon++ = '\0';
	colon += strspn(colon, " \t");
	wire_add(w, line, colon);
	return true;
}

/* A head in BYTES, read as libmicrohttpd 0.9.75 does, which forgives a lot. */
static bool read_head(struct wire *w, char *bytes, size_t len)
{
	char *end = bytes + len, *line = bytes, *next, *line_end;

	w->count = 0;
	w->is_in_place = true;
	w->is_too_long = false;
	line_end = end_line(line, end, &next);
	if (!line_end || !take_request(w, line, line_end))
		return false;
	for (line = next; (line_end = end_line(line, end, &next));
	     line = next) {
		if (line == line_end) {
			w->bytes = (size_t)(next - bytes);
			return true;
		}
		if (!take_field(w, line))
			return false;
	}
	return false;
}

/*
 * Nothing that another parser would read in another way, but for a zero byte before an LF,
 * before a CR that stands alone, or before the CR LF LF of the end: libmicrohttpd
 * overwrites the ends of lines, CR LF with two zero bytes, so that wire_check() cannot
 * tell one from the other.
 */
static void check_strict(const uint8_t *head, size_t len)
{
	static const uint8_t last_four[] = {'\0', '\r', '\n', '\n'};
	size_t i;

	if (len >= sizeof(last_four) && !memcmp(head + len - sizeof(last_four),
						last_four, sizeof(last_four)))
		len -= sizeof(last_four);
	for (i = 0; i < len; i++) {
		uint8_t last = i ? head[i - 1] : 0;
		uint8_t next = i + 1 < len ? head[i + 1] : 0;
		uint8_t third = i + 2 < len ? head[i + 2] : 0;

		if ((!head[i] && next != '\n' &&
		     !(next == '\r' && third != '\n')) ||
		    (head[i] == '\r' && last && next != '\n') ||
		    (head[i] == '\n' && last && last != '\r') ||
		    (head[i] == '\n' && (next == ' ' || next == '\t')))
			abort();
	}
}

static void fuzz_head(const uint8_t *data, size_t size)
{
	static struct wire w;
	struct hosts hosts = {.names = "a.example,.b.example", .own = "own"};
	char *bytes;
	unsigned int status = 0;
	struct query q;
	struct err err;

	if (!size)
		return;
	hosts.check = (enum hosts_check)(data[0] % 3);
	data++;
	size--;
	bytes = malloc(size + 1);
	memcpy(bytes, data, size);
	bytes[size] = '\0';
	if (read_head(&w, bytes, size) && !query_parse(w.target, &q, &err)) {
		if (!gate_check(&hosts, &w, &q, &status, &err))
			check_strict(data, w.bytes);
		else if (status < 400 || status > 599)
			abort();
		query_release(&q);
	}
	wire_release(&w);
	free(bytes);
}

/* A name that was read is read again as the same. */
static void fuzz_host(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	char once[HOST_BYTES], again[HOST_BYTES];
	struct strbuf address = {0};
	struct err err;

	hosts_check_list(text, &err);
	if (!host_parse(text, once, &err)) {
		strbuf_printf(&address, strchr(once, ':') ? "[%s]" : "%s",
			      once);
		if (host_parse(address.str, again, &err) || strcmp(once, again))
			abort();
	}
	strbuf_release(&address);
	free(text);
}

/* Lists of entity tags, and of codings. A tag that matches strongly matches. */
static void fuzz_conditions(const uint8_t *data, size_t size)
{
	static const char tag[] = "\"0123\"";
	char *text = strndup((const char *)data, size);

	if (entity_is_wanted(text, tag) && !entity_is_known(text, tag))
		abort();
	accept_coding(text);
	free(text);
}

const struct fuzz_target targets_http[] = {
	{.name = "head",
	 .run = fuzz_head,
	 .max_bytes = 512,
	 .dictionary = "http"},
	{.name = "host",
	 .run = fuzz_host,
	 .max_bytes = 280,
	 .dictionary = "http"},
	{.name = "conditions",
	 .run = fuzz_conditions,
	 .max_bytes = 128,
	 .dictionary = "http"},
	{0},
};
