// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/fleet/engine/kustomize.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/xmalloc.h"
#include "harness/fleet/engine/manifest.h"
#include "harness/fleet/engine/yaml_out.h"

#define MAX_PARTS 8
#define READABLE 0644
#define OWNER_ONLY 0600

/* A file that is open until all is written. */
struct part {
	const char *name;
	FILE *out;
};

struct base {
	const char *folder, *comment;
	struct part parts[MAX_PARTS];
	size_t count;
};

static int open_part(struct base *b, const char *name, FILE **out,
		     struct err *err)
{
	char *path = xasprintf("%s/%s.yaml", b->folder, name);
	int mode = strcmp(name, "secrets") != 0 ? READABLE : OWNER_ONLY;
	int fd;

	/* Not into what another made there, with rights of its own. */
	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	*out = fd < 0 ? NULL : fdopen(fd, "w");
	if (!*out) {
		err_sys(err, -errno, "cannot create '%s'", path);
		if (fd >= 0)
			close(fd);
	} else {
		fprintf(*out, "# %s\n", b->comment);
	}
	free(path);
	return *out ? 0 : err->code;
}

static int take(const char *name, const json_t *object, void *arg,
		struct err *err)
{
	struct base *b = arg;
	FILE *out = NULL;
	size_t i;
	int ret;

	for (i = 0; i < b->count; i++)
		if (!strcmp(b->parts[i].name, name))
			return yaml_out_write(object, b->parts[i].out, err);
	ret = open_part(b, name, &out, err);
	if (ret)
		return ret;
	b->parts[b->count++] = (struct part){name, out};
	return yaml_out_write(object, out, err);
}

/* "registry:5000/bench:v1" is a name and a tag, "bench@sha256:..." a digest, which may
 * have a tag before it. */
static json_t *image_entry(const char *image)
{
	const char *slash = strrchr(image, '/');
	const char *digest = strchr(image, '@');
	const char *tag = strchr(slash ? slash : image, ':');

	if (digest)
		return json_pack(
			"{ss# ss}", "name", image,
			(int)((tag && tag < digest ? tag : digest) - image),
			"digest", digest + 1);
	if (tag)
		return json_pack("{ss# ss}", "name", image, (int)(tag - image),
				 "newTag", tag + 1);
	return json_pack("{ss}", "name", image);
}

static json_t *kustomization(const struct base *b,
			     const struct fleet_manifest *m)
{
	json_t *files = json_array();
	size_t i;

	for (i = 0; i < b->count; i++) {
		char *name = xasprintf("%s.yaml", b->parts[i].name);

		json_array_append_new(files, json_string(name));
		free(name);
	}
	return json_pack("{ss ss ss so s[{s{ss} sb}] s[o]}", "apiVersion",
			 "kustomize.config.k8s.io/v1beta1", "kind",
			 "Kustomization", "namespace", m->space, "resources",
			 files, "labels", "pairs", "app.kubernetes.io/part-of",
			 "l1vh-bench", "includeSelectors", 0, "images",
			 image_entry(m->image));
}

static int write_kustomization(struct base *b, const struct fleet_manifest *m,
			       struct err *err)
{
	json_t *object = kustomization(b, m);
	int ret = object ? take("kustomization", object, b, err)
			 : err_set(err, -EINVAL, "the image is not UTF-8");

	json_decref(object);
	return ret;
}

/* What could not be written, a full disk's for one, is told here at last. */
static int close_parts(struct base *b, struct err *err)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < b->count; i++) {
		bool is_lost = ferror(b->parts[i].out);

		if ((fclose(b->parts[i].out) || is_lost) && !ret)
			ret = err_sys(err, -errno, "cannot write '%s/%s.yaml'",
				      b->folder, b->parts[i].name);
	}
	return ret;
}

int kustomize_write(const struct fleet_manifest *m, const char *folder,
		    const char *comment, struct err *err)
{
	struct base b = {.folder = folder, .comment = comment};
	const struct manifest_sink sink = {.take = take, .arg = &b};
	struct err ignored;
	int ret = file_mkdirs(folder, err);

	if (!ret)
		ret = fleet_manifest_write(m, &sink, err);
	if (!ret)
		ret = write_kustomization(&b, m, err);
	if (!ret)
		return close_parts(&b, err);
	close_parts(&b, &ignored);
	return ret;
}
