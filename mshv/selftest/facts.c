// SPDX-License-Identifier: GPL-3.0-or-later
#include "mshv/selftest/facts.h"

#include <stdbool.h>
#include <stddef.h>

#include "harness/base/base.h"
#include "mshv/abi.h"
#include "mshv/hvcall.h"
#include "mshv/sys.h"

static const struct {
	const char *name;
	uint32_t code;
	bool is_ex; /* of several banks; the first */
} properties[] = {
	{"privilege_flags", MSHV_PROP_PRIVILEGE_FLAGS, false},
	{"synthetic_features", MSHV_PROP_SYNTHETIC_FEATURES, false},
	{"time_freeze", MSHV_PROP_TIME_FREEZE, false},
	{"reference_time", MSHV_PROP_REFERENCE_TIME, false},
	{"processors_per_socket", MSHV_PROP_PROCESSORS_PER_SOCKET, false},
	{"access_tracking", MSHV_PROP_ACCESS_TRACKING, false},
	{"unimplemented_msr_action", MSHV_PROP_UNIMPLEMENTED_MSR_ACTION, false},
	{"processor_vendor", MSHV_PROP_PROCESSOR_VENDOR, false},
	{"xsave_features", MSHV_PROP_XSAVE_FEATURES, false},
	{"clflush_size", MSHV_PROP_CLFLUSH_SIZE, false},
	{"compatibility_version", MSHV_PROP_COMPATIBILITY_VERSION, false},
	{"physical_address_width", MSHV_PROP_PHYSICAL_ADDRESS_WIDTH, false},
	{"xsave_states", MSHV_PROP_XSAVE_STATES, false},
	{"max_xsave_bytes", MSHV_PROP_MAX_XSAVE_BYTES, false},
	{"clock_frequency", MSHV_PROP_CLOCK_FREQUENCY, false},
	{"processor_features0", MSHV_PROP_PROCESSOR_FEATURES0, false},
	{"processor_features1", MSHV_PROP_PROCESSOR_FEATURES1, false},
	{"vmm_capabilities", MSHV_PROP_VMM_CAPABILITIES, true},
	{"assignable_synthetic", MSHV_PROP_ASSIGNABLE_SYNTHETIC, true},
};

static int ask(const struct mshv_sys *sys, int dev, int pt, size_t i,
	       uint64_t *value)
{
	/* What a host can give is asked of the device. */
	if (properties[i].is_ex)
		return hvcall_property_get_ex(sys, dev, properties[i].code,
					      value);
	return hvcall_property_get(sys, pt, properties[i].code, value);
}

static int partition_open(const struct mshv_sys *sys, int dev)
{
	struct mshv_create_partition arg = {.flags = MSHV_PT_LAPIC};
	int pt = sys_ioctl_patiently(sys, dev, MSHV_CREATE_PARTITION, &arg);
	int ret = pt < 0 ? pt
			 : sys_ioctl_patiently(sys, pt,
					       MSHV_INITIALIZE_PARTITION, NULL);

	if (ret < 0 && pt >= 0)
		sys_close(sys, pt);
	return ret < 0 ? ret : pt;
}

int facts_gather(const struct mshv_sys *sys, const char *path,
		 void (*take)(void *arg, const struct mshv_fact *fact),
		 void *arg)
{
	int dev = sys_open(sys, path);
	int pt = dev < 0 ? dev : partition_open(sys, dev);
	size_t i;

	for (i = 0; pt >= 0 && i < ARRAY_SIZE(properties); i++) {
		struct mshv_fact fact = {.name = properties[i].name,
					 .code = properties[i].code};

		fact.error = ask(sys, dev, pt, i, &fact.value);
		take(arg, &fact);
	}
	if (pt >= 0)
		sys_close(sys, pt);
	if (dev >= 0)
		sys_close(sys, dev);
	return pt < 0 ? pt : 0;
}
