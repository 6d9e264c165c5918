// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/cli/qualify_exhibits.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/core/hostprobe.h"
#include "harness/evidence/evidence.h"
#include "harness/qualify/qualification.h"
#include "harness/qualify/qualify_steps.h"
#include "harness/store/bundle.h"
#include "harness/store/store.h"

/* A larger one is left out: all together must be read again. */
#define MAX_FILE_BYTES (32 * MIB)
#define RUN_NAME "run-"

static void add_file(struct qualification *q, const char *path,
		     const char *name)
{
	struct strbuf bytes = {0};

	if (!file_read(path, MAX_FILE_BYTES, &bytes) && bytes.len)
		qualification_add_exhibit(q, name, bytes.str, bytes.len);
	strbuf_release(&bytes);
}

/* Lines about the hypervisor alone: the rest of the log is nobody's business. */
static void add_kernel_log(struct qualification *q, const char *name)
{
	char *log = kernel_log_text(), *rest = log, *line;
	struct strbuf out = {0};

	while (rest && (line = strsep(&rest, "\n")))
		if (strcasestr(line, "hyper-v") || strcasestr(line, "hyperv") ||
		    strcasestr(line, "mshv"))
			strbuf_printf(&out, "%s\n", line);
	text_clean(out.str ? out.str : (char[]){""});
	qualification_add_exhibit(q, name, strbuf_str(&out), out.len);
	strbuf_release(&out);
	free(log);
}

void qualify_exhibits_begin(struct qualification *q, const char *folder)
{
	static const char *const old[] = {
		"qualify.db", "boot.trace",         "selftest.json",
		"probe.json", "kubevirt.txt",       "boot.html",
		"micro.html", "churn.html",         "footprint.html",
		"plan.html",  "qualification.html", "qualification.json.gz"};
	char path[400];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(old); i++) {
		snprintf(path, sizeof(path), "%.300s/%s", folder, old[i]);
		unlink(path);
	}
	add_kernel_log(q, "kernel-log.txt");
	add_file(q, "/proc/meminfo", "meminfo-before.txt");
	add_file(q, "/proc/cpuinfo", "cpuinfo.txt");
}

static void add_run(struct qualification *q, struct store *store,
		    const char *folder, int64_t run_id)
{
	char name[64], path[400];
	struct err ignored;
	size_t i;

	snprintf(name, sizeof(name), RUN_NAME "%" PRId64 ".json.gz", run_id);
	for (i = 0; i < q->exhibit_count; i++)
		if (!strcmp(q->exhibits[i].name, name))
			return;
	snprintf(path, sizeof(path), "%.300s/%s", folder, name);
	if (!evidence_export(store, run_id, NULL, path, &ignored))
		add_file(q, path, name);
	unlink(path);
}

static void add_runs(struct qualification *q, const char *folder)
{
	struct store *store = NULL;
	int64_t latest = 0, run_id;
	struct err ignored;
	char path[400];

	snprintf(path, sizeof(path), "%.300s/qualify.db", folder);
	if (access(path, R_OK) || store_open_readonly(path, &store, &ignored))
		return;
	if (!store_run_latest(store, &latest, &ignored))
		for (run_id = 1; run_id <= latest; run_id++)
			add_run(q, store, folder, run_id);
	store_close(store);
}

void qualify_exhibits_take(struct qualification *q, const char *folder,
			   size_t i)
{
	const char *name = qualify_step_file(i);
	const struct step *s = &q->steps[i];
	char path[400];

	if (name) {
		snprintf(path, sizeof(path), "%.300s/%s", folder, name);
		if (access(path, R_OK))
			qualification_add_exhibit(q, name, s->output,
						  strlen(s->output));
		else
			add_file(q, path, name);
	}
	add_runs(q, folder);
	add_kernel_log(q, "kernel-log.txt");
	add_file(q, "/proc/meminfo", "meminfo-after.txt");
}

static int open_run(const struct exhibit *e, struct err *err)
{
	int fd = memfd_create("run", MFD_CLOEXEC);
	int ret = fd < 0 ? -errno : file_write_all(fd, e->bytes, e->len);

	if (!ret && lseek(fd, 0, SEEK_SET))
		ret = -errno;
	if (!ret)
		return fd;
	if (fd >= 0)
		close(fd);
	return err_sys(err, ret, "cannot unpack '%s'", e->name);
}

int qualify_exhibits_each_run(const struct qualification *q, qualify_run_fn *fn,
			      void *arg, struct err *err)
{
	int ret = 0;
	size_t i;

	for (i = 0; i < q->exhibit_count && !ret; i++) {
		const struct exhibit *e = &q->exhibits[i];
		int fd;

		if (strncmp(e->name, RUN_NAME, strlen(RUN_NAME)) != 0)
			continue;
		fd = open_run(e, err);
		if (fd < 0)
			return fd;
		ret = fn(arg, fd, e->name, err);
		close(fd);
	}
	return ret;
}

struct import {
	struct store *store;
	size_t count;
};

static int import_run(void *arg, int fd, const char *name, struct err *err)
{
	struct import *im = arg;
	int64_t run_id;
	bool is_new;
	int ret = bundle_import_fd(im->store, fd, &run_id, &is_new, err);

	im->count += !ret;
	return ret ? err_wrap(err, "'%s'", name) : 0;
}

int qualify_exhibits_import(const struct qualification *q, struct store *store,
			    size_t *count, struct err *err)
{
	struct import im = {.store = store};
	int ret = qualify_exhibits_each_run(q, import_run, &im, err);

	*count = im.count;
	return ret;
}
