// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/cli/node_here.h"

#include "harness/kubevirt/node/node_page.h"
#include "harness/kubevirt/node/nodeprobe.h"
#include "runners/machine/qemu_program.h"

struct domain_wish node_default_wish(void)
{
	return (struct domain_wish){.release = kubevirt_release_find("main")};
}

json_t *node_here(const struct domain_wish *wish)
{
	struct node_source source;
	struct node node;

	node_source_of_host(&source);
	source.programs[PROGRAM_QEMU] = qemu_path();
	node_gather(&source, &node);
	return node_page(&node, wish);
}
