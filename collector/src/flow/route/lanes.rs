//! Near jumps as lines in lanes beside the columns; what finds no free lane is left for connectors.

use std::collections::HashSet;

use super::super::chart::Exit;
use super::super::place::Placed;
use super::Line;
use super::board::{Board, Side};

/// Rows a lane may pass.
const FAR: usize = 7;
/// Lanes on each side.
const LANES: i32 = 4;
/// Pixels between lanes.
const STEP: i32 = 14;

/// Draws what can be drawn; the exits in `apart` are left alone.
pub fn run(board: &mut Board<'_>, apart: &HashSet<(usize, usize)>) {
    let mut pending = board.pending();
    pending.sort_by_key(|(from, at, exit)| (span(board, *from, exit.to), *from, *at));
    for (from, at, exit) in pending {
        let near = span(board, from, exit.to).is_some_and(|rows| rows <= FAR);
        if near
            && !exit.apart
            && !apart.contains(&(from, at))
            && let Some((sheet, line, side)) = find(board, from, exit)
        {
            if !(board.placed(from).is_some_and(|placed| placed.beside) && line.points.len() == 3) {
                board.used.insert((from, side));
            }
            board.join(sheet, line, side, (from, at));
        }
    }
}

/// Rows between two nodes of one sheet.
fn span(board: &Board<'_>, from: usize, to: usize) -> Option<usize> {
    let (from, to) = (board.placed(from)?, board.placed(to)?);
    (from.sheet == to.sheet && !to.beside).then(|| from.row.abs_diff(to.row))
}

fn find(board: &Board<'_>, from: usize, exit: &Exit) -> Option<(usize, Line, Side)> {
    let (source, target) = (board.placed(from)?, board.placed(exit.to)?);
    let line =
        |points, label| Line { points, from, to: exit.to, arrow: true, taken: exit.taken, label };
    let join = target.join();
    if source.beside && target.row == source.row + 1 {
        let x = source.area.centre().0;
        let down = line(vec![(x, source.area.bottom), (x, join.1), join], None);
        if board.is_free(source.sheet, &down) {
            return Some((source.sheet, down, Side::Right));
        }
    }
    for side in sides(source, target) {
        if board.used.contains(&(from, side)) {
            continue;
        }
        for lane in 0..LANES {
            let (port, x) = match side {
                Side::Left => (source.area.left, -board.placement.zone - lane * STEP),
                Side::Right => {
                    (source.area.right, board.placement.right + board.placement.zone + lane * STEP)
                }
            };
            let y = source.area.centre().1;
            let points = vec![(port, y), (x, y), (x, join.1), join];
            let label = board.side_label(exit, source, side);
            let candidate = line(points, label);
            if board.is_free(source.sheet, &candidate) {
                return Some((source.sheet, candidate, side));
            }
        }
    }
    None
}

/// The sides to try: ways back on the left, ways on at the right, as far as the column allows.
fn sides(source: &Placed, target: &Placed) -> Vec<Side> {
    if source.beside {
        vec![Side::Right]
    } else if target.row <= source.row {
        vec![Side::Left, Side::Right]
    } else {
        vec![Side::Right, Side::Left]
    }
}
