//! What a whole machine configuration says, read from its text alone: in the main document or in one of its own.
//!
//! It knows nothing of our emitters. A thing that is said in both places is a mistake here.

use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The documents of a configuration.
#[derive(Debug)]
pub(crate) struct Seen {
    main: Value,
    documents: Vec<Value>,
}

/// A document's name and a path in it; a path in the main document.
type Place<'a> = (&'a str, &'a str);

impl Seen {
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let mut main = Value::Null;
        let mut documents = Vec::new();
        for document in serde_yaml::Deserializer::from_str(text) {
            let value = Value::deserialize(document).map_err(|it| it.to_string())?;
            if value.get("kind").is_some() {
                documents.push(value);
            } else if main.is_null() {
                main = value;
            } else {
                return Err("there are two documents without a kind".into());
            }
        }
        Ok(Self { main, documents })
    }

    pub(crate) fn kinds<'a>(&'a self, kind: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
        let kind = kind.to_owned();
        self.documents.iter().filter(move |it| it["kind"] == *kind)
    }

    /// What the main document or the one of its own says; an error where both do.
    fn value(&self, main: &str, (kind, path): Place) -> Result<Option<&Value>, String> {
        let in_main = at(&self.main, main);
        let mut in_document = self.kinds(kind).filter_map(|it| at(it, path));
        let own = in_document.next();
        if in_document.next().is_some() {
            return Err(format!("two documents {kind} say {path}"));
        }
        match (in_main, own) {
            (Some(_), Some(_)) => Err(format!("both `{main}` and {kind} say it")),
            (one, other) => Ok(one.or(other)),
        }
    }

    pub(crate) fn text(&self, main: &str, own: Place) -> Result<Option<String>, String> {
        let value = self.value(main, own)?;
        Ok(value.map(|it| it.as_str().map_or_else(|| it.to_string(), str::to_owned)))
    }

    pub(crate) fn flag(&self, main: &str, own: Place) -> Result<bool, String> {
        Ok(self.value(main, own)?.and_then(Value::as_bool).unwrap_or_default())
    }

    pub(crate) fn number(&self, main: &str, own: Place) -> Result<Option<u64>, String> {
        Ok(self.value(main, own)?.and_then(Value::as_u64))
    }

    pub(crate) fn list(&self, main: &str, own: Place) -> Result<Vec<String>, String> {
        Ok(self.value(main, own)?.map(texts).unwrap_or_default())
    }

    pub(crate) fn map(&self, main: &str, own: Place) -> Result<BTreeMap<String, String>, String> {
        let map = self.value(main, own)?.and_then(Value::as_object).cloned().unwrap_or_default();
        let text = |it: &Value| it.as_str().map_or_else(|| it.to_string(), str::to_owned);
        Ok(map.iter().map(|(key, value)| (key.clone(), text(value))).collect())
    }

    /// The one link that we configure: addresses, routes as `destination via gateway`, virtual addresses, DHCP.
    pub(crate) fn link(&self) -> Result<Link, String> {
        let mut found = Link::default();
        for interface in
            at(&self.main, "machine.network.interfaces").and_then(Value::as_array).into_iter().flatten()
        {
            found.names.extend(text(interface, "interface"));
            found.dhcp |= interface["dhcp"] == true;
            found.addresses.extend(at(interface, "addresses").map(texts).unwrap_or_default());
            for route in at(interface, "routes").and_then(Value::as_array).into_iter().flatten() {
                found.routes.insert((text(route, "network"), text(route, "gateway")));
            }
            found.vips.extend(text(interface, "vip.ip"));
        }
        let old = found != Link::default();
        for link in self.kinds("LinkConfig") {
            found.names.extend(text(link, "name"));
            for address in at(link, "addresses").and_then(Value::as_array).into_iter().flatten() {
                found.addresses.extend(text(address, "address"));
            }
            for route in at(link, "routes").and_then(Value::as_array).into_iter().flatten() {
                let gateway = text(route, "gateway");
                let all = gateway.as_ref().map(|it| if it.contains(':') { "::/0" } else { "0.0.0.0/0" });
                let destination = text(route, "destination").or_else(|| all.map(str::to_owned));
                found.routes.insert((destination, gateway));
            }
        }
        for dhcp in self.kinds("DHCPv4Config") {
            found.names.extend(text(dhcp, "name"));
            found.dhcp = true;
        }
        for vip in self.kinds("Layer2VIPConfig") {
            found.names.extend(text(vip, "link"));
            found.vips.extend(text(vip, "name"));
        }
        let new = ["LinkConfig", "DHCPv4Config", "Layer2VIPConfig"]
            .iter()
            .any(|it| self.kinds(it).next().is_some());
        if old && new { Err("links are in the main document and in their own".into()) } else { Ok(found) }
    }

    /// Taints, however they come to the node: `key=value:Effect`.
    pub(crate) fn taints(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let maps = [at(&self.main, "machine.nodeTaints")]
            .into_iter()
            .chain(self.kinds("KubeNodeConfig").map(|it| at(it, "taints")));
        for (key, value) in maps.flatten().filter_map(Value::as_object).flatten() {
            let value = value.as_str().unwrap_or_default();
            let (value, effect) = value.split_once(':').unwrap_or(("", value));
            found.insert(format!("{key}={value}:{effect}"));
        }
        let registered = at(&self.main, "machine.kubelet.extraConfig.registerWithTaints");
        for taint in registered.and_then(Value::as_array).into_iter().flatten() {
            let part = |name| text(taint, name).unwrap_or_default();
            found.insert(format!("{}={}:{}", part("key"), part("value"), part("effect")));
        }
        found
    }

    /// Whether all that no rule names is dropped.
    pub(crate) fn blocks(&self) -> bool {
        self.kinds("NetworkDefaultActionConfig").any(|it| it["ingress"] == "block")
    }

    /// The firewall's rules: protocol, first and last port, networks.
    pub(crate) fn rules(&self) -> Vec<Rule> {
        let mut rules = Vec::new();
        for rule in self.kinds("NetworkRuleConfig") {
            let protocol = text(rule, "portSelector.protocol").unwrap_or_default();
            let sources = at(rule, "ingress").and_then(Value::as_array).into_iter().flatten();
            let sources: Vec<String> = sources.filter_map(|it| text(it, "subnet")).collect();
            for ports in at(rule, "portSelector.ports").map(texts).unwrap_or_default() {
                let (first, last) = ports.split_once('-').unwrap_or((&ports, &ports));
                if let (Ok(first), Ok(last)) = (first.parse(), last.parse()) {
                    rules.push(Rule { protocol: protocol.clone(), first, last, sources: sources.clone() });
                }
            }
        }
        rules
    }
}

/// What is set on a node's link.
#[derive(Debug, Default, Eq, PartialEq)]
pub(crate) struct Link {
    pub(crate) names: BTreeSet<String>,
    pub(crate) dhcp: bool,
    pub(crate) addresses: BTreeSet<String>,
    pub(crate) routes: BTreeSet<(Option<String>, Option<String>)>,
    pub(crate) vips: BTreeSet<String>,
}

/// A rule of the firewall, for one span of ports.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) protocol: String,
    pub(crate) first: u16,
    pub(crate) last: u16,
    pub(crate) sources: Vec<String>,
}

/// A value by its path; nothing where it is absent, null or empty.
pub(crate) fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    let found = path.split('.').try_fold(value, |value, key| value.get(key))?;
    let empty = match found {
        Value::Null => true,
        Value::Array(all) => all.is_empty(),
        Value::Object(all) => all.is_empty(),
        Value::String(text) => text.is_empty(),
        _ => false,
    };
    (!empty).then_some(found)
}

fn text(value: &Value, path: &str) -> Option<String> {
    at(value, path).and_then(Value::as_str).map(str::to_owned)
}

fn texts(value: &Value) -> Vec<String> {
    let text = |it: &Value| it.as_str().map_or_else(|| it.to_string(), str::to_owned);
    value.as_array().map(|all| all.iter().map(text).collect()).unwrap_or_default()
}
