/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_CORE_BUILD_ID_H
#define HARNESS_CORE_BUILD_ID_H

/* build_id - the linker's checksum of a program (NT_GNU_BUILD_ID), which tells two
 * builds of one revision apart. */
#define BUILD_ID_SIZE 41 /* SHA-1 as text */

/* Of the ELF file at PATH, as hexadecimal text into BUF; "" where it has none. */
const char *build_id_of(const char *path, char buf[BUILD_ID_SIZE]);

const char *build_id_own(char buf[BUILD_ID_SIZE]); /* of this process */

/* Of the program of that name in this one's folder. */
const char *build_id_beside(const char *name, char buf[BUILD_ID_SIZE]);

#endif
