// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/file.h"
#include "harness/base/sha256.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/cli/commands.h"
#include "harness/core/bench_case.h"
#include "runners/libvirt/libvirt_domain.h"

#define MANIFEST_MAX 65536

/* -errno when it cannot be read. */
static int file_sha256(const char *path, char hex[SHA256_HEX + 1])
{
	FILE *f = fopen(path, "re");
	struct sha256 *sum;
	char buf[65536];
	size_t n;

	if (!f)
		return -errno;
	sum = sha256_create();
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		sha256_add(sum, buf, n);
	sha256_take(sum, hex);
	sha256_destroy(sum);
	fclose(f);
	return 0;
}

/* Print ROW of the manifest; whether it names a file, and that is as named. */
static void check_row(const char *folder, const char *row, bool *has_sum,
		      bool *is_same)
{
	char name[128], want[65], have[SHA256_HEX + 1] = "";
	char *path;

	printf("%s", row);
	*has_sum = sscanf(row, "sha256 %127s %64s", name, want) == 2;
	if (*has_sum) {
		path = xasprintf("%s/%s", folder, name);
		file_sha256(path, have);
		*is_same = !strcmp(want, have);
		printf(" %s", *is_same ? "ok" : "DIFFERS");
		free(path);
	}
	putchar('\n');
}

/* TEXT is cut up. A manifest that was cut short may have no sum at all. */
static int inspect_rows(const char *folder, char *text)
{
	size_t sum_count = 0, bad_count = 0;
	char *row;

	while ((row = strsep(&text, "\n"))) {
		bool has_sum, is_same = true;

		if (!*row)
			continue;
		check_row(folder, row, &has_sum, &is_same);
		sum_count += has_sum;
		bad_count += !is_same;
	}
	if (sum_count && !bad_count)
		return STATUS_OK;
	return complain(STATUS_UNDECIDED, "%s; run 'l1vh-bench guest build'",
			bad_count ? "a file differs from the manifest"
				  : "the manifest has no checksum");
}

static int inspect(void)
{
	char *folder = file_beside_exe("guest");
	char *manifest = xasprintf("%s/manifest", folder);
	struct strbuf text = {0};
	int status;

	if (file_read_whole(manifest, MANIFEST_MAX, &text))
		status = complain(
			STATUS_USAGE,
			"cannot read '%s'; build the guest with 'l1vh-bench guest build'",
			manifest);
	else
		status = inspect_rows(folder, text.str);
	strbuf_release(&text);
	free(manifest);
	free(folder);
	return status;
}

static int build(void)
{
	char *script = file_beside_exe("../workloads/guest/build-image");
	char *fetch = file_beside_exe("../ci/fetch-kernel");
	char *kernel = file_beside_exe("kernel");
	char *agent = file_beside_exe("guest-agent");
	char *out = file_beside_exe("guest");
	const char *const line =
		"\"$0\" \"$1\" && \"$2\" \"$1\" \"$3\" \"$4\" && cat \"$4/manifest\"";

	execl("/bin/sh", "sh", "-c", line, fetch, kernel, script, agent, out,
	      (char *)NULL);
	return complain(STATUS_INTERNAL, "cannot start '%s': %s", script,
			strerror(errno));
}

/* Of a guest as the plan's quick ones are. */
static int domain_xml(int argc, char **argv)
{
	static const char *const types[] = {"kvm", "hyperv", "qemu"};
	const char *type = argc > 2 ? argv[2] : "kvm";
	struct bench_case bc = {.vcpu_count = 1, .ram_bytes = 512 * MIB};
	struct strbuf xml = {0};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(types) && strcmp(types[i], type); i++)
		;
	if (argc > 3 || i == ARRAY_SIZE(types))
		return complain(
			STATUS_USAGE,
			"guest domain-xml: expected kvm, hyperv or qemu");
	libvirt_domain_xml(type, &bc, &xml);
	fputs(xml.str, stdout);
	strbuf_release(&xml);
	return STATUS_OK;
}

static int guest_run(int argc, char **argv)
{
	if (argc >= 2 && !strcmp(argv[1], "domain-xml"))
		return domain_xml(argc, argv);
	if (argc == 2 && !strcmp(argv[1], "build"))
		return build();
	if (argc == 2 && !strcmp(argv[1], "inspect"))
		return inspect();
	return complain(STATUS_USAGE,
			"guest: expected 'build', 'inspect' or 'domain-xml'");
}

const struct command cmd_guest = {
	.name = "guest",
	.summary = "build the guest image, or check its files",
	.usage =
		"usage: l1vh-bench guest build|inspect\n"
		"       l1vh-bench guest domain-xml [kvm|hyperv|qemu]\n"
		"build    unpack Debian's cloud kernel and make the initramfs; the build is\n"
		"         reproducible\n"
		"inspect  print the manifest and check the files against it\n"
		"domain-xml  print the guest's libvirt domain XML\n"
		"Exit status: 0, 2 a file differs from the manifest, 64 usage or no guest.\n",
	.run = guest_run,
};
