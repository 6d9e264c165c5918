// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/fleet/node/node_labels.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/strbuf.h"

static bool is_plain(char c)
{
	return isalnum((unsigned char)c) && (unsigned char)c < 128;
}

const char *label_value(const char *text, char out[LABEL_VALUE_SIZE])
{
	size_t len = 0;

	for (; *text && len + 1 < LABEL_VALUE_SIZE; text++) {
		char c = is_plain(*text) || strchr("-_.", *text) ? *text : '-';

		if (!is_plain(c) && (!len || (c == '-' && out[len - 1] == c)))
			continue;
		out[len++] = c;
	}
	while (len && !is_plain(out[len - 1]))
		len--;
	out[len] = '\0';
	return out;
}

static void put(struct strbuf *out, const char *name, const char *value)
{
	char clean[LABEL_VALUE_SIZE];

	strbuf_printf(out, "l1vh-bench/%s=%s\n", name,
		      label_value(value ? value : "unknown", clean));
}

static const char *text_at(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static bool is_true_at(const json_t *probe, const char *key, const char *name)
{
	return json_is_true(json_object_get(json_object_get(probe, key), name));
}

static void put_flag(struct strbuf *out, const char *name, bool value)
{
	put(out, name, value ? "true" : "false");
}

void node_labels_write(const json_t *probe, const json_t *fingerprint,
		       struct strbuf *out)
{
	put_flag(out, "mshv", is_true_at(probe, "mshv", "usable"));
	put_flag(out, "kvm", is_true_at(probe, "kvm", "usable"));
	/* Not opened: that would load the module. */
	put_flag(out, "vhost-net", !access("/dev/vhost-net", F_OK));
	put(out, "grade", text_at(probe, "grade"));
	put(out, "partition",
	    text_at(json_object_get(probe, "hypervisor"), "partition"));
	put(out, "cpu-model", text_at(fingerprint, "cpu.model_name"));
	put(out, "revision", text_at(fingerprint, "l1vh.revision"));
}

int node_labels_put(const char *path, const struct strbuf *text,
		    struct err *err)
{
	int ret;

	if (!strcmp(path, "-")) {
		fputs(strbuf_str(text), stdout);
		return 0;
	}
	ret = file_mkdirs_above(path, err);
	return ret ? ret : file_write(path, text->str, text->len, err);
}

enum node_condition node_condition_of(const json_t *probe, const char *key,
				      char line[NODE_CONDITION_SIZE])
{
	const json_t *device = json_object_get(probe, key);
	const char *reason = text_at(device, "reason");

	if (json_is_true(json_object_get(device, "usable"))) {
		snprintf(line, NODE_CONDITION_SIZE, "/dev/%s works", key);
		return NODE_OK;
	}
	if (!json_is_true(json_object_get(device, "present"))) {
		snprintf(line, NODE_CONDITION_SIZE, "/dev/%s is absent", key);
		return device ? NODE_PROBLEM : NODE_UNKNOWN;
	}
	snprintf(line, NODE_CONDITION_SIZE, "cannot open /dev/%s: %s", key,
		 reason ? reason : "unknown");
	/* It says something of who asks, and nothing of the node. */
	return reason && (!strcmp(reason, strerror(EACCES)) ||
			  !strcmp(reason, strerror(EPERM)))
		       ? NODE_UNKNOWN
		       : NODE_PROBLEM;
}
