//! A signature drawn on a screen, and a link by which one step of one run is signed once. Strokes and the hash of the text
//! that was shown stay together; a blank drawing is none.

use jiff::Timestamp;

use super::id::{RunId, SigningLinkId};
use super::person::Role;
use super::procedure::StepId;

/// Most strokes of a drawing.
const STROKES: usize = 200;
/// Most points of a drawing.
const POINTS: usize = 6_000;
/// Largest coordinate, pixels.
const SIDE: i32 = 4_000;
/// Fewest points of a signature: fewer is a dot or a slip.
const FEWEST: usize = 12;
/// Shortest way of the pen, pixels.
const SHORTEST: f64 = 80.0;
/// Smallest width plus height, pixels.
const SMALLEST: i32 = 40;

/// Lines drawn: points in pixels, in the order they were drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Strokes(Vec<Vec<(i32, i32)>>);

/// Why a drawing is no signature; Spanish, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotDrawn {
    /// Nothing, a dot or a slip.
    #[error("la firma está en blanco o es apenas un punto: firma con el dedo dentro del recuadro")]
    Blank,
    /// Beyond bounds.
    #[error("el dibujo de la firma es demasiado grande: límpialo y firma de nuevo")]
    Large,
}

impl Strokes {
    /// Looks whether a drawing is a signature.
    ///
    /// # Errors
    /// [`NotDrawn`] says why it is none.
    pub fn new(strokes: Vec<Vec<(i32, i32)>>) -> Result<Strokes, NotDrawn> {
        let points = || strokes.iter().flatten();
        if strokes.len() > STROKES || points().count() > POINTS {
            return Err(NotDrawn::Large);
        }
        if points().any(|(x, y)| !(0..=SIDE).contains(x) || !(0..=SIDE).contains(y)) {
            return Err(NotDrawn::Large);
        }
        let span = |values: Vec<i32>| {
            values.iter().max().unwrap_or(&0) - values.iter().min().unwrap_or(&0)
        };
        let size = span(points().map(|point| point.0).collect())
            + span(points().map(|point| point.1).collect());
        let way: f64 = strokes
            .iter()
            .flat_map(|stroke| stroke.windows(2))
            .map(|pair| f64::from(pair[0].0 - pair[1].0).hypot(f64::from(pair[0].1 - pair[1].1)))
            .sum();
        if points().count() < FEWEST || size < SMALLEST || way < SHORTEST {
            return Err(NotDrawn::Blank);
        }
        Ok(Strokes(strokes))
    }

    /// The lines.
    pub fn lines(&self) -> &[Vec<(i32, i32)>] {
        &self.0
    }

    /// As the path of an SVG.
    pub fn path(&self) -> String {
        let mut path = String::new();
        for stroke in &self.0 {
            for (index, (x, y)) in stroke.iter().enumerate() {
                path.push_str(&format!("{}{x} {y}", if index == 0 { 'M' } else { 'L' }));
            }
        }
        path
    }

    /// The part of the plane they take, with some air: x, y, width, height.
    pub fn frame(&self) -> (i32, i32, i32, i32) {
        let bounds = |pick: fn(&(i32, i32)) -> i32| {
            let values = || self.0.iter().flatten().map(pick);
            (values().min().unwrap_or(0) - 8, values().max().unwrap_or(0) + 8)
        };
        let ((left, right), (top, bottom)) = (bounds(|point| point.0), bounds(|point| point.1));
        (left, top, right - left, bottom - top)
    }
}

/// A link by which a step is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningLink {
    /// Identity.
    pub id: SigningLinkId,
    /// The run.
    pub run: RunId,
    /// The step, where the run stood when the link was made.
    pub step: StepId,
    /// The run's version then.
    pub run_version: u32,
    /// What is signed, as it is shown.
    pub text: String,
    /// SHA-256 of the text, lower-case hexadecimal.
    pub text_sha256: String,
    /// Name of who made it.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
    /// Until when it is good.
    pub expires_at: Timestamp,
    /// When it was signed by it.
    pub signed_at: Option<Timestamp>,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
}

impl SigningLink {
    /// Whether it may still be used.
    pub fn is_good(&self, now: Timestamp) -> bool {
        self.signed_at.is_none() && self.revoked_at.is_none() && self.expires_at > now
    }
}

/// Whether a step of that role is signed by link: those outside the unit. Who belongs to it signs in.
pub fn signs_by_link(role: Role) -> bool {
    matches!(role, Role::Requester | Role::UnitHead)
}

/// A signature, as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// Identity.
    pub id: String,
    /// The run.
    pub run: RunId,
    /// The step it signed.
    pub step: StepId,
    /// The link it came by; `None`: its owner had signed in.
    pub link: Option<SigningLinkId>,
    /// Full name of who signed.
    pub name: String,
    /// Their post.
    pub post: String,
    /// What was drawn; `None`: they typed their name and said so.
    pub strokes: Option<Strokes>,
    /// What was signed.
    pub text: String,
    /// SHA-256 of the text, lower-case hexadecimal.
    pub text_sha256: String,
    /// When.
    pub signed_at: Timestamp,
    /// From which address.
    pub address: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave(points: i32, step: i32) -> Vec<(i32, i32)> {
        (0..points).map(|at| (10 + at * step, 50 + (at % 5) * step * 3)).collect()
    }

    #[test]
    fn a_dot_a_slip_and_nothing_are_no_signature() {
        assert!(Strokes::new(vec![wave(40, 5)]).is_ok());
        for blank in [
            vec![],
            vec![vec![]],
            vec![vec![(5, 5)]],
            vec![vec![(5, 5); 500]],
            vec![wave(6, 20)],
            vec![vec![(1, 1)]; 40],
            vec![(0..20).map(|at| (at, 0)).collect()],
        ] {
            assert_eq!(Strokes::new(blank.clone()), Err(NotDrawn::Blank), "{blank:?}");
        }
    }

    #[test]
    fn a_drawing_is_bounded() {
        assert_eq!(Strokes::new(vec![wave(40, 5); 201]), Err(NotDrawn::Large));
        assert_eq!(Strokes::new(vec![vec![(1, 1); 6_001]]), Err(NotDrawn::Large));
        assert_eq!(Strokes::new(vec![vec![(-1, 0); 40]]), Err(NotDrawn::Large));
        assert_eq!(Strokes::new(vec![vec![(i32::MAX, i32::MIN); 40]]), Err(NotDrawn::Large));
    }

    #[test]
    fn a_drawing_is_a_path_in_its_frame() {
        let strokes = Strokes::new(vec![wave(20, 10), vec![(300, 60), (310, 61)]]).unwrap();
        assert!(
            strokes.path().starts_with("M10 50L20 80")
                && strokes.path().ends_with("M300 60L310 61")
        );
        assert_eq!(strokes.frame(), (2, 42, 316, 136));
    }
}
