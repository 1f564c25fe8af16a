//! Where the symbols stand: one main column in the manual's order, short branches beside the decision they
//! come from, and sheets as high as a printed page.

use super::chart::{Chart, Kind, Node};
use super::shape::{Shape, shape};
use super::text::width;
use super::{Area, Point};

/// The room there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measure {
    /// Width of the main column, pixels.
    pub column: i32,
    /// Width of the column of branches; 0: no such column.
    pub side: i32,
    /// Height of a sheet, pixels; `None`: one sheet as high as it takes.
    pub sheet: Option<i32>,
}

impl Measure {
    /// A desktop's window, and a letter page when printed.
    pub const WIDE: Measure = Measure { column: 290, side: 220, sheet: Some(860) };
    /// A phone held upright.
    pub const NARROW: Measure = Measure { column: 228, side: 0, sheet: None };
}

/// From the end of a row to the next where a line joins: room for a label and a connector, pixels.
const JOINED: i32 = 40;
/// The same where an answer stands beside the line.
const ANSWERED: i32 = 30;
/// The same where nothing does.
const PLAIN: i32 = 24;
/// A line joins the way into a symbol this far above it.
pub const JOIN: i32 = 18;
/// Room for the connector between sheets.
pub const SHEET_CONNECTOR: i32 = 44;
/// Room above the first row.
const HEAD_ROOM: i32 = 8;
/// Room above the first row of the sheets that follow: the connector, and lines that join.
const SHEET_HEAD: i32 = 74;

/// A symbol where it stands.
#[derive(Debug, Clone)]
pub struct Placed {
    /// Sheet, from 0.
    pub sheet: usize,
    /// Row, from 0, over all sheets.
    pub row: usize,
    /// It stands beside its decision.
    pub beside: bool,
    /// The room it takes.
    pub area: Area,
    /// Its text.
    pub shape: Shape,
}

impl Placed {
    /// Where the way into it comes down.
    pub fn entry(&self) -> Point {
        (self.area.centre().0, self.area.top)
    }

    /// Where others join that way.
    pub fn join(&self) -> Point {
        (self.area.centre().0, self.area.top - JOIN)
    }
}

/// All symbols placed.
#[derive(Debug, Clone)]
pub struct Placement {
    /// One for each node.
    pub placed: Vec<Placed>,
    /// The nodes of the main column in order.
    pub main: Vec<usize>,
    /// Lower end of the last row of each sheet.
    pub ends: Vec<i32>,
    /// Width of the main column, which begins at 0.
    pub column: i32,
    /// Right edge of what is rightmost.
    pub right: i32,
    /// Width beside a column that exits with their labels and connectors take.
    pub zone: i32,
}

/// Places the symbols of a chart.
pub fn place(chart: &Chart, measure: Measure) -> Placement {
    let rows = rows(chart, measure);
    let labels = chart.nodes.iter().flat_map(|node| &node.exits);
    let zone = labels.map(|exit| width(&exit.label, 11)).max().unwrap_or_default() + 52;
    let has_side = rows.iter().any(|(_, beside)| beside.is_some());
    let side_left = measure.column + zone;
    let shapes: Vec<(Shape, Option<Shape>)> = rows
        .iter()
        .filter_map(|(main, beside)| {
            let beside = beside.and_then(|at| chart.nodes.get(at));
            let beside = beside.map(|node| shape(node, measure.side));
            Some((shape(chart.nodes.get(*main)?, measure.column), beside))
        })
        .collect();
    let heights = shapes.iter().enumerate().map(|(row, (main, beside))| {
        let height = beside.as_ref().map_or(0, |shape| shape.height).max(main.height);
        (height, gap(chart, &rows, row))
    });
    let tops = tops(&heights.collect::<Vec<_>>(), measure.sheet);
    let mut spots: Vec<(usize, Placed)> = Vec::new();
    let mut ends: Vec<i32> = Vec::new();
    let all = rows.iter().zip(shapes).zip(tops).enumerate();
    for (row, (((main, beside), (shape_main, shape_side)), (sheet, top, height))) in all {
        ends.resize(sheet + 1, 0);
        if let Some(end) = ends.last_mut() {
            *end = top + height;
        }
        let middle = top + height / 2;
        let spot = |x: i32, shape: Shape, beside: bool| Placed {
            sheet,
            row,
            beside,
            area: Area::around((x, middle), shape.width, shape.height),
            shape,
        };
        spots.push((*main, spot(measure.column / 2, shape_main, false)));
        if let (Some(at), Some(shape)) = (beside, shape_side) {
            spots.push((*at, spot(side_left + measure.side / 2, shape, true)));
        }
    }
    spots.sort_by_key(|(at, _)| *at);
    Placement {
        placed: spots.into_iter().map(|(_, placed)| placed).collect(),
        main: rows.into_iter().map(|(main, _)| main).collect(),
        ends,
        column: measure.column,
        right: if has_side { side_left + measure.side } else { measure.column },
        zone,
    }
}

/// The rows: a node of the main column, and the one beside it.
fn rows(chart: &Chart, measure: Measure) -> Vec<(usize, Option<usize>)> {
    let mut rows: Vec<(usize, Option<usize>)> = Vec::new();
    let mut at = 0;
    while at < chart.nodes.len() {
        let beside = (measure.side > 0 && stands_beside(chart, at)).then_some(at + 1);
        rows.push((at, beside));
        at += if beside.is_some() { 2 } else { 1 };
    }
    rows
}

/// Whether the step after the decision `at` is a branch of one step that leads past the next one or back.
fn stands_beside(chart: &Chart, at: usize) -> bool {
    let (Some(decision), Some(branch)) = (chart.nodes.get(at), chart.nodes.get(at + 1)) else {
        return false;
    };
    let leads_to = |node: &Node, to: usize| node.exits.iter().any(|exit| exit.to == to);
    let entries = chart.nodes.iter().flat_map(|node| &node.exits);
    decision.kind == Kind::Decision
        && matches!(branch.kind, Kind::Operation | Kind::End)
        && at + 2 < chart.nodes.len()
        && leads_to(decision, at + 1)
        && leads_to(decision, at + 2)
        && entries.filter(|exit| exit.to == at + 1).count() == 1
}

/// The room below a row.
fn gap(chart: &Chart, rows: &[(usize, Option<usize>)], row: usize) -> i32 {
    let main = |row: usize| rows.get(row).map(|(main, _)| *main);
    let (Some(from), Some(to)) = (main(row), main(row + 1)) else { return 0 };
    let entries = chart.nodes.iter().flat_map(|node| &node.exits).filter(|exit| exit.to == to);
    let source = chart.nodes.get(from);
    let down = |node: &Node| node.exits.iter().any(|exit| exit.to == to && !exit.apart);
    let follows = source.is_some_and(down);
    let joined = entries.count() > usize::from(follows);
    let answered = source.is_some_and(|node| node.kind == Kind::Decision);
    match (joined || !follows, answered) {
        (true, _) => JOINED,
        (false, true) => ANSWERED,
        (false, false) => PLAIN,
    }
}

/// Sheet, upper end and height of rows of those heights with those gaps below; sheets are filled alike.
fn tops(rows: &[(i32, i32)], limit: Option<i32>) -> Vec<(usize, i32, i32)> {
    let total: i32 = rows.iter().map(|(height, gap)| height + gap).sum();
    let limit = limit.map(|limit| {
        let room = limit - SHEET_HEAD - SHEET_CONNECTOR;
        let sheets = total.div_euclid(room.max(1)) + 1;
        (limit - SHEET_CONNECTOR).min(SHEET_HEAD + total / sheets + 70)
    });
    let (mut sheet, mut next, mut first) = (0, HEAD_ROOM, true);
    let mut tops = Vec::new();
    for (height, gap) in rows {
        if !first && limit.is_some_and(|limit| next + height > limit) {
            sheet += 1;
            next = SHEET_HEAD;
        }
        first = false;
        tops.push((sheet, next, *height));
        next += height + gap;
    }
    tops
}
