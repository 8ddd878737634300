// Renders templates as kubectl does: cases in, outcomes out, one JSON document a line each.
//
// kubectl's printer is k8s.io/cli-runtime/pkg/printers/template.go: text/template under the name
// "output" with two functions of its own, and numbers as k8s.io/apimachinery/pkg/util/json has them.
package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"
	"text/template"
)

type testCase struct {
	Template string          `json:"template"`
	Data     json.RawMessage `json:"data"`
}

// Output is in Base64: it may be no UTF-8.
type outcome struct {
	Output []byte `json:"output"`
	Error  string `json:"error"`
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	out := json.NewEncoder(os.Stdout)
	for in.Scan() {
		var c testCase
		if err := json.Unmarshal(in.Bytes(), &c); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		if err := out.Encode(render(c)); err != nil {
			os.Exit(1)
		}
	}
}

func render(c testCase) (o outcome) {
	defer func() {
		if r := recover(); r != nil {
			o = outcome{Error: fmt.Sprintf("caught panic: %v", r)}
		}
	}()
	functions := template.FuncMap{"exists": exists, "base64decode": base64decode}
	parsed, err := template.New("output").Funcs(functions).Parse(c.Template)
	if err != nil {
		return outcome{Error: err.Error()}
	}
	data, err := decode(c.Data)
	if err != nil {
		return outcome{Error: err.Error()}
	}
	var text bytes.Buffer
	if err := parsed.Execute(&text, data); err != nil {
		return outcome{Error: err.Error()}
	}
	return outcome{Output: text.Bytes()}
}

// decode makes whole numbers that fit int64, and all others float64.
func decode(data []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var value any
	err := decoder.Decode(&value)
	return convert(value), err
}

func convert(value any) any {
	switch v := value.(type) {
	case json.Number:
		if !strings.ContainsAny(v.String(), ".eE") {
			if whole, err := v.Int64(); err == nil {
				return whole
			}
		}
		float, _ := v.Float64()
		return float
	case []any:
		for i := range v {
			v[i] = convert(v[i])
		}
		// Without spare memory behind it, into which slice could look.
		return v[:len(v):len(v)]
	case map[string]any:
		for key := range v {
			v[key] = convert(v[key])
		}
	}
	return value
}

// base64decode and exists say what kubectl's say.
func base64decode(v string) (string, error) {
	data, err := base64.StdEncoding.DecodeString(v)
	if err != nil {
		return "", fmt.Errorf("base64 decode failed: %v", err)
	}
	return string(data), nil
}

func exists(item any, indices ...any) bool {
	v := reflect.ValueOf(item)
	for _, i := range indices {
		v = inner(v)
		if v.Kind() == reflect.Interface {
			return false
		}
		index := reflect.ValueOf(i)
		switch v.Kind() {
		case reflect.Slice, reflect.String:
			var x int64
			switch {
			case index.IsValid() && index.CanInt():
				x = index.Int()
			case index.IsValid() && index.CanUint():
				x = int64(index.Uint())
			default:
				return false
			}
			if x < 0 || x >= int64(v.Len()) {
				return false
			}
			v = v.Index(int(x))
		case reflect.Map:
			if !index.IsValid() {
				index = reflect.ValueOf("")
			}
			if index.Kind() != reflect.String {
				return false
			}
			found := v.MapIndex(index)
			if !found.IsValid() {
				found = reflect.Zero(v.Type().Elem())
			}
			v = found
		default:
			return false
		}
	}
	return inner(v).Kind() != reflect.Interface
}

// inner looks into an interface; one that is nil stays.
func inner(v reflect.Value) reflect.Value {
	for v.Kind() == reflect.Interface && !v.IsNil() {
		v = v.Elem()
	}
	return v
}
