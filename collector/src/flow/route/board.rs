//! What has been drawn so far, whether something more would meet it, and the straight lines.

use std::collections::{HashMap, HashSet};

use super::super::chart::{Chart, Exit};
use super::super::place::{Placed, Placement, SHEET_CONNECTOR};
use super::super::text::width;
use super::super::{Area, Point};
use super::{Label, Line, RADIUS, Tag, TagKind};

/// A side of a symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// Left.
    Left,
    /// Right.
    Right,
}

/// See the module.
pub struct Board<'a> {
    /// What is drawn.
    pub chart: &'a Chart,
    /// Where its symbols are.
    pub placement: &'a Placement,
    /// Lines with their sheet.
    pub lines: Vec<(usize, Line)>,
    /// Connectors with their sheet.
    pub tags: Vec<(usize, Tag)>,
    /// Exits, as node and position, that have their line.
    pub drawn: HashSet<(usize, usize)>,
    /// Sides of symbols in use.
    pub used: HashSet<(usize, Side)>,
    /// Nodes with a line that comes down into them.
    pub stems: HashSet<usize>,
    /// The exits that join the way into a node, by the side they come from.
    pub joins: HashMap<(usize, Side), Vec<(usize, usize)>>,
}

/// Font size of labels.
const LABEL: i32 = 11;

impl<'a> Board<'a> {
    /// Symbols only.
    pub fn new(chart: &'a Chart, placement: &'a Placement) -> Board<'a> {
        Board {
            chart,
            placement,
            lines: Vec::new(),
            tags: Vec::new(),
            drawn: HashSet::new(),
            used: HashSet::new(),
            stems: HashSet::new(),
            joins: HashMap::new(),
        }
    }

    /// Where a node stands.
    pub fn placed(&self, node: usize) -> Option<&'a Placed> {
        self.placement.placed.get(node)
    }

    /// The exits without a line, as node and position.
    pub fn pending(&self) -> Vec<(usize, usize, &'a Exit)> {
        let nodes = self.chart.nodes.iter().enumerate();
        let all = nodes.flat_map(|(node, of)| {
            of.exits.iter().enumerate().map(move |(at, exit)| (node, at, exit))
        });
        all.filter(|(node, at, _)| !self.drawn.contains(&(*node, *at))).collect()
    }

    /// The lines down the main column and to the branches beside it.
    pub fn straight(&mut self) {
        let main = &self.placement.main;
        for (from, to) in main.iter().zip(main.iter().skip(1)) {
            self.down(*from, *to);
        }
        let beside = self.placement.placed.iter().enumerate().filter(|(_, placed)| placed.beside);
        for (to, _) in beside {
            self.across(to - 1, to);
        }
    }

    fn exit(&self, from: usize, to: usize) -> Option<(usize, &'a Exit)> {
        let exits = self.chart.nodes.get(from)?.exits.iter().enumerate();
        exits.into_iter().find(|(_, exit)| exit.to == to && !exit.apart)
    }

    fn down(&mut self, from: usize, to: usize) {
        let (Some((at, exit)), Some(upper), Some(lower)) =
            (self.exit(from, to), self.placed(from), self.placed(to))
        else {
            return;
        };
        let (x, bottom) = (upper.area.centre().0, upper.area.bottom);
        let text = width(&exit.label, LABEL);
        let area = Area { left: x + 5, top: bottom + 2, right: x + 5 + text, bottom: bottom + 16 };
        let label = label(exit, area);
        let line = |points, label| Line { points, from, to, arrow: true, taken: exit.taken, label };
        self.drawn.insert((from, at));
        self.stems.insert(to);
        if upper.sheet == lower.sheet {
            let points = vec![(x, bottom), lower.entry()];
            self.lines.push((upper.sheet, line(points, label)));
            return;
        }
        let end = self.placement.ends.get(upper.sheet).copied().unwrap_or(bottom);
        let (leaves, arrives) = ((x, end + SHEET_CONNECTOR - 12), (x, RADIUS + 4));
        let text =
            letter(self.tags.iter().filter(|(_, tag)| tag.kind == TagKind::Sheet).count() / 2);
        let tag = |at| Tag {
            kind: TagKind::Sheet,
            at,
            text: text.clone(),
            caption: None,
            taken: exit.taken,
        };
        self.tags.push((upper.sheet, tag(leaves)));
        self.tags.push((lower.sheet, tag(arrives)));
        let first = vec![(x, bottom), (x, leaves.1 - RADIUS)];
        let second = vec![(x, arrives.1 + RADIUS), lower.entry()];
        self.lines.push((upper.sheet, line(first, label)));
        self.lines.push((lower.sheet, line(second, None)));
    }

    fn across(&mut self, from: usize, to: usize) {
        let (Some((at, exit)), Some(left), Some(right)) =
            (self.exit(from, to), self.placed(from), self.placed(to))
        else {
            return;
        };
        let y = left.area.centre().1;
        let line = Line {
            points: vec![(left.area.right, y), (right.area.left, y)],
            from,
            to,
            arrow: true,
            taken: exit.taken,
            label: self.side_label(exit, left, Side::Right),
        };
        self.drawn.insert((from, at));
        self.used.insert((from, Side::Right));
        self.stems.insert(to);
        self.lines.push((left.sheet, line));
    }

    /// The label of an exit that leaves a symbol sideways.
    pub fn side_label(&self, exit: &Exit, from: &Placed, side: Side) -> Option<Label> {
        let y = from.area.centre().1;
        let text = width(&exit.label, LABEL);
        let left = match side {
            Side::Left => from.area.left - 4 - text,
            Side::Right => from.area.right + 4,
        };
        label(exit, Area { left, top: y - 16, right: left + text, bottom: y - 3 })
    }

    /// Whether a line could be drawn there without meeting anything but lines of the same end.
    pub fn is_free(&self, sheet: usize, line: &Line) -> bool {
        let pieces = || line.points.windows(2).filter_map(piece);
        let placed = self.placement.placed.iter().enumerate();
        let mut symbols = placed
            .filter(|(_, placed)| placed.sheet == sheet)
            .map(|(at, placed)| if at == line.from { placed.area } else { placed.area.grown(4) });
        let on_sheet = |at: &usize| *at == sheet;
        let lines = || self.lines.iter().filter(|(at, _)| on_sheet(at)).map(|(_, line)| line);
        let mut others = lines()
            .filter(|other| other.to != line.to)
            .flat_map(|other| other.points.windows(2).filter_map(piece));
        let labels = lines().filter_map(|line| line.label.as_ref()).map(|label| label.area);
        let tags = self.tags.iter().filter(|(at, _)| on_sheet(at)).map(|(_, tag)| tag.area());
        let mut texts = labels.chain(tags);
        let own = line.label.as_ref().map(|label| label.area);
        let own_meets = |area: Area| own.is_some_and(|own| own.meets(area));
        !(symbols.any(|area| pieces().any(|piece| piece.meets(area)) || own_meets(area))
            || others
                .any(|area| pieces().any(|piece| piece.grown(4).meets(area)) || own_meets(area))
            || texts
                .any(|area| pieces().any(|piece| piece.grown(2).meets(area)) || own_meets(area)))
    }

    /// Draws a line that ends where the way into a node is joined; the first to join draws that way too.
    pub fn join(&mut self, sheet: usize, mut line: Line, side: Side, exit: (usize, usize)) {
        if let Some(target) = self.placed(line.to)
            && (self.stems.insert(line.to) || line.taken)
        {
            line.points.push(target.entry());
        }
        self.joins.entry((line.to, side)).or_default().push(exit);
        self.drawn.insert(exit);
        self.lines.push((sheet, line));
    }
}

/// A piece of a line as an area one pixel to each side of it.
fn piece(ends: &[Point]) -> Option<Area> {
    let [a, b] = ends else { return None };
    let (left, right) = (a.0.min(b.0), a.0.max(b.0));
    let (top, bottom) = (a.1.min(b.1), a.1.max(b.1));
    let thin = Area { left, top, right, bottom };
    Some(if left == right {
        Area { left: left - 1, right: right + 1, ..thin }
    } else {
        Area { top: top - 1, bottom: bottom + 1, ..thin }
    })
}

fn label(exit: &Exit, area: Area) -> Option<Label> {
    (!exit.label.is_empty()).then(|| Label { area, text: exit.label.clone() })
}

/// A, B … Z, AA, AB …
fn letter(mut at: usize) -> String {
    let mut text = String::new();
    loop {
        let last = u8::try_from(at % 26).unwrap_or_default();
        text.insert(0, char::from(b'A' + last));
        match at / 26 {
            0 => return text,
            more => at = more - 1,
        }
    }
}
