//! Far jumps as pairs of connectors: a circle with the number of the step it leads to, and the same circle
//! where that step is entered.

use std::collections::BTreeMap;

use super::super::Area;
use super::super::chart::Exit;
use super::super::text::width;
use super::board::{Board, Side};
use super::{Label, Line, RADIUS, Tag, TagKind};

/// From the middle of the column to an entry's circle.
const ASIDE: i32 = 62;

/// Draws all that is left. Returns the exits whose lanes leave no room for an entry's circle.
pub fn run(board: &mut Board<'_>) -> Vec<(usize, usize)> {
    let mut entered: BTreeMap<usize, Vec<(usize, bool)>> = BTreeMap::new();
    for (from, at, exit) in board.pending() {
        leave(board, from, exit);
        board.drawn.insert((from, at));
        entered.entry(exit.to).or_default().push((from, exit.taken));
    }
    let mut crowded = Vec::new();
    for (to, sources) in entered {
        let taken = |side| board.joins.get(&(to, side)).cloned().unwrap_or_default();
        let (left, right) = (taken(Side::Left), taken(Side::Right));
        if left.is_empty() {
            enter(board, to, &sources, Side::Left);
        } else if right.is_empty() {
            enter(board, to, &sources, Side::Right);
        } else {
            crowded.extend(left);
        }
    }
    crowded
}

fn leave(board: &mut Board<'_>, from: usize, exit: &Exit) {
    let (Some(source), Some(target)) = (board.placed(from), board.chart.nodes.get(exit.to)) else {
        return;
    };
    let side = if board.used.insert((from, Side::Right)) { Side::Right } else { Side::Left };
    board.used.insert((from, side));
    let y = source.area.centre().1;
    let away = width(&exit.label, 11) + 36;
    let (port, x, edge) = match side {
        Side::Right => {
            let x = source.area.right + away;
            (source.area.right, x, x - RADIUS)
        }
        Side::Left => {
            let x = source.area.left - away;
            (source.area.left, x, x + RADIUS)
        }
    };
    let line = Line {
        points: vec![(port, y), (edge, y)],
        from,
        to: exit.to,
        arrow: true,
        taken: exit.taken,
        label: board.side_label(exit, source, side),
    };
    let tag = Tag {
        kind: TagKind::Exit { from, to: exit.to },
        at: (x, y),
        text: target.id.clone(),
        caption: None,
        taken: exit.taken,
    };
    board.lines.push((source.sheet, line));
    board.tags.push((source.sheet, tag));
}

fn enter(board: &mut Board<'_>, to: usize, sources: &[(usize, bool)], side: Side) {
    let (Some(target), Some(node)) = (board.placed(to), board.chart.nodes.get(to)) else {
        return;
    };
    let join = target.join();
    let text = origins(board, sources);
    let wide = width(&text, 11);
    // To the right, the answer that comes down the column may stand in the way.
    let answers = board.lines.iter().filter(|(_, line)| line.to == to);
    let answer = answers.filter_map(|(_, line)| line.label.as_ref());
    let answer = answer.map(|label| label.area.right - label.area.left).max().unwrap_or_default();
    let (x, edge, left) = match side {
        Side::Left => (join.0 - ASIDE, join.0 - ASIDE + RADIUS, join.0 - ASIDE - RADIUS - 4 - wide),
        Side::Right => {
            let x = join.0 + ASIDE.max(answer + 8 + RADIUS);
            (x, x - RADIUS, x + RADIUS + 4)
        }
    };
    let caption = Some(Label {
        area: Area { left, top: join.1 - 7, right: left + wide, bottom: join.1 + 7 },
        text,
    });
    let taken = sources.iter().any(|(_, taken)| *taken);
    let mut points = vec![(edge, join.1), join];
    if board.stems.insert(to) || taken {
        points.push(target.entry());
    }
    let from = sources.first().map_or(to, |(from, _)| *from);
    let line = Line { points, from, to, arrow: true, taken, label: None };
    let tag =
        Tag { kind: TagKind::Entry { to }, at: (x, join.1), text: node.id.clone(), caption, taken };
    board.lines.push((target.sheet, line));
    board.tags.push((target.sheet, tag));
}

/// Where an entry is come to from, as far as there is room up to the lanes.
fn origins(board: &Board<'_>, sources: &[(usize, bool)]) -> String {
    let half = i32::midpoint(0, board.placement.column);
    let room = half - ASIDE - RADIUS + board.placement.zone - 12;
    let nodes = sources.iter().filter_map(|(from, _)| board.chart.nodes.get(*from));
    let names: Vec<&str> = nodes.map(|node| node.id.as_str()).collect();
    let mut text = format!("de {}", names.join(", "));
    for shown in (1..names.len()).rev() {
        if width(&text, 11) <= room {
            break;
        }
        text = format!("de {}…", names.get(..shown).unwrap_or_default().join(", "));
    }
    text
}
