// SPDX-License-Identifier: GPL-3.0-or-later
/* footprints - the footprints of all runners of a run. */
#include <stdlib.h>

#include "harness/base/xmalloc.h"
#include "harness/findings/footprint.h"
#include "harness/findings/model.h"
#include "harness/kubevirt/release.h"

/* The newest that has been released. */
#define DEFAULT_RELEASE "v1.9"

const struct kubevirt_release *footprint_default_release(void)
{
	return kubevirt_release_find(DEFAULT_RELEASE);
}

void footprint_release(struct footprint *f)
{
	free(f->boots);
	f->boots = NULL;
	f->boot_count = 0;
}

void footprints_init(struct footprints *fs, const struct model *m,
		     const struct kubevirt_release *release)
{
	struct footprint f;
	size_t i;

	*fs = (struct footprints){.release = release};
	if (!release)
		fs->release = footprint_default_release();
	for (i = 0; i < m->runner_count; i++) {
		if (!footprint_init(&f, m, m->runners[i], fs->release))
			continue;
		fs->rows = xrealloc(fs->rows, fs->count + 1, sizeof(*fs->rows));
		fs->rows[fs->count++] = f;
	}
}

void footprints_release(struct footprints *fs)
{
	size_t i;

	for (i = 0; i < fs->count; i++)
		footprint_release(&fs->rows[i]);
	free(fs->rows);
	*fs = (struct footprints){.rows = NULL};
}
