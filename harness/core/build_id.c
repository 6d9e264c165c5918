// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/core/build_id.h"

#include <elf.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "harness/base/file.h"

#define MAX_NOTES_BYTES 4096
#define MAX_SEGMENTS 64

/* All of SIZE, however short the reads are. */
static bool read_at(int fd, void *buf, size_t size, uint64_t offset)
{
	size_t done = 0;

	while (done < size && offset <= INT64_MAX) {
		ssize_t n = pread(fd, (char *)buf + done, size - done,
				  (off_t)(offset + done));

		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	return done == size;
}

/* Notes are aligned to four bytes (gABI, Note Section). */
static size_t aligned(uint32_t size)
{
	return ((size_t)size + 3) & ~(size_t)3;
}

static bool find_in_notes(const unsigned char *notes, size_t size,
			  char buf[BUILD_ID_SIZE])
{
	size_t at = 0;

	while (at + sizeof(Elf64_Nhdr) <= size) {
		Elf64_Nhdr n;
		const unsigned char *name, *id;
		size_t i, left;

		memcpy(&n, notes + at, sizeof(n));
		at += sizeof(n);
		left = size - at;
		if (aligned(n.n_namesz) > left ||
		    aligned(n.n_descsz) > left - aligned(n.n_namesz))
			return false;
		name = notes + at;
		id = name + aligned(n.n_namesz);
		at += aligned(n.n_namesz) + aligned(n.n_descsz);
		if (n.n_type != NT_GNU_BUILD_ID || n.n_namesz != 4 ||
		    memcmp(name, "GNU", 4))
			continue;
		for (i = 0; i < n.n_descsz && 2 * i + 2 < BUILD_ID_SIZE; i++)
			snprintf(buf + 2 * i, 3, "%02x", id[i]);
		return n.n_descsz > 0;
	}
	return false;
}

static bool find_in_file(int fd, char buf[BUILD_ID_SIZE])
{
	unsigned char notes[MAX_NOTES_BYTES];
	Elf64_Ehdr e;
	Elf64_Phdr p;
	unsigned int i;

	if (!read_at(fd, &e, sizeof(e), 0) ||
	    memcmp(e.e_ident, ELFMAG, SELFMAG) ||
	    e.e_ident[EI_CLASS] != ELFCLASS64 || e.e_phentsize != sizeof(p))
		return false;
	for (i = 0; i < e.e_phnum && i < MAX_SEGMENTS; i++)
		if (read_at(fd, &p, sizeof(p), e.e_phoff + i * sizeof(p)) &&
		    p.p_type == PT_NOTE && p.p_filesz <= sizeof(notes) &&
		    read_at(fd, notes, p.p_filesz, p.p_offset) &&
		    find_in_notes(notes, p.p_filesz, buf))
			return true;
	return false;
}

const char *build_id_of(const char *path, char buf[BUILD_ID_SIZE])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	buf[0] = '\0';
	if (fd < 0)
		return buf;
	if (!find_in_file(fd, buf))
		buf[0] = '\0';
	close(fd);
	return buf;
}

/* From memory, which cannot fail as a file can. */
const char *build_id_own(char buf[BUILD_ID_SIZE])
{
	const Elf64_Phdr *p = (const Elf64_Phdr *)getauxval(AT_PHDR);
	unsigned long count = getauxval(AT_PHNUM), i;
	uintptr_t base = 0;

	buf[0] = '\0';
	for (i = 0; p && i < count; i++)
		if (p[i].p_type == PT_PHDR)
			base = (uintptr_t)p - p[i].p_vaddr;
	for (i = 0; p && i < count; i++)
		if (p[i].p_type == PT_NOTE &&
		    find_in_notes((const unsigned char *)base + p[i].p_vaddr,
				  p[i].p_memsz, buf))
			break;
	return buf;
}

const char *build_id_beside(const char *name, char buf[BUILD_ID_SIZE])
{
	char *path = file_beside_exe(name);

	build_id_of(path, buf);
	free(path);
	return buf;
}
