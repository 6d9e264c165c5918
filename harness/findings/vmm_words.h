/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_FINDINGS_VMM_WORDS_H
#define HARNESS_FINDINGS_VMM_WORDS_H

/* vmm_words - what stands in the identity of a boot about how its VMM ran. */

struct run_data;
struct strbuf;

enum vmm_fact {
	VMM_FACT_SANDBOX,   /* our VMM's, see docs/sandbox.md */
	VMM_FACT_PLACEMENT, /* of a pinned run, natively as well */
	VMM_FACT_VERSION,   /* of others' VMMs; ours is the run's revision */
	VMM_FACT_COUNT,
};

/* Caller frees. NULL: of a boot that does not say it. */
char *vmm_words(const char *identity, enum vmm_fact fact);

/* One line for each thing that boots of RUN say: "sandbox of the VMM: WORDS". */
void vmm_words_list(const struct run_data *run, struct strbuf *out);

#endif
