//! What lies outside the cluster, on loopback: the user's git server, Helm repositories, registries, other people's git.

use super::{
    process::{Process, ports, until},
    repository::{Files, Repository},
};
use crate::{engine, fault::Fault};
use serde::Serialize;
use serde_json::Value;
use std::{
    collections::BTreeSet,
    fs,
    net::TcpStream,
    path::{Path, PathBuf},
    process::Command,
};

/// The outside world of one cluster. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct World {
    /// The user's repository, and where the cluster finds it.
    pub(crate) repository: Repository,
    pub(crate) url: String,
    /// Where programs that ask for `https://…` are to go instead, and whose certificates they are to believe.
    pub(crate) proxy: String,
    pub(crate) authority: PathBuf,
    process: Process,
}

/// A chart that a tree wants.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub(crate) struct Chart {
    url: String,
    name: String,
    version: String,
    folder: PathBuf,
    crds: Vec<PathBuf>,
    below: &'static str,
}

/// The charts that releases name, and who brings which definitions of custom resources with it.
const CHARTS: &[(&str, &[&str], &str)] = &[
    // Its definitions are among its templates, so that a value decides on them.
    ("cert-manager", &["cert-manager"], "definitions"),
    ("cert-manager-webhook-pdns", &[], "crds"),
    // Its operator registers them when it starts.
    ("cilium", &["cilium"], "crds"),
    ("metallb", &["metallb"], "crds"),
    ("traefik", &[], "crds"),
];

impl World {
    pub(crate) fn start(folder: &Path, objects: &[Value]) -> Result<Self, Fault> {
        let [port] = ports()?;
        let address = format!("127.0.0.1:{port}");
        let git = folder.join("git");
        let repository = Repository::create(git.join("cluster"))?;
        elsewhere(&git, objects)?;
        let list = folder.join("charts.json");
        let charts = serde_json::to_string(&charts(objects)?).expect("charts are plain data");
        fs::write(&list, charts).map_err(Fault::at(&list))?;
        let authority = folder.join("authority.pem");
        let at = |path: &Path| path.display().to_string();
        let exec = Command::new("git").arg("--exec-path").output();
        let exec = exec.map_err(|it| Fault::new(format!("git: {it}")))?.stdout;
        let backend = Path::new(String::from_utf8_lossy(&exec).trim()).join("git-http-backend");
        let arguments = [
            format!("--address={address}"),
            format!("--git={}", at(&git)),
            format!("--charts={}", at(&list)),
            format!("--authority={}", at(&authority)),
            format!("--git-http-backend={}", at(&backend)),
        ];
        let program = engine::folder("outside")?.join("outside");
        let mut process = Process::start("outside", &program, &arguments, &[], folder)?;
        until("the outside world to be there", 30, || {
            process.check()?;
            Ok(process.said("ready") && TcpStream::connect(&address).is_ok())
        })?;
        Ok(Self {
            repository,
            url: format!("http://{address}/git/cluster"),
            proxy: format!("http://{address}"),
            authority,
            process,
        })
    }

    pub(crate) fn check(&mut self) -> Result<(), Fault> {
        self.process.check()
    }
}

/// Other people's repositories: the definitions of the Gateway API, out of the module that has them.
fn elsewhere(git: &Path, objects: &[Value]) -> Result<(), Fault> {
    let urls: BTreeSet<&str> =
        of_kind(objects, "GitRepository").filter_map(|it| it["spec"]["url"].as_str()).collect();
    for url in urls {
        let Some(path) = url.strip_prefix("https://") else { continue };
        if !path.contains("gateway-api") {
            return Err(Fault::new(format!("nothing stands in for {url}")));
        }
        let mut files = Files::new();
        read(&engine::folder("crds")?.join("gateway-api"), "config/crd", &mut files)?;
        let bare = git.join(path);
        let repository = Repository::create(bare.clone())?;
        repository.commit(&files, "the definitions")?;
        let sources = of_kind(objects, "GitRepository").filter(|it| it["spec"]["url"] == url);
        let tags: BTreeSet<&str> = sources.filter_map(|it| it["spec"]["ref"]["tag"].as_str()).collect();
        tags.into_iter().try_for_each(|tag| repository.tag(tag))?;
    }
    Ok(())
}

fn read(folder: &Path, name: &str, files: &mut Files) -> Result<(), Fault> {
    for entry in fs::read_dir(folder).map_err(Fault::at(folder))? {
        let path = entry.map_err(Fault::at(folder))?.path();
        let name = format!("{name}/{}", path.file_name().unwrap_or_default().to_string_lossy());
        if path.is_dir() {
            read(&path, &name, files)?;
        } else {
            files.insert(name, fs::read(&path).map_err(Fault::at(&path))?);
        }
    }
    Ok(())
}

/// The charts that the releases among these objects name, each from where its source says.
fn charts(objects: &[Value]) -> Result<BTreeSet<Chart>, Fault> {
    let mut charts = BTreeSet::new();
    let text = |it: &Value| it.as_str().unwrap_or_default().to_owned();
    for release in of_kind(objects, "HelmRelease") {
        let namespace = &release["metadata"]["namespace"];
        let of = |reference: &Value| {
            let found = objects.iter().find(|it| {
                it["kind"] == reference["kind"]
                    && it["metadata"]["name"] == reference["name"]
                    && it["metadata"]["namespace"] == *namespace
            });
            found.ok_or_else(|| {
                Fault::new(format!("HelmRelease {}: no {reference}", release["metadata"]["name"]))
            })
        };
        let spec = &release["spec"];
        let (url, name, version) = if spec["chartRef"].is_object() {
            let source = of(&spec["chartRef"])?;
            let url = text(&source["spec"]["url"]);
            let name = url.rsplit('/').next().unwrap_or_default().to_owned();
            (url, name, text(&source["spec"]["ref"]["tag"]))
        } else {
            let chart = &spec["chart"]["spec"];
            (text(&of(&chart["sourceRef"])?["spec"]["url"]), text(&chart["chart"]), text(&chart["version"]))
        };
        let Some((_, crds, below)) = CHARTS.iter().find(|(it, ..)| *it == name) else {
            return Err(Fault::new(format!("nothing stands in for the chart {name} of {url}")));
        };
        let definitions = engine::folder("crds")?;
        charts.insert(Chart {
            url,
            folder: engine::suite().join("charts").join(&name),
            name,
            version,
            crds: crds.iter().map(|it| definitions.join(it)).collect(),
            below,
        });
    }
    Ok(charts)
}

pub(crate) fn of_kind<'a>(objects: &'a [Value], kind: &'static str) -> impl Iterator<Item = &'a Value> {
    objects.iter().filter(move |it| it["kind"] == kind)
}
