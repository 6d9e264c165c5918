/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_CLI_NODE_HERE_H
#define HARNESS_CLI_NODE_HERE_H

/* node_here - this host as a node of KubeVirt: gathered and judged. */
#include <jansson.h>

#include "harness/kubevirt/node/prereq.h"

/* Of whom nobody has said what they want. */
struct domain_wish node_default_wish(void);

/* As node_page() has it, for the QEMU that runners use; caller owns. */
json_t *node_here(const struct domain_wish *wish);

#endif
