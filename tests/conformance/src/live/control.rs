//! A control plane on loopback: the store, the API server, the scheduler, the controllers and simulated kubelets.

use super::{
    api::Api,
    process::{Process, ports, until},
};
use crate::{engine, fault::Fault};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

/// What Talos gives its API server: https://docs.siderolabs.com, Pod Security.
const ADMISSION: &str = include_str!("admission.yaml");

/// A running control plane. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Control {
    pub(crate) api: Api,
    /// In the order in which they must end: an API server whose store is gone first never does.
    processes: Vec<Process>,
    pub(crate) kubeconfig: PathBuf,
    pub(crate) kubectl: PathBuf,
    folder: tempfile::TempDir,
}

impl Control {
    pub(crate) fn start(service_subnets: &str) -> Result<Self, Fault> {
        let start = Instant::now();
        let kubernetes = engine::folder("kubernetes")?;
        let folder = tempfile::Builder::new()
            .prefix("tombolo-live-")
            .tempdir()
            .map_err(|it| Fault::new(it.to_string()))?;
        let work = folder.path().to_path_buf();
        let at = |name: &str| work.join(name).display().to_string();
        let [etcd, peer, server, scheduler, manager, kwok, proxy] = ports()?;
        let kubeconfig = work.join("kubeconfig");
        key(&work.join("sa.key"))?;
        write(&work.join("tokens.csv"), "admin-token,admin,admin,system:masters\n")?;
        write(&work.join("admission.yaml"), ADMISSION)?;
        write(&kubeconfig, &config(server))?;
        write(&work.join("stages.yaml"), &stages(&engine::folder("kwok")?.join("stage"))?)?;

        let local = |port: u16| format!("http://127.0.0.1:{port}");
        let mut control = Self {
            api: Api::new(proxy),
            processes: Vec::new(),
            kubectl: kubernetes.join("kubectl"),
            kubeconfig,
            folder,
        };
        let store = [
            format!("--data-dir={}", at("etcd")),
            "--unsafe-no-fsync".into(),
            format!("--listen-client-urls={}", local(etcd)),
            format!("--advertise-client-urls={}", local(etcd)),
            format!("--listen-peer-urls={}", local(peer)),
            format!("--initial-advertise-peer-urls={}", local(peer)),
            format!("--initial-cluster=default={}", local(peer)),
        ];
        control.spawn("etcd", &engine::folder("etcd")?.join("server"), &store)?;
        let api_server = [
            format!("--etcd-servers={}", local(etcd)),
            "--bind-address=127.0.0.1".into(),
            format!("--secure-port={server}"),
            format!("--cert-dir={}", at("certs")),
            "--service-account-issuer=https://127.0.0.1".into(),
            format!("--service-account-key-file={}", at("sa.key")),
            format!("--service-account-signing-key-file={}", at("sa.key")),
            format!("--token-auth-file={}", at("tokens.csv")),
            "--authorization-mode=RBAC".into(),
            format!("--service-cluster-ip-range={service_subnets}"),
            "--endpoint-reconciler-type=none".into(),
            "--allow-privileged=true".into(),
            format!("--admission-control-config-file={}", at("admission.yaml")),
        ];
        control.spawn("kube-apiserver", &kubernetes.join("kube-apiserver"), &api_server)?;
        let kubectl = control.kubectl.clone();
        control.spawn("kubectl-proxy", &kubectl, &["proxy".into(), format!("--port={proxy}")])?;
        control.until("the API server to be ready", 60, |api| {
            Ok(api.ask("GET", "/readyz", "", &Value::Null).is_ok_and(|it| it.ok()))
        })?;
        let config = format!("--kubeconfig={}", control.kubeconfig.display());
        let common = [config.clone(), "--leader-elect=false".into(), "--bind-address=127.0.0.1".into()];
        let with = |more: &[String]| [&common[..], more].concat();
        control.spawn(
            "kube-scheduler",
            &kubernetes.join("kube-scheduler"),
            &with(&[format!("--secure-port={scheduler}")]),
        )?;
        control.spawn(
            "kube-controller-manager",
            &kubernetes.join("kube-controller-manager"),
            &with(&[
                format!("--secure-port={manager}"),
                format!("--service-account-private-key-file={}", at("sa.key")),
            ]),
        )?;
        control.spawn(
            "kwok",
            &engine::folder("kwok")?.join("kwok"),
            &[
                config,
                "--manage-all-nodes=true".into(),
                format!("--server-address=127.0.0.1:{kwok}"),
                format!("--config={}", at("stages.yaml")),
            ],
        )?;
        println!("   control plane up in {:.1} s", start.elapsed().as_secs_f64());
        Ok(control)
    }

    fn spawn(&mut self, name: &str, program: &Path, arguments: &[String]) -> Result<(), Fault> {
        let kubeconfig = self.kubeconfig.display().to_string();
        let environment = [("KUBECONFIG", kubeconfig.as_str())];
        self.processes.insert(0, Process::start(name, program, arguments, &environment, self.folder.path())?);
        Ok(())
    }

    /// Waits, and fails at once where one of the programs has ended.
    pub(crate) fn until(
        &mut self,
        what: &str,
        seconds: u64,
        mut ask: impl FnMut(&Api) -> Result<bool, Fault>,
    ) -> Result<(), Fault> {
        let (api, processes) = (&self.api, &mut self.processes);
        until(what, seconds, || {
            processes.iter_mut().try_for_each(Process::check)?;
            ask(api)
        })
    }

    /// The objects that kustomize makes of a folder.
    pub(crate) fn kustomize(&self, folder: &Path) -> Result<Vec<Value>, Fault> {
        let output = Command::new(&self.kubectl).arg("kustomize").arg(folder).output();
        let output = output.map_err(Fault::at(&self.kubectl))?;
        if !output.status.success() {
            return Err(Fault::new(String::from_utf8_lossy(&output.stderr).into_owned()));
        }
        super::documents(&String::from_utf8_lossy(&output.stdout))
    }
}

/// The key that service accounts' tokens are signed with.
fn key(path: &Path) -> Result<(), Fault> {
    let made = Command::new("openssl").args(["genrsa", "-out"]).arg(path).arg("2048").output();
    match made {
        Ok(output) if output.status.success() => Ok(()),
        _ => Err(Fault::new("openssl is missing: it makes the key of the service accounts")),
    }
}

fn config(port: u16) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: test\n\
         clusters: [{{name: test, cluster: {{server: \"https://127.0.0.1:{port}\", insecure-skip-tls-verify: true}}}}]\n\
         users: [{{name: admin, user: {{token: admin-token}}}}]\n\
         contexts: [{{name: test, context: {{cluster: test, user: admin}}}}]\n"
    )
}

/// What simulated kubelets do: kwok's own stages, the quick ones.
fn stages(folder: &Path) -> Result<String, Fault> {
    let mut text = String::new();
    for (part, start) in [("node/fast", "node-"), ("node/heartbeat", "node-"), ("pod/fast", "pod-")] {
        let folder = folder.join(part);
        for entry in fs::read_dir(&folder).map_err(Fault::at(&folder))? {
            let path = entry.map_err(Fault::at(&folder))?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name.starts_with(start) && path.extension().is_some_and(|it| it == "yaml") {
                text += &fs::read_to_string(&path).map_err(Fault::at(&path))?;
                text += "\n---\n";
            }
        }
    }
    Ok(text)
}

fn write(path: &Path, text: &str) -> Result<(), Fault> {
    fs::write(path, text).map_err(Fault::at(path))
}
