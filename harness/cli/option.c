// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/cli/option.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "harness/base/err.h"
#include "harness/base/units.h"

/* What getopt answers is a row's number from here on, apart from '?'. */
#define FIRST_ID 256

void *option_field(const struct option_row *o, void *args)
{
	return (char *)args + o->offset;
}

int option_flag(const struct option_row *o, const char *arg, void *args,
		struct err *err)
{
	(void)arg;
	(void)err;
	*(bool *)option_field(o, args) = true;
	return 0;
}

int option_text(const struct option_row *o, const char *arg, void *args,
		struct err *err)
{
	(void)err;
	*(const char **)option_field(o, args) = arg;
	return 0;
}

bool option_has_word(const struct option_row *o, const char *arg, char *all,
		     size_t size)
{
	size_t i, len = 0;

	all[0] = '\0';
	for (i = 0; o->words[i]; i++) {
		const char *part = o->words[i + 1] ? ", " : " and ";

		if (!strcmp(arg, o->words[i]))
			return true;
		if (len < size)
			len += (size_t)snprintf(all + len, size - len, "%s%s",
						i ? part : "", o->words[i]);
	}
	return false;
}

int option_word(const struct option_row *o, const char *arg, void *args,
		struct err *err)
{
	char all[OPTION_WORDS_BYTES];

	if (option_has_word(o, arg, all, sizeof(all)))
		return option_text(o, arg, args, err);
	return err_set(err, -EINVAL, "unknown %s '%s'; there are %s", o->noun,
		       arg, all);
}

int option_u32(const struct option_row *o, const char *arg, void *args,
	       struct err *err)
{
	uint64_t number;
	int ret = units_parse_uint(arg, o->min, o->max, &number, err);

	if (!ret)
		*(uint32_t *)option_field(o, args) = (uint32_t)number;
	return ret;
}

int option_u64(const struct option_row *o, const char *arg, void *args,
	       struct err *err)
{
	uint64_t number;
	int ret = units_parse_uint(arg, o->min, o->max, &number, err);

	if (!ret)
		*(uint64_t *)option_field(o, args) = number * o->unit;
	return ret;
}

int option_bytes(const struct option_row *o, const char *arg, void *args,
		 struct err *err)
{
	return units_parse_bytes(arg, option_field(o, args), err);
}

int option_duration(const struct option_row *o, const char *arg, void *args,
		    struct err *err)
{
	return units_parse_duration(arg, option_field(o, args), err);
}

bool option_is_end(const struct option_row *o)
{
	return !o->name && !o->help;
}

const struct option_row *option_find(const struct option_row *table,
				     const char *name)
{
	const struct option_row *o;

	for (o = table; !option_is_end(o); o++)
		if (o->name && !strcmp(o->name, name))
			return o;
	return NULL;
}

static void to_getopt(const struct option_row *table, struct option *options)
{
	size_t i, count = 0;

	for (i = 0; !option_is_end(&table[i]) && count < OPTION_MAX; i++)
		if (table[i].name)
			options[count++] = (struct option){
				.name = table[i].name,
				.has_arg = table[i].argument ? required_argument
							     : no_argument,
				.val = FIRST_ID + (int)i,
			};
	options[count] = (struct option){0};
}

int option_parse(int argc, char **argv, const struct option_row *table,
		 void *args, struct err *err)
{
	struct option options[OPTION_MAX + 1];
	int ret = 0, id;

	to_getopt(table, options);
	while (!ret &&
	       (id = getopt_long(argc, argv, "", options, NULL)) != -1) {
		const struct option_row *o;

		if (id == '?')
			return err_set(err, -EINVAL,
				       "see 'l1vh-bench %s --help'", argv[0]);
		o = &table[id - FIRST_ID];
		ret = o->take(o, optarg, args, err);
		if (ret && strncmp(err->msg, "--", 2) != 0)
			err_wrap(err, "--%s", o->name);
	}
	return ret;
}

const char *option_look(int argc, char **argv, const struct option_row *table,
			const char *name)
{
	struct option options[OPTION_MAX + 1];
	const char *found = NULL;
	int id;

	to_getopt(table, options);
	opterr = 0;
	while ((id = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (id != '?' && !strcmp(table[id - FIRST_ID].name, name))
			found = optarg;
	opterr = 1;
	optind = 1;
	return found;
}

static void write_row(const struct option_row *o, int column, FILE *out)
{
	const char *line = o->help;
	int width = fprintf(out, "  --%s%s%s", o->name, o->argument ? " " : "",
			    o->argument ? o->argument : "");

	/* What is too long for its column still ends before its text. */
	fprintf(out, "%*s", width + 2 > column ? 3 : column - width, "");
	for (;;) {
		int len = (int)strcspn(line, "\n");

		fprintf(out, "%.*s\n", len, line);
		if (!line[len])
			return;
		line += len + 1;
		fprintf(out, "%*s", column, "");
	}
}

void option_write_help(const struct option_row *table, int column, FILE *out)
{
	const struct option_row *o;

	for (o = table; !option_is_end(o); o++) {
		if (!o->name)
			fprintf(out, "%s\n", o->help);
		else if (o->help)
			write_row(o, column, out);
	}
}
