//! Small pieces of markup every page uses: icon, state, age. Each writes itself, escaped where a
//! text may come from outside. It holds no words of its own; those are in `words`.

use std::fmt;

use askama::FastWritable;
use askama::filters::HtmlSafe;
use jiff::Timestamp;

use super::{assets, since};

/// Makes `$type` usable in a template as markup; its `Display` must have escaped what it shows.
macro_rules! markup {
    ($($type:ty),*) => {$(
        impl HtmlSafe for $type {}
        impl FastWritable for $type {
            fn write_into(&self, out: &mut dyn fmt::Write, _: &dyn askama::Values) -> askama::Result<()> {
                Ok(write!(out, "{self}")?)
            }
        }
    )*};
}

/// An icon of the sprite; decorative, the word beside it speaks.
#[derive(Debug, Clone, Copy)]
pub struct Icon(pub &'static str);

/// See [`Icon`].
pub fn icon(name: &'static str) -> Icon {
    Icon(name)
}

impl fmt::Display for Icon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sprite = assets::address("icons.svg");
        write!(
            f,
            r##"<svg class="icon" aria-hidden="true"><use href="{sprite}#{}"/></svg>"##,
            self.0
        )
    }
}

/// How a state looks: `class` gives the colour (`is-…`), with an icon and a word; never colour alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Colour class without its `is-`.
    pub class: &'static str,
    /// Icon of the sprite.
    pub icon: &'static str,
    /// The word shown.
    pub word: &'static str,
}

impl Look {
    /// As a pill.
    pub fn pill(self) -> Pill {
        Pill { look: self, flat: false }
    }

    /// Without the pill, for tables.
    pub fn flat(self) -> Pill {
        Pill { look: self, flat: true }
    }
}

/// A [`Look`] as markup.
#[derive(Debug, Clone, Copy)]
pub struct Pill {
    look: Look,
    flat: bool,
}

impl fmt::Display for Pill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Look { class, icon, word } = self.look;
        if !self.flat {
            return write!(f, r#"<span class="state is-{class}">{} {word}</span>"#, Icon(icon));
        }
        // The icon stays with the first word when the rest goes to the next line.
        let (first, rest) = word.split_once(' ').unwrap_or((word, ""));
        let icon = Icon(icon);
        write!(
            f,
            r#"<span class="state is-{class} flat"><span class="nowrap">{icon} {first}</span> {rest}</span>"#
        )
    }
}

/// An age that stays true while the page is open, with the instant as its title.
#[derive(Debug, Clone, Copy)]
pub struct Ago {
    now: Timestamp,
    at: Timestamp,
}

/// See [`Ago`].
pub fn ago(now: &Timestamp, at: &Timestamp) -> Ago {
    Ago { now: *now, at: *at }
}

impl fmt::Display for Ago {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (words, local) = (since::ago(self.now, self.at), since::local(self.at));
        write!(f, r#"<time datetime="{:.0}" data-since title="{local}">{words}</time>"#, self.at)
    }
}

/// A picture drawn by the server; what made it has escaped its texts.
#[derive(Debug, Clone)]
pub struct Svg(pub String);

impl fmt::Display for Svg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The mark of everything that belongs to the sample municipality.
#[derive(Debug, Clone, Copy)]
pub struct Sample;

/// See [`Sample`].
pub fn sample() -> Sample {
    Sample
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, r#"<span class="tag sample">{} muestra</span>"#, Icon("sample"))
    }
}

/// An instant in local time.
#[derive(Debug, Clone, Copy)]
pub struct At(Timestamp);

/// See [`At`].
pub fn at(at: &Timestamp) -> At {
    At(*at)
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, r#"<time datetime="{:.0}">{}</time>"#, self.0, since::local(self.0))
    }
}

markup!(Icon, Pill, Ago, At, Sample, Svg);
