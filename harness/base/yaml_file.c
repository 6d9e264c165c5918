// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/base/yaml_file.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/err.h"
#include "harness/base/strbuf.h"

/* The library's messages, most specific first: the error, then its place. */
static void take_log(cyaml_log_t level, void *ctx, const char *fmt,
		     va_list args) __attribute__((format(printf, 3, 0)));

static void take_log(cyaml_log_t level, void *ctx, const char *fmt,
		     va_list args)
{
	struct strbuf *said = ctx;
	char line[200];
	const char *text = line;

	if (level < CYAML_LOG_ERROR)
		return;
	vsnprintf(line, sizeof(line), fmt, args);
	line[strcspn(line, "\n")] = '\0';
	if (!strncmp(text, "Load: ", 6))
		text += 6;
	if (!strcmp(text, "Backtrace:"))
		return;
	strbuf_printf(said, "%s%s", said->len ? "; " : "",
		      text + strspn(text, " "));
}

static cyaml_config_t config_for(struct strbuf *said)
{
	return (cyaml_config_t){.log_fn = take_log,
				.log_ctx = said,
				.mem_fn = cyaml_mem,
				.log_level = CYAML_LOG_ERROR,
				.flags = CYAML_CFG_NO_ALIAS};
}

int yaml_file_parse(const char *bytes, size_t len,
		    const cyaml_schema_value_t *schema, void **out,
		    struct err *err)
{
	struct strbuf said = {0};
	cyaml_config_t config = config_for(&said);
	cyaml_data_t *data = NULL;
	cyaml_err_t e;

	*out = NULL;
	if (!len)
		return err_set(err, -EINVAL, "the file is empty");
	e = cyaml_load_data((const uint8_t *)bytes, len, &config, schema, &data,
			    NULL);
	/* To the library nothing but comments, or a null, is no mistake. */
	if (e == CYAML_OK && !data)
		err_set(err, -EINVAL, "the file says nothing");
	else if (e != CYAML_OK)
		err_set(err, -EINVAL, "%s",
			said.len ? strbuf_str(&said) : cyaml_strerror(e));
	*out = e == CYAML_OK ? data : NULL;
	strbuf_release(&said);
	return *out ? 0 : -EINVAL;
}

void yaml_file_free(const cyaml_schema_value_t *schema, void *data)
{
	struct strbuf said = {0};
	cyaml_config_t config = config_for(&said);

	if (data)
		cyaml_free(&config, schema, data, 0);
	strbuf_release(&said);
}

unsigned int yaml_file_line_of(const char *file, const char *text)
{
	unsigned int line = 1;

	for (; *file; line++) {
		const char *end = file + strcspn(file, "\n");

		if (!strncmp(file + strspn(file, " -"), text, strlen(text)))
			return line;
		file = *end ? end + 1 : end;
	}
	return 0;
}
