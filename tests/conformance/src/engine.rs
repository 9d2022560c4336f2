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
    ("kustomize", "sigs.k8s.io/kustomize/kustomize/v5"),
    ("schematic", "github.com/siderolabs/image-factory"),
    ("talos", "github.com/siderolabs/talos/pkg/machinery"),
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
        let (path, version) = version(name, module)?;
        let program = if modules.len() == 1 { name.into() } else { minor(&version) };
        eprintln!("building {path} {version} …");
        build(&source, module, &new.path().join(program))?;
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
    for (name, _) in MODULES {
        let Ok(modules) = modules(&suite().join("engines").join(name)) else { continue };
        for module in modules {
            if let Ok((path, version)) = version(name, &module) {
                writeln!(text, "  {name:<10} {version:<9} {path}").expect("writing to a string");
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

/// The module that an engine is, and its version, as a module file requires it itself.
fn version(name: &str, module: &Path) -> Result<(String, String), Fault> {
    let text = fs::read_to_string(module).map_err(Fault::at(module))?;
    let wanted = MODULES.iter().find(|(engine, _)| *engine == name).map(|(_, path)| *path);
    let found = text.lines().find_map(|line| {
        let mut words = line.trim_start_matches("require").split_whitespace();
        let path = words.next().filter(|it| Some(*it) == wanted)?;
        Some((path.to_owned(), words.next()?.to_owned()))
    });
    found.ok_or_else(|| Fault::new(format!("{} does not require {wanted:?}", module.display())))
}

fn minor(version: &str) -> String {
    version.rsplit_once('.').map_or(version, |(minor, _)| minor).to_owned()
}

/// Builds the program of a folder by one of its module files. Nothing is cloned, and no other Go is fetched.
fn build(source: &Path, module: &Path, program: &Path) -> Result<(), Fault> {
    let proxy = String::from_utf8_lossy(&output(Command::new("go").args(["env", "GOPROXY"]))?).into_owned();
    let proxy = proxy.trim().replace(",direct", "").replace("|direct", "");
    let built = Command::new("go")
        .current_dir(source)
        .envs([("GOPROXY", proxy.as_str()), ("GOTOOLCHAIN", "local"), ("CGO_ENABLED", "0")])
        .env("GOFLAGS", "-trimpath -buildvcs=false")
        .args(["build", "-ldflags", "-s -w", "-modfile"])
        .arg(module)
        .arg("-o")
        .arg(program)
        .arg(".")
        .status()
        .map_err(|it| Fault::new(format!("go: {it}")))?;
    if built.success() {
        Ok(())
    } else {
        Err(Fault::new(format!("{} does not build; what go said stands above", module.display())))
    }
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
