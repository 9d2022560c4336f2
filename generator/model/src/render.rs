//! A diagnostic as a person reads it at a terminal: the message, the lines it is about with marks, and what to do.
//!
//! Nothing is wider than 80 columns: long lines are shown around their marks, labels go below them where there is no
//! room beside, notes are wrapped. What a terminal would obey is shown as a picture of it.

use crate::{Diagnostic, FileId, Label, Severity, Sources};
use std::{collections::BTreeMap, fmt::Write};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

const WIDTH: usize = 80;
const TAB: usize = 4;
/// Bytes before and after a mark that hold more than there is room for.
const ENOUGH: usize = 1000;
/// Columns that are shown before the marks of a long line.
const BEFORE: usize = 24;

/// Appends one diagnostic and an empty line.
pub(crate) fn render(diagnostic: &Diagnostic, sources: &Sources, colour: bool, out: &mut String) {
    let snippets = snippets(diagnostic, sources);
    let last_line = snippets.iter().flat_map(|(_, snippet)| snippet.lines.keys().copied()).max();
    let digits = last_line.map_or(0, |line| line.to_string().len());
    let mut page = Page { out, colour, digits, severity: diagnostic.severity };
    page.header(diagnostic);
    for (file, snippet) in &snippets {
        page.snippet(*file, snippet, sources);
    }
    let notes = diagnostic.notes.iter().cloned().chain(diagnostic.in_phases());
    let help = diagnostic.help.iter().map(|help| format!("help: {help}"));
    let notes: Vec<String> = notes.chain(help).collect();
    if !notes.is_empty() && !snippets.is_empty() {
        page.gutter(None, '│');
        page.out.push('\n');
    }
    for note in &notes {
        page.note(note);
    }
    page.out.push('\n');
}

/// The lines of one file that there is something to say of.
struct Snippet<'a> {
    /// The first byte of the label that the heading names.
    start: u32,
    lines: BTreeMap<usize, Vec<Mark<'a>>>,
}

/// A label within its line, in bytes.
struct Mark<'a> {
    start: usize,
    end: usize,
    primary: bool,
    text: &'a str,
}

/// By file, the one of the primary label first.
fn snippets<'a>(diagnostic: &'a Diagnostic, sources: &Sources) -> Vec<(FileId, Snippet<'a>)> {
    let mut snippets: Vec<(FileId, Snippet<'a>)> = Vec::new();
    for (index, Label { span, text }) in diagnostic.labels().enumerate() {
        let line = sources.line_column(span.file, span.start).0;
        let range = sources.line(span.file, line);
        let start = (span.start as usize).clamp(range.start, range.end) - range.start;
        let end = (span.end as usize).clamp(range.start + start, range.end) - range.start;
        let mark = Mark { start, end, primary: index == 0 && diagnostic.primary.is_some(), text };
        let at = snippets.iter().position(|(file, _)| *file == span.file).unwrap_or_else(|| {
            snippets.push((span.file, Snippet { start: span.start, lines: BTreeMap::new() }));
            snippets.len() - 1
        });
        snippets[at].1.lines.entry(line).or_default().push(mark);
    }
    snippets
}

/// Where a diagnostic is written to.
struct Page<'a> {
    out: &'a mut String,
    colour: bool,
    digits: usize,
    severity: Severity,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Style {
    Plain,
    Bold,
    Frame,
    Primary,
    Heading,
}

impl Page<'_> {
    fn paint(&mut self, style: Style, text: &str) {
        let hue = match self.severity {
            Severity::Error => 31,
            Severity::Warning => 33,
        };
        let start = match style {
            _ if !self.colour || text.is_empty() => String::new(),
            Style::Plain => String::new(),
            Style::Bold => "\x1b[1m".into(),
            Style::Frame => "\x1b[36m".into(),
            Style::Primary => format!("\x1b[{hue}m"),
            Style::Heading => format!("\x1b[1;{hue}m"),
        };
        let end = if start.is_empty() { "" } else { "\x1b[0m" };
        write!(self.out, "{start}{text}{end}").expect("a string takes all");
    }

    fn header(&mut self, diagnostic: &Diagnostic) {
        self.paint(Style::Heading, &format!("{}[{}]", diagnostic.severity, diagnostic.code));
        // The first line has less room; what follows is indented.
        let taken = diagnostic.severity.to_string().len() + diagnostic.code.len() + 4;
        let text = format!("{}{}", "x".repeat(taken.saturating_sub(2)), shown(&diagnostic.message));
        let mut lines = wrap(&text, WIDTH - 2).into_iter();
        let first = lines.next().unwrap_or_default();
        self.paint(Style::Bold, &format!(": {}\n", &first[taken.saturating_sub(2)..]));
        for line in lines {
            self.paint(Style::Bold, &format!("  {line}\n"));
        }
    }

    fn gutter(&mut self, line: Option<usize>, border: char) {
        let number = line.map(|line| line.to_string()).unwrap_or_default();
        self.paint(Style::Frame, &format!("{number:>width$} {border}", width = self.digits));
    }

    fn snippet(&mut self, file: FileId, snippet: &Snippet<'_>, sources: &Sources) {
        let (line, column) = sources.line_column(file, snippet.start);
        self.paint(Style::Frame, &format!("{:width$} ┌─ ", "", width = self.digits));
        writeln!(self.out, "{}:{line}:{column}", shown(sources.name(file))).expect("a string takes all");
        self.gutter(None, '│');
        self.out.push('\n');
        let mut previous: Option<usize> = None;
        for (line, marks) in &snippet.lines {
            match previous.map(|previous| line - previous) {
                Some(2) => self.line(line - 1, &sources.text(file)[sources.line(file, line - 1)], &[]),
                Some(3..) => {
                    self.gutter(None, '·');
                    self.out.push('\n');
                }
                _ => {}
            }
            self.line(*line, &sources.text(file)[sources.line(file, *line)], marks);
            previous = Some(*line);
        }
    }

    /// One line of a file, and its marks below it.
    fn line(&mut self, number: usize, text: &str, marks: &[Mark<'_>]) {
        let room = WIDTH - self.digits - 3;
        let row = Row::new(text, marks, room);
        self.gutter(Some(number), '│');
        let text = row.text.trim_end();
        writeln!(self.out, "{}{text}", if text.is_empty() { "" } else { " " }).expect("a string takes all");
        if marks.is_empty() {
            return;
        }
        // The rightmost label stands beside its marks, if nothing is in its way.
        let last = row.marks.iter().max_by_key(|mark| mark.start).expect("there is one");
        let clear = row.marks.iter().all(|mark| std::ptr::eq(mark, last) || mark.end <= last.start);
        let beside = clear && last.end + 1 + last.text.width() <= room;
        let mut carets = vec![(' ', Style::Plain); row.marks.iter().map(|mark| mark.end).max().unwrap_or(0)];
        for primary in [false, true] {
            for mark in row.marks.iter().filter(|mark| mark.primary == primary) {
                carets[mark.start..mark.end].fill(if primary {
                    ('^', Style::Primary)
                } else {
                    ('-', Style::Frame)
                });
            }
        }
        self.gutter(None, '│');
        self.out.push(' ');
        for run in carets.chunk_by(|a, b| a.1 == b.1) {
            let text: String = run.iter().map(|(c, _)| *c).collect();
            self.paint(run[0].1, &text);
        }
        if beside && !last.text.is_empty() {
            self.out.push(' ');
            self.paint(last.style(), &last.text);
        }
        self.out.push('\n');
        let mut below: Vec<&RowMark> = row.marks.iter().filter(|mark| !mark.text.is_empty()).collect();
        below.retain(|mark| !(beside && std::ptr::eq(*mark, last)));
        below.sort_by_key(|mark| mark.start);
        if row.marks.len() > 1 && !below.is_empty() {
            self.pointers(&below, usize::MAX);
            self.out.push('\n');
        }
        while let Some(mark) = below.pop() {
            let lines = wrap(&mark.text, room);
            let widest = lines.iter().map(|line| line.width()).max().unwrap_or(0);
            let column = mark.start.min(room.saturating_sub(widest));
            for line in lines {
                let at = self.pointers(&below, column);
                write!(self.out, "{:width$}", "", width = column - at).expect("a string takes all");
                self.paint(mark.style(), &line);
                self.out.push('\n');
            }
        }
    }

    /// A border, and a stroke below each mark that is left of a column. Gives the column that is reached.
    fn pointers(&mut self, marks: &[&RowMark], before: usize) -> usize {
        self.gutter(None, '│');
        self.out.push(' ');
        let mut at = 0;
        for mark in marks.iter().filter(|mark| mark.start < before) {
            if mark.start < at {
                continue;
            }
            write!(self.out, "{:width$}", "", width = mark.start - at).expect("a string takes all");
            self.paint(mark.style(), "│");
            at = mark.start + 1;
        }
        at
    }

    fn note(&mut self, note: &str) {
        let mut start = format!("{:width$} = ", "", width = self.digits);
        for line in wrap(&shown(note), WIDTH - self.digits - 3) {
            self.paint(Style::Frame, &start);
            writeln!(self.out, "{line}").expect("a string takes all");
            start = " ".repeat(self.digits + 3);
        }
    }
}

/// A line as it is shown, with its marks in columns.
struct Row {
    text: String,
    marks: Vec<RowMark>,
}

struct RowMark {
    start: usize,
    end: usize,
    primary: bool,
    text: String,
}

impl RowMark {
    fn style(&self) -> Style {
        if self.primary { Style::Primary } else { Style::Frame }
    }
}

impl Row {
    fn new(line: &str, marks: &[Mark<'_>], room: usize) -> Self {
        // No more is looked at than can be shown, however long the line is.
        let first = marks.iter().map(|mark| mark.start).min().unwrap_or(0);
        let boundary =
            |near: usize| (0..=near.min(line.len())).rev().find(|at| line.is_char_boundary(*at)).unwrap_or(0);
        let (skipped, end) = (boundary(first.saturating_sub(ENOUGH)), boundary(first + ENOUGH));
        let line = &line[skipped..end];
        // The column of each byte, and of the end.
        let mut columns = Vec::with_capacity(line.len() + 1);
        let mut cells: Vec<(char, usize)> = Vec::new();
        let mut column = 0;
        for c in line.chars() {
            columns.resize(columns.len() + c.len_utf8(), column);
            if c == '\t' {
                let width = TAB - column % TAB;
                cells.extend((column..column + width).map(|column| (' ', column)));
                column += width;
            } else {
                let c = visible(c);
                cells.push((c, column));
                column += c.width().unwrap_or(0);
            }
        }
        columns.push(column);
        let place = |mark: &Mark<'_>| {
            let start = columns[mark.start.min(end) - skipped];
            (start, columns[mark.end.min(end) - skipped].max(start + 1))
        };
        let first = marks.iter().map(|mark| place(mark).0).min().unwrap_or(0);
        let end = marks.iter().map(|mark| place(mark).1 + 1 + mark.text.width()).max().unwrap_or(0);
        // A line that is cut anyway is cut so that the labels find room beside their marks.
        let from = if column <= room || end <= room {
            0
        } else {
            end.saturating_sub(room).min(first.saturating_sub(BEFORE))
        };
        // The primary mark is seen in any case, if the line is too long for all of them.
        let primary = marks.iter().filter(|mark| mark.primary).map(|mark| place(mark).1).max().unwrap_or(0);
        let from =
            if column > room { from.max((primary + 2).min(column).saturating_sub(room)) } else { from };
        // What is cut off leaves a `…`, which takes a column itself.
        let to = from + room;
        let left = if from > 0 { from + 1 } else { 0 };
        let right = if column > to { to - 1 } else { to };
        let mut text = String::from(if from > 0 { "…" } else { "" });
        let mut reached = left;
        for (c, column) in cells {
            let end = column + c.width().unwrap_or(0);
            if column < left || end > right {
                continue;
            }
            // A wide character that is cut in two leaves a gap.
            text.extend(std::iter::repeat_n(' ', column - reached));
            text.push(c);
            reached = end;
        }
        if column > to {
            text.extend(std::iter::repeat_n(' ', right - reached));
            text.push('…');
        }
        let marks = marks.iter().map(|mark| {
            let (start, end) = place(mark);
            let start = start.saturating_sub(from).min(room - 1);
            let end = end.saturating_sub(from).clamp(start + 1, room);
            RowMark { start, end, primary: mark.primary, text: shown(mark.text) }
        });
        Self { text, marks: marks.collect() }
    }
}

/// Lines of at most so many columns, broken at spaces.
fn wrap(text: &str, room: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split(' ') {
            if !line.is_empty() && line.width() + 1 + word.width() > room {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.push(line);
    }
    lines
}

/// A text without anything that a terminal would obey; its own line breaks stay.
fn shown(text: &str) -> String {
    text.chars().map(|c| if c == '\n' { c } else { visible(c) }).collect()
}

/// Control characters, and those that turn the direction of writing, as something harmless.
fn visible(c: char) -> char {
    match c {
        '\0'..='\x1F' => char::from_u32(0x2400 + u32::from(c)).expect("a control picture"),
        '\x7F' => '␡',
        '\u{80}'..='\u{9F}'
        | '\u{200B}'..='\u{200F}'
        | '\u{2028}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}'
        | '\u{FEFF}' => '\u{FFFD}',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use crate::{Diagnostic, Diagnostics, FileId, Sources, Span};
    use insta::assert_snapshot;

    /// A diagnostic with labels at the places of these words, the first of them primary.
    fn report(text: &str, labels: &[(&str, &str)]) -> String {
        let sources = Sources::single("a.yaml", text);
        let mut diagnostic = Diagnostic::error("some-code", "something is wrong");
        for (index, (word, label)) in labels.iter().enumerate() {
            let start = u32::try_from(text.find(word).expect("it is there")).expect("a small file");
            let end = start + u32::try_from(word.len()).expect("a short word");
            let span = Span { file: FileId(0), start, end };
            diagnostic = match index {
                0 => diagnostic.at_span(span, *label),
                _ => diagnostic.because_span(span, *label),
            };
        }
        let mut diagnostics = Diagnostics::default();
        diagnostics.push(diagnostic);
        diagnostics.render(&sources, false)
    }

    #[test]
    fn labels_on_one_line() {
        assert_snapshot!(report("a: { b: c, d: e }\n", &[("c", "this"), ("d", "that"), ("a", "there")]), @"
        error[some-code]: something is wrong
          ┌─ a.yaml:1:9
          │
        1 │ a: { b: c, d: e }
          │ -       ^  - that
          │ │       │
          │ │       this
          │ there
        ");
    }

    #[test]
    fn lines_apart() {
        let text = "a: 1\nb: 2\nc: 3\nd: 4\ne: 5\nf: 6\n";
        assert_snapshot!(report(text, &[("f", "this"), ("a", "one"), ("c", "two")]), @"
        error[some-code]: something is wrong
          ┌─ a.yaml:6:1
          │
        1 │ a: 1
          │ - one
        2 │ b: 2
        3 │ c: 3
          │ - two
          ·
        6 │ f: 6
          │ ^ this
        ");
    }

    #[test]
    fn a_line_wider_than_the_terminal() {
        let line =
            format!("key: {{ {} }}\n", (0..40).map(|n| format!("k{n}: v{n}")).collect::<Vec<_>>().join(", "));
        assert_snapshot!(report(&line, &[("k2:", "near the start"), ("v39", "near the end")]), @"
        error[some-code]: something is wrong
          ┌─ a.yaml:1:24
          │
        1 │ key: { k0: v0, k1: v1, k2: v2, k3: v3, k4: v4, k5: v5, k6: v6, k7: v7, k8: …
          │                        ^^^                                                 -
          │                        │                                                   │
          │                        │                                        near the end
          │                        near the start
        ");
        assert_snapshot!(report(&line, &[("v20", "in the middle")]), @"
        error[some-code]: something is wrong
          ┌─ a.yaml:1:193
          │
        1 │ …4, k15: v15, k16: v16, k17: v17, k18: v18, k19: v19, k20: v20, k21: v21, k…
          │                                                            ^^^ in the middle
        ");
        assert_snapshot!(report(&line, &[("v39", "at the end")]), @"
        error[some-code]: something is wrong
          ┌─ a.yaml:1:383
          │
        1 │ … v33, k34: v34, k35: v35, k36: v36, k37: v37, k38: v38, k39: v39 }
          │                                                               ^^^ at the end
        ");
        let long = format!("{}x{}\n", "é".repeat(5_000), "é".repeat(5_000));
        assert_snapshot!(report(&long, &[("x", "here")]), @"
        error[some-code]: something is wrong
          ┌─ a.yaml:1:5001
          │
        1 │ …éééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééxéééé…
          │                                                                       ^ here
        ");
    }

    #[test]
    fn a_label_wider_than_the_terminal() {
        let label =
            "a long word of explanation that says at length what could be said in a few words, and more";
        assert_snapshot!(report("a: b\n", &[("b", label)]), @"
        error[some-code]: something is wrong
          ┌─ a.yaml:1:4
          │
        1 │ a: b
          │    ^
          │   a long word of explanation that says at length what could be said in a few
          │   words, and more
        ");
    }

    #[test]
    fn tabs_wide_characters_and_what_a_terminal_obeys() {
        assert_snapshot!(report("a:\tb\n", &[("b", "here")]), @"
        error[some-code]: something is wrong
          ┌─ a.yaml:1:4
          │
        1 │ a:  b
          │     ^ here
        ");
        assert_snapshot!(report("名前: 家 x\n", &[("x", "here")]), @"
        error[some-code]: something is wrong
          ┌─ a.yaml:1:7
          │
        1 │ 名前: 家 x
          │          ^ here
        ");
        assert_snapshot!(report("a: \u{1b}[31m\u{202e}b\r\n", &[("b", "\u{1b}[0mhere")]), @"
        error[some-code]: something is wrong
          ┌─ a.yaml:1:10
          │
        1 │ a: ␛[31m�b
          │          ^ ␛[0mhere
        ");
    }

    #[test]
    fn the_end_of_a_file() {
        let sources = Sources::single("a.yaml", "a: b\n");
        let mut diagnostics = Diagnostics::default();
        let end = Span { file: FileId(0), start: 5, end: 5 };
        diagnostics.push(Diagnostic::warning("some-code", "it ends").at_span(end, "here"));
        diagnostics
            .push(Diagnostic::error("some-code", "no place at all").note("a note").help("and what to do"));
        assert_snapshot!(diagnostics.render(&sources, false), @"
        warning[some-code]: it ends
          ┌─ a.yaml:1:5
          │
        1 │ a: b
          │     ^ here

        error[some-code]: no place at all
         = a note
         = help: and what to do
        ");
        assert_snapshot!(diagnostics.render(&sources, true).replace('\x1b', "ESC"), @"
        ESC[1;33mwarning[some-code]ESC[0mESC[1m: it ends
        ESC[0mESC[36m  ┌─ ESC[0ma.yaml:1:5
        ESC[36m  │ESC[0m
        ESC[36m1 │ESC[0m a: b
        ESC[36m  │ESC[0m     ESC[33m^ESC[0m ESC[33mhereESC[0m

        ESC[1;31merror[some-code]ESC[0mESC[1m: no place at all
        ESC[0mESC[36m = ESC[0ma note
        ESC[36m = ESC[0mhelp: and what to do
        ");
    }
}
