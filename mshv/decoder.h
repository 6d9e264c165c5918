/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MSHV_DECODER_H
#define MSHV_DECODER_H

/*
 * decoder - where the functions of Zydis come from. Most programs are linked with
 * the library (decoder_linked.c). The VMM loads it itself, and only where a guest
 * runs under mshv or its emulator (decoder_lazy.c): nothing else decodes
 * instructions, and loading is part of the measured start and memory.
 */
struct err;

/* Before the first Zydis function, and before a sandbox that forbids opening files.
 * One thread at a time; again is fine. 0, or a negative errno and ERR. */
int decoder_load(struct err *err);

#endif
