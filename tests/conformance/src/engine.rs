//! Builds the engines, and keeps them in the user's cache folder by the hash of what they are made of.

use crate::fault::Fault;
use sha2::{Digest, Sha256};
use std::{
    env,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

/// The module that an engine is there for, and which its version is that of.
const MODULES: &[(&str, &str)] = &[
    ("crds", "github.com/cert-manager/cert-manager"),
    ("crds", "github.com/cilium/cilium"),
    ("crds", "github.com/fluxcd/helm-controller"),
    ("crds", "github.com/fluxcd/kustomize-controller"),
    ("crds", "github.com/fluxcd/source-controller"),
    ("crds", "go.universe.tf/metallb"),
    ("crds", "sigs.k8s.io/gateway-api"),
    ("etcd", "go.etcd.io/etcd/server/v3"),
    ("flux-helm", "github.com/fluxcd/helm-controller"),
    ("flux-kustomize", "github.com/fluxcd/kustomize-controller"),
    ("flux-source", "github.com/fluxcd/source-controller"),
    ("kubernetes", "k8s.io/kubernetes"),
    ("kustomize", "sigs.k8s.io/kustomize/kustomize/v5"),
    ("kwok", "sigs.k8s.io/kwok"),
    ("outside", "github.com/google/go-containerregistry"),
    ("schematic", "github.com/siderolabs/image-factory"),
    ("talos", "github.com/siderolabs/talos/pkg/machinery"),
];

/// What is taken out of a module beside its programs: engine, module, folder there, and its name here.
const FILES: &[(&str, &str, &str, &str)] = &[
    ("crds", "github.com/cert-manager/cert-manager", "deploy/crds", "cert-manager"),
    ("crds", "github.com/cilium/cilium", "pkg/k8s/apis/cilium.io/client/crds", "cilium"),
    ("crds", "github.com/fluxcd/helm-controller", "config/crd/bases", "flux-helm"),
    ("crds", "github.com/fluxcd/kustomize-controller", "config/crd/bases", "flux-kustomize"),
    ("crds", "github.com/fluxcd/source-controller", "config/crd/bases", "flux-source"),
    ("crds", "go.universe.tf/metallb", "config/crd/bases", "metallb"),
    ("crds", "sigs.k8s.io/gateway-api", "config/crd", "gateway-api"),
    ("kwok", "sigs.k8s.io/kwok", "kustomize/stage", "stage"),
];

/// The folder of this suite in the repository.
pub(crate) fn suite() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The folder that holds an engine's programs, built now where they are not there yet.
///
/// An engine with several `*.mod` files has a program for each, by the minor version of its module: `v1.9`.
/// One with `go.mod` alone has one, by its own name.
pub(crate) fn folder(name: &str) -> Result<PathBuf, Fault> {
    let source = suite().join("engines").join(name);
    let go = output(Command::new("go").arg("version"))
        .map_err(|_| Fault::new("go is missing: install Go 1.26 or newer; the engines are Go programs"))?;
    let mut hash = Sha256::new();
    hash.update(&go);
    for file in files(&source)? {
        hash.update(file.file_name().unwrap_or_default().as_encoded_bytes());
        hash.update(fs::read(&file).map_err(Fault::at(&file))?);
    }
    let hash = hash.finalize().iter().take(8).fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string");
        text
    });
    let cache = cache()?.join("tombolo").join("engines");
    let kept = cache.join(format!("{name}-{hash}"));
    if kept.is_dir() {
        return Ok(kept);
    }
    fs::create_dir_all(&cache).map_err(Fault::at(&cache))?;
    let new = tempfile::Builder::new()
        .prefix(&format!(".{name}."))
        .tempdir_in(&cache)
        .map_err(Fault::at(&cache))?;
    let start = Instant::now();
    let modules = modules(&source)?;
    for module in &modules {
        for (_, path) in MODULES.iter().filter(|(engine, _)| *engine == name) {
            eprintln!("building {path} {} …", version(path, module)?);
        }
        build(name, &source, module, &modules, new.path())?;
        for (_, path, folder, title) in FILES.iter().filter(|(engine, ..)| *engine == name) {
            take(&source, module, path, folder, &new.path().join(title))?;
        }
    }
    eprintln!("built {name} in {} s", start.elapsed().as_secs());
    // Somebody else may have built the same meanwhile; theirs is as good.
    if fs::rename(new.path(), &kept).is_err() && !kept.is_dir() {
        return Err(Fault::new(format!("cannot move the new {name} to {}", kept.display())));
    }
    forget_old(&cache, name, &kept);
    Ok(kept)
}

/// What `--help` says of the engines.
pub(crate) fn table() -> String {
    let mut text = String::from("Engines:\n");
    for (name, path) in MODULES {
        let Ok(modules) = modules(&suite().join("engines").join(name)) else { continue };
        for module in modules {
            if let Ok(version) = version(path, &module) {
                writeln!(text, "  {name:<14} {version:<9} {path}").expect("writing to a string");
            }
        }
    }
    text
}

fn output(command: &mut Command) -> Result<Vec<u8>, Fault> {
    let output = command.output().map_err(|it| Fault::new(it.to_string()))?;
    if output.status.success() {
        Ok(output.stdout)
    } else {
        Err(Fault::new(String::from_utf8_lossy(&output.stderr).into_owned()))
    }
}

fn cache() -> Result<PathBuf, Fault> {
    let stated = env::var_os("XDG_CACHE_HOME").filter(|it| !it.is_empty()).map(PathBuf::from);
    stated
        .or_else(|| env::home_dir().map(|home| home.join(".cache")))
        .ok_or_else(|| Fault::new("neither XDG_CACHE_HOME nor HOME is set"))
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, Fault> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(Fault::at(folder))? {
        files.push(entry.map_err(Fault::at(folder))?.path());
    }
    files.sort();
    Ok(files)
}

/// The module files of an engine, oldest version first.
fn modules(source: &Path) -> Result<Vec<PathBuf>, Fault> {
    let mut modules = files(source)?;
    modules.retain(|it| it.extension().is_some_and(|it| it == "mod"));
    let number = |path: &PathBuf| {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        // `go.mod` is the newest.
        stem.rsplit('.').next().and_then(|it| it.parse().ok()).unwrap_or(u64::MAX)
    };
    modules.sort_by_key(number);
    Ok(modules)
}

/// The version of a module that a module file requires.
fn version(path: &str, module: &Path) -> Result<String, Fault> {
    let text = fs::read_to_string(module).map_err(Fault::at(module))?;
    let found = text.lines().find_map(|line| {
        let mut words = line.trim_start_matches("require").split_whitespace();
        words.next().filter(|it| *it == path)?;
        words.next().map(str::to_owned)
    });
    found.ok_or_else(|| Fault::new(format!("{} does not require {path}", module.display())))
}

fn minor(version: &str) -> String {
    version.rsplit_once('.').map_or(version, |(minor, _)| minor).to_owned()
}

/// Go in the folder of an engine. Nothing is cloned, and no other Go is fetched.
fn go(source: &Path, arguments: &[&str]) -> Result<Command, Fault> {
    let proxy = String::from_utf8_lossy(&output(Command::new("go").args(["env", "GOPROXY"]))?).into_owned();
    let proxy = proxy.trim().replace(",direct", "").replace("|direct", "");
    let mut command = Command::new("go");
    command
        .current_dir(source)
        .envs([("GOPROXY", proxy.as_str()), ("GOTOOLCHAIN", "local"), ("CGO_ENABLED", "0")])
        .env("GOFLAGS", "-trimpath -buildvcs=false")
        .args(arguments);
    Ok(command)
}

/// Builds the programs of a folder by one of its module files: its `main.go`, or else the tools that the file names.
fn build(name: &str, source: &Path, module: &Path, all: &[PathBuf], to: &Path) -> Result<(), Fault> {
    let text = fs::read_to_string(module).map_err(Fault::at(module))?;
    let (what, program) = if source.join("main.go").is_file() {
        let path = MODULES.iter().find(|(engine, _)| *engine == name).map_or("", |(_, path)| path);
        let program = if all.len() == 1 { name.to_owned() } else { minor(&version(path, module)?) };
        (".", to.join(program))
    } else if text.lines().any(|line| line.starts_with("tool")) {
        ("tool", to.join(""))
    } else {
        return Ok(());
    };
    let mut flags = String::from("-s -w");
    if let Ok(version) = version("k8s.io/kubernetes", module) {
        // Clients refuse an API server that does not know its version.
        let minor = version.split('.').nth(1).unwrap_or_default().to_owned();
        let set = [("gitVersion", version.as_str()), ("gitMajor", "1"), ("gitMinor", minor.as_str())];
        for (key, value) in set {
            write!(flags, " -X k8s.io/component-base/version.{key}={value}").expect("writing to a string");
        }
    }
    let built = go(source, &["build", "-ldflags", &flags, "-modfile"])?
        .arg(module)
        .arg("-o")
        .arg(program)
        .arg(what)
        .status()
        .map_err(|it| Fault::new(format!("go: {it}")))?;
    if built.success() {
        Ok(())
    } else {
        Err(Fault::new(format!("{} does not build; what go said stands above", module.display())))
    }
}

/// Copies a folder out of a module that a module file requires.
fn take(source: &Path, module: &Path, path: &str, folder: &str, to: &Path) -> Result<(), Fault> {
    let mut command = go(source, &["mod", "download", "-json", "-modfile"])?;
    let answer = output(command.arg(module).arg(path))?;
    let answer: serde_json::Value =
        serde_json::from_slice(&answer).map_err(|it| Fault::new(format!("go mod download: {it}")))?;
    let from = answer["Dir"].as_str().ok_or_else(|| Fault::new(format!("go has no folder of {path}")))?;
    copy(&Path::new(from).join(folder), to)
}

fn copy(from: &Path, to: &Path) -> Result<(), Fault> {
    fs::create_dir_all(to).map_err(Fault::at(to))?;
    for file in files(from)? {
        let to = to.join(file.file_name().unwrap_or_default());
        if file.is_dir() {
            copy(&file, &to)?;
        } else {
            // What lies in a module is read-only; a copy need not be.
            let content = fs::read(&file).map_err(Fault::at(&file))?;
            fs::write(&to, content).map_err(Fault::at(&to))?;
        }
    }
    Ok(())
}

/// Deletes other builds of this name that are older than two weeks; to fail at it is no harm.
fn forget_old(cache: &Path, name: &str, kept: &Path) {
    let ours = [format!("{name}-"), format!(".{name}.")];
    for path in files(cache).unwrap_or_default() {
        let is_ours = path
            .file_name()
            .is_some_and(|it| ours.iter().any(|prefix| it.to_string_lossy().starts_with(prefix)));
        let modified = path.metadata().and_then(|it| it.modified()).ok();
        let age = modified.and_then(|it| it.elapsed().ok()).unwrap_or_default();
        if is_ours && path != kept && age.as_secs() > 14 * 24 * 3600 {
            let _ = fs::remove_dir_all(path);
        }
    }
}
