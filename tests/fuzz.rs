//! Feeds the compiler with definitions that nobody wrote: `cargo run --release -p tests --bin fuzz -- 1000000`.
//!
//! The arguments are how many inputs, and a number that the choice of them follows from. Inputs are made out of the
//! two clusters here and the fixtures: as trees, whose values, keys and blocks change places, and as text, which is
//! cut and joined. An input that makes the checks say a set of codes that none before it did becomes a seed itself.
//!
//! Nothing may panic, no input may take longer than a second, every place that is pointed at lies in its file, and a
//! definition without an error gives a tree. Inputs that break this are written to the folder `fuzz-found`.

// It measures time, and it reads and writes files: that is what it is for.
#![allow(clippy::disallowed_methods)]

use compiler::{Cluster, Options, testing};
use serde_yaml::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    panic::{self, AssertUnwindSafe},
    path::Path,
    process::ExitCode,
    time::{Duration, Instant},
};

/// Inputs that take longer are faults.
const LONGEST: Duration = Duration::from_secs(1);
/// Seeds are held to a size, so that a run does not slow down as it goes.
const LARGEST_SEED: usize = 3 << 10;
const MOST_SEEDS: usize = 4000;

/// What people and machines write by mistake, for any place.
const ODD: &[&str] = &[
    "",
    "~",
    "null",
    "true",
    "no",
    "0",
    "-1",
    "1",
    "53",
    "443",
    "65535",
    "65536",
    "4294967296",
    "1e400",
    ".nan",
    "0x10",
    "0.0.0.0",
    "255.255.255.255",
    "0.0.0.0/0",
    "10.0.0.0/8",
    "10.2.0.0/33",
    "127.0.0.1",
    "169.254.0.1",
    "100.64.0.1",
    "::",
    "::1/128",
    "fe80::1",
    "2001:db8::/32",
    "::ffff:10.2.1.1",
    "[::1]:53",
    "10.2.3.9-10.2.3.4",
    "!",
    "!0.0.0.0/0",
    "@",
    "*",
    "*.example.org",
    ".",
    "example.org.",
    "xn--",
    "a.b.c.d.e.f.g.h",
    "https://",
    "https://[::1]",
    "v0.0.0",
    "v1.9",
    "v1.14.99",
    "v99.0.0",
    "v1.12.0-alpha.1",
    "[]",
    "{}",
    "[[]]",
    "\"",
    "'",
    "\t",
    "${A}",
    "{{ a }}",
    "&a",
    "*a",
    "<<",
    "!!str",
    "---",
    "%",
    "é\u{301}",
    "\u{202e}",
    "\u{feff}",
    "prerequisites",
    "mesh",
    "cleanup",
];

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default: u64| match arguments.next() {
        Some(text) => text.replace('_', "").parse().unwrap_or_else(|_| panic!("`{text}` is not a number")),
        None => default,
    };
    let (count, seed) = (number(100_000), number(1));
    panic::set_hook(Box::new(|_| {}));
    let mut run = Run::new(seed);
    let start = Instant::now();
    for index in 1..=count {
        run.one();
        if index % (count / 20).max(1000) == 0 || index == count {
            println!("{index} inputs, {:.0?}: {}", start.elapsed(), run.summary());
        }
    }
    println!("codes seen: {}", run.codes.iter().copied().collect::<Vec<_>>().join(" "));
    if run.faults == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Choices that follow from one number (xorshift*, which is plenty for this).
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(high).expect("31 bits") % most.max(1)
    }

    fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

/// An input that others are made of.
struct Seed {
    text: String,
    tree: Option<Value>,
}

impl Seed {
    fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { tree: serde_yaml::from_str(&text).ok(), text }
    }
}

/// Almost nothing: what fits on a page.
const TINY: &str = "\
cluster: { name: tiny, domain: example.org, endpoint: https://10.2.1.1:6443, flux: { version: v2.9.4, source: flux-system, path: ./a } }
talos: { version: v1.14.2 }
kubernetes: { version: v1.36.3, podSubnets: [10.244.0.0/16], serviceSubnets: [10.96.0.0/12] }
sites: { home: { networks: [10.2.0.0/16], nat: true, machine: { dhcp: true } } }
nodes: { cp0: { site: home, role: controlplane, addresses: [10.2.1.1/16] } }
mesh: { kubespan: {} }
cni: { cilium: { version: v1.20.2, managedBy: flux, routing: tunnel } }
";

struct Run {
    dice: Dice,
    seeds: Vec<Seed>,
    /// Values by the key that they stand under, out of the first seeds: what a person might confuse.
    values: BTreeMap<String, Vec<Value>>,
    keys: Vec<String>,
    signatures: BTreeSet<Vec<&'static str>>,
    codes: BTreeSet<&'static str>,
    clean: u64,
    faults: u64,
    slowest: Duration,
}

impl Run {
    fn new(seed: u64) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let read = |path: &str| {
            fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
        };
        let seeds = vec![
            Seed::new(TINY),
            Seed::new(testing::SMALL),
            Seed::new(read("generator/compiler/src/cli/init.yaml").replace("NAME", "home")),
            Seed::new(read("clusters/example/cluster.yaml")),
            Seed::new(read("clusters/agentydragon/cluster.yaml")),
        ];
        let mut values = BTreeMap::new();
        for seed in &seeds {
            collect(seed.tree.as_ref().expect("YAML"), &mut values);
        }
        let schema: serde_json::Value = serde_json::from_str(&compiler::schema()).expect("JSON");
        let mut keys: BTreeSet<String> = values.keys().cloned().collect();
        properties(&schema, &mut keys);
        Self {
            dice: Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1),
            seeds,
            values,
            keys: keys.into_iter().collect(),
            signatures: BTreeSet::new(),
            codes: BTreeSet::new(),
            clean: 0,
            faults: 0,
            slowest: Duration::ZERO,
        }
    }

    fn summary(&self) -> String {
        format!(
            "{} faults, {} compiled, {} codes in {} combinations, {} seeds, slowest {:.0?}",
            self.faults,
            self.clean,
            self.codes.len(),
            self.signatures.len(),
            self.seeds.len(),
            self.slowest
        )
    }

    fn one(&mut self) {
        // The large ones take their time, so they come less often.
        let at = match self.dice.below(32) {
            0 => 3,
            1 => 4,
            2..8 => self.dice.below(3),
            _ => self.dice.below(self.seeds.len()),
        };
        let input = match &self.seeds[at].tree {
            Some(tree) if self.dice.below(4) > 0 => {
                let tree = tree.clone();
                self.as_tree(tree)
            }
            _ => {
                let text = self.seeds[at].text.clone();
                self.as_text(text)
            }
        };
        self.feed(&input);
    }

    fn feed(&mut self, input: &str) {
        let start = Instant::now();
        let deep = self.dice.below(16) == 0;
        let said = panic::catch_unwind(AssertUnwindSafe(|| look(input, deep)));
        let mut took = start.elapsed();
        // On a busy machine the clock runs while others do: what is slow is slow each time.
        for _ in 0..3 {
            if took > LONGEST {
                let start = Instant::now();
                let _ = panic::catch_unwind(AssertUnwindSafe(|| look(input, deep)));
                took = took.min(start.elapsed());
            }
        }
        self.slowest = self.slowest.max(took);
        let fault = match said {
            Ok(Ok(codes)) => {
                self.clean += u64::from(codes.is_empty());
                self.codes.extend(codes.iter().copied());
                if input.len() <= LARGEST_SEED
                    && self.seeds.len() < MOST_SEEDS
                    && self.signatures.insert(codes)
                {
                    self.seeds.push(Seed::new(input));
                }
                (took > LONGEST).then(|| format!("took {took:?}"))
            }
            Ok(Err(broken)) => Some(broken),
            Err(panic) => {
                let text = panic.downcast_ref::<String>().cloned();
                let text = text.or_else(|| panic.downcast_ref::<&str>().map(|it| (*it).to_owned()));
                Some(format!("panicked: {}", text.unwrap_or_default()))
            }
        };
        if let Some(fault) = fault {
            self.faults += 1;
            fs::create_dir_all("fuzz-found").expect("a folder");
            let path = format!("fuzz-found/{}.yaml", self.faults);
            fs::write(&path, input).expect("written");
            println!("{path}: {fault}");
        }
    }

    /// Changes a definition as the tree that it is.
    fn as_tree(&mut self, mut value: Value) -> String {
        for _ in 0..=self.dice.below(3) {
            self.change(&mut value, 0);
        }
        serde_yaml::to_string(&value).unwrap_or_default()
    }

    /// Changes one place at or below a value.
    fn change(&mut self, value: &mut Value, depth: usize) {
        let stay = depth > 0 && self.dice.below(4) == 0;
        match value {
            Value::Mapping(mapping) if !mapping.is_empty() && !stay => {
                let at = self.dice.below(mapping.len());
                let key = mapping.keys().nth(at).cloned().expect("it is there");
                match self.dice.below(12) {
                    0 => drop(mapping.remove(&key)),
                    1 => {
                        let copy = mapping.get(&key).cloned().unwrap_or(Value::Null);
                        let name = self.dice.one_of(&self.keys).clone();
                        mapping.insert(Value::String(name), copy);
                    }
                    2 => {
                        let other =
                            mapping.keys().nth(self.dice.below(mapping.len())).cloned().expect("it is there");
                        let (a, b) = (mapping.get(&key).cloned(), mapping.get(&other).cloned());
                        mapping.insert(key, b.unwrap_or(Value::Null));
                        mapping.insert(other, a.unwrap_or(Value::Null));
                    }
                    3 => {
                        let name = self.dice.one_of(&self.keys).clone();
                        let new = self.like(&name);
                        mapping.insert(Value::String(name), new);
                    }
                    4 => {
                        let new = self.like(key.as_str().unwrap_or_default());
                        mapping.insert(key, new);
                    }
                    _ => self.change(mapping.get_mut(&key).expect("it is there"), depth + 1),
                }
            }
            Value::Sequence(items) if !items.is_empty() && !stay => {
                let at = self.dice.below(items.len());
                match self.dice.below(6) {
                    0 => drop(items.remove(at)),
                    1 => items.push(items[at].clone()),
                    _ => self.change(&mut items[at], depth + 1),
                }
            }
            scalar => *scalar = self.like(""),
        }
    }

    /// A value that stands under such a key somewhere, or an odd one.
    fn like(&mut self, key: &str) -> Value {
        match self.values.get(key) {
            Some(values) if self.dice.below(3) > 0 => values[self.dice.below(values.len())].clone(),
            _ if self.dice.below(2) == 0 => {
                let at = self.dice.below(self.values.len());
                let values = self.values.values().nth(at).expect("it is there");
                values[self.dice.below(values.len())].clone()
            }
            _ => {
                let odd = *self.dice.one_of(ODD);
                serde_yaml::from_str(odd).unwrap_or_else(|_| Value::String(odd.to_owned()))
            }
        }
    }

    /// Changes a definition as text.
    fn as_text(&mut self, mut text: String) -> String {
        for _ in 0..=self.dice.below(3) {
            let (from, to) = (self.place(&text), self.place(&text));
            let (from, to) = (from.min(to), from.max(to).min(from.min(to) + 400));
            let to = (to..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
            match self.dice.below(9) {
                0 => text.replace_range(from..to, ""),
                1 => {
                    let part = text[from..to].to_owned();
                    let at = self.place(&text);
                    text.insert_str(at, &part);
                }
                2 => text.insert_str(from, ODD[self.dice.below(ODD.len())]),
                3 => text.truncate(from),
                4 => text = text.replace('\n', "\r\n"),
                5 => {
                    let mut lines: Vec<&str> = text.lines().collect();
                    if !lines.is_empty() {
                        let (a, b) = (self.dice.below(lines.len()), self.dice.below(lines.len()));
                        lines.swap(a, b);
                    }
                    text = lines.join("\n");
                }
                6 => {
                    let lines: Vec<&str> = text.lines().collect();
                    let at = self.dice.below(lines.len());
                    let mut out = String::new();
                    for (index, line) in lines.iter().enumerate() {
                        let _ = writeln!(out, "{}{line}", if index == at { "  " } else { "" });
                        if index == at && self.dice.below(2) == 0 {
                            let _ = writeln!(out, "{line}");
                        }
                    }
                    text = out;
                }
                7 => {
                    let other = self.dice.below(self.seeds.len());
                    let lines: Vec<&str> = self.seeds[other].text.lines().collect();
                    let line = lines.get(self.dice.below(lines.len())).copied().unwrap_or_default();
                    let at = text[from..].find('\n').map_or(text.len(), |end| from + end + 1);
                    text.insert_str(at, &format!("{line}\n"));
                }
                _ => {
                    let end =
                        (from + 1..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
                    let new = char::from(u8::try_from(self.dice.below(128)).expect("below 128"));
                    text.replace_range(from..end, &new.to_string());
                }
            }
            // What is copied again and again would not fit into the file that a definition may be.
            if text.len() > 200_000 {
                testing::SMALL.clone_into(&mut text);
            }
        }
        text
    }

    fn place(&mut self, text: &str) -> usize {
        let near = self.dice.below(text.len() + 1);
        (0..=near).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
    }
}

/// Compiles an input. Gives the codes that are said of it, sorted, or how it breaks what must hold.
fn look(input: &str, deep: bool) -> Result<Vec<&'static str>, String> {
    let cluster: Cluster = testing::cluster(input);
    let compiled = compiler::compile(&cluster, Options::default());
    let codes: BTreeSet<&'static str> = compiled.diagnostics.iter().map(|it| it.code).collect();
    for diagnostic in compiled.diagnostics.iter() {
        for label in diagnostic.labels() {
            // An empty file has no place at all.
            if !input.is_empty() && input.get(label.span.start as usize..label.span.end as usize).is_none() {
                return Err(format!("{} points beside the text", diagnostic.code));
            }
        }
    }
    if compiled.tree.is_some() == compiled.diagnostics.has_errors() {
        return Err("a tree and an error, or neither".into());
    }
    if deep {
        drop(compiled.diagnostics.render(&cluster.sources, true));
        drop(compiler::json([(&cluster, &compiled.diagnostics)]));
    }
    Ok(codes.into_iter().collect())
}

fn collect(value: &Value, values: &mut BTreeMap<String, Vec<Value>>) {
    match value {
        Value::Mapping(mapping) => {
            for (key, value) in mapping {
                values.entry(key.as_str().unwrap_or_default().to_owned()).or_default().push(value.clone());
                collect(value, values);
            }
        }
        Value::Sequence(items) => items.iter().for_each(|item| collect(item, values)),
        _ => {}
    }
}

/// Every key that a definition can have.
fn properties(schema: &serde_json::Value, keys: &mut BTreeSet<String>) {
    match schema {
        serde_json::Value::Object(object) => {
            if let Some(serde_json::Value::Object(properties)) = object.get("properties") {
                keys.extend(properties.keys().cloned());
            }
            object.values().for_each(|it| properties(it, keys));
        }
        serde_json::Value::Array(items) => items.iter().for_each(|it| properties(it, keys)),
        _ => {}
    }
}
