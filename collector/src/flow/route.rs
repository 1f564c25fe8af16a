//! The lines between the symbols. What follows is a straight line; a near jump runs in a lane beside the
//! column if it meets nothing there; every other one becomes a pair of connectors.

mod board;
mod connectors;
mod lanes;

use std::collections::HashSet;

use self::board::Board;
use super::chart::Chart;
use super::place::{Measure, Placement, SHEET_CONNECTOR, place};
use super::shape::Shape;
use super::{Area, Point};

/// A chart drawn: sheets of one width.
#[derive(Debug, Clone)]
pub struct Picture {
    /// Left edge of every sheet; may be negative.
    pub left: i32,
    /// Width of every sheet, pixels.
    pub width: i32,
    /// From above.
    pub sheets: Vec<Sheet>,
}

/// A sheet, as high as what stands on it.
#[derive(Debug, Clone, Default)]
pub struct Sheet {
    /// Pixels.
    pub height: i32,
    /// Index of a node, its room and its text.
    pub symbols: Vec<(usize, Area, Shape)>,
    /// Lines.
    pub lines: Vec<Line>,
    /// Connectors.
    pub tags: Vec<Tag>,
}

/// A line of upright and level pieces.
#[derive(Debug, Clone)]
pub struct Line {
    /// Where it begins, turns and ends.
    pub points: Vec<Point>,
    /// The node it comes from.
    pub from: usize,
    /// The node it leads to.
    pub to: usize,
    /// It ends in an arrow head.
    pub arrow: bool,
    /// The run went this way.
    pub taken: bool,
    /// The answer it stands for.
    pub label: Option<Label>,
}

/// A short text beside a line.
#[derive(Debug, Clone)]
pub struct Label {
    /// The room it takes.
    pub area: Area,
    /// The text.
    pub text: String,
}

/// A connector.
#[derive(Debug, Clone)]
pub struct Tag {
    /// Its symbol.
    pub kind: TagKind,
    /// The centre.
    pub at: Point,
    /// A number or a letter.
    pub text: String,
    /// Where it comes from, beside an entry.
    pub caption: Option<Label>,
    /// The run went this way.
    pub taken: bool,
}

/// What a connector joins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TagKind {
    /// Leads from a node to another far off.
    Exit {
        /// The node it comes from.
        from: usize,
        /// The node it leads to.
        to: usize,
    },
    /// Where those arrive.
    Entry {
        /// The node it leads to.
        to: usize,
    },
    /// Continues on, or from, another sheet.
    Sheet,
}

/// Half the width of a connector.
pub const RADIUS: i32 = 12;

impl Tag {
    /// The room it takes.
    pub fn area(&self) -> Area {
        Area::around(self.at, 2 * RADIUS, 2 * RADIUS)
    }
}

/// Draws a chart.
pub fn draw(chart: &Chart, measure: Measure) -> Picture {
    let placement = place(chart, measure);
    // Where lanes from both sides leave no room for an entry's connector, one side gives way.
    let mut apart: HashSet<(usize, usize)> = HashSet::new();
    loop {
        let mut board = Board::new(chart, &placement);
        board.straight();
        lanes::run(&mut board, &apart);
        let crowded = connectors::run(&mut board);
        let before = apart.len();
        apart.extend(crowded);
        if apart.len() == before {
            return picture(board, &placement);
        }
    }
}

fn picture(board: Board<'_>, placement: &Placement) -> Picture {
    let mut sheets: Vec<Sheet> = Vec::new();
    for end in &placement.ends {
        sheets.push(Sheet { height: end + 12, ..Sheet::default() });
    }
    for (at, placed) in placement.placed.iter().enumerate() {
        if let Some(sheet) = sheets.get_mut(placed.sheet) {
            sheet.symbols.push((at, placed.area, placed.shape.clone()));
        }
    }
    for (at, line) in board.lines {
        if let Some(sheet) = sheets.get_mut(at) {
            sheet.lines.push(line);
        }
    }
    for (at, tag) in board.tags {
        if let Some(sheet) = sheets.get_mut(at) {
            let below = tag.kind == TagKind::Sheet && tag.at.1 > sheet.height / 2;
            if below {
                sheet.height += SHEET_CONNECTOR;
            }
            sheet.tags.push(tag);
        }
    }
    let (left, right) =
        sheets.iter().map(extent).fold((0, 0), |(left, right), (l, r)| (left.min(l), right.max(r)));
    Picture { left: left - 8, width: right - left + 16, sheets }
}

/// The leftmost and the rightmost of what stands on a sheet.
fn extent(sheet: &Sheet) -> (i32, i32) {
    let symbols = sheet.symbols.iter().map(|(_, area, _)| *area);
    let points = sheet.lines.iter().flat_map(|line| &line.points);
    let points = points.map(|point| Area::around(*point, 2, 2));
    let labels = sheet.lines.iter().filter_map(|line| line.label.as_ref());
    let captions = sheet.tags.iter().filter_map(|tag| tag.caption.as_ref());
    let labels = labels.chain(captions).map(|label| label.area);
    let tags = sheet.tags.iter().map(Tag::area);
    let all = symbols.chain(points).chain(labels).chain(tags);
    all.fold((0, 0), |(left, right), area| (left.min(area.left), right.max(area.right)))
}
