//! The size of a symbol and where its lines of text stand in it: the smallest that holds them.

use super::chart::{Kind, Node};
use super::text::{width, wrap};

/// How a line of text looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Number and role.
    Head,
    /// What is done or asked.
    Body,
    /// What happened there in a run.
    Remark,
}

impl Style {
    /// Font size, pixels.
    pub fn size(self) -> i32 {
        match self {
            Style::Head | Style::Remark => 11,
            Style::Body => 13,
        }
    }

    fn height(self) -> i32 {
        match self {
            Style::Head => 16,
            Style::Body => 17,
            Style::Remark => 14,
        }
    }
}

/// A line of text in a shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextLine {
    /// Baseline, pixels below the shape's centre.
    pub y: i32,
    /// The text.
    pub text: String,
    /// How it looks.
    pub style: Style,
}

/// A symbol with its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    /// Pixels.
    pub width: i32,
    /// Pixels.
    pub height: i32,
    /// Text, from above.
    pub lines: Vec<TextLine>,
}

/// Between text and edge.
const PADDING: i32 = 12;
/// Past this height a decision is not searched any further.
const TALLEST: i32 = 3_000;

/// The shape of a node, at most `widest` pixels wide.
pub fn shape(node: &Node, widest: i32) -> Shape {
    match node.kind {
        Kind::Decision => diamond(node, widest),
        Kind::Operation => rectangle(node, widest - 24, PADDING),
        Kind::Start | Kind::End => rectangle(node, 2 * widest / 3, 2 * PADDING),
    }
}

fn rectangle(node: &Node, wide: i32, padding: i32) -> Shape {
    let room = wide - 2 * padding;
    let lines = [
        (wrap(&node.head, Style::Head.size(), |_| room), Style::Head),
        (wrap(&node.text, Style::Body.size(), |_| room), Style::Body),
        (remarks(node, |_| room), Style::Remark),
    ];
    let text: i32 = lines.iter().map(|(lines, style)| count(lines) * style.height()).sum();
    Shape { width: wide, height: text + 16, lines: stacked(lines, text) }
}

fn remarks(node: &Node, room: impl Fn(usize) -> i32) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for remark in &node.remarks {
        let before = lines.len();
        lines.extend(wrap(remark, Style::Remark.size(), |line| room(before + line)));
    }
    lines
}

fn stacked(parts: [(Vec<String>, Style); 3], height: i32) -> Vec<TextLine> {
    let mut y = -height / 2;
    let mut lines = Vec::new();
    for (texts, style) in parts {
        for text in texts {
            y += style.height();
            lines.push(TextLine { y: y - 4, text, style });
        }
    }
    lines
}

/// A rhombus gives each line less room the farther it is from the middle; the flattest one that holds all
/// lines is taken.
fn diamond(node: &Node, wide: i32) -> Shape {
    // Number and role in one line, or one below the other.
    let (number, role) = node.head.split_once(" · ").unwrap_or((&node.head, ""));
    let below = |room: i32| {
        let role = wrap(role, Style::Head.size(), |_| room);
        std::iter::once(number.to_owned()).chain(role).collect::<Vec<_>>()
    };
    let heads = [vec![node.head.clone()], below(wide), below(wide / 2)];
    // Half of a rhombus is outside of it, so a text needs twice its own room at least.
    let text = width(&node.text, Style::Body.size());
    let fewest = text.div_euclid(wide) + 1;
    let mut height = 64.max(2 * fewest.saturating_sub(1) * Style::Body.height());
    while height < TALLEST {
        for body in fewest..=2 * fewest + 3 {
            for remark in 0..=3 * count(&node.remarks) {
                // Lines of like length stand better in a rhombus than a long one and a short one.
                let even = text / body;
                for most in [even + 10, even + even / 4 + 10, wide] {
                    let fit = |head: &Vec<String>| {
                        fitted(node, head, (wide, height, most), (body, remark))
                    };
                    if let Some(lines) = heads.iter().find_map(fit) {
                        return Shape { width: wide, height, lines };
                    }
                }
            }
        }
        height += 6.max(height / 16);
    }
    let narrow = rectangle(node, wide, wide / 4);
    Shape { height: 2 * narrow.height, ..narrow }
}

/// The lines of a rhombus, if that many of body and remark hold everything; no line of the body is longer
/// than `most`.
fn fitted(
    node: &Node,
    head: &[String],
    (wide, height, most): (i32, i32, i32),
    (body, remark): (i32, i32),
) -> Option<Vec<TextLine>> {
    let first = Style::Head.height();
    let head_height = count(head) * first;
    let (line, small) = (Style::Body.height(), Style::Remark.height());
    let text = head_height + body * line + remark * small;
    let room = |top: i32, tall: i32| {
        let farthest = top.abs().max((top + tall).abs());
        wide - 2 * wide * farthest / height - PADDING
    };
    let top = -text / 2;
    let (at_body, at_remark) = (top + head_height, top + head_height + body * line);
    let index = |at: usize| i32::try_from(at).unwrap_or(i32::MAX / 100);
    let fits = |lines: &[String], style: Style, from: i32| {
        lines.iter().enumerate().all(|(at, text)| {
            width(text, style.size()) <= room(from + index(at) * style.height(), style.height())
        })
    };
    if !fits(head, Style::Head, top) {
        return None;
    }
    let bodies =
        wrap(&node.text, Style::Body.size(), |at| room(at_body + index(at) * line, line).min(most));
    // A word is cut only where nothing else helps.
    let cut = height < TALLEST / 4 && words(&bodies) != words(std::slice::from_ref(&node.text));
    if cut || count(&bodies) != body || !fits(&bodies, Style::Body, at_body) {
        return None;
    }
    let below = remarks(node, |at| room(at_remark + index(at) * small, small));
    let all = count(&below) == remark && fits(&below, Style::Remark, at_remark);
    all.then(|| {
        stacked([(head.to_vec(), Style::Head), (bodies, Style::Body), (below, Style::Remark)], text)
    })
}

fn count(lines: &[String]) -> i32 {
    i32::try_from(lines.len()).unwrap_or(i32::MAX / 100)
}

fn words(texts: &[String]) -> usize {
    texts.iter().map(|text| text.split_whitespace().count()).sum()
}
