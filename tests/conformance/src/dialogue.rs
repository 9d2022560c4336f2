//! A program that answers one line of JSON with one line of JSON, for as long as it is asked.

use crate::fault::Fault;
use serde::{Serialize, de::DeserializeOwned};
use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    thread,
};

/// A running engine. It ends when this is dropped, as its input does.
#[derive(Debug)]
pub(crate) struct Dialogue {
    child: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Dialogue {
    pub(crate) fn start(program: &Path) -> Result<Self, Fault> {
        let mut child = Command::new(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(Fault::at(program))?;
        let questions = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().expect("its output is a pipe"));
        Ok(Self { child, questions, answers })
    }

    /// The answers to these questions, in their order.
    pub(crate) fn ask<A: DeserializeOwned>(
        &mut self,
        questions: &[impl Serialize + Sync],
    ) -> Result<Vec<A>, Fault> {
        let pipe = self.questions.as_mut().expect("it is open until this is dropped");
        let answers = &mut self.answers;
        thread::scope(|scope| {
            let asking = scope.spawn(move || {
                for question in questions {
                    let mut line = serde_json::to_vec(question).expect("a question is plain data");
                    line.push(b'\n');
                    pipe.write_all(&line)?;
                }
                pipe.flush()
            });
            let mut all = Vec::with_capacity(questions.len());
            let mut line = String::new();
            for _ in questions {
                line.clear();
                let read = answers.read_line(&mut line).map_err(|it| Fault::new(it.to_string()))?;
                if read == 0 {
                    return Err(Fault::new("an engine ended before it had answered everything"));
                }
                let answer = serde_json::from_str(&line)
                    .map_err(|it| Fault::new(format!("an engine's answer: {it}\n{line}")))?;
                all.push(answer);
            }
            match asking.join() {
                Ok(asked) => asked.map_err(|it| Fault::new(format!("asking an engine: {it}")))?,
                Err(panic) => std::panic::resume_unwind(panic),
            }
            Ok(all)
        })
    }
}

impl Drop for Dialogue {
    fn drop(&mut self) {
        drop(self.questions.take());
        // Its input has ended, and it does with it.
        let _ = self.child.wait();
    }
}
