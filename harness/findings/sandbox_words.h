/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_FINDINGS_SANDBOX_WORDS_H
#define HARNESS_FINDINGS_SANDBOX_WORDS_H

/* sandbox_words - what our VMM said of its sandbox, by the identity of a boot
 * (docs/sandbox.md). */

struct run_data;
struct strbuf;

/* Caller frees. NULL: of a boot with another VMM or without a guest. */
char *sandbox_words(const char *identity);

/* One line per sandbox that boots of RUN had: "sandbox of the VMM: WORDS". */
void sandbox_words_list(const struct run_data *run, struct strbuf *out);

#endif
