// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/serve/wire.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"

#define VERSION_BYTES 8 /* "HTTP/1.1" */
#define CRLF_BYTES 2

#define BAD_REQUEST 400
#define EXPECTATION_FAILED 417
#define FIELDS_TOO_LARGE 431
#define NOT_IMPLEMENTED 501

/* A second one would be another sender's. */
static const char *const once[] = {
	"Host",          "Content-Length", "Transfer-Encoding",
	"Authorization", "Content-Type",   "Content-Encoding",
	"Origin"};

bool wire_is_token(const char *text)
{
	static const char chars[] = "!#$%&'*+-.^_`|~0123456789"
				    "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	return *text && !text[strspn(text, chars)];
}

/* A field's value has tabs, and bytes that are not ASCII (RFC 9110, 5.5). */
static bool has_control(const char *text)
{
	for (; *text; text++)
		if (iscntrl((unsigned char)*text) && *text != '\t')
			return true;
	return false;
}

/* RFC 9112, 5: blanks around a value are none of it. Those before it are gone. */
void wire_add(struct wire *w, const char *name, const char *value)
{
	struct wire_field *f = &w->fields[w->count];
	size_t len;
	char *cut;

	if (w->count == WIRE_MAX_FIELDS) {
		w->is_too_long = true;
		return;
	}
	w->count++;
	f->name = name;
	f->raw = f->value = value ? value : "";
	len = strlen(f->raw);
	while (len && (f->raw[len - 1] == ' ' || f->raw[len - 1] == '\t'))
		len--;
	if (!f->raw[len])
		return;
	cut = xstrdup(f->raw);
	cut[len] = '\0';
	f->value = cut;
}

void wire_release(struct wire *w)
{
	size_t i;

	for (i = 0; i < w->count; i++)
		if (w->fields[i].value != w->fields[i].raw)
			free((char *)w->fields[i].value);
	w->count = 0;
}

static const struct wire_field *find(const struct wire *w, const char *name)
{
	size_t i;

	for (i = 0; i < w->count; i++)
		if (!strcasecmp(w->fields[i].name, name))
			return &w->fields[i];
	return NULL;
}

const char *wire_get(const struct wire *w, const char *name)
{
	const struct wire_field *f = find(w, name);

	return f ? f->value : NULL;
}

void wire_join(const struct wire *w, const char *name, struct strbuf *out)
{
	size_t i;

	for (i = 0; i < w->count; i++)
		if (!strcasecmp(w->fields[i].name, name))
			strbuf_printf(out, "%s%s", out->len ? "," : "",
				      w->fields[i].value);
}

static size_t count_of(const struct wire *w, const char *name)
{
	size_t i, count = 0;

	for (i = 0; i < w->count; i++)
		count += !strcasecmp(w->fields[i].name, name);
	return count;
}

static bool is_old(const struct wire *w)
{
	return !strcmp(w->version, "HTTP/1.0");
}

/* Where CRLF was there are two zero bytes now. One of a single zero byte and another
 * character would be as long. */
static bool is_line_end(const char *at)
{
	return !at[0] && !at[1];
}

/*
 * One blank between the parts of the first line, CRLF behind each line, one
 * colon and then only blanks before a value. Whatever the parser took for less
 * or for more than that leaves another distance.
 */
static bool is_laid_out(const struct wire *w)
{
	const char *at = w->method + strlen(w->method) + 1;
	size_t i;

	if (w->target != at)
		return false;
	at += w->target_len + 1;
	if (w->version != at || strlen(w->version) != VERSION_BYTES)
		return false;
	at += VERSION_BYTES;
	if (!is_line_end(at))
		return false;
	at += CRLF_BYTES;
	for (i = 0; i < w->count; i++) {
		const struct wire_field *f = &w->fields[i];
		const char *colon = at + strlen(f->name);

		if (f->name != at || f->raw <= colon ||
		    f->raw >= w->method + w->bytes)
			return false;
		at = f->raw + strlen(f->raw);
		if (!is_line_end(at))
			return false;
		at += CRLF_BYTES;
	}
	return at + CRLF_BYTES == w->method + w->bytes && is_line_end(at);
}

static int check_layout(const struct wire *w, struct err *err)
{
	size_t i;

	if (!wire_is_token(w->method))
		return err_set(err, -EINVAL, "the method is not a word");
	for (i = 0; i < w->count; i++) {
		if (!wire_is_token(w->fields[i].name))
			return err_set(err, -EINVAL,
				       "the name of a header is not a word");
		if (has_control(w->fields[i].value))
			return err_set(err, -EINVAL,
				       "a header has control characters");
	}
	if (w->is_in_place && !is_laid_out(w))
		return err_set(
			err, -EINVAL,
			"a line does not end in CRLF, is folded, or has a zero byte or blanks that do not belong there");
	return 0;
}

static int check_once(const struct wire *w, struct err *err)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(once); i++)
		if (count_of(w, once[i]) > 1)
			return err_set(err, -EINVAL,
				       "the header '%s' is given twice",
				       once[i]);
	return 0;
}

/* RFC 9112, 6.1 and 6.3. What ends in another coding has no end at all. */
static int check_length(const struct wire *w, unsigned int *status,
			struct err *err)
{
	const struct wire_field *field = find(w, "Transfer-Encoding");
	/* With a blank at its end the library takes it for another coding. */
	const char *coding = field ? field->raw : NULL;
	const char *length = wire_get(w, "Content-Length");
	const char *last;

	if (length && (!*length || length[strspn(length, "0123456789")]))
		return err_set(err, -EINVAL,
			       "the Content-Length is not a number");
	if (!coding)
		return 0;
	if (length)
		return err_set(
			err, -EINVAL,
			"the request has both Content-Length and Transfer-Encoding");
	if (is_old(w))
		return err_set(err, -EINVAL,
			       "HTTP/1.0 has no Transfer-Encoding");
	if (!strcasecmp(coding, "chunked"))
		return 0;
	last = strrchr(coding, ',');
	if (last && !strcasecmp(last + 1 + strspn(last + 1, " \t"), "chunked"))
		*status = NOT_IMPLEMENTED;
	return err_set(err, -EINVAL,
		       "the only Transfer-Encoding here is 'chunked'");
}

int wire_check(const struct wire *w, unsigned int *status, struct err *err)
{
	struct strbuf expect = {0};
	int ret;

	*status = BAD_REQUEST;
	if (w->is_too_long) {
		*status = FIELDS_TOO_LARGE;
		return err_set(err, -EINVAL, "more than %d headers",
			       WIRE_MAX_FIELDS);
	}
	ret = check_layout(w, err);
	if (!ret)
		ret = check_once(w, err);
	if (!ret && !wire_get(w, "Host") && !is_old(w))
		ret = err_set(err, -EINVAL, "the request has no Host header");
	if (!ret)
		ret = check_length(w, status, err);
	if (ret || is_old(w))
		return ret;
	/* RFC 9110, 10.1.1. */
	wire_join(w, "Expect", &expect);
	if (expect.len && strcasecmp(expect.str, "100-continue")) {
		*status = EXPECTATION_FAILED;
		ret = err_set(err, -EINVAL,
			      "the only expectation here is '100-continue'");
	}
	strbuf_release(&expect);
	return ret;
}
