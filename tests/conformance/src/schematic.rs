//! The ids of schematics, by the Image Factory's own code: ours must be the same, and so must the text.

use crate::{dialogue::Dialogue, engine, fault::Fault, report::Report, trees::Scope};
use components::talos::image::Image;
use model::{
    Spanned,
    definition::Machine,
    scalar::{Extension, KernelArgument, Scalar as _},
};
use proptest::{
    collection::vec,
    prelude::{Strategy, prop_oneof},
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

/// Schematics of what people write, and of what is hard to write in YAML.
fn made_up(seed: u64) -> Vec<Question> {
    let number = prop_oneof![
        "[-+]?0[xXbBoO][-0-9a-fA-F_]{0,18}",
        "-?[0-9_]{1,20}[eE][-0-9]{1,4}",
        "-?[.][0-9_]{0,3}[eE]?[0-9]{0,3}",
        "[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt][0-9]{2})?",
    ];
    let word = "[-+.]{0,3}([nN][oO]|[oO][nN]|[oO][fF]{2}|[yY][eE][sS]|[yY]|[nN]|[iI][nN][fF]|[nN][aA][nN]|\
                ([tT][rR][uU]|[fF][aA][lL][sS])[eE]|[nN][uU][lL]{2})";
    let argument = prop_oneof![
        4 => "-?[a-z]{1,12}(\\.[a-z]{1,8})?",
        4 => "[a-z.]{1,12}=[a-zA-Z0-9,:/._-]{0,16}",
        4 => "[a-zA-Z0-9_./-]{1,8}(=([!#-~]|\"[ !#-~]{0,9}\"){0,12})?",
        1 => "[a-z]{1,4}=(\"[ !#-~]{90,200}\"|[!#-~]{90,200})",
        2 => "[ -~]{1,24}",
        4 => number,
        4 => word,
    ]
    .prop_filter_map("no argument of the kernel", |it| KernelArgument::parse(&it).ok());
    let extension = prop_oneof!["[a-z0-9][a-z0-9-]{0,20}", "(siderolabs|[a-z]{2,6})/[a-z0-9][a-z0-9-]{0,20}"]
        .prop_map(|it| Extension::parse(&it).expect("an extension"));
    let strategy = (vec(argument, 0..5), vec(extension, 0..4));
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), random);
    let mut found = BTreeMap::new();
    for case in 0..CASES {
        let (arguments, extensions) =
            strategy.new_tree(&mut runner).expect("the strategy finds one").current();
        let machine = Machine {
            kernel_args: arguments.into_iter().map(Spanned::nowhere).collect(),
            extensions: extensions.into_iter().map(Spanned::nowhere).collect(),
            ..Machine::default()
        };
        let Image { schematic, id, .. } = Image::of(&machine);
        found
            .insert(schematic.clone(), Question { name: format!("made-up schematic {case}"), schematic, id });
    }
    found.into_values().collect()
}
