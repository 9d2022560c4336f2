//! Pages of codes that are found by the pipeline itself rather than by a check with a file of its own.

use model::Code;

/// What is wrong with a definition's form.
pub(crate) const FORM: &[(Code, &str)] = &[
    ("duplicate-key", include_str!("duplicate-key.md")),
    ("invalid-value", include_str!("invalid-value.md")),
    ("invalid-yaml", include_str!("invalid-yaml.md")),
    ("missing-key", include_str!("missing-key.md")),
    ("unexpanded-variable", include_str!("unexpanded-variable.md")),
    ("unknown-key", include_str!("unknown-key.md")),
    ("wrong-type", include_str!("wrong-type.md")),
    ("yaml-alias", include_str!("yaml-alias.md")),
];

/// What is wrong with `checks.allow`.
pub(crate) const ALLOWED: &[(Code, &str)] = &[
    ("allow-without-reason", include_str!("allow-without-reason.md")),
    ("unknown-check", include_str!("unknown-check.md")),
    ("unused-allow", include_str!("unused-allow.md")),
];

/// Wrong states that no definition can say: the code that a check would have, what it would be, what prevents it.
pub(crate) const IMPOSSIBLE: &[(Code, &str, &str)] = &[
    (
        "forbidden-sysctl",
        "a pod on the node's network that sets a `net.*` sysctl, or one that its node does not allow",
        "What tombolo writes sets sysctls on nodes alone, in the Talos documents of those where they are needed.",
    ),
    (
        "host-network-rollout-stuck",
        "more replicas than nodes, or a new pod that waits for the port of the old one",
        "What holds ports of its node is a DaemonSet, or one replica that stops before the next starts; neither is a setting.",
    ),
    (
        "namespace-not-privileged",
        "a pod with `hostNetwork` or `hostPort` in a namespace whose Pod Security level refuses it",
        "Each component declares its own level, and the label of its namespace is written from that.",
    ),
    (
        "transfers-without-notify",
        "a zone of the kind Native with secondaries, which never hear of a change",
        "Zones are written as Primary and Secondary; who may transfer and who is told is worked out of the declared secondaries.",
    ),
];
