//! The flow chart of a procedure, as the manuals draw it: start and end, operation, decision, connector,
//! line. Pure: a chart goes in, sheets of placed shapes come out, and `svg` writes them down.

mod chart;
mod place;
mod route;
mod shape;
mod svg;
mod text;

pub use chart::{Chart, Exit, Kind, Node, Standing, Walked};
pub use place::Measure;
pub use route::{Label, Line, Picture, Sheet, Tag, TagKind, draw};
pub use shape::{Shape, Style, TextLine};
pub use svg::{write, write_file};

/// A point of a sheet, in CSS pixels from its upper left corner.
pub type Point = (i32, i32);

/// An upright rectangle of a sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Area {
    /// Left edge.
    pub left: i32,
    /// Upper edge.
    pub top: i32,
    /// Right edge.
    pub right: i32,
    /// Lower edge.
    pub bottom: i32,
}

impl Area {
    /// Of that size around a centre.
    pub fn around((x, y): Point, width: i32, height: i32) -> Area {
        let (left, top) = (x - width / 2, y - height / 2);
        Area { left, top, right: left + width, bottom: top + height }
    }

    /// Grown by a margin on each side.
    pub fn grown(self, by: i32) -> Area {
        let Area { left, top, right, bottom } = self;
        Area { left: left - by, top: top - by, right: right + by, bottom: bottom + by }
    }

    /// Whether the two share more than an edge.
    pub fn meets(self, other: Area) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }

    /// The centre.
    pub fn centre(self) -> Point {
        (i32::midpoint(self.left, self.right), i32::midpoint(self.top, self.bottom))
    }
}

#[cfg(test)]
mod tests;
