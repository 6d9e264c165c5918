// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/base/yaml_stream.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/xmalloc.h"

#define MAX_DEPTH 64
#define MAX_ALIASED 200000 /* values, in a document */
/* In a stream, so that many documents cannot multiply it. */
#define MAX_ALIASED_IN_ALL (10 * MAX_ALIASED)
#define MAX_ANCHORS 1000 /* in a document */
#define MAX_MERGED 1000  /* members of a map */
/* Up to here a map's keys are compared one by one. */
#define FEW_MEMBERS 32
#define BLOCK_BYTES (64 * KIB)

struct yaml_value {
	enum yaml_kind kind;
	uint32_t line;
	const char *key;                   /* of a member */
	const char *text;                  /* of a scalar */
	const struct yaml_value *original; /* of an alias */
	struct yaml_value *first, *last, *next;
	size_t weight;       /* values in it, aliases followed */
	size_t member_count; /* of a map or a list */
	bool is_open;        /* its end has not been read */
	bool is_replaced;
	bool is_merge; /* its key is "<<", without quotes */
};

/* All of a document is in blocks, which the next document uses again. */
struct block {
	struct block *next;
	size_t size, used;
	char bytes[];
};

struct anchor {
	const char *name;
	struct yaml_value *value;
};

struct yaml_stream {
	yaml_parser_t parser;
	yaml_event_t event;
	bool has_event, is_started;
	const char *const *skipped;
	struct block *blocks, *block;
	struct anchor *anchors; /* by their names */
	size_t anchor_count;
	size_t aliased, aliased_in_all;
	struct err *err;
};

/* --- memory --- */

static void *take_bytes(struct yaml_stream *s, size_t size)
{
	struct block *b = s->block;
	void *bytes;

	size = (size + 15) & ~(size_t)15;
	while (b && b->used + size > b->size)
		b = b->next;
	if (!b) {
		size_t room = size > BLOCK_BYTES ? size : BLOCK_BYTES;

		b = xrealloc(NULL, 1, sizeof(*b) + room);
		*b = (struct block){.next = s->blocks, .size = room};
		s->blocks = b;
	}
	s->block = b;
	bytes = b->bytes + b->used;
	b->used += size;
	return bytes;
}

static void forget_document(struct yaml_stream *s)
{
	struct block *b;

	for (b = s->blocks; b; b = b->next)
		b->used = 0;
	s->block = s->blocks;
	s->anchor_count = 0;
	s->aliased = 0;
}

static const char *copy_text(struct yaml_stream *s, const void *text,
			     size_t len)
{
	char *copy = take_bytes(s, len + 1);

	memcpy(copy, text, len);
	copy[len] = '\0';
	return copy;
}

static struct yaml_value *new_value(struct yaml_stream *s, enum yaml_kind kind)
{
	struct yaml_value *v = take_bytes(s, sizeof(*v));

	*v = (struct yaml_value){
		.kind = kind,
		.line = (uint32_t)s->event.start_mark.line + 1,
		.weight = 1,
	};
	return v;
}

static void append_value(struct yaml_value *to, struct yaml_value *v)
{
	if (to->last)
		to->last->next = v;
	else
		to->first = v;
	to->last = v;
	to->member_count++;
	to->weight += v->weight;
}

/* --- YAML 1.1's types of plain scalars --- */

static bool is_one_of(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (!strcmp(text, *words))
			return true;
	return false;
}

static const char *const yes[] = {"y",    "Y",    "yes", "Yes", "YES", "true",
				  "True", "TRUE", "on",  "On",  "ON",  NULL};
static const char *const no[] = {"n",     "N",     "no",  "No",  "NO",  "false",
				 "False", "FALSE", "off", "Off", "OFF", NULL};
static const char *const nothing[] = {"", "~", "null", "Null", "NULL", NULL};

/* Digits with "_" between them, as an integer or a decimal fraction. */
static bool is_number(const char *text)
{
	size_t digits = 0;

	text += *text == '-' || *text == '+';
	if (text[0] == '0' &&
	    (text[1] == 'x' || text[1] == 'b' || text[1] == 'o'))
		return text[2] &&
		       !text[2 + strspn(text + 2,
					text[1] == 'x'
						? "0123456789abcdefABCDEF_"
						: "01234567_")];
	for (; isdigit((unsigned char)*text) || (*text == '_' && digits);
	     text++)
		digits += *text != '_';
	if (*text == '.')
		for (text++; isdigit((unsigned char)*text); text++)
			digits++;
	if (digits && (*text == 'e' || *text == 'E')) {
		text++;
		text += *text == '-' || *text == '+';
		if (!isdigit((unsigned char)*text))
			return false;
		text += strspn(text, "0123456789");
	}
	return digits && !*text;
}

static enum yaml_kind kind_of_plain(const char *text)
{
	if (is_one_of(text, nothing))
		return YAML_ABSENT;
	if (is_one_of(text, yes) || is_one_of(text, no))
		return YAML_BOOL;
	return is_number(text) ? YAML_NUMBER : YAML_TEXT;
}

/* --- from events to values --- */

static int mistake(struct yaml_stream *s, size_t line, const char *what)
{
	return err_set(s->err, -EINVAL, "line %zu: %s", line + 1, what);
}

static int next_event(struct yaml_stream *s)
{
	if (s->has_event)
		yaml_event_delete(&s->event);
	s->has_event = yaml_parser_parse(&s->parser, &s->event);
	if (s->has_event)
		return 0;
	if (s->parser.error == YAML_MEMORY_ERROR)
		return err_set(s->err, -ENOMEM, "out of memory");
	return mistake(s, s->parser.problem_mark.line,
		       s->parser.problem ? s->parser.problem : "it is no YAML");
}

/* From the event in hand to the last one of what it begins. */
static int skip_value(struct yaml_stream *s)
{
	int depth = 0, ret = 0;

	while (!ret) {
		yaml_event_type_t type = s->event.type;

		depth += type == YAML_SEQUENCE_START_EVENT ||
			 type == YAML_MAPPING_START_EVENT;
		depth -= type == YAML_SEQUENCE_END_EVENT ||
			 type == YAML_MAPPING_END_EVENT;
		if (depth <= 0)
			break;
		ret = next_event(s);
	}
	return ret;
}

/* The first anchor whose name is not before NAME: there are many aliases. */
static size_t find_anchor(const struct yaml_stream *s, const char *name,
			  bool *is_there)
{
	size_t from = 0, to = s->anchor_count;

	*is_there = false;
	while (from < to) {
		size_t middle = from + (to - from) / 2;
		int order = strcmp(s->anchors[middle].name, name);

		if (!order) {
			*is_there = true;
			return middle;
		}
		if (order < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

static int keep_anchor(struct yaml_stream *s, const void *name,
		       struct yaml_value *v)
{
	bool is_there;
	size_t i;

	if (!name)
		return 0;
	i = find_anchor(s, name, &is_there);
	if (is_there) {
		s->anchors[i].value = v;
		return 0;
	}
	if (s->anchor_count == MAX_ANCHORS)
		return mistake(s, v->line - 1, "there are too many anchors");
	s->anchors =
		xrealloc(s->anchors, s->anchor_count + 1, sizeof(*s->anchors));
	memmove(s->anchors + i + 1, s->anchors + i,
		(s->anchor_count - i) * sizeof(*s->anchors));
	s->anchor_count++;
	s->anchors[i] = (struct anchor){
		copy_text(s, name, strlen(name)),
		v,
	};
	return 0;
}

static int build_alias(struct yaml_stream *s, struct yaml_value **out)
{
	const char *name = (const char *)s->event.data.alias.anchor;
	size_t line = s->event.start_mark.line, i;
	struct yaml_value *v = new_value(s, YAML_ABSENT);
	bool is_there;

	i = find_anchor(s, name, &is_there);
	if (!is_there)
		return mistake(s, line,
			       "an alias refers to no anchor before it");
	v->original = s->anchors[i].value;
	if (v->original->is_open)
		return mistake(s, line, "an alias refers to what contains it");
	v->weight = v->original->weight;
	s->aliased += v->weight;
	if (s->aliased > MAX_ALIASED)
		return mistake(s, line,
			       "the aliases stand for too many values");
	s->aliased_in_all += v->weight;
	if (s->aliased_in_all > MAX_ALIASED_IN_ALL)
		return mistake(
			s, line,
			"the aliases of all documents stand for too many values");
	*out = v;
	return 0;
}

static int build(struct yaml_stream *s, int depth, struct yaml_value **out);

static int build_scalar(struct yaml_stream *s, struct yaml_value **out)
{
	const yaml_event_t *e = &s->event;
	const char *text = (const char *)e->data.scalar.value;
	bool is_plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
			!e->data.scalar.tag;

	if (strlen(text) != e->data.scalar.length)
		return mistake(s, e->start_mark.line, "a text has a NUL in it");
	*out = new_value(s, is_plain ? kind_of_plain(text) : YAML_TEXT);
	(*out)->text = copy_text(s, text, e->data.scalar.length);
	return keep_anchor(s, e->data.scalar.anchor, *out);
}

static int build_list(struct yaml_stream *s, int depth, struct yaml_value **out)
{
	struct yaml_value *list = new_value(s, YAML_LIST);
	int ret = keep_anchor(s, s->event.data.sequence_start.anchor, list);

	list->is_open = true;
	if (!ret)
		ret = next_event(s);
	while (!ret && s->event.type != YAML_SEQUENCE_END_EVENT) {
		struct yaml_value *item;

		ret = build(s, depth, &item);
		if (!ret) {
			append_value(list, item);
			ret = next_event(s);
		}
	}
	list->is_open = false;
	*out = list;
	return ret;
}

static bool is_skipped(const struct yaml_stream *s, const char *key)
{
	return s->skipped && is_one_of(key, s->skipped);
}

static const char twice[] = "a key stands there twice";

static bool has_own(const struct yaml_value *map, const char *key)
{
	const struct yaml_value *v;

	for (v = map->first; v; v = v->next)
		if (!strcmp(v->key, key))
			return true;
	return false;
}

/* A text in quotes is no merge key, as kubectl has it; so JSON has none. */
static bool is_merge_key(const yaml_event_t *e)
{
	const char *tag = (const char *)e->data.scalar.tag;

	return !strcmp((const char *)e->data.scalar.value, "<<") &&
	       (tag ? !strcmp(tag, "tag:yaml.org,2002:merge")
		    : e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE);
}

static int build_member(struct yaml_stream *s, int depth,
			struct yaml_value *into)
{
	size_t line = s->event.start_mark.line;
	struct yaml_value *v;
	const char *key;
	bool is_merge;
	int ret;

	if (s->event.type != YAML_SCALAR_EVENT)
		return mistake(s, line, "a key is no text");
	key = copy_text(s, s->event.data.scalar.value,
			s->event.data.scalar.length);
	if (strlen(key) != s->event.data.scalar.length)
		return mistake(s, line, "a key has a NUL in it");
	is_merge = is_merge_key(&s->event);
	if (into->member_count < FEW_MEMBERS && has_own(into, key))
		return mistake(s, line, twice);
	ret = next_event(s);
	if (ret)
		return ret;
	if (is_skipped(s, key))
		return skip_value(s);
	ret = build(s, depth, &v);
	if (ret)
		return ret;
	v->key = key;
	v->line = (uint32_t)line + 1;
	v->is_merge = is_merge;
	append_value(into, v);
	return 0;
}

static int compare_keys(const void *a, const void *b)
{
	const struct yaml_value *const *x = a, *const *y = b;
	int order = strcmp((*x)->key, (*y)->key);

	return order ? order : (int)((*x)->line > (*y)->line) * 2 - 1;
}

/* The keys of a large map, in their order. */
static int check_keys(struct yaml_stream *s, const struct yaml_value *map)
{
	const struct yaml_value **members, *v;
	size_t i = 0, n = map->member_count;
	int ret = 0;

	if (n <= FEW_MEMBERS)
		return 0;
	members = xcalloc(n, sizeof(const struct yaml_value *));
	for (v = map->first; v; v = v->next)
		members[i++] = v;
	qsort(members, n, sizeof(const struct yaml_value *), compare_keys);
	for (i = 1; i < n && !ret; i++)
		if (!strcmp(members[i]->key, members[i - 1]->key))
			ret = mistake(s, members[i]->line - 1, twice);
	free(members);
	return ret;
}

static const struct yaml_value *original_of(const struct yaml_value *v)
{
	while (v && v->original)
		v = v->original;
	return v;
}

/* MAP gets what it has not of its own, as aliases. */
static int merge_map(struct yaml_stream *s, struct yaml_value *map,
		     const struct yaml_value *from)
{
	const struct yaml_value *v;

	from = original_of(from);
	if (from->kind != YAML_MAP)
		return mistake(s, map->line - 1, "'<<' merges what is no map");
	if (map->member_count + from->member_count > MAX_MERGED)
		return mistake(s, map->line - 1, "'<<' merges too much");
	for (v = from->first; v; v = v->next) {
		struct yaml_value *copy;

		if (has_own(map, v->key))
			continue;
		copy = take_bytes(s, sizeof(*copy));
		*copy = (struct yaml_value){
			.line = v->line,
			.key = v->key,
			.original = v,
			.weight = v->weight,
		};
		append_value(map, copy);
	}
	return 0;
}

/* "<<" (YAML 1.1's merge key): one map, or a list of them. */
static int merge(struct yaml_stream *s, struct yaml_value *map)
{
	struct yaml_value **link = &map->first, *v;
	const struct yaml_value *from, *item;
	int ret = 0;

	while (*link && !(*link)->is_merge)
		link = &(*link)->next;
	v = *link;
	if (!v)
		return 0;
	*link = v->next;
	map->member_count--;
	for (map->last = map->first; map->last && map->last->next;)
		map->last = map->last->next;
	from = original_of(v);
	if (from->kind != YAML_LIST)
		return merge_map(s, map, from);
	for (item = from->first; item && !ret; item = item->next)
		ret = merge_map(s, map, item);
	return ret;
}

static int build_map(struct yaml_stream *s, int depth, struct yaml_value **out)
{
	struct yaml_value *map = new_value(s, YAML_MAP);
	int ret = keep_anchor(s, s->event.data.mapping_start.anchor, map);

	map->is_open = true;
	if (!ret)
		ret = next_event(s);
	while (!ret && s->event.type != YAML_MAPPING_END_EVENT) {
		ret = build_member(s, depth, map);
		if (!ret)
			ret = next_event(s);
	}
	map->is_open = false;
	*out = map;
	if (!ret)
		ret = check_keys(s, map);
	return ret ? ret : merge(s, map);
}

static int build(struct yaml_stream *s, int depth, struct yaml_value **out)
{
	if (depth >= MAX_DEPTH)
		return mistake(s, s->event.start_mark.line,
			       "it is nested too deeply");
	if (s->event.type == YAML_SCALAR_EVENT)
		return build_scalar(s, out);
	if (s->event.type == YAML_SEQUENCE_START_EVENT)
		return build_list(s, depth + 1, out);
	if (s->event.type == YAML_MAPPING_START_EVENT)
		return build_map(s, depth + 1, out);
	return build_alias(s, out);
}

/* --- the stream --- */

static struct yaml_stream *new_stream(const char *const *skipped)
{
	struct yaml_stream *s = xcalloc(1, sizeof(*s));

	s->skipped = skipped;
	if (!yaml_parser_initialize(&s->parser))
		abort(); /* as xmalloc() does */
	return s;
}

struct yaml_stream *yaml_stream_open(FILE *in, const char *const *skipped)
{
	struct yaml_stream *s = new_stream(skipped);

	yaml_parser_set_input_file(&s->parser, in);
	return s;
}

struct yaml_stream *yaml_stream_open_bytes(const char *bytes, size_t len,
					   const char *const *skipped)
{
	struct yaml_stream *s = new_stream(skipped);

	yaml_parser_set_input_string(&s->parser, (const unsigned char *)bytes,
				     len);
	return s;
}

void yaml_stream_close(struct yaml_stream *s)
{
	struct block *b;

	if (!s)
		return;
	while ((b = s->blocks)) {
		s->blocks = b->next;
		free(b);
	}
	if (s->has_event)
		yaml_event_delete(&s->event);
	yaml_parser_delete(&s->parser);
	free(s->anchors);
	free(s);
}

int yaml_stream_next(struct yaml_stream *s, const struct yaml_value **root,
		     struct err *err)
{
	struct yaml_value *v = NULL;
	int ret = 0;

	s->err = err;
	forget_document(s);
	*root = NULL;
	if (!s->is_started)
		ret = next_event(s);
	s->is_started = true;
	if (!ret)
		ret = next_event(s);
	if (ret || s->event.type != YAML_DOCUMENT_START_EVENT)
		return ret;
	ret = next_event(s);
	if (!ret)
		ret = build(s, 0, &v);
	if (!ret)
		ret = next_event(s); /* the document's end */
	if (ret)
		return ret;
	*root = yaml_kind_of(v) == YAML_ABSENT ? NULL : v;
	return 1;
}

/* --- values --- */

enum yaml_kind yaml_kind_of(const struct yaml_value *v)
{
	v = original_of(v);
	return v ? v->kind : YAML_ABSENT;
}

size_t yaml_line_of(const struct yaml_value *v)
{
	return v ? v->line : 0;
}

const char *yaml_text_of(const struct yaml_value *v)
{
	v = original_of(v);
	return v && v->kind != YAML_ABSENT ? v->text : NULL;
}

bool yaml_is_true(const struct yaml_value *v)
{
	const char *text = yaml_text_of(v);

	return text && yaml_kind_of(v) == YAML_BOOL && is_one_of(text, yes);
}

bool yaml_count_of(const struct yaml_value *v, uint64_t *count)
{
	const char *text = yaml_text_of(v), *digits = text;
	char plain[32], *end;
	size_t len = 0;
	double real;

	if (yaml_kind_of(v) != YAML_NUMBER || *text == '-')
		return false;
	for (; *digits && len < sizeof(plain) - 1; digits++)
		if (*digits != '_')
			plain[len++] = *digits;
	plain[len] = '\0';
	if (*digits)
		return false;
	digits = plain + (*plain == '+');
	errno = 0;
	if (!strncmp(digits, "0b", 2))
		*count = strtoull(digits + 2, &end, 2);
	else if (!strncmp(digits, "0o", 2))
		*count = strtoull(digits + 2, &end, 8);
	else
		*count = strtoull(digits, &end, 0);
	if (!*end)
		return !errno;
	/* 2.0 and 1e3 are whole numbers as well. */
	real = strtod(digits, &end);
	if (*end || !(real >= 0 && real < 9e15) ||
	    real != (double)(uint64_t)real)
		return false;
	*count = (uint64_t)real;
	return true;
}

const struct yaml_value *yaml_member(const struct yaml_value *map,
				     const char *key)
{
	const struct yaml_value *v;

	map = original_of(map);
	if (!map || map->kind != YAML_MAP)
		return NULL;
	for (v = map->first; v; v = v->next) {
		if (!strcmp(v->key, key))
			return yaml_kind_of(v) == YAML_ABSENT ? NULL : v;
	}
	return NULL;
}

const struct yaml_value *yaml_at(const struct yaml_value *map, const char *path)
{
	char key[64];

	while (map && *path) {
		size_t len = strcspn(path, ".");

		/* Without a copy where nothing is behind it. */
		if (!path[len])
			return yaml_member(map, path);
		if (len >= sizeof(key))
			return NULL;
		memcpy(key, path, len);
		key[len] = '\0';
		map = yaml_member(map, key);
		path += len + 1;
	}
	return map;
}

const char *yaml_text_at(const struct yaml_value *map, const char *path)
{
	const char *text = yaml_text_of(yaml_at(map, path));

	return text ? text : "";
}

const struct yaml_value *yaml_each(const struct yaml_value *of,
				   const struct yaml_value *before)
{
	of = original_of(of);
	return before ? before->next : of ? of->first : NULL;
}

const char *yaml_key_of(const struct yaml_value *member)
{
	return member->key;
}

void yaml_replace(struct yaml_stream *s, const struct yaml_value *scalar,
		  const char *text, bool is_plain)
{
	/* The stream owns it, and only lends it out as const. */
	struct yaml_value *v = (struct yaml_value *)original_of(scalar);

	if (v->is_replaced)
		return;
	v->is_replaced = true;
	v->text = copy_text(s, text, strlen(text));
	v->kind = is_plain ? kind_of_plain(text) : YAML_TEXT;
}

bool yaml_is_replaced(const struct yaml_value *scalar)
{
	scalar = original_of(scalar);
	return scalar && scalar->is_replaced;
}
