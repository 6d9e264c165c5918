// SPDX-License-Identifier: GPL-3.0-or-later
/* What VMMs say of themselves and of their guests, line by line. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runners/libvirt/libvirt_talk.h"
#include "runners/machine/qmp.h"
#include "runners/vmm/event.h"
#include "tests/fuzz/fuzz.h"

static void fuzz_qmp(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size), *at = text, *line;
	struct qmp q = {.fd = -1};

	while ((line = strsep(&at, "\n"))) {
		qmp_line(&q, line);
		qmp_ask_place(&q);
	}
	free(text);
}

/* No process has that device open, so none is killed. */
static void fuzz_libvirt(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size), *at = text, *line;
	struct libvirt_talk talk = {.device = "/none", .events_fd = -1};

	while ((line = strsep(&at, "\n")))
		libvirt_talk_line(&talk, 1, line);
	free(text);
}

static void fuzz_event(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	struct event event;
	const char *rest;
	uint64_t ns;

	if (event_parse(text, &event)) {
		if (strnlen(event.name, sizeof(event.name)) ==
		    sizeof(event.name))
			abort();
		if (event.text &&
		    (event.text < text || event.text > text + strlen(text)))
			abort();
		rest = event.text;
		while (event.kind == EVENT_EACH && event_next_ns(&rest, &ns))
			;
	}
	free(text);
}

const struct fuzz_target targets_vmms[] = {
	{.name = "qmp", .run = fuzz_qmp, .max_bytes = 512, .dictionary = "qmp"},
	{.name = "libvirt",
	 .run = fuzz_libvirt,
	 .max_bytes = 96,
	 .dictionary = "qmp",
	 .share = 8},
	{.name = "event",
	 .run = fuzz_event,
	 .max_bytes = 128,
	 .dictionary = "link"},
	{0},
};
