// SPDX-License-Identifier: GPL-3.0-or-later
/* A qualification as JSON, and back from input that is hostile. */
#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/err.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/qualify/qualification.h"

#define FORMAT_VERSION 1
#define MAX_STEPS 200
#define MAX_EXHIBITS 200

static json_t *step_json(const struct step *s)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:i, s:s, s:s}",
			 "name", s->name, "title", s->title, "command",
			 s->command, "status", step_status_name(s->status),
			 "limit_ns", (json_int_t)s->limit_ns, "elapsed_ns",
			 (json_int_t)s->elapsed_ns, "exit_status",
			 s->exit_status, "finding", s->finding, "output",
			 s->output);
}

/* Text as it is, for people who look; other bytes in base64. */
static json_t *exhibit_json(const struct exhibit *e)
{
	json_t *text = strlen(e->bytes) == e->len
			       ? json_stringn(e->bytes, e->len)
			       : NULL;
	unsigned char *coded;
	json_t *out;

	if (text)
		return json_pack("{s:s, s:o}", "name", e->name, "text", text);
	coded = xcalloc(e->len / 3 + 2, 4);
	EVP_EncodeBlock(coded, (const unsigned char *)e->bytes, (int)e->len);
	out = json_pack("{s:s, s:s}", "name", e->name, "base64",
			(const char *)coded);
	free(coded);
	return out;
}

json_t *qualification_to_json(const struct qualification *q)
{
	json_t *steps = json_array(), *exhibits = json_array();
	char sentence[800];
	size_t i;

	for (i = 0; i < q->step_count; i++)
		json_array_append_new(steps, step_json(&q->steps[i]));
	for (i = 0; i < q->exhibit_count; i++)
		json_array_append_new(exhibits, exhibit_json(&q->exhibits[i]));
	qualification_sentence(q, sentence, sizeof(sentence));
	return json_pack("{s:i, s:s, s:s, s:s, s:b, s:I, s:I, s:I, s:o, s:o}",
			 "l1vh_qualification", FORMAT_VERSION, "sentence",
			 sentence, "host", q->host, "revision", q->revision,
			 "is_emulated", q->is_emulated, "started_unix_ns",
			 (json_int_t)q->started_unix_ns, "ended_unix_ns",
			 (json_int_t)q->ended_unix_ns, "budget_ns",
			 (json_int_t)q->budget_ns, "steps", steps, "exhibits",
			 exhibits);
}

static char *clean_copy(const char *text)
{
	char *copy = xstrdup(text);

	text_clean(copy);
	return copy;
}

/* A name is one line. */
static char *clean_line(const char *text)
{
	char *copy = clean_copy(text);

	copy[strcspn(copy, "\n")] = '\0';
	return copy;
}

static int parse_status(const char *name, enum step_status *status)
{
	int i;

	for (i = 0; i < STEP_STATUS_COUNT; i++)
		if (!strcmp(step_status_name((enum step_status)i), name)) {
			*status = (enum step_status)i;
			return 0;
		}
	return -EPROTO;
}

static int take_step(const json_t *o, struct qualification *q)
{
	const char *name, *title, *command, *status, *finding, *output;
	json_int_t limit, elapsed;
	struct step *s;
	int exit_status;

	if (q->step_count == MAX_STEPS ||
	    json_unpack((json_t *)o,
			"{s:s, s:s, s:s, s:s, s:I, s:I, s:i, s:s, s:s}", "name",
			&name, "title", &title, "command", &command, "status",
			&status, "limit_ns", &limit, "elapsed_ns", &elapsed,
			"exit_status", &exit_status, "finding", &finding,
			"output", &output) ||
	    limit < 0 || elapsed < 0)
		return -EPROTO;
	s = qualification_add_step(q, "", "");
	free(s->name);
	free(s->title);
	s->name = clean_line(name);
	s->title = clean_line(title);
	free(s->command);
	free(s->output);
	s->command = clean_copy(command);
	s->output = clean_copy(output);
	s->limit_ns = (uint64_t)limit;
	s->elapsed_ns = (uint64_t)elapsed;
	s->exit_status = exit_status;
	step_end(s, STEP_WAITING, finding);
	return parse_status(status, &s->status);
}

/* A name is a plain file's, and never leads elsewhere. */
static bool is_file_name(const char *name)
{
	return name[0] && name[0] != '.' && strlen(name) < 100 &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
		       strlen(name);
}

static int take_base64(struct qualification *q, const char *name,
		       const char *coded)
{
	size_t len = strlen(coded);
	unsigned char *bytes = xcalloc(len / 4 + 1, 3);
	int got = len % 4 ? -1
			  : EVP_DecodeBlock(bytes, (const unsigned char *)coded,
					    (int)len);

	/* The decoder counts the padding as bytes. */
	for (; got > 0 && len && coded[len - 1] == '='; len--)
		got--;
	if (got >= 0)
		qualification_add_exhibit(q, name, bytes, (size_t)got);
	free(bytes);
	return got < 0 ? -EPROTO : 0;
}

static int take_exhibit(const json_t *o, struct qualification *q)
{
	const char *name = json_string_value(json_object_get(o, "name"));
	const char *text = json_string_value(json_object_get(o, "text"));
	const char *coded = json_string_value(json_object_get(o, "base64"));

	if (!name || !is_file_name(name) || q->exhibit_count == MAX_EXHIBITS)
		return -EPROTO;
	if (coded)
		return take_base64(q, name, coded);
	if (!text)
		return -EPROTO;
	qualification_add_exhibit(q, name, text, strlen(text));
	return 0;
}

static int take_head(const json_t *o, struct qualification *q, struct err *err)
{
	json_int_t started, ended, budget;
	const char *host, *revision;
	int version, is_emulated;

	if (json_unpack((json_t *)o, "{s:i}", "l1vh_qualification", &version))
		return err_set(err, -EPROTO, "the file is not a qualification");
	if (version != FORMAT_VERSION)
		return err_set(
			err, -EPROTO,
			"the qualification has version %d; this program reads version %d",
			version, FORMAT_VERSION);
	if (json_unpack((json_t *)o, "{s:s, s:s, s:b, s:I, s:I, s:I}", "host",
			&host, "revision", &revision, "is_emulated",
			&is_emulated, "started_unix_ns", &started,
			"ended_unix_ns", &ended, "budget_ns", &budget) ||
	    started < 0 || ended < 0 || budget < 0)
		return err_set(err, -EPROTO,
			       "the qualification's head is not well formed");
	free(q->host);
	free(q->revision);
	q->host = clean_line(host);
	q->revision = clean_line(revision);
	q->is_emulated = is_emulated;
	q->started_unix_ns = (uint64_t)started;
	q->ended_unix_ns = (uint64_t)ended;
	q->budget_ns = (uint64_t)budget;
	return 0;
}

int qualification_from_json(const json_t *o, struct qualification *q,
			    struct err *err)
{
	const json_t *steps = json_object_get(o, "steps");
	const json_t *exhibits = json_object_get(o, "exhibits");
	json_t *item;
	size_t i;
	int ret;

	qualification_init(q);
	ret = take_head(o, q, err);
	if (ret)
		return ret;
	if (!json_is_array(steps) || !json_is_array(exhibits))
		ret = -EPROTO;
	for (i = 0; !ret && i < json_array_size(steps); i++) {
		item = json_array_get(steps, i);
		ret = take_step(item, q);
	}
	for (i = 0; !ret && i < json_array_size(exhibits); i++) {
		item = json_array_get(exhibits, i);
		ret = take_exhibit(item, q);
	}
	return ret ? err_set(err, ret,
			     "a step or a file of the qualification is not well formed")
		   : 0;
}
