//! What a picture must never do, on the procedures compiled in and on graphs nobody would write.

use proptest::prelude::*;

use super::route::{Tag, TagKind};
use super::text::width;
use super::{
    Area, Chart, Exit, Kind, Line, Measure, Node, Picture, Point, Sheet, Standing, Walked, draw,
    write,
};
use crate::procedure::Library;

const MEASURES: [Measure; 2] = [Measure::WIDE, Measure::NARROW];

fn node(at: usize, kind: Kind, text: &str, exits: &[(usize, &str)]) -> Node {
    Node {
        id: if at == 0 { String::new() } else { at.to_string() },
        kind,
        head: format!("{at} · Titular de TIC"),
        text: text.to_owned(),
        remarks: if at % 3 == 2 { vec!["Ana Núñez · 21/11/2026 10:30".into()] } else { vec![] },
        standing: Standing::Open,
        exits: exits
            .iter()
            .map(|(to, label)| Exit {
                to: *to,
                label: (*label).to_owned(),
                apart: at % 11 == 10,
                taken: at.is_multiple_of(2),
            })
            .collect(),
    }
}

/// Steps that lead anywhere, with texts from nothing to a paragraph.
fn charts() -> impl Strategy<Value = Chart> {
    let steps = 1_usize..32;
    steps.prop_flat_map(|steps| {
        let one = (0..5_u8, 1..=steps, 1..=steps, 0..16_usize);
        prop::collection::vec(one, steps).prop_map(move |drawn| {
            let mut nodes = vec![node(0, Kind::Start, "Inicio", &[(1, "")])];
            for (at, (kind, a, b, words)) in drawn.into_iter().enumerate() {
                let at = at + 1;
                let text = "revisa la ñ <b> & electrocardiograma ".repeat(words / 4);
                let follows = (at + 1).min(steps);
                nodes.push(match kind {
                    0 => node(at, Kind::Decision, &text, &[(a, "Sí"), (b, "No")]),
                    1 => node(at, Kind::Decision, &text, &[(follows, "Modificación"), (b, "No")]),
                    2 => node(at, Kind::Operation, &text, &[(a, "")]),
                    3 => node(at, Kind::Operation, &text, &[(follows, "")]),
                    _ => node(at, Kind::End, &text, &[]),
                });
            }
            Chart { title: "x".into(), nodes }
        })
    })
}

/// Whether a piece of a line passes through the inside of an area.
fn crosses((a, b): (Point, Point), area: Area) -> bool {
    let inside = |a: i32, b: i32, low: i32, high: i32| {
        if a == b { low < a && a < high } else { a.min(b) < high && low < a.max(b) }
    };
    inside(a.0, b.0, area.left, area.right) && inside(a.1, b.1, area.top, area.bottom)
}

fn pieces(line: &Line) -> impl Iterator<Item = (Point, Point)> {
    line.points.windows(2).map(|ends| (ends[0], ends[1]))
}

/// Whether two pieces share a point.
fn touch((a, b): (Point, Point), (c, d): (Point, Point)) -> bool {
    let apart = |a: i32, b: i32, c: i32, d: i32| a.max(b) < c.min(d) || c.max(d) < a.min(b);
    !apart(a.0, b.0, c.0, d.0) && !apart(a.1, b.1, c.1, d.1)
}

fn check(chart: &Chart, picture: &Picture) {
    for sheet in &picture.sheets {
        check_symbols(chart, sheet);
        check_lines(sheet);
    }
    check_jumps(chart, picture);
}

fn check_symbols(chart: &Chart, sheet: &Sheet) {
    let tags: Vec<Area> = sheet.tags.iter().map(Tag::area).collect();
    let all: Vec<Area> = sheet.symbols.iter().map(|(_, area, _)| *area).chain(tags).collect();
    for (at, area) in all.iter().enumerate() {
        assert!(area.top >= 0 && area.bottom <= sheet.height, "{area:?} leaves the sheet");
        let other = all.iter().skip(at + 1).find(|other| area.meets(**other));
        assert_eq!(other, None, "two symbols share room with {area:?}");
    }
    for (at, area, shape) in &sheet.symbols {
        let kind = chart.nodes[*at].kind;
        let (wide, high) = (area.right - area.left, area.bottom - area.top);
        for line in &shape.lines {
            let farthest = (line.y - line.style.size()).abs().max(line.y.abs());
            let room = if kind == Kind::Decision && high < 3_000 {
                wide - 2 * wide * farthest / high
            } else {
                wide
            };
            let text = width(&line.text, line.style.size());
            assert!(text <= room.max(40), "«{}» of step {at} leaves its symbol", line.text);
        }
    }
}

fn check_lines(sheet: &Sheet) {
    let texts: Vec<Area> = (sheet.lines.iter().filter_map(|line| line.label.as_ref()))
        .chain(sheet.tags.iter().filter_map(|tag| tag.caption.as_ref()))
        .map(|label| label.area)
        .collect();
    for (at, text) in texts.iter().enumerate() {
        let symbols = sheet.symbols.iter().map(|(_, area, _)| *area);
        let tags = sheet.tags.iter().map(Tag::area);
        let later = texts.iter().skip(at + 1).copied();
        let over = symbols.chain(tags).chain(later).find(|other| text.meets(*other));
        assert_eq!(over, None, "a label lies over something: {text:?}");
    }
    for (at, line) in sheet.lines.iter().enumerate() {
        for piece in pieces(line) {
            for (step, area, _) in &sheet.symbols {
                assert!(!crosses(piece, *area), "{line:?} crosses step {step}");
            }
            let text = texts.iter().find(|text| crosses(piece, **text));
            assert_eq!(text, None, "{line:?} crosses a label");
            for tag in &sheet.tags {
                assert!(!crosses(piece, tag.area()), "{line:?} crosses {tag:?}");
            }
            for other in sheet.lines.iter().skip(at + 1).filter(|other| other.to != line.to) {
                let met = pieces(other).find(|other| touch(piece, *other));
                assert_eq!(met, None, "{line:?} meets {other:?}");
            }
        }
    }
}

/// Every exit has its line, or its pair of connectors.
fn check_jumps(chart: &Chart, picture: &Picture) {
    let lines = || picture.sheets.iter().flat_map(|sheet| &sheet.lines);
    let tags = || picture.sheets.iter().flat_map(|sheet| &sheet.tags).map(|tag| tag.kind);
    for (from, node) in chart.nodes.iter().enumerate() {
        for exit in &node.exits {
            let to = exit.to;
            let wanted = node.exits.iter().filter(|other| other.to == to).count();
            let circles = tags().filter(|kind| *kind == TagKind::Exit { from, to }).count();
            let drawn = lines().filter(|line| line.from == from && line.to == to).count();
            assert!(drawn >= wanted, "no line leads from step {from} to step {to}");
            if circles > 0 {
                let entries = tags().filter(|kind| *kind == TagKind::Entry { to }).count();
                assert_eq!(entries, 1, "step {to} is entered by a connector once");
            }
            let (x, y) = picture
                .sheets
                .iter()
                .flat_map(|sheet| &sheet.symbols)
                .find(|(at, _, _)| *at == to)
                .map(|(_, area, _)| (area.centre().0, area.top))
                .unwrap();
            let arrives = |line: &&Line| {
                line.to == to && line.points.last().is_some_and(|end| *end == (x, y))
            };
            let beside = lines().any(|line| {
                line.to == to && line.points.first().map(|p| p.1) == line.points.last().map(|p| p.1)
            });
            assert!(
                lines().any(|line| arrives(&line)) || beside,
                "nothing comes down into step {to}"
            );
        }
    }
}

#[test]
fn the_procedures_compiled_in_are_drawn_without_a_line_across_anything() {
    let library = Library::embedded().unwrap();
    for procedure in library.all() {
        let chart = Chart::new(procedure, &Walked::default());
        assert_eq!(chart.nodes.len(), procedure.steps.len() + 1);
        for measure in MEASURES {
            let picture = draw(&chart, measure);
            check(&chart, &picture);
            let height = picture.sheets.iter().map(|sheet| sheet.height).max();
            assert!(measure.sheet.is_none() || height <= Some(900), "{}", procedure.code);
        }
    }
}

#[test]
fn a_picture_is_well_formed_whatever_stands_in_a_procedure() {
    let nodes = vec![
        node(0, Kind::Start, "Inicio", &[(1, "")]),
        node(1, Kind::Decision, "¿<script>alert(1)</script> & \"'\u{7}?", &[(2, "<i>"), (1, "No")]),
        node(2, Kind::End, "Fin.", &[]),
    ];
    let chart = Chart { title: "<&>".into(), nodes };
    let svg = write(&chart, &draw(&chart, Measure::WIDE), 0, "f");
    assert!(!svg.contains("<script") && !svg.contains("<i>") && !svg.contains('\u{7}'));
    assert!(svg.contains("&lt;&amp;&gt;") && svg.contains(r#"id="f-paso-1""#));
    assert!(!svg.contains("style="), "the pages' policy forbids styles in the markup");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_graph_makes_a_line_cross_a_symbol_or_a_jump_go_missing(chart in charts()) {
        for measure in MEASURES {
            check(&chart, &draw(&chart, measure));
        }
    }
}
