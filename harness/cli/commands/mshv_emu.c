// SPDX-License-Identifier: GPL-3.0-or-later
/* mshv-emu - run a program that wants /dev/mshv on a machine without one. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/file.h"
#include "harness/base/xmalloc.h"
#include "harness/cli/commands.h"

#define MAX_HEADERS 64

static const char usage[] =
	"usage: l1vh-bench mshv-emu [--hide-kvm] -- COMMAND [ARGUMENT...]\n"
	"Run a VMM that drives /dev/mshv on a host that has /dev/kvm only. The\n"
	"interface is emulated by a library that LD_PRELOAD puts in front of libc:\n"
	"COMMAND must be a dynamically linked program, or the dynamic loader with one.\n"
	"Its measurements do not describe a real device. The library ignores a seccomp\n"
	"filter that COMMAND installs.\n"
	"  --hide-kvm    hide /dev/kvm from COMMAND, which would prefer it\n"
	"Environment:\n"
	"  L1VH_MSHV_EMU_KERNEL  Linux version to emulate: 6.15, 6.19 or 7.0 (7.0)\n"
	"  L1VH_MSHV_EMU_KICKS   kept: a signal between two RUN_VPs ends the second;\n"
	"                        the driver's is lost, and QEMU 11 may hang at its end\n"
	"  L1VH_MSHV_EMU_LOG     file for what could not be emulated (stderr),\n"
	"                        each text once per process\n"
	"Exit status: the command's own; 64 usage, 70 it could not be started.\n";

/* Scripts and unreadable files are left to execvp() to judge. */
static bool is_static(const char *path)
{
	Elf64_Phdr headers[MAX_HEADERS];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool found = false;
	Elf64_Ehdr elf;
	size_t count, i;

	if (fd < 0)
		return false;
	if (read(fd, &elf, sizeof(elf)) != sizeof(elf) ||
	    memcmp(elf.e_ident, ELFMAG, SELFMAG)) {
		close(fd);
		return false;
	}
	count = elf.e_phnum < MAX_HEADERS ? elf.e_phnum : MAX_HEADERS;
	if (pread(fd, headers, count * sizeof(*headers), (off_t)elf.e_phoff) !=
	    (ssize_t)(count * sizeof(*headers)))
		count = 0;
	close(fd);
	for (i = 0; i < count; i++)
		found |= headers[i].p_type == PT_INTERP;
	return count && !found;
}

/* As execvp() will find it; the caller frees it. */
static char *find_program(const char *name)
{
	char *path = xstrdup(getenv("PATH") ?: "/usr/bin:/bin");
	char *rest = path, *folder, *found = NULL;

	if (strchr(name, '/')) {
		free(path);
		return xstrdup(name);
	}
	while (!found && (folder = strsep(&rest, ":"))) {
		found = xasprintf("%s/%s", folder, name);
		if (access(found, X_OK)) {
			free(found);
			found = NULL;
		}
	}
	free(path);
	return found ? found : xstrdup(name);
}

/* Its own name has no program interpreter: it is one. */
static bool is_loader(const char *path)
{
	const char *name = strrchr(path, '/');

	return !fnmatch("ld*.so*", name ? name + 1 : path, 0);
}

/* Of a command line of the loader (ld.so(8)): the program, or NULL. */
static const char *loaded_program(char *const *argv)
{
	static const char *const with_value[] = {"--library-path",
						 "--inhibit-rpath",
						 "--audit",
						 "--preload",
						 "--argv0",
						 "--glibc-hwcaps-prepend",
						 "--glibc-hwcaps-mask"};
	size_t i;

	while (*++argv && !strncmp(*argv, "--", 2))
		for (i = 0; i < ARRAY_SIZE(with_value); i++)
			if (!strcmp(*argv, with_value[i]) && argv[1]) {
				argv++;
				break;
			}
	return *argv;
}

static void preload_set(const char *library)
{
	const char *others = getenv("LD_PRELOAD");
	char *list = others && *others ? xasprintf("%s:%s", library, others)
				       : xstrdup(library);

	setenv("LD_PRELOAD", list, 1);
	free(list);
}

/* Become PROGRAM, with its words in ARGV. */
static int start(const char *program, char **argv, const char *library)
{
	const char *judged =
		is_loader(program) ? loaded_program(argv) : program;

	if (judged && is_static(judged))
		return complain(
			STATUS_INTERNAL,
			"mshv-emu: '%s' is statically linked: no library can be put in front of it",
			judged);
	if (access(library, R_OK))
		return complain(STATUS_INTERNAL, "mshv-emu: no '%s'", library);
	preload_set(library);
	signal(SIGPIPE, SIG_DFL); /* as any program expects it */
	execv(program, argv);
	return complain(STATUS_INTERNAL, "mshv-emu: cannot start '%s': %s",
			program, strerror(errno));
}

static int mshv_emu_run(int argc, char **argv)
{
	char *program, *library;
	int status;

	if (argc > 1 && !strcmp(argv[1], "--hide-kvm")) {
		setenv("L1VH_MSHV_EMU_HIDE_KVM", "1", 1);
		argv++;
		argc--;
	}
	if (argc > 1 && !strcmp(argv[1], "--")) {
		argv++;
		argc--;
	}
	if (argc < 2)
		return complain(STATUS_USAGE,
				"mshv-emu: no command given; see --help");
	if (access("/dev/kvm", R_OK | W_OK))
		return complain(
			STATUS_INTERNAL,
			"mshv-emu: the emulator stands on /dev/kvm, which cannot be opened: %s",
			strerror(errno));
	program = find_program(argv[1]);
	library = file_beside_exe("libmshv-emu.so");
	status = start(program, argv + 1, library);
	free(library);
	free(program);
	return status;
}

const struct command cmd_mshv_emu = {
	.name = "mshv-emu",
	.summary = "run a VMM for /dev/mshv on an emulated one",
	.usage = usage,
	.run = mshv_emu_run,
};
