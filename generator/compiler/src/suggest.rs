//! "Did you mean": the name that is most like one that nobody has.

use model::{Diagnostic, Span};

/// The names that are most like `word`, if any is like it at all; more than one where there is no telling.
fn candidates<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut close: Vec<(usize, &str)> = names
        .map(|name| (strsim::damerau_levenshtein(word, name), name))
        .filter(|(distance, name)| *distance <= 1 + word.len().min(name.len()) / 4)
        .collect();
    close.sort_unstable();
    close.dedup();
    close.into_iter().map(|(_, name)| name).collect()
}

/// The name that is most like `word`, if one is like it at all.
pub(crate) fn closest<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    candidates(word, names).first().copied()
}

/// Says which of the names was meant by what stands at a place, and mends it where only one is like it.
/// Gives the diagnostic back as an error where none is.
pub(crate) fn meant<'a>(
    diagnostic: Diagnostic,
    place: Span,
    word: &str,
    names: impl Iterator<Item = &'a str>,
) -> Result<Diagnostic, Box<Diagnostic>> {
    match candidates(word, names).as_slice() {
        [] => Err(Box::new(diagnostic)),
        [only] => Ok(diagnostic.help(format!("did you mean `{only}`?")).fix_by_writing(place, *only)),
        [first, second, ..] => Ok(diagnostic.help(format!("did you mean `{first}`, or `{second}`?"))),
    }
}

#[cfg(test)]
mod tests {
    use super::{candidates, closest};

    #[test]
    fn names_that_are_alike() {
        let names = || ["home", "vps", "worker0", "worker1"].into_iter();
        assert_eq!(closest("hmoe", names()), Some("home"));
        assert_eq!(closest("vsp", names()), Some("vps"));
        assert_eq!(closest("office", names()), None);
        assert_eq!(candidates("worker2", names()), ["worker0", "worker1"]);
    }
}
