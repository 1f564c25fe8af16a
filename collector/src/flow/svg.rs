//! A drawn chart as SVG. Black on white by presentation attributes, so that a sheet stands alone; a page's
//! style sheet overrides them by class. Everything that comes from a procedure file is escaped.

use std::fmt::Write;

use super::chart::{Chart, Kind, Node, Standing};
use super::route::{Label, Line, Picture, RADIUS, Sheet, Tag, TagKind};
use super::shape::{Shape, Style};
use super::{Area, Point};

/// Fonts of the same metric first; see `text`.
const FONTS: &str =
    "Arial, 'Liberation Sans', Helvetica, 'Nimbus Sans', Arimo, Roboto, 'DejaVu Sans', sans-serif";

/// A sheet as an `svg` element. `prefix` keeps ids apart where several stand on one page; steps are
/// `{prefix}-5a`.
pub fn write(chart: &Chart, picture: &Picture, sheet: usize, prefix: &str) -> String {
    let mut out = String::new();
    if let Some(drawn) = picture.sheets.get(sheet) {
        let id = format!("{prefix}-{}", sheet + 1);
        // Writing to a String does not fail.
        let _ = write_frame(&mut out, chart, picture, drawn.height, &id)
            .and_then(|()| write_sheet(&mut out, chart, drawn, prefix));
        out.push_str("</svg>");
    }
    out
}

/// All sheets, one below the other, as a file of its own.
pub fn write_file(chart: &Chart, picture: &Picture) -> String {
    let height: i32 = picture.sheets.iter().map(|sheet| sheet.height).sum();
    let mut out = String::new();
    // Writing to a String does not fail.
    let _ = write_frame(&mut out, chart, picture, height, "f").and_then(|()| {
        let Picture { left, width, .. } = picture;
        write!(
            out,
            r##"<rect x="{left}" y="0" width="{width}" height="{height}" stroke="none"/>"##
        )?;
        let mut top = 0;
        for sheet in &picture.sheets {
            write!(out, r#"<g transform="translate(0 {top})">"#)?;
            write_sheet(&mut out, chart, sheet, "f")?;
            out.push_str("</g>");
            top += sheet.height;
        }
        out.push_str("</svg>");
        Ok(())
    });
    out
}

fn write_frame(
    out: &mut String,
    chart: &Chart,
    picture: &Picture,
    height: i32,
    id: &str,
) -> std::fmt::Result {
    let (Picture { left, width, .. }, id) = (picture, Escaped(id));
    write!(
        out,
        r##"<svg xmlns="http://www.w3.org/2000/svg" class="flow" role="img" aria-labelledby="{id}-t {id}-d" viewBox="{left} 0 {width} {height}" width="{width}" height="{height}" font-family="{FONTS}" text-anchor="middle" fill="#fff" stroke="#000" stroke-linejoin="round">"##
    )?;
    let title = Escaped(&chart.title);
    write!(
        out,
        r#"<title id="{id}-t">Diagrama de flujo: {title}</title><desc id="{id}-d">La lista de pasos dice lo mismo por escrito.</desc>"#
    )
}

fn write_sheet(out: &mut String, chart: &Chart, sheet: &Sheet, prefix: &str) -> std::fmt::Result {
    let prefix = Escaped(prefix);
    // What was taken lies on top, so that where lines share a way it is seen.
    for taken in [false, true] {
        for line in sheet.lines.iter().filter(|line| line.taken == taken) {
            write_line(out, line)?;
        }
    }
    for tag in &sheet.tags {
        write_tag(out, tag)?;
    }
    for (at, area, shape) in &sheet.symbols {
        if let Some(node) = chart.nodes.get(*at) {
            write_symbol(out, node, *area, shape, &prefix)?;
        }
    }
    Ok(())
}

fn write_line(out: &mut String, line: &Line) -> std::fmt::Result {
    let (class, stroke) = if line.taken { (r#" taken""#, 3) } else { (r#"""#, 1) };
    write!(out, r##"<path class="line{class} fill="none" stroke-width="{stroke}" d=""##)?;
    for (at, (x, y)) in line.points.iter().enumerate() {
        write!(out, "{}{x} {y}", if at == 0 { 'M' } else { 'L' })?;
    }
    out.push_str(r#""/>"#);
    if let (true, [.., before, end]) = (line.arrow, line.points.as_slice()) {
        write_head(out, *before, *end, line.taken)?;
    }
    match &line.label {
        Some(label) => write_label(out, label),
        None => Ok(()),
    }
}

fn write_head(out: &mut String, (bx, by): Point, (x, y): Point, taken: bool) -> std::fmt::Result {
    let (dx, dy) = ((x - bx).signum(), (y - by).signum());
    let (long, half) = (8, 4);
    let (back_x, back_y) = (x - dx * long, y - dy * long);
    let class = if taken { "head taken" } else { "head" };
    write!(
        out,
        r##"<path class="{class}" fill="#000" stroke="none" d="M{x} {y}L{} {}L{} {}Z"/>"##,
        back_x - dy * half,
        back_y - dx * half,
        back_x + dy * half,
        back_y + dx * half
    )
}

fn write_label(out: &mut String, label: &Label) -> std::fmt::Result {
    let (x, y) = (label.area.centre().0, label.area.centre().1 + 4);
    let text = Escaped(&label.text);
    write!(
        out,
        r##"<text class="label" x="{x}" y="{y}" font-size="11" fill="#000" stroke="none">{text}</text>"##
    )
}

fn write_tag(out: &mut String, tag: &Tag) -> std::fmt::Result {
    let (x, y) = tag.at;
    let class = if tag.taken { "tag-jump taken" } else { "tag-jump" };
    match tag.kind {
        TagKind::Exit { .. } | TagKind::Entry { .. } => {
            write!(out, r#"<circle class="{class}" cx="{x}" cy="{y}" r="{RADIUS}"/>"#)?;
        }
        TagKind::Sheet => {
            let (left, right, top) = (x - RADIUS, x + RADIUS, y - RADIUS);
            let (waist, bottom) = (y + RADIUS / 3, y + RADIUS);
            write!(
                out,
                r#"<path class="{class}" d="M{left} {top}H{right}V{waist}L{x} {bottom}L{left} {waist}Z"/>"#
            )?;
        }
    }
    let (text, y) = (Escaped(&tag.text), y + 4 - i32::from(tag.kind == TagKind::Sheet) * 2);
    write!(
        out,
        r##"<text class="tag-text" x="{x}" y="{y}" font-size="11" font-weight="bold" fill="#000" stroke="none">{text}</text>"##
    )?;
    match &tag.caption {
        Some(caption) => write_label(out, caption),
        None => Ok(()),
    }
}

fn write_symbol(
    out: &mut String,
    node: &Node,
    area: Area,
    shape: &Shape,
    prefix: &Escaped<'_>,
) -> std::fmt::Result {
    let Area { left, top, right, bottom } = area;
    let (x, y) = area.centre();
    let (class, stroke) = match node.standing {
        Standing::Open => ("open", "1"),
        Standing::Done => ("done", "2"),
        Standing::Present => ("present", "3"),
        Standing::Skipped => ("skipped", "1"),
    };
    let dashes = if node.standing == Standing::Skipped { r#" stroke-dasharray="4 3""# } else { "" };
    let id = if node.id.is_empty() { "inicio" } else { &node.id };
    write!(out, r#"<g class="step {class}" id="{prefix}-paso-{}">"#, Escaped(id))?;
    let drawn = format!(r#"class="symbol" stroke-width="{stroke}"{dashes}"#);
    let (wide, high) = (right - left, bottom - top);
    match node.kind {
        Kind::Decision => {
            write!(out, r#"<path {drawn} d="M{x} {top}L{right} {y}L{x} {bottom}L{left} {y}Z"/>"#)?;
        }
        Kind::Operation => {
            write!(out, r#"<rect {drawn} x="{left}" y="{top}" width="{wide}" height="{high}"/>"#)?
        }
        Kind::Start | Kind::End => write!(
            out,
            r#"<rect {drawn} x="{left}" y="{top}" width="{wide}" height="{high}" rx="{}"/>"#,
            (high / 2).min(24)
        )?,
    }
    for line in &shape.lines {
        let (class, weight) = match line.style {
            Style::Head => ("step-head", r#" font-weight="bold""#),
            Style::Body => ("step-text", ""),
            Style::Remark => ("step-remark", ""),
        };
        write!(
            out,
            r##"<text class="{class}" x="{x}" y="{}" font-size="{}"{weight} fill="#000" stroke="none">{}</text>"##,
            y + line.y,
            line.style.size(),
            Escaped(&line.text)
        )?;
    }
    out.push_str("</g>");
    Ok(())
}

/// Text as markup takes it.
struct Escaped<'a>(&'a str);

impl std::fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for letter in self.0.chars() {
            match letter {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                letter if letter.is_control() => f.write_str(" ")?,
                letter => f.write_char(letter)?,
            }
        }
        Ok(())
    }
}
