// Plays the outside world for a cluster of the tests: git servers, Helm repositories and OCI registries of any name.
//
// It is an HTTP proxy: what the cluster asks of https://HOST is answered here, with a certificate for HOST by an
// authority that is made at the start. Without a proxy, git repositories are at http://ADDRESS/git/PATH.
package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/cgi"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// A chart, and where the cluster looks for it.
type chart struct {
	// The address of a Helm repository, https://HOST/PATH, or of an artifact, oci://HOST/PATH.
	URL     string `json:"url"`
	Name    string `json:"name"`
	Version string `json:"version"`
	// The folder of its templates, and folders of definitions of custom resources that it brings.
	Folder string   `json:"folder"`
	CRDs   []string `json:"crds"`
	// Where in the chart those definitions lie: Helm itself installs what is below crds/.
	Below string `json:"below"`
}

func main() {
	address := flag.String("address", "127.0.0.1:0", "where to listen")
	repositories := flag.String("git", "", "a folder of bare repositories: HOST/PATH")
	charts := flag.String("charts", "", "a JSON file of charts")
	authority := flag.String("authority", "", "where to write the authority's certificate")
	backend := flag.String("git-http-backend", "", "git's own program that serves repositories")
	flag.Parse()

	images := registry.New(registry.Logger(log.Default()))
	listener, err := net.Listen("tcp", *address)
	check(err)
	world := &world{images: images, git: *repositories, backend: *backend, files: map[string][]byte{}}
	check(world.makeAuthority(*authority))
	server := &http.Server{Handler: world, ReadHeaderTimeout: time.Minute}
	go func() { check(server.Serve(listener)) }()
	check(world.publish(*charts, listener.Addr().String()))
	log.Print("ready")
	select {}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

type world struct {
	images       http.Handler
	git, backend string
	// What Helm repositories hold, by host and path.
	files       map[string][]byte
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	leaves      sync.Map
}

func (w *world) ServeHTTP(answer http.ResponseWriter, request *http.Request) {
	if request.Method == http.MethodConnect {
		w.tunnel(answer, request)
		return
	}
	host, _, err := net.SplitHostPort(request.Host)
	if err != nil {
		host = request.Host
	}
	if rest, local := strings.CutPrefix(request.URL.Path, "/git/"); local && request.TLS == nil {
		w.repository(answer, request, "", "/"+rest)
		return
	}
	if content, found := w.files[path.Join(host, request.URL.Path)]; found {
		_, _ = answer.Write(content)
		return
	}
	if strings.HasPrefix(request.URL.Path, "/v2") {
		w.images.ServeHTTP(answer, request)
		return
	}
	w.repository(answer, request, host, request.URL.Path)
}

func (w *world) repository(answer http.ResponseWriter, request *http.Request, host, at string) {
	git := cgi.Handler{
		Path: w.backend,
		Env: []string{
			"GIT_PROJECT_ROOT=" + filepath.Join(w.git, host), "GIT_HTTP_EXPORT_ALL=1", "PATH_INFO=" + at,
			"GIT_PROTOCOL=" + request.Header.Get("Git-Protocol"),
			// The repositories may belong to somebody else than whoever runs this.
			"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*",
		},
	}
	git.ServeHTTP(answer, request)
}

// Ends the client's TLS here, and answers as the host that it asked for.
func (w *world) tunnel(answer http.ResponseWriter, request *http.Request) {
	host, _, err := net.SplitHostPort(request.Host)
	if err != nil {
		http.Error(answer, err.Error(), http.StatusBadRequest)
		return
	}
	leaf, err := w.leaf(host)
	if err != nil {
		http.Error(answer, err.Error(), http.StatusInternalServerError)
		return
	}
	connection, _, err := answer.(http.Hijacker).Hijack()
	if err != nil {
		http.Error(answer, err.Error(), http.StatusInternalServerError)
		return
	}
	if _, err := connection.Write([]byte("HTTP/1.1 200 OK\r\n\r\n")); err != nil {
		connection.Close()
		return
	}
	inner := tls.Server(connection, &tls.Config{Certificates: []tls.Certificate{leaf}})
	server := &http.Server{Handler: w, ReadHeaderTimeout: time.Minute}
	_ = server.Serve(&single{connection: inner, done: make(chan struct{})})
}

// A listener that hands out one connection, and ends when that is closed.
type single struct {
	connection net.Conn
	once       sync.Once
	done       chan struct{}
}

func (s *single) Accept() (net.Conn, error) {
	var first net.Conn
	s.once.Do(func() { first = &noticed{Conn: s.connection, done: s.done} })
	if first != nil {
		return first, nil
	}
	<-s.done
	return nil, net.ErrClosed
}

func (s *single) Close() error   { return nil }
func (s *single) Addr() net.Addr { return s.connection.LocalAddr() }

type noticed struct {
	net.Conn
	once sync.Once
	done chan struct{}
}

func (n *noticed) Close() error {
	n.once.Do(func() { close(n.done) })
	return n.Conn.Close()
}

func (w *world) makeAuthority(to string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "the outside world of a test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	content, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return err
	}
	w.key = key
	if w.certificate, err = x509.ParseCertificate(content); err != nil {
		return err
	}
	return os.WriteFile(to, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: content}), 0o600)
}

func (w *world) leaf(host string) (tls.Certificate, error) {
	if known, found := w.leaves.Load(host); found {
		return known.(tls.Certificate), nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), DNSNames: []string{host},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	content, err := x509.CreateCertificate(rand.Reader, template, w.certificate, &key.PublicKey, w.key)
	if err != nil {
		return tls.Certificate{}, err
	}
	leaf := tls.Certificate{Certificate: [][]byte{content}, PrivateKey: key}
	w.leaves.Store(host, leaf)
	return leaf, nil
}

// Packs the charts, and puts each where the cluster looks for it.
func (w *world) publish(file, address string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var charts []chart
	if err := json.Unmarshal(content, &charts); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	type entry struct {
		APIVersion string   `json:"apiVersion"`
		Name       string   `json:"name"`
		Version    string   `json:"version"`
		Digest     string   `json:"digest"`
		URLs       []string `json:"urls"`
	}
	indexes := map[string]map[string][]entry{}
	for _, chart := range charts {
		packed, err := chart.pack()
		if err != nil {
			return fmt.Errorf("%s: %w", chart.Folder, err)
		}
		if at, artifact := strings.CutPrefix(chart.URL, "oci://"); artifact {
			if err := chart.push(packed, address, at); err != nil {
				return fmt.Errorf("%s: %w", chart.URL, err)
			}
			continue
		}
		at := strings.TrimPrefix(strings.TrimPrefix(chart.URL, "https://"), "http://")
		name := fmt.Sprintf("%s-%s.tgz", chart.Name, chart.Version)
		digest := sha256.Sum256(packed)
		if indexes[at] == nil {
			indexes[at] = map[string][]entry{}
		}
		indexes[at][chart.Name] = append(indexes[at][chart.Name],
			entry{"v2", chart.Name, chart.Version, hex.EncodeToString(digest[:]), []string{name}})
		w.files[path.Join(at, name)] = packed
	}
	for at, entries := range indexes {
		// JSON is YAML.
		index, err := json.Marshal(map[string]any{"apiVersion": "v1", "entries": entries})
		if err != nil {
			return err
		}
		w.files[path.Join(at, "index.yaml")] = index
	}
	return nil
}

// The chart as `helm package` packs it.
func (c chart) pack() ([]byte, error) {
	var packed bytes.Buffer
	zipped := gzip.NewWriter(&packed)
	archive := tar.NewWriter(zipped)
	add := func(at string, content []byte) error {
		header := &tar.Header{Name: path.Join(c.Name, at), Mode: 0o644, Size: int64(len(content))}
		if err := archive.WriteHeader(header); err != nil {
			return err
		}
		_, err := archive.Write(content)
		return err
	}
	about := fmt.Sprintf("apiVersion: v2\nname: %s\nversion: %q\n", c.Name, c.Version)
	if err := add("Chart.yaml", []byte(about)); err != nil {
		return nil, err
	}
	for at, folder := range append([]string{c.Folder}, c.CRDs...) {
		err := filepath.WalkDir(folder, func(file string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			below, err := filepath.Rel(folder, file)
			if err != nil {
				return err
			}
			if at > 0 {
				if filepath.Ext(file) != ".yaml" || strings.HasPrefix(filepath.Base(file), "kustomiz") {
					return nil
				}
				below = filepath.Join(c.Below, fmt.Sprint(at), filepath.Base(below))
			}
			content, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			return add(filepath.ToSlash(below), content)
		})
		if err != nil {
			return nil, err
		}
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	if err := zipped.Close(); err != nil {
		return nil, err
	}
	return packed.Bytes(), nil
}

// Pushes the chart as `helm push` does, to HOST/PATH:VERSION.
func (c chart) push(packed []byte, address, at string) error {
	_, repository, _ := strings.Cut(at, "/")
	reference, err := name.NewTag(fmt.Sprintf("%s/%s:%s", address, repository, c.Version), name.Insecure)
	if err != nil {
		return err
	}
	about, err := json.Marshal(map[string]string{"apiVersion": "v2", "name": c.Name, "version": c.Version})
	if err != nil {
		return err
	}
	image := mutate.MediaType(empty.Image, types.OCIManifestSchema1)
	image, err = mutate.AppendLayers(image,
		static.NewLayer(packed, "application/vnd.cncf.helm.chart.content.v1.tar+gzip"))
	if err != nil {
		return err
	}
	return remote.Write(reference, helm{image, about})
}

// An image whose configuration is a chart's.
type helm struct {
	v1.Image
	about []byte
}

func (h helm) RawConfigFile() ([]byte, error) { return h.about, nil }

func (h helm) ConfigName() (v1.Hash, error) {
	hash, _, err := v1.SHA256(bytes.NewReader(h.about))
	return hash, err
}

func (h helm) Manifest() (*v1.Manifest, error) {
	manifest, err := h.Image.Manifest()
	if err != nil {
		return nil, err
	}
	hash, size, err := v1.SHA256(bytes.NewReader(h.about))
	if err != nil {
		return nil, err
	}
	changed := manifest.DeepCopy()
	changed.Config = v1.Descriptor{
		MediaType: "application/vnd.cncf.helm.config.v1+json", Digest: hash, Size: size,
	}
	return changed, nil
}

func (h helm) RawManifest() ([]byte, error) {
	manifest, err := h.Manifest()
	if err != nil {
		return nil, err
	}
	return json.Marshal(manifest)
}

func (h helm) Digest() (v1.Hash, error) {
	content, err := h.RawManifest()
	if err != nil {
		return v1.Hash{}, err
	}
	hash, _, err := v1.SHA256(bytes.NewReader(content))
	return hash, err
}
