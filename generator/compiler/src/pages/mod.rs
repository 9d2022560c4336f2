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
pub(crate) const IMPOSSIBLE: &[(Code, &str, &str)] = &[];
