// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	admissionv1 "k8s.io/api/admission/v1"
	k8sv1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	k8sfield "k8s.io/apimachinery/pkg/util/validation/field"
	k8sfake "k8s.io/client-go/kubernetes/fake"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/cache"
	kv1 "kubevirt.io/api/core/v1"
	"kubevirt.io/client-go/kubecli"
	"sigs.k8s.io/yaml"

	nadv1 "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"

	"kubevirt.io/kubevirt/pkg/testutils"
	"kubevirt.io/kubevirt/pkg/virt-api/webhooks"
	"kubevirt.io/kubevirt/pkg/virt-api/webhooks/mutating-webhook/mutators"
	"kubevirt.io/kubevirt/pkg/virt-api/webhooks/validating-webhook/admitters"
	virtconfig "kubevirt.io/kubevirt/pkg/virt-config"
)

// cluster is what KubeVirt's code looks at beside the guest.
type cluster struct {
	config     *virtconfig.ClusterConfig
	raw        *kv1.KubeVirtConfiguration
	hypervisor string
	client     kubecli.KubevirtClient
	claims     cache.Store
	quotas     cache.Store
	namespaces cache.Store
}

// fakeClient answers the two questions that rendering asks of the API server;
// any other ends in a panic, which answerGuest reports.
type fakeClient struct {
	kubecli.KubevirtClient
	core *k8sfake.Clientset
	nets netClient
}

func (f *fakeClient) CoreV1() corev1client.CoreV1Interface { return f.core.CoreV1() }
func (f *fakeClient) NetworkClient() netClient             { return f.nets }

// newCluster holds just what the guest names: its claims, its networks, its
// devices as permitted ones.
func newCluster(o *Options, vmi *kv1.VirtualMachineInstance) (*cluster, []string, error) {
	var notes []string
	conf := map[string]any{}
	for k, v := range o.config {
		conf[k] = v
	}
	if _, given := conf["permittedHostDevices"]; !given {
		names := map[string]bool{}
		for _, d := range vmi.Spec.Domain.Devices.GPUs {
			names[d.DeviceName] = true
		}
		for _, d := range vmi.Spec.Domain.Devices.HostDevices {
			names[d.DeviceName] = true
		}
		var list []any
		for _, n := range sortedKeys(names) {
			if n != "" {
				list = append(list, map[string]any{"pciVendorSelector": "1af4:1000", "resourceName": n, "externalResourceProvider": true})
			}
		}
		if list != nil {
			conf["permittedHostDevices"] = map[string]any{"pciHostDevices": list}
		}
	}
	if _, given := conf["network"]; !given {
		plugins := map[string]any{}
		for _, b := range bindings(vmi) {
			plugins[b] = map[string]any{"sidecarImage": "binding:tag"}
			notes = append(notes, "network binding plugin '"+b+"' is taken as registered, with a sidecar and no overhead of its own")
		}
		if len(plugins) > 0 {
			conf["network"] = map[string]any{"binding": plugins}
		}
	}
	doc, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"name": "kubevirt", "namespace": "kubevirt"},
		"spec":     map[string]any{"configuration": conf},
		"status":   map[string]any{"phase": "Deployed", "defaultArchitecture": o.arch},
	})
	if err != nil {
		return nil, nil, err
	}
	kv := &kv1.KubeVirt{}
	if err := json.Unmarshal(doc, kv); err != nil {
		return nil, nil, fmt.Errorf("configuration: %w", err)
	}
	if err := yaml.UnmarshalStrict(doc, &kv1.KubeVirt{}); err != nil {
		notes = append(notes, "configuration: "+strings.Join(strings.Fields(err.Error()), " "))
	}
	cl := &cluster{hypervisor: o.hypervisor}
	cl.config, _, _ = testutils.NewFakeClusterConfigUsingKVWithCPUArch(kv, o.arch)
	cl.raw = cl.config.GetConfig()

	store := func() cache.Store { return cache.NewStore(cache.DeletionHandlingMetaNamespaceKeyFunc) }
	cl.claims, cl.quotas, cl.namespaces = store(), store(), store()
	ns := vmi.Namespace
	cl.namespaces.Add(&k8sv1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: ns}})
	if o.quota != "" {
		hard := k8sv1.ResourceList{}
		for _, n := range strings.Split(o.quota, ",") {
			hard[k8sv1.ResourceName(n)] = resource.MustParse("1Ti")
		}
		cl.quotas.Add(&k8sv1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Name: "quota", Namespace: ns}, Spec: k8sv1.ResourceQuotaSpec{Hard: hard}})
	}
	// The claim that a persistent TPM or EFI needs, by name and by label.
	state := "persistent-state-for"
	cl.claims.Add(&k8sv1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{
		Name: state + "-" + vmi.Name, Namespace: ns, Labels: map[string]string{state: vmi.Name}}})
	mode := k8sv1.PersistentVolumeFilesystem
	if o.blockPVC {
		mode = k8sv1.PersistentVolumeBlock
	}
	for _, v := range vmi.Spec.Volumes {
		for _, name := range claimNames(v) {
			cl.claims.Add(&k8sv1.PersistentVolumeClaim{
				ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: ns},
				Spec:       k8sv1.PersistentVolumeClaimSpec{VolumeMode: &mode, AccessModes: []k8sv1.PersistentVolumeAccessMode{k8sv1.ReadWriteMany}},
			})
		}
	}
	fc := &fakeClient{core: k8sfake.NewSimpleClientset(), nets: newNetClient()}
	cl.client = fc
	sriov := map[string]bool{}
	for _, i := range vmi.Spec.Domain.Devices.Interfaces {
		sriov[i.Name] = i.SRIOV != nil
	}
	for _, n := range vmi.Spec.Networks {
		if n.Multus == nil {
			continue
		}
		nns, name := ns, n.Multus.NetworkName
		if i := strings.Index(name, "/"); i >= 0 {
			nns, name = name[:i], name[i+1:]
		}
		nad := &nadv1.NetworkAttachmentDefinition{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: nns}}
		if sriov[n.Name] {
			nad.Annotations = map[string]string{"k8s.v1.cni.cncf.io/resourceName": "example.com/" + name}
		}
		fc.nets.K8sCniCncfIoV1().NetworkAttachmentDefinitions(nns).Create(context.Background(), nad, metav1.CreateOptions{})
	}
	return cl, notes, nil
}

func claimNames(v kv1.Volume) []string {
	var s []string
	if v.PersistentVolumeClaim != nil {
		s = append(s, v.PersistentVolumeClaim.ClaimName)
	}
	if v.DataVolume != nil {
		s = append(s, v.DataVolume.Name)
	}
	if v.Ephemeral != nil && v.Ephemeral.PersistentVolumeClaim != nil {
		s = append(s, v.Ephemeral.PersistentVolumeClaim.ClaimName)
	}
	if v.MemoryDump != nil {
		s = append(s, v.MemoryDump.ClaimName)
	}
	return s
}

// mutate posts the guest to the mutating webhook and takes its patch.
func mutate(cl *cluster, vmi *kv1.VirtualMachineInstance) (*kv1.VirtualMachineInstance, error) {
	raw, err := json.Marshal(vmi)
	if err != nil {
		return nil, err
	}
	presets, _ := testutils.NewFakeInformerFor(&kv1.VirtualMachineInstancePreset{})
	m := &mutators.VMIsMutator{ClusterConfig: cl.config, VMIPresetInformer: presets}
	resp := m.Mutate(&admissionv1.AdmissionReview{Request: &admissionv1.AdmissionRequest{
		Operation: admissionv1.Create,
		Namespace: vmi.Namespace,
		Resource:  webhooks.VirtualMachineInstanceGroupVersionResource,
		Object:    runtime.RawExtension{Raw: raw},
	}})
	if !resp.Allowed {
		var why []string
		if resp.Result != nil {
			why = append(why, resp.Result.Message)
			if resp.Result.Details != nil {
				for _, c := range resp.Result.Details.Causes {
					why = append(why, c.Field+": "+c.Message)
				}
			}
		}
		return nil, errors.New(strings.Join(why, "; "))
	}
	var ops []struct {
		Op, Path string
		Value    json.RawMessage
	}
	if err := json.Unmarshal(resp.Patch, &ops); err != nil {
		return nil, err
	}
	out := vmi.DeepCopy()
	for _, op := range ops {
		switch op.Path {
		case "/spec":
			out.Spec = kv1.VirtualMachineInstanceSpec{}
			err = json.Unmarshal(op.Value, &out.Spec)
		case "/metadata":
			out.ObjectMeta = metav1.ObjectMeta{}
			err = json.Unmarshal(op.Value, &out.ObjectMeta)
		case "/status":
			out.Status = kv1.VirtualMachineInstanceStatus{}
			err = json.Unmarshal(op.Value, &out.Status)
		default:
			err = fmt.Errorf("a patch of %s is not known here", op.Path)
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// validate asks the validating webhook about the spec.
func validate(cl *cluster, vmi *kv1.VirtualMachineInstance) []string {
	var s []string
	for _, c := range admitters.ValidateVirtualMachineInstanceSpec(k8sfield.NewPath("spec"), &vmi.Spec, cl.config) {
		s = append(s, c.Field+": "+c.Message)
	}
	return s
}
