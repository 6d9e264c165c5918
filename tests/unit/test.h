/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TESTS_UNIT_TEST_H
#define TESTS_UNIT_TEST_H

/* test - cmocka with what it wants included first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/base/base.h"
#include "harness/base/err.h"

#define RUN_TESTS(list) cmocka_run_group_tests(list, NULL, NULL)

#endif
