//! Two network namespaces of our own, a node and the rest of the world, with a wire between them.
//!
//! Both are processes of this very program, started by `unshare`: they and their namespaces end when the test does.
//! No rights are needed where user namespaces are allowed.

use super::{Flow, ruleset::SHUT};
use crate::fault::Fault;
use serde::{Deserialize, Serialize};
use socket2::{Domain, Protocol, Socket, Type};
use std::{
    collections::BTreeSet,
    env,
    io::{self, BufRead, BufReader, Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket},
    process::{self, Child, Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Duration,
};

/// How long an answer may take: every packet gets one, so only a machine without time for us is slower.
const PATIENCE: Duration = Duration::from_secs(20);

/// What both namespaces are told.
#[derive(Debug, Serialize, Deserialize)]
struct Scene {
    /// The node's end of the wire.
    link: String,
    node: Vec<IpAddr>,
    rules: String,
    flows: Vec<Flow>,
}

/// Whether a packet came through; words where neither can be said.
type Outcome = Result<bool, String>;

/// Sends packets to a link of a node with these rules, each from its own place.
pub(super) fn send(link: &str, node: &[IpAddr], rules: &str, flows: &[Flow]) -> Result<Vec<Outcome>, Fault> {
    let scene = Scene { link: link.into(), node: node.to_vec(), rules: rules.into(), flows: flows.to_vec() };
    let scene = serde_json::to_string(&scene).expect("a scene is plain data");
    let mut world = unshare(way()?, "world")?;
    let mut input = world.stdin.take().expect("its input is a pipe");
    input.write_all(scene.as_bytes()).map_err(|it| Fault::new(format!("the world: {it}")))?;
    drop(input);
    let answer = world.wait_with_output().map_err(|it| Fault::new(format!("the world: {it}")))?;
    if !answer.status.success() {
        return Err(Fault::new("the network namespaces could not be made; what failed stands above"));
    }
    serde_json::from_slice(&answer.stdout).map_err(|it| Fault::new(format!("the world's answer: {it}")))
}

/// Finds what the namespaces are made with, and says how to get what is missing.
pub(super) fn tools() -> Result<(), Fault> {
    for (program, package) in [("nft", "nftables"), ("ip", "iproute2"), ("unshare", "util-linux")] {
        if Command::new(program)
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_err()
        {
            install(package)?;
        }
    }
    Ok(())
}

/// As Debian and Ubuntu have it; elsewhere, and without the right to, somebody else must do it.
fn install(package: &str) -> Result<(), Fault> {
    eprintln!("installing {package} …");
    let apt = |arguments: &[&str]| {
        Command::new("apt-get")
            .arg("-qq")
            .args(arguments)
            .stdout(Stdio::null())
            .status()
            .is_ok_and(|it| it.success())
    };
    let done = apt(&["install", "-y", "--no-install-recommends", package])
        || (apt(&["update"]) && apt(&["install", "-y", "--no-install-recommends", package]));
    if done { Ok(()) } else { Err(Fault::new(format!("{package} is missing, and could not be installed"))) }
}

/// How a network namespace is made here: with the rights that one has, in a user namespace, or by sudo.
fn ways() -> [&'static [&'static str]; 3] {
    [
        &["unshare", "--net"],
        &["unshare", "--user", "--map-root-user", "--net"],
        &["sudo", "--non-interactive", "unshare", "--net"],
    ]
}

/// The first way that works on this machine.
fn way() -> Result<&'static [&'static str], Fault> {
    let works = |way: &&[&str]| {
        let mut command = Command::new(way[0]);
        command
            .args(&way[1..])
            .args(["ip", "link", "set", "lo", "up"])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.status().is_ok_and(|it| it.success())
    };
    ways().into_iter().find(works).ok_or_else(|| {
        Fault::new("no network namespace can be made here: neither as this user, nor in a user namespace, nor by sudo")
    })
}

/// Runs this program anew as `role`, in a namespace made this way.
fn unshare(way: &[&str], role: &str) -> Result<Child, Fault> {
    let this = env::current_exe().map_err(|it| Fault::new(it.to_string()))?;
    Command::new(way[0])
        .args(&way[1..])
        .args(["--kill-child", "--fork"])
        .arg(this)
        .args([INSIDE, role])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|it| Fault::new(format!("{}: {it}", way[0])))
}

/// The word by which this program knows that it runs within a namespace.
const INSIDE: &str = "inside-namespace";

/// Does what a namespace is there for, if this process is within one; else returns.
pub(crate) fn inside() {
    let mut arguments = env::args().skip(1);
    if arguments.next().as_deref() != Some(INSIDE) {
        return;
    }
    let done = match arguments.next().as_deref() {
        Some("world") => world(),
        _ => node(),
    };
    if let Err(why) = done {
        eprintln!("{why}");
        process::exit(1);
    }
    process::exit(0);
}

/// The world: makes the node and the wire, and sends the packets.
fn world() -> io::Result<()> {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text)?;
    let scene: Scene = serde_json::from_str(&text)?;
    let mut node = unshare(ways()[0], "node").map_err(|it| io::Error::other(it.to_string()))?;
    let mut output = BufReader::new(node.stdout.take().expect("its output is a pipe"));
    let pid = line(&mut output)?;
    ip(&format!("link add world0 type veth peer name {} netns {pid}", scene.link))?;
    ip("link set lo up")?;
    ip("link set world0 up")?;
    for source in scene.flows.iter().map(|it| it.from).collect::<BTreeSet<_>>() {
        ip(&format!("address add {} dev world0{}", alone(source), nodad(source)))?;
    }
    let mut input = node.stdin.take().expect("its input is a pipe");
    input.write_all(text.as_bytes())?;
    input.write_all(b"\n")?;
    if line(&mut output)? != "ready" {
        return Err(io::Error::other("the node is not ready"));
    }
    for to in &scene.node {
        ip(&format!("route add {} dev world0", alone(*to)))?;
    }
    serde_json::to_writer(io::stdout(), &outcomes(&scene.flows))?;
    drop(input);
    node.wait()?;
    Ok(())
}

/// The node: takes its addresses, sets its rules, and answers on every port that is tried.
fn node() -> io::Result<()> {
    println!("{}", process::id());
    io::stdout().flush()?;
    let mut input = BufReader::new(io::stdin());
    let scene: Scene = serde_json::from_str(&line(&mut input)?)?;
    ip("link set lo up")?;
    let link = &scene.link;
    ip(&format!("link set {link} up"))?;
    for address in &scene.node {
        ip(&format!("address add {} dev {link}{}", alone(*address), nodad(*address)))?;
    }
    ip(&format!("route add default dev {link}"))?;
    ip(&format!("-6 route add default dev {link}"))?;
    let mut nft = Command::new("nft").args(["-f", "-"]).stdin(Stdio::piped()).spawn()?;
    nft.stdin.take().expect("its input is a pipe").write_all(scene.rules.as_bytes())?;
    if !nft.wait()?.success() {
        return Err(io::Error::other(format!("nft refuses\n{}", scene.rules)));
    }
    let mut ports: BTreeSet<(bool, IpAddr, u16)> =
        scene.flows.iter().map(|it| (it.protocol == "tcp", it.to, it.port)).collect();
    ports.extend(scene.node.iter().flat_map(|ip| [(true, *ip, SHUT), (false, *ip, SHUT)]));
    for (tcp, address, port) in ports {
        let word = if port == SHUT { SHUT_OUT } else { LET_IN };
        let address = SocketAddr::new(address, port);
        if tcp {
            let listener = TcpListener::bind(address)?;
            thread::spawn(move || listener.incoming().flatten().for_each(|mut it| drop(it.write_all(word))));
        } else {
            let socket = UdpSocket::bind(address)?;
            thread::spawn(move || answer(&socket, word));
        }
    }
    println!("ready");
    io::stdout().flush()?;
    // Until the world has seen enough.
    io::copy(&mut input, &mut io::sink())?;
    Ok(())
}

/// What a port answers.
const LET_IN: &[u8] = b"in";
const SHUT_OUT: &[u8] = b"no";

fn answer(socket: &UdpSocket, word: &[u8]) {
    while let Ok((_, from)) = socket.recv_from(&mut [0; 8]) {
        let _ = socket.send_to(word, from);
    }
}

/// Sends every packet, several at a time.
fn outcomes(flows: &[Flow]) -> Vec<Outcome> {
    let next = AtomicUsize::new(0);
    let mut found: Vec<(usize, Outcome)> = thread::scope(|scope| {
        let mut workers = Vec::new();
        for _ in 0..16 {
            workers.push(scope.spawn(|| {
                let mut found = Vec::new();
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(flow) = flows.get(index) else { return found };
                    found.push((index, sent(flow)));
                }
            }));
        }
        workers.into_iter().flat_map(|it| it.join().expect("a worker does not panic")).collect()
    });
    found.sort_by_key(|(index, _)| *index);
    found.into_iter().map(|(_, outcome)| outcome).collect()
}

/// Whether one packet comes in: the port that it was for answers, or the one for all that is shut out.
fn sent(flow: &Flow) -> Outcome {
    let tcp = flow.protocol == "tcp";
    let (kind, protocol) = if tcp { (Type::STREAM, Protocol::TCP) } else { (Type::DGRAM, Protocol::UDP) };
    let to = SocketAddr::new(flow.to, flow.port);
    let attempt = || -> io::Result<[u8; 2]> {
        let socket = Socket::new(Domain::for_address(to), kind, Some(protocol))?;
        socket.bind(&SocketAddr::new(flow.from, 0).into())?;
        socket.connect_timeout(&to.into(), PATIENCE)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        if !tcp {
            socket.send(b"?")?;
        }
        let mut answer = [0; 2];
        (&socket).read_exact(&mut answer)?;
        Ok(answer)
    };
    match attempt() {
        Ok(answer) if answer == LET_IN => Ok(true),
        Ok(answer) if answer == SHUT_OUT => Ok(false),
        Ok(answer) => Err(format!("an answer that nobody gives: {answer:?}")),
        Err(error) => Err(error.to_string()),
    }
}

fn ip(arguments: &str) -> io::Result<()> {
    let done = Command::new("ip").args(arguments.split_whitespace()).status()?;
    if done.success() { Ok(()) } else { Err(io::Error::other(format!("`ip {arguments}` failed"))) }
}

/// An address without the network around it.
fn alone(address: IpAddr) -> String {
    let bits = if address.is_ipv4() { Ipv4Addr::BITS } else { Ipv6Addr::BITS };
    format!("{address}/{bits}")
}

/// IPv6 asks first whether anybody else has an address, which takes a second.
fn nodad(address: IpAddr) -> &'static str {
    if address.is_ipv6() { " nodad" } else { "" }
}

fn line(input: &mut impl BufRead) -> io::Result<String> {
    let mut text = String::new();
    if input.read_line(&mut text)? == 0 {
        return Err(io::Error::other("the other side ended"));
    }
    Ok(text.trim_end().to_owned())
}
