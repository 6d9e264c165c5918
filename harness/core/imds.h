/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_CORE_IMDS_H
#define HARNESS_CORE_IMDS_H

/*
 * imds - the VM's size and tags from Azure's Instance Metadata Service, which
 * answers every VM at a link-local address (Microsoft Learn, "Azure Instance
 * Metadata Service"). Asked only where somebody wants it: the answer names the
 * VM's owner's words.
 */
#include <jansson.h>

struct err;

#define IMDS_URL \
	"http://169.254.169.254/metadata/instance?api-version=2021-02-01"

/*
 * {"vm_size", "location", "offer", "sku", "tags": {...}} with what the service
 * says of them; the caller owns it. -EHOSTUNREACH where nothing answers within
 * two seconds, -EPROTO for an answer that is not the service's.
 */
int imds_get(const char *url, json_t **out, struct err *err);

/* The same of an answer that has come. */
int imds_parse(const char *text, size_t len, json_t **out, struct err *err);

#endif
