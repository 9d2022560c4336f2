// Command kustomize-build builds every kustomization of a generated tree with kustomize's own library, in one
// process: hundreds of `kustomize build` in the time of one.
//
//	kustomize-build [-output FOLDER] TREE...
//
// Built is what Flux builds: each folder with a kustomization.yaml, and each folder that a Flux Kustomization of the
// tree names in spec.path (where it has no kustomization.yaml, all its files together, as Flux does it). The load
// restrictor is on: a kustomization reads nothing above its own folder.
//
// A path is found again below TREE by what follows `generated` in it; one without that word is an adopted folder of
// somebody else and is only listed. No object may be built by two Flux Kustomizations: they would fight over it.
//
// The answer is one line of JSON a folder; the exit code is 0 if all is well, 1 if a folder is refused, 2 otherwise.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/konfig"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// verdict is what kustomize says of one folder.
type verdict struct {
	Tree    string `json:"tree"`
	Folder  string `json:"folder"`         // below the tree
	Flux    string `json:"flux,omitempty"` // the Flux Kustomization that applies it
	OK      bool   `json:"ok"`
	Adopted bool   `json:"adopted,omitempty"` // not in the tree: listed, not built
	Objects int    `json:"objects"`
	Error   string `json:"error"`
}

// fluxKustomization is what matters here of a kustomize.toolkit.fluxcd.io Kustomization.
type fluxKustomization struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name      string `json:"name"`
		Namespace string `json:"namespace"`
	} `json:"metadata"`
	Spec struct {
		Path string `json:"path"`
	} `json:"spec"`
}

// tree is one generated folder.
type tree struct {
	root    string
	folders []string                       // with a kustomization.yaml, sorted, below root
	applied map[string][]fluxKustomization // by spec.path
	bad     []verdict                      // files that are no YAML
}

func hasKustomization(folder string) bool {
	for _, name := range konfig.RecognizedKustomizationFileNames() {
		if info, err := os.Stat(filepath.Join(folder, name)); err == nil && info.Mode().IsRegular() {
			return true
		}
	}

	return false
}

func isYAML(path string) bool {
	extension := filepath.Ext(path)

	return extension == ".yaml" || extension == ".yml"
}

// documents splits a YAML stream at its separators.
func documents(text []byte) [][]byte {
	return bytes.Split(append([]byte("\n"), text...), []byte("\n---"))
}

// survey finds what is to be built below root.
func survey(root string) (*tree, error) {
	found := &tree{root: root, applied: map[string][]fluxKustomization{}}

	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}

		if entry.IsDir() {
			if hasKustomization(path) {
				relative, err := filepath.Rel(root, path)
				if err != nil {
					return err
				}

				found.folders = append(found.folders, relative)
			}

			return nil
		}

		if !isYAML(path) {
			return nil
		}

		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}

		if !bytes.Contains(text, []byte("kustomize.toolkit.fluxcd.io/")) {
			return nil
		}

		for _, document := range documents(text) {
			var object fluxKustomization
			if err := yaml.Unmarshal(document, &object); err != nil {
				found.bad = append(found.bad, verdict{Tree: root, Folder: path, Error: err.Error()})

				continue
			}

			if object.Kind == "Kustomization" && strings.HasPrefix(object.APIVersion, "kustomize.toolkit.fluxcd.io/") {
				found.applied[object.Spec.Path] = append(found.applied[object.Spec.Path], object)
			}
		}

		return nil
	})

	return found, err
}

// below returns where a Flux path lies below the tree, or false if it is somebody else's folder.
func below(path string) (string, bool) {
	parts := strings.Split(filepath.ToSlash(filepath.Clean(path)), "/")

	at := slices.Index(parts, "generated")
	if at < 0 {
		return "", false
	}

	return filepath.Join(append([]string{"."}, parts[at+1:]...)...), true
}

// build runs kustomize in a folder, with a kustomization.yaml of all its files where it has none.
func build(folder string) (objects resmap.ResMap, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("kustomize panicked: %v\n%s", reason, debug.Stack())
		}
	}()

	files, path := filesys.MakeFsOnDisk(), folder
	if !hasKustomization(folder) {
		if files, err = gathered(folder); err != nil {
			return nil, err
		}

		path = "/"
	}

	options := krusty.MakeDefaultOptions()
	options.LoadRestrictions = types.LoadRestrictionsRootOnly

	return krusty.MakeKustomizer(options).Run(files, path)
}

// gathered is a folder with the kustomization.yaml that Flux would make for it, in memory.
func gathered(folder string) (filesys.FileSystem, error) {
	files := filesys.MakeFsInMemory()
	kustomization := types.Kustomization{TypeMeta: types.TypeMeta{APIVersion: types.KustomizationVersion, Kind: types.KustomizationKind}}

	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !isYAML(path) {
			return err
		}

		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}

		relative, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}

		kustomization.Resources = append(kustomization.Resources, relative)

		return files.WriteFile("/"+relative, text)
	})
	if err != nil {
		return nil, err
	}

	text, err := yaml.Marshal(kustomization)
	if err != nil {
		return nil, err
	}

	return files, files.WriteFile("/kustomization.yaml", text)
}

// write puts the objects of a folder into one file below output, which has the shape of the tree.
func write(output, folder string, objects resmap.ResMap) error {
	text, err := objects.AsYaml()
	if err != nil {
		return err
	}

	file := filepath.Join(output, folder, "objects.yaml")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}

	return os.WriteFile(file, text, 0o644)
}

// judge builds all of a tree and hands each verdict to print.
func judge(root, output string, print func(verdict)) error {
	tree, err := survey(root)
	if err != nil {
		return err
	}

	for _, bad := range tree.bad {
		print(bad)
	}

	// The Flux Kustomization that applies a folder; the folders to build are those and those with a kustomization.yaml.
	appliedBy := map[string]string{}

	for _, path := range slices.Sorted(maps.Keys(tree.applied)) {
		for _, object := range tree.applied[path] {
			name := object.Metadata.Namespace + "/" + object.Metadata.Name
			folder, ours := below(path)

			switch first, again := appliedBy[folder]; {
			case path == "":
				print(verdict{Tree: root, Folder: path, Flux: name, Error: "spec.path is empty, so Flux would apply the whole repository"})
			case !ours:
				print(verdict{Tree: root, Folder: path, Flux: name, OK: true, Adopted: true})
			case again:
				print(verdict{Tree: root, Folder: folder, Flux: name, Error: fmt.Sprintf("%s applies this folder too", first)})
			default:
				appliedBy[folder] = name
			}
		}
	}

	folders := append([]string{}, tree.folders...)
	for folder := range appliedBy {
		folders = append(folders, folder)
	}

	slices.Sort(folders)

	owners := map[string]string{}

	for _, folder := range slices.Compact(folders) {
		result := verdict{Tree: root, Folder: folder, Flux: appliedBy[folder]}

		objects, err := build(filepath.Join(root, folder))
		if err == nil && output != "" {
			err = write(output, folder, objects)
		}

		if err != nil {
			result.Error = err.Error()
			print(result)

			continue
		}

		result.OK, result.Objects = true, objects.Size()

		if result.Flux != "" {
			for _, id := range objects.AllIds() {
				if first, again := owners[id.String()]; again {
					result.OK = false
					result.Error += fmt.Sprintf("%s is applied by %s too\n", id, first)
				}

				owners[id.String()] = result.Flux
			}
		}

		print(result)
	}

	return nil
}

func run(trees []string, output string) (bool, error) {
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)

	fine := true

	for _, root := range trees {
		into := output
		if output != "" && len(trees) > 1 {
			into = filepath.Join(output, strings.ReplaceAll(strings.Trim(filepath.Clean(root), "/."), "/", "_"))
		}

		var failed error

		err := judge(root, into, func(verdict verdict) {
			fine = fine && verdict.OK
			failed = errors.Join(failed, out.Encode(verdict))
		})
		if err = errors.Join(err, failed); err != nil {
			return false, err
		}
	}

	return fine, nil
}

func main() {
	flag.Usage = func() {
		fmt.Fprintf(flag.CommandLine.Output(), "usage: kustomize-build [flags] TREE...\n\nBuilds every kustomization of generated trees.\n\n")
		flag.PrintDefaults()
	}

	output := flag.String("output", "", "write the objects below this `folder`, an objects.yaml for each folder built")
	flag.Parse()

	if flag.NArg() == 0 {
		flag.Usage()
		os.Exit(2)
	}

	fine, err := run(flag.Args(), *output)
	if err != nil {
		fmt.Fprintln(os.Stderr, "kustomize-build:", err)
		os.Exit(2)
	}

	if !fine {
		os.Exit(1)
	}
}
