// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/core/result_field.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "harness/core/result.h"

#define FIELD(type_, row, member)                          \
	{                                                  \
		.name = #member, .type = type_,            \
		.offset = offsetof(struct row, member),    \
		.size = sizeof(((struct row *)0)->member), \
	}

const struct result_field sample_fields[] = {
	FIELD(FIELD_U32, sample, section),
	FIELD(FIELD_U64, sample, elapsed_ns),
	FIELD(FIELD_U64, sample, host_elapsed_ns),
	FIELD(FIELD_REAL, sample, value),
	FIELD(FIELD_U64, sample, waited_ns),
	FIELD(FIELD_U32, sample, disturbances),
	{0},
};

const struct result_field phase_fields[] = {
	FIELD(FIELD_TEXT, phase, name),
	FIELD(FIELD_U64, phase, mono_ns),
	{0},
};

const struct result_field exit_fields[] = {
	FIELD(FIELD_U32, exit_row, vcpu),
	FIELD(FIELD_TEXT, exit_row, kind),
	FIELD(FIELD_U64, exit_row, count),
	FIELD(FIELD_U64, exit_row, handled_ns),
	{0},
};

const struct result_field series_fields[] = {
	FIELD(FIELD_TEXT, series, workload),
	FIELD(FIELD_TEXT, series, point),
	FIELD(FIELD_TEXT, series, unit),
	FIELD(FIELD_STATUS, series, status),
	FIELD(FIELD_TEXT, series, reason),
	FIELD(FIELD_U64, series, iterations),
	FIELD(FIELD_FLAG, series, lower_is_better),
	FIELD(FIELD_U64, series, set_bytes),
	FIELD(FIELD_U64, series, page_bytes),
	FIELD(FIELD_U32, series, list_rank),
	{0},
};

const struct result_field figure_fields[] = {
	FIELD(FIELD_U64, figure, sample_count),
	FIELD(FIELD_U64, figure, used_count),
	FIELD(FIELD_U32, figure, disturbances),
	FIELD(FIELD_REAL, figure, median),
	FIELD(FIELD_REAL, figure, mean),
	FIELD(FIELD_REAL, figure, stddev),
	FIELD(FIELD_REAL, figure, low),
	FIELD(FIELD_REAL, figure, high),
	FIELD(FIELD_U64, figure, long_count),
	FIELD(FIELD_U64, figure, long_elapsed_ns),
	FIELD(FIELD_U64, figure, long_host_ns),
	{0},
};

static json_t *to_json(const struct result_field *f, const void *row)
{
	const void *at = (const char *)row + f->offset;

	switch (f->type) {
	case FIELD_U32:
		return json_integer((json_int_t) * (const uint32_t *)at);
	case FIELD_U64:
		return json_integer((json_int_t) * (const uint64_t *)at);
	case FIELD_FLAG:
		return json_boolean(*(const bool *)at);
	case FIELD_REAL:
		return json_real(*(const double *)at);
	case FIELD_TEXT:
		return json_string(at);
	case FIELD_STATUS:
		return json_string(
			run_status_name(*(const enum run_status *)at));
	}
	return NULL;
}

static bool is_of_type(const struct result_field *f, const json_t *value)
{
	switch (f->type) {
	case FIELD_U32:
	case FIELD_U64:
		return json_is_integer(value);
	case FIELD_FLAG:
		return json_is_boolean(value);
	case FIELD_REAL:
		return json_is_number(value);
	case FIELD_TEXT:
	case FIELD_STATUS:
		return json_is_string(value);
	}
	return false;
}

static int from_json(const struct result_field *f, const json_t *value,
		     void *row)
{
	void *at = (char *)row + f->offset;

	if (!is_of_type(f, value))
		return -EPROTO;
	switch (f->type) {
	case FIELD_U32:
		*(uint32_t *)at = (uint32_t)json_integer_value(value);
		break;
	case FIELD_U64:
		*(uint64_t *)at = (uint64_t)json_integer_value(value);
		break;
	case FIELD_FLAG:
		*(bool *)at = json_is_true(value);
		break;
	case FIELD_REAL:
		*(double *)at = json_number_value(value);
		break;
	case FIELD_TEXT:
		snprintf(at, f->size, "%s", json_string_value(value));
		break;
	case FIELD_STATUS:
		*(enum run_status *)at =
			run_status_parse(json_string_value(value));
	}
	return 0;
}

json_t *result_fields_to_array(const struct result_field *fields,
			       const void *row)
{
	json_t *out = json_array();
	const struct result_field *f;

	for (f = fields; f->name; f++)
		if (json_array_append_new(out, to_json(f, row))) {
			json_decref(out);
			return NULL;
		}
	return out;
}

json_t *result_fields_to_object(const struct result_field *fields,
				const void *row)
{
	json_t *out = json_object();
	const struct result_field *f;

	for (f = fields; f->name; f++)
		if (json_object_set_new(out, f->name, to_json(f, row))) {
			json_decref(out);
			return NULL;
		}
	return out;
}

int result_fields_from_array(const struct result_field *fields,
			     const json_t *array, void *row)
{
	const struct result_field *f;

	for (f = fields; f->name; f++)
		if (from_json(f, json_array_get(array, (size_t)(f - fields)),
			      row))
			return -EPROTO;
	return 0;
}

int result_fields_from_object(const struct result_field *fields,
			      const json_t *object, void *row)
{
	const struct result_field *f;

	for (f = fields; f->name; f++)
		if (from_json(f, json_object_get(object, f->name), row))
			return -EPROTO;
	return 0;
}
