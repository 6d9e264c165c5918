/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_CORE_RESULT_FIELD_H
#define HARNESS_CORE_RESULT_FIELD_H

/*
 * result_field - the fields of a result's rows, described once. The JSON
 * between worker and harness, bundles, and the store's columns are generated
 * from these tables. A field that is added here appears in all of them. The
 * store's schema needs it too (harness/store/schema.h); a unit test checks
 * that.
 */
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

enum result_field_type {
	FIELD_U32,
	FIELD_U64,
	FIELD_FLAG,   /* bool */
	FIELD_REAL,   /* double */
	FIELD_TEXT,   /* char[], cut to its size */
	FIELD_STATUS, /* enum run_status, by its name */
};

struct result_field {
	const char *name; /* of the column, and of the key */
	enum result_field_type type;
	size_t offset, size; /* in the row's structure */
};

/* Of struct sample, phase, exit_row, series and figure, without what they own. Each
 * ends with an empty row; the order is that of JSON's arrays. */
extern const struct result_field sample_fields[], phase_fields[], exit_fields[],
	series_fields[], figure_fields[];

/* ROW as [value, ...] or {name: value, ...}. The caller owns it; NULL if a text
 * is not UTF-8. */
json_t *result_fields_to_array(const struct result_field *fields,
			       const void *row);
json_t *result_fields_to_object(const struct result_field *fields,
				const void *row);

/* Into ROW. -EPROTO where a value is missing or of another type. */
int result_fields_from_array(const struct result_field *fields,
			     const json_t *array, void *row);
int result_fields_from_object(const struct result_field *fields,
			      const json_t *object, void *row);

#endif
