/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_BASE_BANNED_H
#define HARNESS_BASE_BANNED_H

/*
 * banned - calls that no file of ours may make. The Makefile puts this in
 * front of every source file; the headers are read first so that their own
 * declarations do not trip over the poison.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#pragma GCC poison strcpy strcat sprintf vsprintf atoi atol strtok gmtime
#pragma GCC poison localtime

#endif
