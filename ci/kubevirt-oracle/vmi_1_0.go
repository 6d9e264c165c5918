// SPDX-License-Identifier: GPL-3.0-or-later

//go:build !kv1_1

package main

import kv1 "kubevirt.io/api/core/v1"

func maxGuest(*kv1.VirtualMachineInstance) *int64 { return nil }

func bindings(*kv1.VirtualMachineInstance) []string { return nil }
