//! A topology as a picture: a card for each domain, a square for each node with its chips, and
//! who is who. It needs nothing from outside, and follows the reader's light or dark theme.

use svg::Document;
use svg::node::element::{Circle, Description, Group, Path, Rectangle, Style, Text, Title};

use super::lint::counted;
use super::topology::summary;
use crate::topology::{Domain, Resident, Site, Topology};

/// Around everything.
const MARGIN: usize = 32;
/// Inside a card.
const PAD: usize = 20;
/// Between cards.
const GAP: usize = 20;
/// The side of a node, and the space to the next.
const NODE: usize = 44;
const STEP: usize = 52;
/// Nodes in a row.
const ROW: usize = 8;
/// A card's width, and where its nodes begin.
const CARD: usize = 2 * PAD + ROW * STEP - (STEP - NODE);
const HEAD: usize = 66;
/// Above the cards.
const TOP: usize = 96;
/// A line of the legend.
const LINE: usize = 30;
/// The characters that fit on a card, and on a line of the legend that is one card wide.
const NAME: usize = 40;
const LEGEND: usize = 56;

/// The colours by which workloads are told apart, each dark enough for white letters.
const HUES: [&str; 8] = [
    "#2563eb", "#c2410c", "#15803d", "#7c3aed", "#be185d", "#0e7490", "#a16207", "#4b5563",
];

const STYLE: &str = "
text { font-family: system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif; fill: #0f172a; }
.page { fill: #ffffff; }
.card { fill: #f8fafc; stroke: #cbd5e1; }
.muted { fill: #475569; }
.free { fill: #ffffff; stroke: #94a3b8; }
.chip { fill: none; stroke: #94a3b8; }
.broken { fill: #fee2e2; stroke: #b91c1c; }
.cross { stroke: #b91c1c; }
.letter { fill: #ffffff; font-weight: 700; }
.used { fill: #ffffff; }
@media (prefers-color-scheme: dark) {
  text { fill: #f1f5f9; }
  .page { fill: #0b1120; }
  .card { fill: #131c31; stroke: #334155; }
  .muted { fill: #a5b4c8; }
  .free { fill: #0b1120; stroke: #64748b; }
  .chip { stroke: #64748b; }
  .broken { fill: #450a0a; stroke: #f87171; }
  .cross { stroke: #f87171; }
  .letter, .used { fill: #ffffff; }
}
";

/// The picture.
pub(crate) fn topology_svg(topology: &Topology) -> String {
    let columns = topology.domains.len().clamp(1, 2);
    let width = 2 * MARGIN + columns * CARD + (columns - 1) * GAP;
    let mut body = Group::new();
    let mut top = TOP;
    for row in topology.domains.chunks(columns) {
        for (column, domain) in row.iter().enumerate() {
            body = body.add(card(topology, domain, MARGIN + column * (CARD + GAP), top));
        }
        top += row.iter().map(height).max().unwrap_or(0) + GAP;
    }
    let (legend, bottom) = legend(topology, top, columns);
    let (title, what) = ("TPU topology", summary(topology));
    let document = Document::new()
        .set("viewBox", (0, 0, width, bottom))
        .set("width", width)
        .set("height", bottom)
        .set("role", "img")
        .set("aria-labelledby", "title desc")
        .add(Title::new(title).set("id", "title"))
        .add(
            Description::new()
                .set("id", "desc")
                .add(svg::node::Text::new(told(topology))),
        )
        .add(Style::new(STYLE))
        .add(rectangle(0, 0, width, bottom).set("class", "page"))
        .add(text(title, MARGIN, 50, 24).set("font-weight", 700))
        .add(text(&what, MARGIN, 76, 14).set("class", "muted"))
        .add(body)
        .add(legend);
    format!("{document}\n")
}

/// The picture in words.
fn told(topology: &Topology) -> String {
    let mut words = summary(topology);
    for domain in &topology.domains {
        words += &format!(". {}: {}", domain.name, subtitle(domain));
        let mut standing: Vec<_> = topology.workloads.iter().collect();
        standing.retain(|resident| resident.domains.contains(&domain.name));
        for resident in standing {
            words += &format!(", {}", resident.holder);
        }
    }
    words + "."
}

fn card(topology: &Topology, domain: &Domain, left: usize, top: usize) -> Group {
    let claim = domain
        .claimed_by
        .and_then(|index| topology.workloads.get(index));
    let claim = claim.map(|resident| format!("claimed by {}", resident.letter));
    let mut card = Group::new()
        .add(
            rectangle(left, top, CARD, height(domain))
                .set("class", "card")
                .set("rx", 12),
        )
        .add(
            text(&shortened(&domain.name, NAME), left + PAD, top + 32, 17)
                .set("font-weight", 600)
                .add(Title::new(domain.name.as_str())),
        )
        .add(text(&subtitle(domain), left + PAD, top + 53, 13).set("class", "muted"));
    if let Some(claim) = claim {
        let right = left + CARD - PAD;
        let claim = text(&claim, right, top + 32, 13).set("class", "muted");
        card = card.add(claim.set("text-anchor", "end"));
    }
    for (index, site) in domain.nodes.iter().enumerate() {
        let x = left + PAD + index % ROW * STEP;
        let y = top + HEAD + index / ROW * STEP;
        card = card.add(node(topology, site, x, y));
    }
    card
}

/// `v5e:4x8 · 8 nodes of 4 chips · 32 of 32 chips in use`
fn subtitle(domain: &Domain) -> String {
    let slice = domain.slice.as_deref().unwrap_or("no slice labels");
    let nodes = counted(domain.nodes.len(), "node", "nodes");
    let Domain {
        chips, chips_used, ..
    } = domain;
    format!("{slice} · {nodes} · {chips_used} of {chips} chips in use")
}

fn height(domain: &Domain) -> usize {
    let rows = domain.nodes.len().div_ceil(ROW).max(1);
    HEAD + rows * STEP - (STEP - NODE) + PAD
}

fn node(topology: &Topology, site: &Site, x: usize, y: usize) -> Group {
    let standing = site.workloads.iter();
    let standing: Vec<_> = standing
        .filter_map(|index| topology.workloads.get(*index))
        .collect();
    let square = rectangle(x, y, NODE, NODE).set("rx", 8);
    let mut node = Group::new().add(Title::new(tooltip(site, &standing)));
    node = match (site.workloads.first(), site.state.trouble()) {
        (Some(index), _) => node.add(square.set("fill", hue(*index))),
        (None, Some(_)) => node.add(square.set("class", "broken")),
        (None, None) => node.add(square.set("class", "free")),
    };
    let letters: String = standing
        .iter()
        .map(|resident| resident.letter.as_str())
        .collect();
    if letters.is_empty() && site.state.trouble().is_some() {
        return node.add(cross(x, y, NODE));
    }
    if !letters.is_empty() {
        let letters = text(&shortened(&letters, 4), x + NODE / 2, y + 26, 18);
        node = node.add(letters.set("class", "letter").set("text-anchor", "middle"));
    }
    if site.state.trouble().is_some() {
        let edge = rectangle(x, y, NODE, NODE).set("rx", 8).set("fill", "none");
        node = node.add(edge.set("class", "cross").set("stroke-width", 3));
    }
    node.add(chips(site, x, y))
}

/// A row of dots along the node's lower edge, filled for those in use.
fn chips(site: &Site, x: usize, y: usize) -> Group {
    const MOST: u64 = 8;
    let shown = site.chips.min(MOST);
    let step = if shown > 4 { 4.4 } else { 5.0 };
    let mut left = f64::from(u32::try_from(x).unwrap_or(0));
    left += (NODE as f64 - step * (shown.saturating_sub(1)) as f64) / 2.0;
    let mut dots = Group::new();
    for index in 0..shown {
        let dot = Circle::new()
            .set("cx", left + step * index as f64)
            .set("cy", y + 36)
            .set("r", 1.6);
        dots = dots.add(match index < site.chips_used {
            true => dot.set("class", "used"),
            false => dot.set("class", "chip"),
        });
    }
    dots
}

/// In the middle of a square.
fn cross(x: usize, y: usize, side: usize) -> Path {
    let (near, far) = (side / 3, side - side / 3);
    let (left, right, top, bottom) = (x + near, x + far, y + near, y + far);
    let data = format!("M{left} {top} L{right} {bottom} M{right} {top} L{left} {bottom}");
    let cross = Path::new().set("d", data).set("class", "cross");
    let width = side.div_ceil(15);
    cross
        .set("stroke-width", width)
        .set("stroke-linecap", "round")
}

fn tooltip(site: &Site, standing: &[&Resident]) -> String {
    let mut words = format!(
        "{}: {} of {} chips in use",
        site.name, site.chips_used, site.chips
    );
    for resident in standing {
        words += &format!(", {}", resident.holder);
    }
    match site.state.trouble() {
        Some(trouble) => format!("{words}, {trouble}"),
        None => words,
    }
}

/// Who is who, and what the other squares mean; with where it ends.
fn legend(topology: &Topology, top: usize, columns: usize) -> (Group, usize) {
    let mut legend = Group::new();
    let mut y = top + 4;
    for (index, resident) in topology.workloads.iter().enumerate() {
        let square = rectangle(MARGIN, y, 20, 20)
            .set("rx", 5)
            .set("fill", hue(index));
        let letter = text(&resident.letter, MARGIN + 10, y + 15, 12);
        let letter = letter.set("class", "letter").set("text-anchor", "middle");
        let words = format!(
            "{} · {} of {} Pods ready",
            shortened(&resident.holder.to_string(), LEGEND * columns - 22),
            resident.pods_ready,
            resident.pods,
        );
        let words = text(&words, MARGIN + 32, y + 15, 14);
        legend = legend.add(square).add(letter).add(words);
        y += LINE;
    }
    let squares = [("free", "free"), ("broken", "takes no Pods")];
    for (index, (class, words)) in squares.into_iter().enumerate() {
        let x = MARGIN + index * 100;
        let square = rectangle(x, y, 20, 20).set("rx", 5).set("class", class);
        let words = text(words, x + 32, y + 15, 14).set("class", "muted");
        legend = legend.add(square).add(words);
    }
    legend = legend.add(cross(MARGIN + 100, y, 20));
    (legend, y + 20 + MARGIN)
}

fn hue(index: usize) -> &'static str {
    HUES[index % HUES.len()]
}

fn text(words: &str, x: usize, y: usize, size: usize) -> Text {
    Text::new(words)
        .set("x", x)
        .set("y", y)
        .set("font-size", size)
}

fn rectangle(x: usize, y: usize, width: usize, height: usize) -> Rectangle {
    Rectangle::new()
        .set("x", x)
        .set("y", y)
        .set("width", width)
        .set("height", height)
}

/// At most so many characters, the last `…` where some are missing.
fn shortened(words: &str, limit: usize) -> String {
    if words.chars().count() <= limit {
        return words.to_owned();
    }
    let kept: String = words.chars().take(limit.saturating_sub(1)).collect();
    kept + "…"
}
