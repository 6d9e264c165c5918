// SPDX-License-Identifier: GPL-3.0-or-later

//go:build !kv1_8

package main

import (
	"github.com/mitchellh/go-ps"
	"k8s.io/apimachinery/pkg/api/resource"
	kv1 "kubevirt.io/api/core/v1"

	"kubevirt.io/kubevirt/pkg/virt-controller/services"
	"kubevirt.io/kubevirt/pkg/virt-handler/isolation"
)

func overhead(cl *cluster, vmi *kv1.VirtualMachineInstance, arch string) resource.Quantity {
	return services.GetMemoryOverhead(vmi, arch, cl.raw.AdditionalGuestMemoryOverheadRatio)
}

type standIn struct {
	isolation.PodIsolationDetector
	isolation.IsolationResult
	pid int
}

func (s *standIn) Detect(*kv1.VirtualMachineInstance) (isolation.IsolationResult, error) {
	return s, nil
}
func (s *standIn) GetQEMUProcess() (ps.Process, error) { return ps.FindProcess(s.pid) }

func adjustMemlock(cl *cluster, vmi *kv1.VirtualMachineInstance, pid int) error {
	return isolation.AdjustQemuProcessMemoryLimits(&standIn{pid: pid}, vmi, cl.raw.AdditionalGuestMemoryOverheadRatio)
}
