/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_BASE_YAML_FILE_H
#define HARNESS_BASE_YAML_FILE_H

/* yaml_file - files by a schema of libcyaml; a mistake is named with its line, its
 * key and what was expected there. Aliases are refused: what is written is
 * what is meant. */
#include <cyaml/cyaml.h>
#include <stddef.h>

struct err;

/* *OUT is the caller's, for yaml_file_free(). 0 or -EINVAL. */
int yaml_file_parse(const char *bytes, size_t len,
		    const cyaml_schema_value_t *schema, void **out,
		    struct err *err);
void yaml_file_free(const cyaml_schema_value_t *schema,
		    void *data); /* NULL: fine */

/* Of the first line that begins with TEXT, blanks and "- " apart; 0: none. */
unsigned int yaml_file_line_of(const char *file, const char *text);

#endif
