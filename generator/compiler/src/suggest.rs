//! "Did you mean": the name that is most like one that nobody has.

use model::{Diagnostic, Span};

/// The names that are like `word`, and how far from it, the nearest first.
fn candidates<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> Vec<(usize, &'a str)> {
    let mut close: Vec<(usize, &str)> = names
        .map(|name| (strsim::damerau_levenshtein(word, name), name))
        .filter(|(distance, name)| *distance <= 1 + word.len().min(name.len()) / 4)
        .collect();
    close.sort_unstable();
    close.dedup();
    close
}

/// The name that is most like `word`, if one is like it at all.
pub(crate) fn closest<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    candidates(word, names).first().map(|(_, name)| *name)
}

/// Whether one is the other but for a slip of the pen: a letter, or two in a long word.
pub(crate) fn is_slip(word: &str, name: &str) -> bool {
    slip(strsim::damerau_levenshtein(word, name), word)
}

fn slip(distance: usize, word: &str) -> bool {
    distance <= 1 + word.len() / 8
}

/// Says which of the names was meant by what stands at a place, and mends it where it is a slip of the pen and no
/// other name is as near. Gives the diagnostic back as an error where none is like it.
pub(crate) fn meant<'a>(
    diagnostic: Diagnostic,
    place: Span,
    word: &str,
    names: impl Iterator<Item = &'a str>,
) -> Result<Diagnostic, Box<Diagnostic>> {
    match candidates(word, names).as_slice() {
        [] => Err(Box::new(diagnostic)),
        [(nearest, name), (next, other), ..] if nearest == next => {
            Ok(diagnostic.help(format!("did you mean `{name}`, or `{other}`?")))
        }
        [(distance, name), ..] => {
            let diagnostic = diagnostic.help(format!("did you mean `{name}`?"));
            Ok(if slip(*distance, word) { diagnostic.fix_by_writing(place, *name) } else { diagnostic })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{candidates, closest, is_slip};

    #[test]
    fn names_that_are_alike() {
        let names = || ["home", "vps", "worker0", "worker1"].into_iter();
        assert_eq!(closest("hmoe", names()), Some("home"));
        assert_eq!(closest("vsp", names()), Some("vps"));
        assert_eq!(closest("office", names()), None);
        assert_eq!(candidates("worker2", names()), [(1, "worker0"), (1, "worker1")]);
        assert!(is_slip("exmaple.org", "example.org") && !is_slip("example.net", "example.org"));
    }
}
