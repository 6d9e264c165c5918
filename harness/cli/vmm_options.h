/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_CLI_VMM_OPTIONS_H
#define HARNESS_CLI_VMM_OPTIONS_H

/* vmm_options - the command line of l1vh-vmm. */
#include <stdbool.h>

#include "harness/cli/option.h"
#include "runners/vmm/sandbox/sandbox.h"
#include "runners/vmm/vm.h"

struct err;
struct hv_ops;

struct vmm_options {
	struct vm_config vm;
	const struct hv_ops *hv;
	const char *snapshot_path, *restore_path;
	bool snapshots_at_signal;
	const char *trace_path; /* NULL: none */
	enum sandbox_mode sandbox;
	bool wants_ledger;
	bool wants_profile;
	bool holds;
	bool wants_tsc_khz;
	bool wants_help;
};

/* For option_parse() and for the help; ends with a row of no name. */
extern const struct option_row vmm_option_rows[];

/* Over the defaults in OPT, which keeps pointers into ARGV. -EINVAL, or what
 * fdopen() failed with. */
int vmm_options_parse(int argc, char **argv, struct vmm_options *opt,
		      struct err *err);

#endif
