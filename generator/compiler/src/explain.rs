//! The page of each diagnostic: one at a terminal, or all of them as `docs/checks.md`.

use crate::{
    check::{
        CHECKS,
        page::{Page, without_marks},
    },
    closest, pages,
};
use std::fmt::Write;

/// An area, and the codes in it with their pages.
struct Part {
    title: &'static str,
    pages: Vec<(&'static str, Page)>,
}

/// All pages by area: first the definition's form, then what it says.
fn parts() -> Vec<Part> {
    let form = Part {
        title: "The definition's form",
        pages: pages::FORM.iter().map(|(code, text)| (*code, Page::read(text))).collect(),
    };
    let allowed = Part {
        title: "Allowed warnings",
        pages: pages::ALLOWED.iter().map(|(code, text)| (*code, Page::read(text))).collect(),
    };
    let mut areas: Vec<_> = CHECKS.iter().map(|check| check.area).collect();
    areas.sort();
    areas.dedup();
    let of_area = |area: crate::check::Area| Part {
        title: area.title(),
        pages: CHECKS
            .iter()
            .filter(|check| check.area == area)
            .map(|check| (check.code, Page::read(&without_marks(check.page))))
            .collect(),
    };
    std::iter::once(form).chain(areas.into_iter().map(of_area)).chain([allowed]).collect()
}

/// Every code, by what it is about.
pub fn explain_all() -> String {
    let mut out = String::new();
    for Part { title, pages } in parts() {
        let _ = writeln!(out, "{title}");
        for (code, page) in pages {
            let _ = writeln!(out, "  {code:<40} {}", page.title.trim_end_matches('.'));
        }
        out.push('\n');
    }
    out.push_str("`tombolo explain CODE` says more of each.\n");
    out
}

/// The page of one code; where there is none, the code that is most like it.
pub fn explain(code: &str) -> Result<String, Option<&'static str>> {
    let Some((code, page)) = pages().find(|(it, _)| *it == code) else {
        return Err(closest(code, pages().map(|(code, _)| code)));
    };
    let mut out = format!("{code}\n\n{}", page.text());
    if let Some((_, prevents)) = pages::PREVENTED.iter().find(|(it, _)| *it == code) {
        let _ = write!(out, "\nOnly adopted files can have this. In what tombolo renders, {prevents}.\n");
    }
    Ok(out)
}

/// Every code with its page, and what it is about.
pub(crate) fn areas_and_pages() -> impl Iterator<Item = (&'static str, &'static str, Page)> {
    let of = |part: Part| {
        let title = part.title;
        part.pages.into_iter().map(move |(code, page)| (title, code, page))
    };
    parts().into_iter().flat_map(of)
}

/// Every code with its page.
pub(crate) fn pages() -> impl Iterator<Item = (&'static str, Page)> {
    parts().into_iter().flat_map(|part| part.pages)
}

/// `docs/checks.md`.
pub fn explain_markdown() -> String {
    let mut out = String::from(include_str!("pages/checks.md"));
    for Part { title, pages } in parts() {
        let _ = write!(out, "\n## {title}\n\n| code | |\n|---|---|\n");
        for (code, page) in &pages {
            let _ = writeln!(out, "| [`{code}`](#{code}) | {} |", page.title.trim_end_matches('.'));
        }
        for (code, page) in &pages {
            let _ = write!(out, "\n### {code}\n\n{}", page.markdown());
        }
    }
    out.push_str("\n## What a definition cannot say\n\n");
    out.push_str("Checks find these in files that a repository has already. What tombolo renders cannot have them.\n\n");
    out.push_str("| code | what prevents it |\n|---|---|\n");
    for (code, prevents) in pages::PREVENTED {
        let _ = writeln!(out, "| [`{code}`](#{code}) | {prevents} |");
    }
    out
}

/// Whether there is a diagnostic of this code; where there is none, the code that is most like it.
pub fn known_code(code: &str) -> Result<&'static str, Option<&'static str>> {
    match pages().find(|(it, _)| *it == code) {
        Some((code, _)) => Ok(code),
        None => Err(closest(code, pages().map(|(code, _)| code))),
    }
}

#[cfg(test)]
mod tests {
    use super::{explain, pages};

    #[test]
    fn what_is_prevented_has_a_check() {
        for (code, prevents) in crate::pages::PREVENTED {
            assert!(pages().any(|(it, _)| it == *code), "{code} is no check");
            assert!(explain(code).is_ok_and(|page| page.contains(prevents)));
        }
    }
}
