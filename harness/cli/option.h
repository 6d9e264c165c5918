/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_CLI_OPTION_H
#define HARNESS_CLI_OPTION_H

/*
 * option - the options of a command as one table, which everything is made of
 * that knows them: what the command line is parsed by, --help, and through that
 * the manual page and the completion; for `run` the keys of a plan as well.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct err;
struct option_row;

/* Put ARG, NULL for an option that takes none, into ARGS, the command's own
 * structure. 0 or a negative errno with ERR filled. */
typedef int option_take_fn(const struct option_row *o, const char *arg,
			   void *args, struct err *err);

/* Rows of a table at most, help lines included. */
#define OPTION_MAX 64

/* A table ends with an empty row. Without a name: a line of help alone. */
struct option_row {
	const char *name; /* "db", for --db */
	const char
		*argument; /* "FILE", as help names it; NULL: it takes none */
	const char *help;  /* lines parted by "\n"; NULL: in no help */
	option_take_fn *take;
	/* For those of below: where its field is in ARGS, and its bounds. */
	size_t offset;
	uint64_t min, max, unit;
	const char *noun;         /* "sandbox mode", of one of WORDS */
	const char *const *words; /* up to NULL */
	bool is_plan_key;         /* may stand in a plan */
};

/* The offset of FIELD in struct TYPE; it does not compile unless that is of
 * WANTED. */
#define OPTION_FIELD(type, field, wanted)                                \
	(offsetof(type, field) +                                         \
	 0 * sizeof(char[__builtin_types_compatible_p(                   \
				 __typeof__(((type *)0)->field), wanted) \
				 ? 1                                     \
				 : -1]))

/* A switch that is on, a text that is kept as it is (and must outlive the
 * arguments), a whole number, a number of so many UNITs, a size ("512M"), a time
 * ("90s"). */
#define OPTION_FLAG(type, field) \
	.take = option_flag, .offset = OPTION_FIELD(type, field, bool)
#define OPTION_TEXT(type, field) \
	.take = option_text, .offset = OPTION_FIELD(type, field, const char *)
#define OPTION_U32(type, field, low, high)                                 \
	.take = option_u32, .offset = OPTION_FIELD(type, field, uint32_t), \
	.min = (low), .max = (high)
#define OPTION_U64(type, field, low, high)                                 \
	.take = option_u64, .offset = OPTION_FIELD(type, field, uint64_t), \
	.min = (low), .max = (high), .unit = 1
#define OPTION_SCALED(type, field, low, high, unit_)                       \
	.take = option_u64, .offset = OPTION_FIELD(type, field, uint64_t), \
	.min = (low), .max = (high), .unit = (unit_)
#define OPTION_BYTES(type, field) \
	.take = option_bytes, .offset = OPTION_FIELD(type, field, uint64_t)
#define OPTION_DURATION(type, field) \
	.take = option_duration, .offset = OPTION_FIELD(type, field, uint64_t)

/* One of the words behind the NOUN, kept as a text. */
#define OPTION_WORD(type, field, noun_, ...)                              \
	.take = option_word,                                              \
	.offset = OPTION_FIELD(type, field, const char *), .noun = noun_, \
	.words = (const char *const[])                                    \
	{                                                                 \
		__VA_ARGS__, NULL                                         \
	}

option_take_fn option_flag, option_text, option_word, option_u32, option_u64,
	option_bytes, option_duration;

/* For takers of a command's own: whether ARG is one of the row's words; ALL of them,
 * "on, off and auto", where it is not. */
#define OPTION_WORDS_BYTES 160
bool option_has_word(const struct option_row *o, const char *arg, char *all,
		     size_t size);

/* For takers of a command's own: where in ARGS the field of the row is. */
void *option_field(const struct option_row *o, void *args);

/* Whether O is the empty row behind the last. */
bool option_is_end(const struct option_row *o);

/* NULL: the table has none of that name. */
const struct option_row *option_find(const struct option_row *table,
				     const char *name);

/*
 * Take all options of ARGV, by TABLE, into ARGS; optind is that of the first word
 * that is none. What is no option is told on stderr, by the name of argv[0].
 * 0 or a negative errno.
 */
int option_parse(int argc, char **argv, const struct option_row *table,
		 void *args, struct err *err);

/* The last argument that ARGV has for the option NAME, before anything is
 * parsed; NULL: none. */
const char *option_look(int argc, char **argv, const struct option_row *table,
			const char *name);

/* The table as --help shows it, with what an option is for from COLUMN on. */
void option_write_help(const struct option_row *table, int column, FILE *out);

#endif
