/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_BASE_YAML_FILE_H
#define HARNESS_BASE_YAML_FILE_H

/* yaml_file - files by a schema of libcyaml. An error names the line, the
 * key and the expected value. Aliases are an error: every value is written
 * out. */
#include <cyaml/cyaml.h>
#include <stddef.h>

struct err;

/* *OUT is the caller's, for yaml_file_free(). 0 or -EINVAL. */
int yaml_file_parse(const char *bytes, size_t len,
		    const cyaml_schema_value_t *schema, void **out,
		    struct err *err);
void yaml_file_free(const cyaml_schema_value_t *schema,
		    void *data); /* NULL: fine */

/* The number of the first line that begins with TEXT, after blanks and "- ";
 * 0: none. */
unsigned int yaml_file_line_of(const char *file, const char *text);

#endif
