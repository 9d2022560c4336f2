//! A program that runs beside the suite: its log is kept, and it ends when the suite does, however that ends.

use crate::fault::Fault;
use std::{
    fs::{self, File},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

/// A running program.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) name: String,
    child: Child,
    log: PathBuf,
    /// How it was started: program, arguments, environment.
    how: (PathBuf, Vec<String>, Vec<(String, String)>),
}

impl Process {
    /// Starts a program. The kernel kills it when the thread that started it is gone, so a suite that is
    /// interrupted or killed leaves nothing behind; `setpriv` of util-linux asks the kernel for that.
    pub(crate) fn start(
        name: &str,
        program: &Path,
        arguments: &[String],
        environment: &[(&str, &str)],
        logs: &Path,
    ) -> Result<Self, Fault> {
        let log = logs.join(format!("{name}.log"));
        let file = File::options().create(true).append(true).open(&log).map_err(Fault::at(&log))?;
        let again = file.try_clone().map_err(Fault::at(&log))?;
        let child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "--"])
            .arg(program)
            .args(arguments)
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(file)
            .stderr(again)
            .spawn()
            .map_err(|it| Fault::new(format!("setpriv (of util-linux) cannot start {name}: {it}")))?;
        let environment = environment.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
        Ok(Self { name: name.into(), child, log, how: (program.into(), arguments.into(), environment) })
    }

    /// Ends it, and starts it as it was started.
    pub(crate) fn restart(&mut self) -> Result<(), Fault> {
        let (program, arguments, environment) = self.how.clone();
        let environment: Vec<(&str, &str)> =
            environment.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        let logs = self.log.parent().expect("a log lies in a folder").to_path_buf();
        self.end();
        *self = Self::start(&self.name, &program, &arguments, &environment, &logs)?;
        Ok(())
    }

    /// Ends it at once: an API server whose store is gone does not end when it is asked to.
    pub(crate) fn end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Whether its log has this text.
    pub(crate) fn said(&self, text: &str) -> bool {
        fs::read_to_string(&self.log).is_ok_and(|it| it.contains(text))
    }

    /// The most memory that it has held, in kilobytes: `VmHWM` of proc(5).
    pub(crate) fn memory(&self) -> Result<u64, Fault> {
        let path = PathBuf::from(format!("/proc/{}/status", self.child.id()));
        let text = fs::read_to_string(&path).map_err(Fault::at(&path))?;
        let line = text.lines().find_map(|it| it.strip_prefix("VmHWM:"));
        Ok(line.and_then(|it| it.split_whitespace().next()?.parse().ok()).unwrap_or(0))
    }

    /// A fault, with the end of its log, where it has ended by itself.
    pub(crate) fn check(&mut self) -> Result<(), Fault> {
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => {
                Err(Fault::new(format!("{} ended ({status}):\n{}", self.name, end(&self.log))))
            }
            Err(it) => Err(Fault::new(format!("{}: {it}", self.name))),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

/// The last lines of a log.
fn end(log: &Path) -> String {
    let text = fs::read(log).map(|it| String::from_utf8_lossy(&it).into_owned()).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(8)..].join("\n")
}

/// Ports on loopback that nobody listens on now, and that are handed out once. They lie below those that the kernel
/// gives to connections, so that none is taken between now and the start of who is to listen.
pub(crate) fn ports<const N: usize>() -> Result<[u16; N], Fault> {
    const FIRST: u32 = 12_000;
    const COUNT: u32 = 20_000;
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let mut ports = [0; N];
    for port in &mut ports {
        let free = (0..COUNT).find_map(|_| {
            // Two suites side by side begin at different places.
            let at = NEXT.fetch_add(1, Ordering::Relaxed) + std::process::id().wrapping_mul(131) % COUNT;
            let port = u16::try_from(FIRST + at % COUNT).expect("the range lies below 65536");
            TcpListener::bind(("127.0.0.1", port)).is_ok().then_some(port)
        });
        *port = free.ok_or_else(|| Fault::new("no port is free on 127.0.0.1"))?;
    }
    Ok(ports)
}

/// Asks until the answer is yes, or says what was waited for.
pub(crate) fn until(
    what: &str,
    seconds: u64,
    mut ask: impl FnMut() -> Result<bool, Fault>,
) -> Result<(), Fault> {
    let start = Instant::now();
    loop {
        if ask()? {
            return Ok(());
        }
        if start.elapsed() > Duration::from_secs(seconds) {
            return Err(Fault::new(format!("waited {seconds} s in vain for {what}")));
        }
        thread::sleep(Duration::from_millis(200));
    }
}
