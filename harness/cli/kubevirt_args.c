// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/cli/kubevirt_args.h"

#include <errno.h>
#include <string.h>

#include "harness/base/err.h"

int take_release(const struct option_row *o, const char *text, void *args,
		 struct err *err)
{
	const struct kubevirt_release **release = option_field(o, args);

	*release = kubevirt_release_find(text);
	return *release ? 0
			: err_set(err, -EINVAL,
				  "unknown release '%s'; known are %s", text,
				  kubevirt_release_names());
}

int take_hypervisor(const struct option_row *o, const char *text, void *args,
		    struct err *err)
{
	enum hypervisor_kind *kind = option_field(o, args);
	bool is_mshv = !strcmp(text, hypervisor_name(HYPERVISOR_HYPERV_DIRECT));

	*kind = is_mshv ? HYPERVISOR_HYPERV_DIRECT : HYPERVISOR_KVM;
	return is_mshv || !strcmp(text, hypervisor_name(HYPERVISOR_KVM))
		       ? 0
		       : err_set(err, -EINVAL,
				 "unknown hypervisor '%s'; there are kvm and hyperv-direct",
				 text);
}
