//! `explain placement`: read, decide as the placer would, tell all of it.

use placement::{Settings, decide};

use crate::cli::{PlacementArgs, TextOrJson};
use crate::cluster::{Cluster, offline_namespace};
use crate::commands::{block_on, now, tell_unreadable};
use crate::exit::Exit;
use crate::explanation::{Explanation, explanation};
use crate::failure::Failure;
use crate::judge::Judge;
use crate::printer::Printer;
use crate::render::{explanation_text, pretty_json};
use crate::standing::standing;

pub(super) fn run(args: &PlacementArgs, printer: &Printer) -> Result<Exit, Failure> {
    let judge = Judge::load(&[])?;
    let now = now();
    let stories = block_on(async {
        let cluster = Cluster::connect(&args.connection).await?;
        let reading = cluster.read(None).await?;
        tell_unreadable(&reading, printer)?;
        let inventory = &reading.inventory;
        let decision = decide(&inventory.view, now, &Settings::default(), judge.rank());
        let standing = standing(inventory, &decision);
        let namespace = offline_namespace(&args.connection)?;
        let found = standing.called(&args.name, &namespace)?;
        let stories = found.into_iter();
        let stories = stories.map(|found| explanation(found, &args.name, inventory, &decision));
        let mut stories: Vec<_> = stories.collect();
        for story in &mut stories {
            add_events(&cluster, story).await?;
        }
        Ok(stories)
    })?;
    printer.data(&match args.output {
        TextOrJson::Json => pretty_json(&serde_json::json!({ "placements": stories })),
        TextOrJson::Text => {
            let texts: Vec<_> = stories
                .iter()
                .map(|story| explanation_text(story, now, printer))
                .collect();
            texts.join("\n")
        }
    })?;
    Ok(Exit::Fine)
}

async fn add_events(cluster: &Cluster, story: &mut Explanation) -> Result<(), Failure> {
    for slice in &mut story.slices {
        slice.events = cluster.placer_events(&slice.standing.holder).await?;
    }
    Ok(())
}
