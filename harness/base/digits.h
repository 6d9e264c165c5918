/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_BASE_DIGITS_H
#define HARNESS_BASE_DIGITS_H

/* digits - numbers as JSON has them, byte for byte as jansson writes them, for those
 * who write ten million. */
#include <stdint.h>

struct strbuf;

void digits_add_count(struct strbuf *out, uint64_t value);

/* With as many digits as tell it from every other, and never as a whole number: "1.0".
 * VALUE is finite. */
void digits_add_real(struct strbuf *out, double value);

#endif
