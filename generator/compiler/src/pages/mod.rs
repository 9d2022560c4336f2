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

/// What no definition can say, so that only adopted files can have it: the code, and what prevents it.
pub(crate) const PREVENTED: &[(Code, &str)] = &[
    (
        "forbidden-sysctl",
        "sysctls are set on nodes alone, in the Talos documents of those where they are needed",
    ),
    (
        "host-network-rollout-stuck",
        "what holds ports of its node is a DaemonSet without surge, or one replica that stops before the next starts",
    ),
    (
        "namespace-not-privileged",
        "each component declares its own level, and the label of its namespace is written from that",
    ),
    ("order-missing", "`dependsOn` is worked out of what each thing needs and provides"),
    (
        "readiness-not-awaited",
        "`wait` is set on just what something depends on, and never beside `healthChecks`",
    ),
    ("resource-before-definition", "`dependsOn` is worked out of what each thing needs and provides"),
    (
        "transfers-without-notify",
        "zones are primary here and secondary there; who is told of changes follows from the declared secondaries",
    ),
];
