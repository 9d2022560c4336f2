//! Where the entries of a file's mappings lie in its text, so that one can be taken out and the rest stay as it is.

use granit_parser::{Event, Parser};
use std::ops::Range;

/// A collection, or a scalar.
struct Part {
    range: Range<usize>,
    content: Content,
}

enum Content {
    Scalar,
    List(Vec<Part>),
    Mapping { flow: bool, entries: Vec<(Part, Part)> },
}

/// A mapping's entry, and what it lies among.
struct Found<'a> {
    entries: &'a [(Part, Part)],
    at: usize,
    flow: Option<&'a Range<usize>>,
    /// The key that the mapping itself stands under.
    above: Option<&'a Part>,
}

/// What to put where, so that the innermost entry of a mapping that holds a place is gone. None where that would take
/// a comment along, or where the text is not what it seems.
pub(super) fn without_entry(text: &str, place: Range<usize>) -> Option<Vec<(Range<usize>, String)>> {
    let root = parts(text)?;
    let mut found = None;
    find(&root, None, &place, &mut found);
    let Found { entries, at, flow, above } = found?;
    let (key, value) = &entries[at];
    let entry = key.range.start..value.range.end.max(key.range.end);
    if let Some(braces) = flow {
        let cut = match (at.checked_sub(1), entries.get(at + 1)) {
            (_, Some((next, _))) => entry.start..next.range.start,
            (Some(before), None) => {
                let (key, value) = &entries[before];
                value.range.end.max(key.range.end)..entry.end
            }
            (None, None) => braces.start + 1..braces.end - 1,
        };
        let beside = text[cut.start..entry.start].contains('#') || text[entry.end..cut.end].contains('#');
        return (!beside).then(|| vec![(cut, String::new())]);
    }
    let line = text[..entry.start].rfind('\n').map_or(0, |at| at + 1);
    let end = text[entry.end..].find('\n').map_or(text.len(), |at| entry.end + at + 1);
    if !text[line..entry.start].trim().is_empty() {
        // The first entry of a mapping in a list stands behind its `-`.
        let (next, _) = entries.get(at + 1)?;
        let gap = &text[entry.end..next.range.start];
        return (!gap.contains('#')).then(|| vec![(entry.start..next.range.start, String::new())]);
    }
    let mut changes = vec![(line..end, String::new())];
    if let (1, Some(above)) = (entries.len(), above) {
        let colon = above.range.end + text[above.range.end..].find(':')? + 1;
        changes.insert(0, (colon..colon, " {}".to_owned()));
    }
    Some(changes)
}

fn find<'a>(part: &'a Part, above: Option<&'a Part>, place: &Range<usize>, found: &mut Option<Found<'a>>) {
    let holds = |range: &Range<usize>| range.start <= place.start && place.end <= range.end;
    match &part.content {
        Content::Scalar => {}
        Content::List(items) => items.iter().for_each(|item| find(item, None, place, found)),
        Content::Mapping { flow, entries } => {
            for (at, (key, value)) in entries.iter().enumerate() {
                if holds(&(key.range.start..value.range.end.max(key.range.end))) {
                    *found = Some(Found { entries, at, flow: flow.then_some(&part.range), above });
                    find(value, Some(key), place, found);
                }
            }
        }
    }
}

/// The text as parts. None where it is no YAML, or has what a definition may not have.
fn parts(text: &str) -> Option<Part> {
    let mut open: Vec<Part> = Vec::new();
    let mut root = None;
    // A key whose value comes next, for each mapping that is open.
    let mut keys: Vec<Option<Part>> = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, range) = event.ok()?;
        let range = range.byte_range()?;
        let done = match event {
            Event::Scalar(..) => Part { range, content: Content::Scalar },
            Event::SequenceStart(..) => {
                open.push(Part { range, content: Content::List(Vec::new()) });
                keys.push(None);
                continue;
            }
            Event::MappingStart(..) => {
                let flow = text[range.start..].starts_with('{');
                open.push(Part { range, content: Content::Mapping { flow, entries: Vec::new() } });
                keys.push(None);
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                keys.pop();
                let mut part = open.pop()?;
                let last = match &part.content {
                    Content::List(items) => items.last().map(|it| it.range.end),
                    Content::Mapping { entries, .. } => {
                        entries.last().map(|(key, value)| value.range.end.max(key.range.end))
                    }
                    Content::Scalar => None,
                };
                // The end of a block is where the next thing begins; its own last part ends before.
                let brackets = text[part.range.start..].starts_with(['[', '{']);
                part.range.end = if brackets { range.end } else { last.unwrap_or(part.range.end) };
                part
            }
            Event::Alias(..) => return None,
            _ => continue,
        };
        let Some(around) = open.last_mut() else {
            root = Some(done);
            continue;
        };
        let key = keys.last_mut()?;
        match &mut around.content {
            Content::List(items) => items.push(done),
            Content::Mapping { entries, .. } => match key.take() {
                None => *key = Some(done),
                Some(key) => entries.push((key, done)),
            },
            Content::Scalar => return None,
        }
    }
    root
}
