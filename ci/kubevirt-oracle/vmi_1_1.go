// SPDX-License-Identifier: GPL-3.0-or-later

//go:build kv1_1

package main

import kv1 "kubevirt.io/api/core/v1"

func maxGuest(vmi *kv1.VirtualMachineInstance) *int64 {
	return bytesOf(vmi.Spec.Domain.Memory.MaxGuest)
}

// bindings names the network binding plugins that the guest asks for.
func bindings(vmi *kv1.VirtualMachineInstance) []string {
	names := map[string]bool{}
	for _, i := range vmi.Spec.Domain.Devices.Interfaces {
		if i.Binding != nil {
			names[i.Binding.Name] = true
		}
	}
	return sortedKeys(names)
}
