// SPDX-License-Identifier: GPL-3.0-or-later
// fields prints the JSON fields of the kinds that hold a guest, or what a guest
// names, type by type, for
// harness/kubevirt/fields.txt: run it in the folder that build left for a tag.
package main

import (
	"fmt"
	"reflect"
	"sort"
	"strings"

	kv1 "kubevirt.io/api/core/v1"
	it1 "kubevirt.io/api/instancetype/v1beta1"
)

var seen = map[string]map[string]string{}

// name of what a field holds: a struct's type, "*" for any, "-" for a scalar.
func name(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Ptr, reflect.Slice:
		if t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8 {
			return "-"
		}
		return name(t.Elem())
	case reflect.Map, reflect.Interface:
		return "*"
	case reflect.Struct:
		switch t.Name() {
		case "Quantity", "Time", "IntOrString", "Duration", "MicroTime":
			return "-"
		}
		if strings.Contains(t.PkgPath(), "apimachinery") && t.Name() != "LabelSelector" {
			return "*"
		}
		walk(t)
		return t.Name()
	}
	return "-"
}

func walk(t reflect.Type) {
	if seen[t.Name()] != nil {
		return
	}
	m := map[string]string{}
	seen[t.Name()] = m
	fill(t, m)
}

func fill(t reflect.Type, m map[string]string) {
	for i := 0; i < t.NumField(); i++ {
		f := t.Field(i)
		tag := strings.Split(f.Tag.Get("json"), ",")
		inline := f.Anonymous && (tag[0] == "" || len(tag) > 1 && tag[1] == "inline")
		if inline {
			e := f.Type
			if e.Kind() == reflect.Ptr {
				e = e.Elem()
			}
			fill(e, m)
			continue
		}
		if tag[0] == "" || tag[0] == "-" {
			continue
		}
		m[tag[0]] = name(f.Type)
	}
}

func main() {
	walk(reflect.TypeOf(kv1.VirtualMachineInstanceSpec{}))
	walk(reflect.TypeOf(kv1.VirtualMachineSpec{}))
	walk(reflect.TypeOf(kv1.VirtualMachineInstanceReplicaSetSpec{}))
	walk(reflect.TypeOf(it1.VirtualMachineInstancetypeSpec{}))
	walk(reflect.TypeOf(it1.VirtualMachinePreferenceSpec{}))
	var types []string
	for t := range seen {
		types = append(types, t)
	}
	sort.Strings(types)
	for _, t := range types {
		var fields []string
		for f, v := range seen[t] {
			if v != "-" {
				f += "=" + v
			}
			fields = append(fields, f)
		}
		sort.Strings(fields)
		fmt.Println(t, strings.Join(fields, " "))
	}
}
