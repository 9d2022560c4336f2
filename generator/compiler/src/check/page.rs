//! The page of a code, in its parts: for a check, the `//!` at the top of its own file.

use std::fmt::Write;

/// What a page says. The form is written down in the `//!` of the module above.
#[derive(Debug)]
pub(crate) struct Page {
    /// One sentence: what is wrong.
    pub(crate) title: String,
    /// What it means, and why it matters.
    pub(crate) meaning: String,
    pub(crate) fix: String,
    pub(crate) wrong: Vec<Example>,
    pub(crate) right: Vec<Example>,
    /// Where upstream documents it.
    pub(crate) source: String,
}

/// A part of a definition, or a file beside it.
#[derive(Debug)]
pub(crate) struct Example {
    /// The file, where it is not the definition: what stands behind `yaml` in the fence.
    pub(crate) file: Option<String>,
    pub(crate) text: String,
}

/// The `//!` at the top of a source file.
pub(crate) fn without_marks(source: &str) -> String {
    let lines = source.lines().map_while(|line| line.strip_prefix("//!"));
    lines.flat_map(|line| [line.strip_prefix(' ').unwrap_or(line), "\n"]).collect()
}

impl Page {
    /// Takes a page apart.
    pub(crate) fn read(text: &str) -> Self {
        let mut page = Self {
            title: String::new(),
            meaning: String::new(),
            fix: String::new(),
            wrong: Vec::new(),
            right: Vec::new(),
            source: String::new(),
        };
        let mut part = "";
        let mut fence = false;
        for line in text.lines() {
            let examples = match part {
                "wrong" => Some(&mut page.wrong),
                "right" => Some(&mut page.right),
                _ => None,
            };
            if let Some(examples) = examples {
                match line.strip_prefix("```") {
                    Some(_) if fence => fence = false,
                    Some(info) => {
                        fence = true;
                        let file = info.split_once(' ').map(|(_, file)| file.to_owned());
                        examples.push(Example { file, text: String::new() });
                    }
                    None => {
                        if let Some(example) = examples.last_mut().filter(|_| fence) {
                            example.text.push_str(line);
                            example.text.push('\n');
                        }
                    }
                }
                if fence {
                    continue;
                }
            }
            let text = match line {
                "Wrong:" => {
                    part = "wrong";
                    continue;
                }
                "Right:" => {
                    part = "right";
                    continue;
                }
                _ if line.starts_with("Fix: ") => {
                    part = "fix";
                    line.trim_start_matches("Fix: ")
                }
                _ if line.starts_with("Source: ") => {
                    part = "source";
                    line.trim_start_matches("Source: ")
                }
                _ => line,
            };
            let to = match part {
                "fix" => &mut page.fix,
                "source" => &mut page.source,
                "" if page.title.is_empty() => &mut page.title,
                "" => &mut page.meaning,
                _ => continue,
            };
            to.push_str(text);
            to.push('\n');
        }
        for part in [&mut page.title, &mut page.meaning, &mut page.fix, &mut page.source] {
            *part = part.trim().to_owned();
        }
        page
    }

    /// For a person at a terminal: examples are indented.
    pub(crate) fn text(&self) -> String {
        let Self { title, meaning, fix, .. } = self;
        let mut out = format!("{title}\n\n{meaning}\n\nFix: {fix}\n");
        for (word, examples) in [("Wrong", &self.wrong), ("Right", &self.right)] {
            let _ = write!(out, "\n{word}:\n");
            for Example { file, text } in examples {
                if let Some(file) = file {
                    let _ = write!(out, "\n    # {file}\n");
                }
                for line in text.lines() {
                    let _ = writeln!(out, "{}", format!("    {line}").trim_end());
                }
            }
        }
        let _ = write!(out, "\nSource: {}\n", self.source);
        out
    }

    /// For `docs/checks.md`.
    pub(crate) fn markdown(&self) -> String {
        let Self { title, meaning, fix, .. } = self;
        let mut out = format!("{title}\n\n{meaning}\n\n**Fix.** {fix}\n");
        for (word, examples) in [("Wrong", &self.wrong), ("Right", &self.right)] {
            let _ = write!(out, "\n{word}:\n");
            for Example { file, text } in examples {
                let comment = file.as_ref().map(|file| format!("# {file}\n")).unwrap_or_default();
                let _ = write!(out, "\n```yaml\n{comment}{text}```\n");
            }
        }
        let _ = write!(out, "\nSource: {}\n", self.source);
        out
    }
}
