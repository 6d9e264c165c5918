// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/verdict/comparable.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"

static const char *const class_names[] = {
	[DIFFERENCE_FATAL] = "fatal",
	[DIFFERENCE_MARKED] = "marked",
	[DIFFERENCE_HARMLESS] = "harmless",
};
_Static_assert(ARRAY_SIZE(class_names) == DIFFERENCE_CLASS_COUNT,
	       "every class has a name");

/* By the prefix of a key; the longest matching prefix counts. */
static const struct key_rule run_rules[] = {
	/* Another machine, another guest, another measurement. */
	{"grade", DIFFERENCE_FATAL},
	{"lab", DIFFERENCE_FATAL},
	{"guest", DIFFERENCE_FATAL},
	{"hypervisor", DIFFERENCE_FATAL},
	{"cpu.", DIFFERENCE_FATAL},
	{"smt", DIFFERENCE_FATAL},
	{"node.instance_type", DIFFERENCE_FATAL},
	{"azure.vm_size", DIFFERENCE_FATAL},
	{"plan.vcpu_count", DIFFERENCE_FATAL},
	{"plan.ram_bytes", DIFFERENCE_FATAL},
	{"plan.paravirt", DIFFERENCE_FATAL},
	{"plan.guest_kernel", DIFFERENCE_FATAL},
	{"plan.pinning", DIFFERENCE_FATAL},
	{"plan.target_ns", DIFFERENCE_FATAL},
	{"plan.io", DIFFERENCE_FATAL},
	{"plan.stretch", DIFFERENCE_FATAL},
	/* The same machine, set up in another way. */
	{"", DIFFERENCE_MARKED},
	{"cpu.microcode", DIFFERENCE_MARKED},
	{"cpu.flags", DIFFERENCE_MARKED},
	/* What differs between any two runs. */
	{"host", DIFFERENCE_HARMLESS},
	{"fleet.", DIFFERENCE_HARMLESS},
	{"node.boot_id", DIFFERENCE_HARMLESS},
	{"clock.synchronised", DIFFERENCE_HARMLESS},
	{"loadavg", DIFFERENCE_HARMLESS},
	{"memory.available", DIFFERENCE_HARMLESS},
	{"plan.name", DIFFERENCE_HARMLESS},
	{"plan.seed", DIFFERENCE_HARMLESS},
	{"plan.command", DIFFERENCE_HARMLESS},
	{"plan.claims", DIFFERENCE_HARMLESS},
	{"plan.match", DIFFERENCE_HARMLESS},
	{"plan.runners", DIFFERENCE_HARMLESS},
	{"plan.series", DIFFERENCE_HARMLESS},
	{"plan.block_count", DIFFERENCE_HARMLESS},
	{"plan.io_block_count", DIFFERENCE_HARMLESS},
	{"plan.look_count", DIFFERENCE_HARMLESS},
	{"plan.more_block_count", DIFFERENCE_HARMLESS},
	{"plan.budget_ns", DIFFERENCE_HARMLESS},
	{"plan.timeout_ns", DIFFERENCE_HARMLESS},
};

const char *difference_class_name(enum difference_class c)
{
	return class_names[c];
}

const struct key_rule *key_rule_of(const char *key,
				   const struct key_rule *rules, size_t count)
{
	const struct key_rule *best = NULL;
	size_t i, most = 0;

	for (i = 0; i < count; i++) {
		size_t len = strlen(rules[i].prefix);

		if (len < most || strncmp(rules[i].prefix, key, len))
			continue;
		most = len;
		best = &rules[i];
	}
	return best;
}

enum difference_class difference_class_of(const char *key)
{
	/* The empty prefix is of every key. */
	return (enum difference_class)key_rule_of(key, run_rules,
						  ARRAY_SIZE(run_rules))
		->value;
}

static char *text_of(const json_t *value)
{
	char *dump;

	if (!value)
		return xstrdup("absent");
	if (json_is_string(value))
		return xstrdup(json_string_value(value));
	dump = json_dumps(value,
			  JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS);
	return dump ? dump : xstrdup("?");
}

/* --- long values that are nearly the same --- */

/* What fits on a line is shown as it is. */
#define SHORT_BYTES 60
/* Of what is the same, so much is shown before what is not. */
#define LEAD_BYTES 16
/* Two texts with so many words in common are compared by words. */
#define LIST_WORDS 8
/* Every word is looked for in the other: a hostile bundle may have many. */
#define LIST_BYTES 16384

static bool has_word(const char *text, const char *word, size_t len)
{
	for (; *text; text += strspn(text, " ")) {
		size_t n = strcspn(text, " ");

		if (n == len && !memcmp(text, word, len))
			return true;
		text += n;
	}
	return false;
}

/* The words of TEXT that OTHER has not; *SAME: how many it has. */
static char *words_beyond(const char *text, const char *other, size_t *same)
{
	struct strbuf out = {0};
	char *whole;

	*same = 0;
	for (text += strspn(text, " "); *text; text += strspn(text, " ")) {
		size_t len = strcspn(text, " ");
		bool is_common = has_word(other, text, len);

		*same += is_common;
		if (!is_common)
			strbuf_printf(&out, " %.*s", (int)len, text);
		text += len;
	}
	whole = out.len ? xasprintf("also%s", out.str)
			: xstrdup("nothing more");
	strbuf_release(&out);
	return whole;
}

static char *from_difference(const char *text, const char *other)
{
	size_t same = 0;

	while (text[same] && text[same] == other[same])
		same++;
	return same > LEAD_BYTES ? xasprintf("...%s", text + same - LEAD_BYTES)
				 : xstrdup(text);
}

static void shorten(struct difference *d)
{
	size_t same;

	if (strlen(d->a) <= SHORT_BYTES && strlen(d->b) <= SHORT_BYTES) {
		d->short_a = xstrdup(d->a);
		d->short_b = xstrdup(d->b);
		return;
	}
	if (strlen(d->a) <= LIST_BYTES && strlen(d->b) <= LIST_BYTES) {
		d->short_a = words_beyond(d->a, d->b, &same);
		d->short_b = words_beyond(d->b, d->a, &same);
		/* A list of flags; the same words in another order are none. */
		if (same >= LIST_WORDS && strcmp(d->short_a, d->short_b))
			return;
		free(d->short_a);
		free(d->short_b);
	}
	d->short_a = from_difference(d->a, d->b);
	d->short_b = from_difference(d->b, d->a);
}

/* Of A and B, one has no KEY, or another value; either may be NULL. */
typedef void difference_fn(void *arg, const char *key, const json_t *a,
			   const json_t *b);

static void each_difference(const json_t *a, const json_t *b, difference_fn *fn,
			    void *arg)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)a, key, value) {
		json_t *other = json_object_get(b, key);

		if (!json_equal(value, other))
			fn(arg, key, value, other);
	}
	json_object_foreach((json_t *)b, key, value)
		if (!json_object_get(a, key))
			fn(arg, key, NULL, value);
}

/* By whose rules a difference has its class. */
struct filling {
	struct differences *d;
	difference_class_fn *class_of;
	const void *arg;
};

static void add_row(void *arg, const char *key, const json_t *a,
		    const json_t *b)
{
	const struct filling *by = arg;
	struct differences *d = by->d;
	struct difference *row;

	d->rows = xrealloc(d->rows, d->count + 1, sizeof(*d->rows));
	row = &d->rows[d->count++];
	*row = (struct difference){.key = xstrdup(key),
				   .a = text_of(a),
				   .b = text_of(b),
				   .class = by->class_of(key, by->arg)};
	shorten(row);
	d->counts[row->class]++;
}

static int compare_rows(const void *x, const void *y)
{
	const struct difference *a = x, *b = y;

	return a->class != b->class ? (int)a->class - (int)b->class
				    : strcmp(a->key, b->key);
}

static enum difference_class class_of_runs(const char *key, const void *arg)
{
	(void)arg;
	return difference_class_of(key);
}

void differences_init(struct differences *d, const json_t *a, const json_t *b)
{
	differences_init_by(d, a, b, class_of_runs, NULL);
}

void differences_init_by(struct differences *d, const json_t *a,
			 const json_t *b, difference_class_fn *class_of,
			 const void *arg)
{
	struct filling by = {d, class_of, arg};

	memset(d, 0, sizeof(*d));
	each_difference(a, b, add_row, &by);
	if (d->count)
		qsort(d->rows, d->count, sizeof(*d->rows), compare_rows);
}

static void note_fatal(void *arg, const char *key, const json_t *a,
		       const json_t *b)
{
	bool *is_fatal = arg;

	(void)a;
	(void)b;
	*is_fatal |= difference_class_of(key) == DIFFERENCE_FATAL;
}

bool differences_are_fatal(const json_t *a, const json_t *b)
{
	bool is_fatal = false;

	each_difference(a, b, note_fatal, &is_fatal);
	return is_fatal;
}

void differences_release(struct differences *d)
{
	size_t i;

	for (i = 0; i < d->count; i++) {
		free(d->rows[i].key);
		free(d->rows[i].a);
		free(d->rows[i].b);
		free(d->rows[i].short_a);
		free(d->rows[i].short_b);
	}
	free(d->rows);
	memset(d, 0, sizeof(*d));
}

json_t *differences_to_json(const struct differences *d)
{
	json_t *out = json_array();
	size_t i;

	for (i = 0; i < d->count; i++)
		json_array_append_new(
			out,
			json_pack("{s:s, s:s, s:s, s:s}", "key", d->rows[i].key,
				  "class", class_names[d->rows[i].class], "a",
				  d->rows[i].a, "b", d->rows[i].b));
	return out;
}
