// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/cli/vmm_snapshot.h"

#include <errno.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/cli/vmm_options.h"
#include "revision.h"

/* A guest whose image is named must be of that image. */
static int check_image(const struct vmm_options *opt,
		       const struct snap_header *head, struct err *err)
{
	const struct vm_config *cfg = &opt->vm;
	const char *const paths[] = {cfg->kernel_path, cfg->initrd_path,
				     cfg->micro_path};
	uint64_t sum;
	int ret;

	if (!cfg->kernel_path && !cfg->micro_path)
		return 0;
	ret = snapshot_image_sum(paths, ARRAY_SIZE(paths), &sum, err);
	if (!ret && sum != head->image_sum)
		ret = err_set(err, -EINVAL,
			      "the snapshot '%s' is of another image than '%s'",
			      opt->restore_path,
			      cfg->kernel_path ? cfg->kernel_path
					       : cfg->micro_path);
	return ret;
}

static int open_from(struct vmm_snapshot *s, struct vmm_options *opt,
		     struct err *err)
{
	int ret = snap_file_open(&s->from, opt->restore_path, err);

	if (!ret)
		ret = check_image(opt, &s->from.head, err);
	if (!ret)
		ret = snapshot_config_take(&s->from, &opt->vm, err);
	return ret;
}

static int open_to(struct vmm_snapshot *s, struct vmm_options *opt,
		   struct err *err)
{
	const char *const paths[] = {opt->vm.kernel_path, opt->vm.initrd_path,
				     opt->vm.micro_path};
	int ret = 0;

	s->cfg = (struct snapshot_config){.build = L1VH_REVISION,
					  .is_at_ready =
						  !opt->snapshots_at_signal};
	if (opt->vm.restores)
		s->cfg.image_sum = s->from.head.image_sum;
	else
		ret = snapshot_image_sum(paths, ARRAY_SIZE(paths),
					 &s->cfg.image_sum, err);
	if (!ret)
		ret = snap_keeper_start(&s->to, opt->snapshot_path, err);
	s->cfg.fd = s->to.fd;
	opt->vm.saves = &s->cfg;
	return ret;
}

int vmm_snapshot_open(struct vmm_snapshot *s, struct vmm_options *opt,
		      struct err *err)
{
	int ret = 0;

	*s = (struct vmm_snapshot){.from.fd = -1, .to = {-1, -1}};
	if (!opt->restore_path && !opt->snapshot_path)
		return 0;
	ret = snapshot_is_possible(&opt->vm, err);
	if (!ret && opt->restore_path)
		ret = open_from(s, opt, err);
	if (!ret && opt->snapshot_path)
		ret = open_to(s, opt, err);
	return ret;
}

int vmm_snapshot_end(struct vmm_snapshot *s, struct vm *vm, enum vm_end end,
		     struct err *err)
{
	uint64_t modified_unix_ns = 0;
	int ret;

	if (!vm->cfg.saves)
		return 0;
	if (end == VM_END_POWER_OFF)
		return err_set(err, -ECANCELED,
			       "no snapshot: the guest powered off before");
	if (end != VM_END_SNAPSHOT)
		return 0; /* the end itself says why */
	ret = snapshot_save(vm, &modified_unix_ns, err);
	return ret ?: snap_keeper_finish(&s->to, modified_unix_ns, err);
}

void vmm_snapshot_release(struct vmm_snapshot *s)
{
	struct err ignored = {0};

	snap_keeper_finish(&s->to, 0, &ignored);
	snap_file_close(&s->from);
}
