//! The graph of a stack's objects as a picture (SVG 2): what an object depends on stands to its left.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write;

use crate::address::parse_instance;
use crate::compare::Verdict;
use crate::drift::ResourceReport;

use super::html::escaped;

/// Of larger stacks only what is not in sync is drawn, with what it depends on and what depends on it.
const MOST: usize = 300;

const ROW: usize = 34;
const BOX: usize = 24;
const GAP: usize = 60;
/// Of a letter of the labels, in tenths.
const LETTER: usize = 67;
/// Letters of a label.
const LONGEST: usize = 60;

/// The picture; `None` where there is nothing to draw, or too much.
pub(super) fn svg(resources: &[ResourceReport]) -> Option<String> {
    let drawn = drawn(resources);
    if drawn.is_empty() || drawn.len() > MOST {
        return None;
    }
    let needs = needs(&drawn);
    let layers = layers(&needs);
    Some(draw(&drawn, &needs, &layers))
}

/// The objects to draw.
fn drawn(resources: &[ResourceReport]) -> Vec<&ResourceReport> {
    let all: Vec<&ResourceReport> = resources.iter().filter(|resource| resource.deposed.is_none()).collect();
    if all.len() <= MOST {
        return all;
    }
    let needs = needs(&all);
    let mut kept = BTreeSet::new();
    for (at, needs) in needs.iter().enumerate() {
        for need in needs {
            if all[at].status != Verdict::InSync || all[*need].status != Verdict::InSync {
                kept.extend([at, *need]);
            }
        }
        if all[at].status != Verdict::InSync {
            kept.insert(at);
        }
    }
    kept.into_iter().map(|at| all[at]).collect()
}

/// For each object, the places of those that it depends on.
fn needs(drawn: &[&ResourceReport]) -> Vec<Vec<usize>> {
    let mut instances: HashMap<String, Vec<usize>> = HashMap::new();
    for (at, resource) in drawn.iter().enumerate() {
        if let Some(address) = parse_instance(&resource.address) {
            instances.entry(address.config().to_string()).or_default().push(at);
        }
    }
    drawn
        .iter()
        .map(|resource| {
            let mut needs: Vec<usize> = resource
                .depends_on
                .iter()
                .filter_map(|name| instances.get(name))
                .flatten()
                .copied()
                .collect();
            needs.sort_unstable();
            needs.dedup();
            needs
        })
        .collect()
}

/// For each object its layer: one more than the highest of those that it depends on.
fn layers(needs: &[Vec<usize>]) -> Vec<usize> {
    let mut layers = vec![0; needs.len()];
    // As often as there can be layers; the graph has no circle.
    for _ in 0..needs.len() {
        let mut is_settled = true;
        for (at, needs) in needs.iter().enumerate() {
            let layer =
                needs.iter().filter(|need| **need != at).map(|need| layers[*need] + 1).max().unwrap_or(0);
            if layer > layers[at] && layer < layers.len() {
                layers[at] = layer;
                is_settled = false;
            }
        }
        if is_settled {
            break;
        }
    }
    layers
}

fn label(resource: &ResourceReport) -> String {
    match resource.address.char_indices().rev().nth(LONGEST) {
        Some((at, letter)) => format!("…{}", &resource.address[at + letter.len_utf8()..]),
        None => resource.address.clone(),
    }
}

fn draw(drawn: &[&ResourceReport], needs: &[Vec<usize>], layers: &[usize]) -> String {
    let labels: Vec<String> = drawn.iter().map(|resource| label(resource)).collect();
    let width = |at: usize| labels[at].chars().count() * LETTER / 10 + 16;
    let mut widths: BTreeMap<usize, usize> = BTreeMap::new();
    let mut rows: BTreeMap<usize, usize> = BTreeMap::new();
    let mut places = Vec::with_capacity(drawn.len());
    for (at, layer) in layers.iter().enumerate() {
        let widest = widths.entry(*layer).or_default();
        *widest = width(at).max(*widest);
        let row = rows.entry(*layer).or_default();
        places.push(*row);
        *row += 1;
    }
    let mut lefts: BTreeMap<usize, usize> = BTreeMap::new();
    let mut right = 10;
    for (layer, width) in &widths {
        lefts.insert(*layer, right);
        right += width + GAP;
    }
    let left = |at: usize| lefts.get(&layers[at]).copied().unwrap_or_default();
    let top = |at: usize| places[at] * ROW + 10;
    let height = rows.values().max().copied().unwrap_or_default() * ROW + 20;
    let total = right.saturating_sub(GAP) + 10;
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" aria-label=\"Graph of the objects\" width=\"{total}\" \
         height=\"{height}\" viewBox=\"0 0 {total} {height}\">\n"
    );
    for (at, needs) in needs.iter().enumerate() {
        for need in needs {
            let (from, to) = (left(*need) + width(*need), left(at));
            let (start, end) = (top(*need) + BOX / 2, top(at) + BOX / 2);
            let bend = from.midpoint(to);
            let _ = writeln!(text, "<path d=\"M{from} {start}C{bend} {start} {bend} {end} {to} {end}\"/>");
        }
    }
    for (at, resource) in drawn.iter().enumerate() {
        let (left, top) = (left(at), top(at));
        let _ = writeln!(
            text,
            "<g class=\"{}\"><title>{}: {}</title><rect x=\"{left}\" y=\"{top}\" width=\"{}\" height=\"{BOX}\" rx=\"4\"/>\
             <text x=\"{}\" y=\"{}\">{}</text></g>",
            resource.status,
            escaped(&resource.address),
            resource.status,
            width(at),
            left + 8,
            top + 16,
            escaped(&labels[at])
        );
    }
    text.push_str("</svg>\n");
    text
}
