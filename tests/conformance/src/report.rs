//! Counts what passes and prints what does not, whole.

/// What has come out so far.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
}

impl Report {
    /// Adds what came out somewhere else.
    pub(crate) fn add(&mut self, other: &Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }

    pub(crate) fn pass(&mut self) {
        self.passed += 1;
    }

    pub(crate) fn fail(&mut self, name: &str, why: &str) {
        self.failed += 1;
        let lines = why.trim_end().lines().map(|line| format!("\n    {line}"));
        // At once: others may write at the same time.
        println!("FAILED {name}{}", lines.collect::<String>());
    }

    /// Counts one thing that was looked at: nothing to say is a pass.
    pub(crate) fn expect(&mut self, name: &str, found: Result<(), String>) {
        match found {
            Ok(()) => self.pass(),
            Err(why) => self.fail(name, &why),
        }
    }

    /// Counts a search for what is wrong: nothing found is a pass.
    pub(crate) fn none(&mut self, name: &str, found: &[String]) {
        self.expect(name, if found.is_empty() { Ok(()) } else { Err(found.join("\n")) });
    }

    /// What an engine said, against what it should have: acceptance, or a refusal with these words.
    pub(crate) fn words(&mut self, name: &str, expected: Option<&str>, refusal: Option<&str>) {
        let said = match refusal {
            None => "it is accepted".to_owned(),
            Some(refusal) => format!("it is refused:\n{refusal}"),
        };
        let met = match expected {
            None => refusal.is_none(),
            Some(words) => refusal.is_some_and(|refusal| refusal.contains(words)),
        };
        let wanted = expected.map_or("acceptance".into(), |words| format!("a refusal with: {words}"));
        self.expect(name, if met { Ok(()) } else { Err(format!("expected {wanted}, but {said}")) });
    }
}
