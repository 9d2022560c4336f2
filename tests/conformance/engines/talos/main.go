// Command talos-validate asks Talos itself whether a node's patch makes a sound machine configuration.
//
// For each node it generates a base configuration as `talosctl gen config` does, applies the node's patch with
// Talos' own patcher, decodes the result strictly and validates it, all with the machinery module that the binary
// was built from: one binary a Talos minor, so that a contract is judged by the code that will run it.
//
// It reads one JSON object a node from standard input, for as long as there are any:
//
//	{"name": "vps0", "role": "worker", "contract": "v1.13", "kubernetes": "1.36.4", "mode": "cloud",
//	 "patch": "machine: …", "clusterName": "home", "endpoint": "https://10.2.3.1:6443", "show": true}
//
// and answers each with one line of JSON, in their order; the patched configuration is in it where `show` asks for it:
//
//	{"name": "vps0", "ok": true, "warnings": [], "error": "", "config": "…"}
//
// The exit code is 0 once the input ends, and 2 if it is no good. The secrets of the base are made up, once a
// cluster's name: nothing here leaves the machine.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/siderolabs/talos/pkg/machinery/config"
	"github.com/siderolabs/talos/pkg/machinery/config/configloader"
	"github.com/siderolabs/talos/pkg/machinery/config/configpatcher"
	"github.com/siderolabs/talos/pkg/machinery/config/generate"
	"github.com/siderolabs/talos/pkg/machinery/config/generate/secrets"
	"github.com/siderolabs/talos/pkg/machinery/config/machine"
	"github.com/siderolabs/talos/pkg/machinery/config/validation"
)

// node is one question.
type node struct {
	Name        string `json:"name"`
	Role        string `json:"role"`        // worker or controlplane
	Contract    string `json:"contract"`    // v1.13
	Kubernetes  string `json:"kubernetes"`  // 1.36.4, with or without a v
	Mode        string `json:"mode"`        // metal or cloud
	Patch       string `json:"patch"`       // the text of the patch
	ClusterName string `json:"clusterName"` // home
	Endpoint    string `json:"endpoint"`    // https://10.2.3.1:6443
	Show        bool   `json:"show"`        // whether the answer holds the patched configuration
}

// verdict is what Talos says of one node.
type verdict struct {
	Name     string   `json:"name"`
	OK       bool     `json:"ok"`
	Warnings []string `json:"warnings"`
	Error    string   `json:"error"`
	Config   string   `json:"config,omitempty"`
}

// runtimeMode is where the machine runs, as Talos' own modes metal and cloud have it.
type runtimeMode string

const (
	metal runtimeMode = "metal"
	cloud runtimeMode = "cloud"
)

func (mode runtimeMode) String() string        { return string(mode) }
func (mode runtimeMode) RequiresInstall() bool { return mode == metal }
func (mode runtimeMode) InContainer() bool     { return false }

// vault keeps one secrets bundle a cluster and contract: the nodes of a cluster share theirs, and keys are the
// only slow thing to make.
type vault struct {
	mutex   sync.Mutex
	bundles map[string]*secrets.Bundle
}

func (vault *vault) bundle(cluster string, contract *config.VersionContract) (*secrets.Bundle, error) {
	vault.mutex.Lock()
	defer vault.mutex.Unlock()

	key := contract.String() + " " + cluster
	if bundle, ok := vault.bundles[key]; ok {
		return bundle, nil
	}

	bundle, err := secrets.NewBundle(secrets.NewFixedClock(time.Now()), contract)
	if err == nil {
		vault.bundles[key] = bundle
	}

	return bundle, err
}

// validator holds what all nodes share.
type validator struct {
	vault vault
}

// judge returns what Talos says of one node; a panic of Talos' code counts as its refusal.
func (validator *validator) judge(node node) (result verdict) {
	result = verdict{Name: node.Name, Warnings: []string{}}

	defer func() {
		if reason := recover(); reason != nil {
			result.OK, result.Error = false, fmt.Sprintf("Talos' code panicked: %v\n%s", reason, debug.Stack())
		}
	}()

	patched, err := validator.patched(node)
	if err != nil {
		result.Error = err.Error()

		return result
	}

	if node.Show {
		result.Config = string(patched)
	}

	// A node decodes the text that it is sent, so decode the text and not the value it was printed from.
	provider, err := configloader.NewFromBytes(patched)
	if err != nil {
		result.Error = fmt.Sprintf("the patched configuration does not decode: %v", err)

		return result
	}

	warnings, err := provider.Validate(runtimeMode(node.Mode), validation.WithStrict(), validation.WithLocal())
	result.Warnings = append(result.Warnings, warnings...)

	if err != nil {
		result.Error = err.Error()

		return result
	}

	result.OK = true

	return result
}

// patched returns the base configuration of a node with its patch applied, as text.
func (validator *validator) patched(node node) ([]byte, error) {
	roles := map[string]machine.Type{"worker": machine.TypeWorker, "controlplane": machine.TypeControlPlane}

	role, ok := roles[node.Role]
	if !ok {
		return nil, fmt.Errorf("role %q is neither worker nor controlplane", node.Role)
	}

	if mode := runtimeMode(node.Mode); mode != metal && mode != cloud {
		return nil, fmt.Errorf("mode %q is neither metal nor cloud", node.Mode)
	}

	contract, err := config.ParseContractFromVersion(node.Contract)
	if err != nil {
		return nil, err
	}

	bundle, err := validator.vault.bundle(node.ClusterName, contract)
	if err != nil {
		return nil, fmt.Errorf("generating secrets: %w", err)
	}

	options := []generate.Option{generate.WithVersionContract(contract), generate.WithSecretsBundle(bundle)}
	if runtimeMode(node.Mode).RequiresInstall() {
		options = append(options, generate.WithInstallDisk("/dev/sda"))
	}

	input, err := generate.NewInput(node.ClusterName, node.Endpoint, strings.TrimPrefix(node.Kubernetes, "v"), options...)
	if err != nil {
		return nil, fmt.Errorf("generating the base configuration: %w", err)
	}

	base, err := input.Config(role)
	if err != nil {
		return nil, fmt.Errorf("generating the base configuration: %w", err)
	}

	patch, err := configpatcher.LoadPatch([]byte(node.Patch))
	if err != nil {
		return nil, fmt.Errorf("the patch does not load: %w", err)
	}

	output, err := configpatcher.Apply(configpatcher.WithConfig(base), []configpatcher.Patch{patch})
	if err != nil {
		return nil, fmt.Errorf("the patch does not apply: %w", err)
	}

	return output.Bytes()
}

// answer judges nodes on all processors, and prints their verdicts in the order of the questions.
func (validator *validator) answer(in io.Reader, out io.Writer) error {
	type job struct {
		node    node
		verdict chan verdict
	}

	jobs := make(chan job)
	pending := make(chan chan verdict, 64)
	failed := make(chan error, 1)

	for range runtime.GOMAXPROCS(0) {
		go func() {
			for job := range jobs {
				job.verdict <- validator.judge(job.node)
			}
		}()
	}

	go func() {
		defer close(pending)
		defer close(jobs)

		decoder := json.NewDecoder(in)
		decoder.DisallowUnknownFields()

		for {
			job := job{verdict: make(chan verdict, 1)}

			if err := decoder.Decode(&job.node); err != nil {
				if !errors.Is(err, io.EOF) {
					failed <- fmt.Errorf("the input is not a list of nodes: %w", err)
				}

				return
			}

			pending <- job.verdict
			jobs <- job
		}
	}()

	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)

	for verdict := range pending {
		if err := encoder.Encode(<-verdict); err != nil {
			return err
		}
	}

	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}

// machinery is the version of the module that this binary was built from.
func machinery() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			if module.Path == "github.com/siderolabs/talos/pkg/machinery" {
				return module.Version
			}
		}
	}

	return "unknown"
}

func main() {
	version := flag.Bool("version", false, "print the version of Talos' machinery, and nothing else")
	flag.Parse()

	if *version {
		fmt.Println(machinery())

		return
	}

	validator := &validator{vault: vault{bundles: map[string]*secrets.Bundle{}}}

	if err := validator.answer(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "talos-validate:", err)
		os.Exit(2)
	}
}
