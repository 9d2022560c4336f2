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

/// What kwok's own stages leave out.
const STAGES: &str = include_str!("stages.yaml");

/// The annotation that says whose kubelet a node has.
pub(crate) const SITE: &str = "conformance.test/site";

/// A running control plane. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Control {
    pub(crate) api: Api,
    /// In the order in which they must end: an API server whose store is gone first never does.
    processes: Vec<Process>,
    pub(crate) kubeconfig: PathBuf,
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
        let [etcd, peer, server, scheduler, manager, proxy] = ports()?;
        let kubeconfig = work.join("kubeconfig");
        key(&work.join("sa.key"))?;
        write(&work.join("tokens.csv"), "admin-token,admin,admin,system:masters\n")?;
        write(&work.join("admission.yaml"), ADMISSION)?;
        write(&kubeconfig, &config(server))?;
        write(&work.join("stages.yaml"), &stages(&engine::folder("kwok")?.join("stage"))?)?;

        let local = |port: u16| format!("http://127.0.0.1:{port}");
        let mut control = Self { api: Api::new(proxy), processes: Vec::new(), kubeconfig, folder };
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
            // Else a pod stays five minutes on a node that is lost.
            "--default-not-ready-toleration-seconds=4".into(),
            "--default-unreachable-toleration-seconds=4".into(),
            format!("--admission-control-config-file={}", at("admission.yaml")),
        ];
        control.spawn("kube-apiserver", &kubernetes.join("kube-apiserver"), &api_server)?;
        control.spawn(
            "kubectl-proxy",
            &kubernetes.join("kubectl"),
            &["proxy".into(), format!("--port={proxy}")],
        )?;
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
                "--node-monitor-period=1s".into(),
                "--node-monitor-grace-period=10s".into(),
                format!("--service-account-private-key-file={}", at("sa.key")),
            ]),
        )?;
        println!("   control plane up in {:.1} s", start.elapsed().as_secs_f64());
        Ok(control)
    }

    /// Starts the kubelets of a site: one program plays all of them, so that to end it is to lose the site.
    pub(crate) fn kubelets(&mut self, site: &str) -> Result<(), Fault> {
        let [port] = ports()?;
        let arguments = [
            format!("--kubeconfig={}", self.kubeconfig.display()),
            format!("--manage-nodes-with-annotation-selector={SITE}={site}"),
            "--manage-all-nodes=false".into(),
            // The controllers hold a node for lost after ten seconds; the API server's defaults are for real ones.
            "--node-lease-duration-seconds=8".into(),
            format!("--server-address=127.0.0.1:{port}"),
            format!("--config={}", self.folder.path().join("stages.yaml").display()),
        ];
        self.spawn(&format!("kubelets-{site}"), &engine::folder("kwok")?.join("kwok"), &arguments)
    }

    /// Ends a program by its name.
    pub(crate) fn stop(&mut self, name: &str) {
        self.processes.retain(|it| it.name != name);
    }

    /// Ends a program, and starts it again as it was.
    pub(crate) fn restart(&mut self, name: &str) -> Result<(), Fault> {
        self.processes.iter_mut().find(|it| it.name == name).map_or(Ok(()), Process::restart)
    }

    /// The most memory that a program has held, in kilobytes.
    pub(crate) fn memory(&self, name: &str) -> Result<u64, Fault> {
        let process = self.processes.iter().find(|it| it.name == name);
        process.map_or(Ok(0), Process::memory)
    }

    /// Where the programs keep their files.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn spawn_with(
        &mut self,
        name: &str,
        program: &Path,
        arguments: &[String],
        environment: &[(&str, &str)],
    ) -> Result<(), Fault> {
        let kubeconfig = self.kubeconfig.display().to_string();
        // Flux clears what it finds of its own in there, another cluster's too.
        let scratch = self.folder.path().join("tmp").join(name);
        fs::create_dir_all(&scratch).map_err(Fault::at(&scratch))?;
        let scratch = scratch.display().to_string();
        let own = [("KUBECONFIG", kubeconfig.as_str()), ("TMPDIR", scratch.as_str())];
        let environment = [&own, environment].concat();
        self.processes.insert(0, Process::start(name, program, arguments, &environment, self.folder.path())?);
        Ok(())
    }

    fn spawn(&mut self, name: &str, program: &Path, arguments: &[String]) -> Result<(), Fault> {
        self.spawn_with(name, program, arguments, &[])
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
    let mut text = format!("{STAGES}---\n");
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
