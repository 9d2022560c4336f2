//! The ids of schematics, by the Image Factory's own code: ours must be the same, and so must the text.

use crate::{dialogue::Dialogue, engine, fault::Fault, report::Report, trees::Scope};
use components::talos::image::Image;
use model::{Spanned, definition::Machine};
use proptest::{
    collection::vec,
    prelude::{Just, Strategy, any, prop_oneof},
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How many schematics are made up.
const CASES: usize = 2000;

#[derive(Debug, Serialize)]
struct Question {
    name: String,
    schematic: String,
    #[serde(skip)]
    id: String,
}

#[derive(Debug, Deserialize)]
struct Answer {
    id: String,
    text: String,
    error: String,
}

pub(crate) fn run(scope: &Scope, seed: u64, report: &mut Report) -> Result<(), Fault> {
    let mut questions = Vec::new();
    for tree in scope.trees()? {
        questions.extend(emitted(&tree)?);
    }
    let committed = questions.len();
    if matches!(scope, Scope::Whole(_)) {
        questions.extend(made_up(seed));
    }
    let mut factory = Dialogue::start(&engine::folder("schematic")?.join("schematic"))?;
    let answers: Vec<Answer> = factory.ask(&questions)?;
    for (question, answer) in questions.iter().zip(answers) {
        let same = answer.error.is_empty() && answer.id == question.id && answer.text == question.schematic;
        let why = || {
            format!(
                "ours is {}:\n{}the Factory's is {}: {}\n{}",
                question.id, question.schematic, answer.id, answer.error, answer.text
            )
        };
        report.expect(&question.name, if same { Ok(()) } else { Err(why()) });
    }
    println!("{committed} of trees, {} made up", questions.len() - committed);
    Ok(())
}

/// The schematics of a tree, with the ids that its `nodes.json` says.
fn emitted(tree: &crate::trees::Tree) -> Result<Vec<Question>, Fault> {
    #[derive(Deserialize)]
    struct Index {
        nodes: Vec<Entry>,
    }
    #[derive(Deserialize)]
    struct Entry {
        name: String,
        schematic: String,
    }
    let missing = |path: &str| Fault::new(format!("{}: there is no {path}", tree.title));
    let text = tree.text("talos/nodes.json").ok_or_else(|| missing("talos/nodes.json"))?;
    let index: Index =
        serde_json::from_str(&text).map_err(|it| Fault::new(format!("{}: {it}", tree.title)))?;
    let question = |node: Entry| {
        let path = format!("talos/schematics/{}.yaml", node.name);
        Ok(Question {
            name: format!("{}: schematic of {}", tree.title, node.name),
            schematic: tree.text(&path).ok_or_else(|| missing(&path))?,
            id: node.schematic,
        })
    };
    index.nodes.into_iter().map(question).collect()
}

/// Schematics of what people write, and of what they should not.
fn made_up(seed: u64) -> Vec<Question> {
    let argument = prop_oneof![
        "-?[a-z]{1,12}(\\.[a-z]{1,8})?",
        "[a-z.]{1,12}=[a-zA-Z0-9,:/._-]{0,16}",
        "[ -~]{1,24}",
        Just("1".to_owned()),
        Just("0x1f".to_owned()),
        Just("yes".to_owned()),
        Just("a: b".to_owned()),
    ];
    let extension = prop_oneof!["[a-z][a-z0-9-]{0,20}", "(siderolabs|[a-z]{2,6})/[a-z][a-z0-9-]{0,20}"];
    let strategy = (vec(argument, 0..5), vec(extension, 0..4), any::<bool>());
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), random);
    let mut found = BTreeMap::new();
    for case in 0..CASES {
        let (arguments, extensions, _) =
            strategy.new_tree(&mut runner).expect("the strategy rejects nothing").current();
        let spanned = |texts: Vec<String>| texts.into_iter().map(Spanned::nowhere).collect();
        let machine = Machine {
            kernel_args: spanned(arguments),
            extensions: spanned(extensions),
            ..Machine::default()
        };
        let Image { schematic, id, .. } = Image::of(&machine);
        found
            .insert(schematic.clone(), Question { name: format!("made-up schematic {case}"), schematic, id });
    }
    found.into_values().collect()
}
