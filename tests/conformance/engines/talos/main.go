// Command talos-validate asks Talos itself whether a node's patch makes a sound machine configuration.
//
// For each node of a list it generates a base configuration as `talosctl gen config` does, applies the node's
// patch with Talos' own patcher, decodes the result strictly and validates it, all with the machinery module that
// the binary was built from: one binary a Talos minor, so that a contract is judged by the code that will run it.
//
// The list is JSON, from a file or from standard input:
//
//	[{"name": "vps0", "role": "worker", "contract": "v1.13", "kubernetes": "1.36.4", "mode": "cloud",
//	  "patch": "talos/nodes/vps0.yaml", "clusterName": "home", "endpoint": "https://10.2.3.1:6443"}]
//
// The answer is one line of JSON a node, in the order of the list:
//
//	{"name": "vps0", "ok": true, "warnings": [], "error": "", "config": "…"}
//
// The exit code is 0 if all nodes are accepted, 1 if one is refused, 2 if the list itself is no good.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
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

// node is one entry of the list.
type node struct {
	Name        string `json:"name"`
	Role        string `json:"role"`        // worker or controlplane
	Contract    string `json:"contract"`    // v1.13
	Kubernetes  string `json:"kubernetes"`  // 1.36.4, with or without a v
	Mode        string `json:"mode"`        // metal or cloud
	Patch       string `json:"patch"`       // a file, relative to -root
	ClusterName string `json:"clusterName"` // home
	Endpoint    string `json:"endpoint"`    // https://10.2.3.1:6443
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
	root  string
	show  bool
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

	if validator.show {
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

	file := node.Patch
	if !filepath.IsAbs(file) {
		file = filepath.Join(validator.root, file)
	}

	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}

	patch, err := configpatcher.LoadPatch(text)
	if err != nil {
		return nil, fmt.Errorf("the patch does not load: %w", err)
	}

	output, err := configpatcher.Apply(configpatcher.WithConfig(base), []configpatcher.Patch{patch})
	if err != nil {
		return nil, fmt.Errorf("the patch does not apply: %w", err)
	}

	return output.Bytes()
}

// judgeAll judges the nodes on all processors and hands their verdicts to print in the order of the list.
func (validator *validator) judgeAll(nodes []node, print func(verdict) error) error {
	verdicts := make([]chan verdict, len(nodes))
	for i := range verdicts {
		verdicts[i] = make(chan verdict, 1)
	}

	jobs := make(chan int)

	for range runtime.GOMAXPROCS(0) {
		go func() {
			for i := range jobs {
				verdicts[i] <- validator.judge(nodes[i])
			}
		}()
	}

	go func() {
		for i := range nodes {
			jobs <- i
		}

		close(jobs)
	}()

	for _, verdict := range verdicts {
		if err := print(<-verdict); err != nil {
			return err
		}
	}

	return nil
}

// errRefused says that Talos refused a node; the verdicts already say why.
var errRefused = errors.New("refused")

func run(list string, validator *validator) error {
	in := os.Stdin

	if list != "-" {
		file, err := os.Open(list)
		if err != nil {
			return err
		}

		defer file.Close() //nolint:errcheck

		in = file
	}

	var nodes []node

	decoder := json.NewDecoder(in)
	decoder.DisallowUnknownFields()

	if err := decoder.Decode(&nodes); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s is not a list of nodes: %w", list, err)
	}

	refused := false
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)

	err := validator.judgeAll(nodes, func(verdict verdict) error {
		refused = refused || !verdict.OK

		return out.Encode(verdict)
	})
	if err == nil && refused {
		return errRefused
	}

	return err
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
	flag.Usage = func() {
		fmt.Fprintf(flag.CommandLine.Output(), "usage: talos-validate [flags] [LIST.json | -]\n\n"+
			"Asks Talos (machinery %s) whether the patches of a list of nodes make sound machine configurations.\n\n", machinery())
		flag.PrintDefaults()
	}

	show := flag.Bool("show", false, "put each patched configuration into the answer, as `config`")
	root := flag.String("root", ".", "the `folder` that the patches' paths are relative to")
	version := flag.Bool("version", false, "print the version of Talos' machinery, and nothing else")
	flag.Parse()

	if *version {
		fmt.Println(machinery())

		return
	}

	list := "-"

	switch flag.NArg() {
	case 0:
	case 1:
		list = flag.Arg(0)
	default:
		flag.Usage()
		os.Exit(2)
	}

	err := run(list, &validator{root: *root, show: *show, vault: vault{bundles: map[string]*secrets.Bundle{}}})
	if errors.Is(err, errRefused) {
		os.Exit(1)
	}

	if err != nil {
		fmt.Fprintln(os.Stderr, "talos-validate:", err)
		os.Exit(2)
	}
}
