// SPDX-License-Identifier: GPL-3.0-or-later

// kubevirt-oracle asks one KubeVirt release, linked in as a library, what it
// makes of a manifest: the defaults of its webhook, its memory overhead, the
// pod it renders and the memlock limit it sets. One JSON line per guest.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"sort"
	"strings"

	k8sv1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	yamlstream "k8s.io/apimachinery/pkg/util/yaml"
	kv1 "kubevirt.io/api/core/v1"
	"kubevirt.io/client-go/log"
	"sigs.k8s.io/yaml"
)

// tag is set by the linker.
var tag = "unknown"

// Container is what one container of the pod asks for. Memory and huge pages
// are bytes, CPU is thousandths, everything else is a count.
type Container struct {
	Name     string           `json:"name"`
	Init     bool             `json:"init,omitempty"`
	Stays    bool             `json:"restarts,omitempty"` // an init container that runs on
	Requests map[string]int64 `json:"requests"`
	Limits   map[string]int64 `json:"limits"`
}

// Answer is one output line. A pointer that is null was not reached; Error
// or Notes say why.
type Answer struct {
	Tag       string `json:"tag"`
	File      string `json:"file"`
	Document  int    `json:"document"`
	Kind      string `json:"kind,omitempty"`
	Name      string `json:"name,omitempty"`
	Namespace string `json:"namespace,omitempty"`
	Arch      string `json:"arch,omitempty"`

	Overhead         *int64 `json:"overhead_bytes"`
	OverheadUndecked *int64 `json:"overhead_without_webhook_bytes"`
	ComputeRequest   *int64 `json:"compute_request_bytes"`
	ComputeLimit     *int64 `json:"compute_limit_bytes"`
	PodRequest       *int64 `json:"pod_request_bytes"`
	PodLimit         *int64 `json:"pod_limit_bytes"`
	Memlock          any    `json:"memlock_bytes"`

	Guest       *int64          `json:"guest_bytes"`
	MaxGuest    *int64          `json:"max_guest_bytes"`
	VMIRequests map[string]any  `json:"vmi_requests,omitempty"`
	VMILimits   map[string]any  `json:"vmi_limits,omitempty"`
	CPU         json.RawMessage `json:"cpu,omitempty"`
	QOS         string          `json:"qos,omitempty"`
	Containers  []Container     `json:"containers,omitempty"`
	Rejected    []string        `json:"rejected,omitempty"`
	Notes       []string        `json:"notes,omitempty"`
	Error       string          `json:"error,omitempty"`
	VMI         any             `json:"vmi,omitempty"`
	Pod         any             `json:"pod,omitempty"`
}

func (a *Answer) note(format string, v ...any) { a.Notes = append(a.Notes, fmt.Sprintf(format, v...)) }

// Options are the settings of the cluster.
type Options struct {
	config     map[string]any
	arch       string
	hypervisor string
	namespace  string
	blockPVC   bool
	quota      string
	printVMI   bool
	printPod   bool
	strictness bool
}

// guest is one VirtualMachineInstance as it would be posted.
type guest struct {
	kind, name, namespace string
	vmi                   *kv1.VirtualMachineInstance
	notes                 []string
}

func main() {
	fs := flag.NewFlagSet("kubevirt-oracle", flag.ExitOnError)
	var o Options
	var configFile, ratio, rollout, gates, cpuModel string
	var overcommit, hotplug int
	fs.StringVar(&configFile, "config", "", "a file with spec.configuration of the KubeVirt object, YAML or JSON")
	fs.StringVar(&ratio, "ratio", "", "additionalGuestMemoryOverheadRatio")
	fs.IntVar(&overcommit, "overcommit-percent", 0, "developerConfiguration.memoryOvercommit (KubeVirt's own: 100)")
	fs.StringVar(&rollout, "rollout", "", "vmRolloutStrategy: LiveUpdate or Stage (empty: the tag's own)")
	fs.StringVar(&gates, "gates", "", "feature gates, with commas between")
	fs.IntVar(&hotplug, "max-hotplug-ratio", 0, "liveUpdateConfiguration.maxHotplugRatio (KubeVirt's own: 4)")
	fs.StringVar(&cpuModel, "cpu-model", "", "the cluster's cpuModel")
	fs.StringVar(&o.arch, "arch", "amd64", "the cluster's architecture")
	fs.StringVar(&o.hypervisor, "hypervisor", "", "hyperv-direct turns the gate and the hypervisor on (v1.8 and later)")
	fs.StringVar(&o.namespace, "namespace", "default", "namespace of what names none")
	fs.StringVar(&o.quota, "quota", "", "a ResourceQuota in the guest's namespace: limits.memory, limits.cpu or both with a comma")
	fs.BoolVar(&o.blockPVC, "block", false, "claims are block devices, not file systems")
	fs.BoolVar(&o.strictness, "no-validation", false, "skip the validating webhook's look at the spec")
	fs.BoolVar(&o.printVMI, "print-vmi", false, "add the VMI after the webhook")
	fs.BoolVar(&o.printPod, "print-pod", false, "add the pod")
	version := fs.Bool("version", false, "print the KubeVirt tag")
	fs.Usage = func() {
		fmt.Fprintf(fs.Output(), "usage: kubevirt-oracle [options] FILE|- ...\nKubeVirt %s\n", tag)
		fs.PrintDefaults()
	}
	fs.Parse(os.Args[1:])
	if *version {
		fmt.Println(tag)
		return
	}
	if fs.NArg() == 0 {
		fs.Usage()
		os.Exit(2)
	}
	log.InitializeLogging("oracle")
	log.Log.SetIOWriter(io.Discard)

	o.config = map[string]any{}
	if configFile != "" {
		b, err := os.ReadFile(configFile)
		if err == nil {
			err = yaml.Unmarshal(b, &o.config)
		}
		if err != nil {
			fmt.Fprintf(os.Stderr, "kubevirt-oracle: %s: %v\n", configFile, err)
			os.Exit(2)
		}
	}
	dev := sub(o.config, "developerConfiguration")
	if ratio != "" {
		o.config["additionalGuestMemoryOverheadRatio"] = ratio
	}
	if overcommit != 0 {
		dev["memoryOvercommit"] = overcommit
	}
	if rollout != "" {
		o.config["vmRolloutStrategy"] = rollout
	}
	if hotplug != 0 {
		sub(o.config, "liveUpdateConfiguration")["maxHotplugRatio"] = hotplug
	}
	if cpuModel != "" {
		o.config["cpuModel"] = cpuModel
	}
	if o.hypervisor != "" && o.hypervisor != "kvm" {
		o.config["hypervisors"] = []any{map[string]any{"name": o.hypervisor}}
		gates = strings.Trim(gates+",ConfigurableHypervisor", ",")
	}
	if gates != "" {
		list, _ := dev["featureGates"].([]any)
		for _, g := range strings.Split(gates, ",") {
			list = append(list, g)
		}
		dev["featureGates"] = list
	}

	lim := startMemlockChild()
	out := bufio.NewWriter(os.Stdout)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	for _, f := range fs.Args() {
		answerFile(f, &o, lim, func(a *Answer) {
			a.Tag, a.File = tag, f
			enc.Encode(a)
			out.Flush()
		})
	}
	lim.stop()
}

func sub(m map[string]any, key string) map[string]any {
	if v, ok := m[key].(map[string]any); ok {
		return v
	}
	v := map[string]any{}
	m[key] = v
	return v
}

func answerFile(f string, o *Options, lim *memlockChild, emit func(*Answer)) {
	var b []byte
	var err error
	if f == "-" {
		b, err = io.ReadAll(os.Stdin)
	} else {
		b, err = os.ReadFile(f)
	}
	if err != nil {
		emit(&Answer{Error: err.Error()})
		return
	}
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	r := yamlstream.NewYAMLReader(bufio.NewReader(bytes.NewReader(b)))
	for n := 0; ; n++ {
		doc, err := r.Read()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			emit(&Answer{Document: n, Error: err.Error()})
			return
		}
		j, err := yaml.YAMLToJSON(doc)
		if err != nil {
			emit(&Answer{Document: n, Error: err.Error()})
			continue
		}
		if bytes.Equal(bytes.TrimSpace(j), []byte("null")) {
			n--
			continue
		}
		guests, err := guestsOf(j)
		if err != nil {
			a := &Answer{Document: n, Error: err.Error()}
			var h struct {
				Kind     string `json:"kind"`
				Metadata struct {
					Name string `json:"name"`
				} `json:"metadata"`
			}
			json.Unmarshal(j, &h)
			a.Kind, a.Name = h.Kind, h.Metadata.Name
			emit(a)
			continue
		}
		for _, g := range guests {
			a := &Answer{Document: n, Kind: g.kind, Name: g.name, Notes: g.notes}
			answerGuest(a, g, o, lim)
			emit(a)
		}
	}
}

// answerGuest fills a in; what KubeVirt panics on becomes the line's error.
func answerGuest(a *Answer, g guest, o *Options, lim *memlockChild) {
	defer func() {
		if p := recover(); p != nil {
			a.Error = strings.TrimPrefix(fmt.Sprintf("%s; panic: %v", a.Error, p), "; ")
			if os.Getenv("ORACLE_TRACE") != "" {
				os.Stderr.Write(debug.Stack())
			}
		}
	}()
	if g.namespace == "" {
		g.namespace = o.namespace
	}
	a.Namespace = g.namespace
	vmi := g.vmi
	vmi.Namespace = g.namespace
	vmi.UID = "00000000-0000-0000-0000-000000000001"
	cl, notes, err := newCluster(o, vmi)
	a.Notes = append(a.Notes, notes...)
	if err != nil {
		a.Error = err.Error()
		return
	}
	arch := vmi.Spec.Architecture
	if arch == "" {
		arch = o.arch
	}
	bare := overhead(cl, vmi.DeepCopy(), arch)
	a.OverheadUndecked = bytesOf(&bare)

	vmi, err = mutate(cl, vmi)
	if err != nil {
		a.Error = "mutating webhook: " + err.Error()
		return
	}
	if vmi.Spec.Architecture != "" {
		arch = vmi.Spec.Architecture
	}
	a.Arch = arch
	if o.printVMI {
		a.VMI = vmi
	}
	if m := vmi.Spec.Domain.Memory; m != nil {
		a.Guest, a.MaxGuest = bytesOf(m.Guest), maxGuest(vmi)
	}
	if c := vmi.Spec.Domain.CPU; c != nil {
		a.CPU, _ = json.Marshal(c)
	}
	a.VMIRequests, a.VMILimits = text(vmi.Spec.Domain.Resources.Requests), text(vmi.Spec.Domain.Resources.Limits)
	if !o.strictness {
		a.Rejected = validate(cl, vmi)
	}
	over := overhead(cl, vmi.DeepCopy(), arch)
	a.Overhead = bytesOf(&over)

	pod, err := render(cl, vmi.DeepCopy())
	if err != nil {
		a.Error = "pod: " + err.Error()
	} else {
		a.pod(pod)
		if o.printPod {
			a.Pod = pod
		}
	}
	a.Memlock, err = lim.ask(cl, vmi.DeepCopy())
	if err != nil {
		a.note("memlock: %v", err)
	}
}

// pod adds the containers up as Kubernetes does: what runs at the same time,
// or an init container's share where that is more.
func (a *Answer) pod(pod *k8sv1.Pod) {
	var steady, peak [2]int64 // requests, limits
	unlimited := false
	use := func(c k8sv1.Container, init bool) (v [2]int64, limited, stays bool) {
		r, asked := c.Resources.Requests[k8sv1.ResourceMemory]
		l, limited := c.Resources.Limits[k8sv1.ResourceMemory]
		v = [2]int64{r.Value(), l.Value()}
		if c.Name == "compute" {
			rv, lv := v[0], v[1]
			a.ComputeRequest = &rv
			if limited {
				a.ComputeLimit = &lv
			}
		}
		if !asked && limited {
			v[0] = v[1] // what the API server fills in
		}
		stays = !init || restarts(c)
		a.Containers = append(a.Containers, Container{c.Name, init, init && stays, amounts(c.Resources.Requests), amounts(c.Resources.Limits)})
		return v, limited, stays
	}
	for _, c := range pod.Spec.Containers {
		v, limited, _ := use(c, false)
		steady[0], steady[1] = steady[0]+v[0], steady[1]+v[1]
		unlimited = unlimited || !limited
	}
	var before [2]int64
	for _, c := range pod.Spec.InitContainers {
		v, limited, stays := use(c, true)
		for i := range v {
			if stays {
				steady[i], before[i] = steady[i]+v[i], before[i]+v[i]
				peak[i] = max64(peak[i], before[i])
			} else {
				peak[i] = max64(peak[i], before[i]+v[i])
			}
		}
		unlimited = unlimited || !limited && stays
	}
	req, lim := max64(steady[0], peak[0]), max64(steady[1], peak[1])
	a.PodRequest = &req
	if !unlimited {
		a.PodLimit = &lim
	}
	a.QOS = qos(pod)
}

func max64(a, b int64) int64 {
	if a > b {
		return a
	}
	return b
}

// restarts tells an init container that stays; old releases lack the field.
func restarts(c k8sv1.Container) bool {
	var m struct {
		RestartPolicy string `json:"restartPolicy"`
	}
	b, _ := json.Marshal(c)
	json.Unmarshal(b, &m)
	return m.RestartPolicy == "Always"
}

// qos is Kubernetes' rule for the class of a pod, over CPU and memory.
func qos(pod *k8sv1.Pod) string {
	all, any := true, false
	for _, c := range append(append([]k8sv1.Container{}, pod.Spec.Containers...), pod.Spec.InitContainers...) {
		for _, n := range []k8sv1.ResourceName{k8sv1.ResourceCPU, k8sv1.ResourceMemory} {
			r, l := c.Resources.Requests[n], c.Resources.Limits[n]
			if r.IsZero() && !l.IsZero() {
				r = l
			}
			any = any || !r.IsZero() || !l.IsZero()
			all = all && !l.IsZero() && r.Cmp(l) == 0
		}
	}
	switch {
	case !any:
		return "BestEffort"
	case all:
		return "Guaranteed"
	}
	return "Burstable"
}

func amounts(l k8sv1.ResourceList) map[string]int64 {
	m := map[string]int64{}
	for n, q := range l {
		if n == k8sv1.ResourceCPU {
			m[string(n)] = q.MilliValue()
		} else {
			m[string(n)] = q.Value()
		}
	}
	return m
}

func text(l k8sv1.ResourceList) map[string]any {
	m := map[string]any{}
	for n, q := range l {
		m[string(n)] = q.String()
	}
	return m
}

func bytesOf(q *resource.Quantity) *int64 {
	if q == nil {
		return nil
	}
	v := q.Value()
	return &v
}

// guestsOf finds the guests of one document.
func guestsOf(j []byte) ([]guest, error) {
	var h struct {
		Kind     string `json:"kind"`
		Metadata struct {
			Name         string `json:"name"`
			GenerateName string `json:"generateName"`
			Namespace    string `json:"namespace"`
		} `json:"metadata"`
		Items []json.RawMessage `json:"items"`
		Spec  struct {
			Template               json.RawMessage `json:"template"`
			VirtualMachineTemplate json.RawMessage `json:"virtualMachineTemplate"`
			Instancetype           json.RawMessage `json:"instancetype"`
			Preference             json.RawMessage `json:"preference"`
		} `json:"spec"`
	}
	if err := json.Unmarshal(j, &h); err != nil {
		return nil, err
	}
	g := guest{kind: h.Kind, name: h.Metadata.Name, namespace: h.Metadata.Namespace}
	if g.name == "" {
		g.name = h.Metadata.GenerateName
	}
	var template json.RawMessage
	switch h.Kind {
	case "VirtualMachineInstance":
		template = j
	case "VirtualMachine", "VirtualMachineInstanceReplicaSet":
		template = h.Spec.Template
		if h.Spec.Instancetype != nil {
			g.notes = append(g.notes, "spec.instancetype is named and not applied")
		}
		if h.Spec.Preference != nil {
			g.notes = append(g.notes, "spec.preference is named and not applied")
		}
	case "VirtualMachinePool":
		var vm struct {
			Spec struct {
				Template json.RawMessage `json:"template"`
			} `json:"spec"`
		}
		if h.Spec.VirtualMachineTemplate != nil {
			if err := json.Unmarshal(h.Spec.VirtualMachineTemplate, &vm); err != nil {
				return nil, err
			}
		}
		template = vm.Spec.Template
	case "List", "VirtualMachineList", "VirtualMachineInstanceList":
		var all []guest
		for i, item := range h.Items {
			if h.Kind != "List" {
				item = withKind(item, strings.TrimSuffix(h.Kind, "List"))
			}
			gs, err := guestsOf(item)
			if err != nil {
				return nil, fmt.Errorf("items[%d]: %w", i, err)
			}
			all = append(all, gs...)
		}
		return all, nil
	default:
		return nil, fmt.Errorf("kind %q holds no guest", h.Kind)
	}
	if template == nil {
		return nil, errors.New("there is no template")
	}
	g.vmi = &kv1.VirtualMachineInstance{}
	if err := json.Unmarshal(template, g.vmi); err != nil {
		return nil, err
	}
	if err := yaml.UnmarshalStrict(template, &kv1.VirtualMachineInstance{}); err != nil {
		g.notes = append(g.notes, "strict reading: "+strings.Join(strings.Fields(err.Error()), " "))
	}
	g.vmi.Kind, g.vmi.APIVersion = "VirtualMachineInstance", "kubevirt.io/v1"
	g.vmi.Status = kv1.VirtualMachineInstanceStatus{}
	g.vmi.GenerateName = ""
	if g.vmi.Name = g.name; g.name == "" {
		g.vmi.Name = "guest"
	}
	return []guest{g}, nil
}

func withKind(item json.RawMessage, kind string) json.RawMessage {
	var m map[string]any
	if json.Unmarshal(item, &m) != nil || m["kind"] != nil {
		return item
	}
	m["kind"] = kind
	b, _ := json.Marshal(m)
	return b
}

func sortedKeys(m map[string]bool) []string {
	var s []string
	for k := range m {
		s = append(s, k)
	}
	sort.Strings(s)
	return s
}
