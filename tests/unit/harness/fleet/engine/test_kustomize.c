// SPDX-License-Identifier: GPL-3.0-or-later
/* kustomize: a base of files that name each other, and keep a token to its owner. */
#include "tests/unit/test.h"

#include <errno.h>
#include <sys/stat.h>

#include "harness/base/file.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/fleet/engine/kustomize.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/fleet.h"
#include "tests/unit/fixture/scratch.h"

/* The file's text, for the caller to free; *MODE is that of its rights. */
static char *text_of(const char *folder, const char *name, mode_t *mode)
{
	char *path = xasprintf("%s/%s", folder, name);
	struct strbuf sb = {0};
	struct stat st;

	if (file_read_whole(path, MIB, &sb) || stat(path, &st))
		fail_msg("there is no %s", path);
	*mode = st.st_mode & 0777;
	free(path);
	return sb.str;
}

static char *written_kustomization(const char *image)
{
	struct fleet_manifest m = fleet_settings();
	char folder[SCRATCH_SIZE];
	struct err err;
	char *text;
	mode_t mode;

	m.image = image;
	scratch_folder(folder, "kustomize");
	assert_int_equal(kustomize_write(&m, folder, "a fleet", &err), 0);
	text = text_of(folder, "kustomization.yaml", &mode);
	scratch_remove(folder);
	return text;
}

static void a_base_names_its_files_once(void **state)
{
	char *text = written_kustomization("registry:5000/a/bench:v1");

	(void)state;
	assert_contains(text, "# a fleet\n---\n");
	assert_contains(text, "resources:\n- namespace.yaml\n- access.yaml\n"
			      "- jobs.yaml\nlabels:");
	assert_contains(text, "images:\n- name: registry:5000/a/bench\n"
			      "  newTag: v1\n");
	free(text);
}

static void an_image_may_have_a_digest_or_nothing(void **state)
{
	char *text = written_kustomization("a.b/bench@sha256:12ab");

	(void)state;
	assert_contains(text, "- name: a.b/bench\n  digest: sha256:12ab\n");
	free(text);
	text = written_kustomization("a.b:5000/bench:v1@sha256:12ab");
	assert_contains(text,
			"- name: a.b:5000/bench\n  digest: sha256:12ab\n");
	free(text);
	text = written_kustomization("bench@12ab");
	assert_contains(text, "- name: bench\n  digest: \"12ab\"\n");
	free(text);
	text = written_kustomization("registry:5000/bench");
	assert_contains(text, "- name: registry:5000/bench\n");
	assert_int_equal(count_of(text, "newTag"), 0);
	free(text);
}

/* Even where another could read the file that was there. */
static void secrets_are_their_owners_alone(void **state)
{
	struct fleet_manifest m = fleet_settings();
	char folder[SCRATCH_SIZE];
	char *path, *text;
	struct err err;
	mode_t mode;

	(void)state;
	m.token = "tok";
	scratch_folder(folder, "kustomize");
	path = xasprintf("%s/secrets.yaml", folder);
	assert_int_equal(file_write(path, "old", 3, &err), 0);
	assert_int_equal(chmod(path, 0666), 0);
	assert_int_equal(kustomize_write(&m, folder, "a fleet", &err), 0);
	text = text_of(folder, "secrets.yaml", &mode);
	assert_int_equal(mode, 0600);
	assert_contains(text, "token: tok");
	free(text);
	text = text_of(folder, "jobs.yaml", &mode);
	assert_int_equal(count_of(text, "tok\n"), 0);
	free(text);
	free(path);
	scratch_remove(folder);
}

static void what_cannot_be_written_is_told(void **state)
{
	struct fleet_manifest m = fleet_settings();
	struct err err;

	(void)state;
	assert_int_not_equal(kustomize_write(&m, "/proc/fleet", "c", &err), 0);
	assert_contains(err.msg, "/proc/fleet");
	m.fleet = "A";
	assert_int_equal(kustomize_write(&m, "/tmp", "c", &err), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_base_names_its_files_once),
		cmocka_unit_test(an_image_may_have_a_digest_or_nothing),
		cmocka_unit_test(secrets_are_their_owners_alone),
		cmocka_unit_test(what_cannot_be_written_is_told),
	};

	return RUN_TESTS(tests);
}
