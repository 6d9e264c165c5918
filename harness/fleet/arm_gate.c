// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/fleet/arm_gate.h"

#include <errno.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/core/fleet_keys.h"

enum match_group {
	MATCH_SIZE,
	MATCH_CPU,
	MATCH_MICROCODE,
	MATCH_KERNEL,
	MATCH_IMAGE,
	MATCH_GROUP_COUNT,
	MATCH_ALWAYS = MATCH_GROUP_COUNT, /* whatever the plan names */
	MATCH_ARM,                        /* what makes the arm */
	MATCH_NEVER,                      /* readers must know it */
	MATCH_HARMLESS,
};

static const char *const group_names[MATCH_GROUP_COUNT] = {
	[MATCH_SIZE] = "size",           [MATCH_CPU] = "cpu",
	[MATCH_MICROCODE] = "microcode", [MATCH_KERNEL] = "kernel",
	[MATCH_IMAGE] = "image",
};

/* By the prefix of a key; the longest one that matches counts, and what none
 * matches has its class from the gate between two runs. */
static const struct key_rule arm_rules[] = {
	{"grade", MATCH_ALWAYS},
	{"lab", MATCH_ALWAYS},
	{"guest", MATCH_ALWAYS},
	{"node.instance_type", MATCH_SIZE},
	{"azure.vm_size", MATCH_SIZE},
	{"cpu.topology", MATCH_SIZE},
	{"cpu.", MATCH_CPU},
	{"smt", MATCH_CPU},
	{"cpu.microcode", MATCH_MICROCODE},
	{"kernel.", MATCH_KERNEL},
	{"mitigation.", MATCH_KERNEL},
	{"os", MATCH_IMAGE},
	{"azure.offer", MATCH_IMAGE},
	{"azure.sku", MATCH_IMAGE},
	{"azure.tag.platformsettings.", MATCH_IMAGE},
	/* The tag that makes a VM an L1VH host, and what follows from it: virtual
	 * VMX is absent, and some memory is the hypervisor's. */
	{"azure.tag.platformsettings.host_environment.nodefeatures.hierarchicalvirtualizationv1",
	 MATCH_ARM},
	{"hypervisor", MATCH_ARM},
	{"hyperv.", MATCH_ARM},
	{"kvm.module", MATCH_ARM},
	{"module.", MATCH_ARM},
	{"cpu.flags", MATCH_ARM},
	{"memory.total_bytes", MATCH_ARM},
	{FLEET_ARM, MATCH_ARM},
	/* Of one node alone. */
	{"fleet.", MATCH_HARMLESS},
	{"node.", MATCH_HARMLESS},
	{"azure.tag.", MATCH_HARMLESS},
	{"azure.location", MATCH_NEVER},
	{"plan.match", MATCH_ALWAYS},
};

/* The words of a list, one after the other; false: no more. */
static bool next_word(const char **list, const char **word, size_t *len)
{
	if (!**list)
		return false;
	*word = *list;
	*len = strcspn(*list, ",");
	*list += *len + ((*list)[*len] == ',');
	return true;
}

static bool is_named(const char *groups, enum match_group group)
{
	const char *name = group_names[group], *word;
	size_t len;

	if (!*groups)
		return true;
	while (next_word(&groups, &word, &len))
		if (len == strlen(name) && !strncmp(word, name, len))
			return true;
	return false;
}

int arm_gate_check(const char *groups, struct err *err)
{
	const char *word;
	size_t len, i;

	while (next_word(&groups, &word, &len)) {
		for (i = 0; i < MATCH_GROUP_COUNT; i++)
			if (len == strlen(group_names[i]) &&
			    !strncmp(word, group_names[i], len))
				break;
		if (i == MATCH_GROUP_COUNT)
			return err_set(
				err, -EINVAL,
				"'%.*s' is none of size, cpu, microcode, kernel, image",
				(int)len, word);
	}
	return 0;
}

enum difference_class arm_gate_class(const char *key, const void *gate)
{
	const struct key_rule *rule =
		key_rule_of(key, arm_rules, ARRAY_SIZE(arm_rules));
	const struct arm_gate *g = gate;
	enum match_group group;

	if (!rule)
		return difference_class_of(key);
	group = (enum match_group)rule->value;
	if (group == MATCH_ALWAYS)
		return DIFFERENCE_FATAL;
	if (!g->knows_os && !strcmp(key, "os"))
		return DIFFERENCE_MARKED;
	if (group < MATCH_GROUP_COUNT)
		return is_named(g->groups, group) ? DIFFERENCE_FATAL
						  : DIFFERENCE_MARKED;
	return group == MATCH_NEVER ? DIFFERENCE_MARKED : DIFFERENCE_HARMLESS;
}
