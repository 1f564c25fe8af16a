//! A source file as the paths it names, so that comments and texts never count as imports.
//! Macro bodies are read too, which a parsed syntax tree would hide.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// One file of the workspace.
pub struct Source {
    /// Relative to the workspace, with `/`.
    pub file: String,
    pub text: String,
    /// Every path of two segments or more outside test modules, and everything imported.
    pub paths: Vec<Mention>,
    /// Every string literal outside test modules.
    pub texts: Vec<Mention>,
}

/// A path or a text, and the line it stands on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    pub what: String,
    pub line: usize,
}

impl Source {
    /// Every Rust source of the workspace.
    pub fn all() -> Vec<Source> {
        let mut files = Vec::new();
        for folder in ["agent", "collector", "proto", "tests"] {
            walk(&root().join(folder), &mut files);
        }
        files.sort();
        files.iter().map(|path| Source::of(&relative(path), &read(&relative(path)))).collect()
    }

    /// Reads a text as if it stood in that file.
    pub fn of(file: &str, text: &str) -> Source {
        let tokens = TokenStream::from_str(text).unwrap_or_else(|error| panic!("{file}: {error}"));
        let mut reader = Reader { module: module_of(file), paths: Vec::new(), texts: Vec::new() };
        reader.read(tokens, &[], false);
        Source { file: file.into(), text: text.into(), paths: reader.paths, texts: reader.texts }
    }
}

/// The text of a file of the workspace.
pub fn read(file: &str) -> String {
    std::fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests live in the workspace").into()
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).expect("walked from the root").to_string_lossy().replace('\\', "/")
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{folder:?}: {error}")) {
        let path = entry.expect("a readable folder").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && !["target", "node_modules", "dist"].contains(&name.as_str()) {
            walk(&path, files);
        } else if name.ends_with(".rs") {
            files.push(path);
        }
    }
}

/// `collector/src/rules/silent.rs` is `crate::rules::silent`.
fn module_of(file: &str) -> Vec<String> {
    let inside = file.split_once("/src/").map_or("", |(_, inside)| inside);
    let inside = inside.trim_end_matches(".rs").trim_end_matches("/mod");
    let segments = inside.split('/').filter(|segment| !["", "lib", "main"].contains(segment));
    std::iter::once("crate").chain(segments).map(String::from).collect()
}

struct Reader {
    module: Vec<String>,
    paths: Vec<Mention>,
    texts: Vec<Mention>,
}

impl Reader {
    /// Collects from a stream; inside the braces of a `use`, every path continues `prefix`.
    fn read(&mut self, tokens: TokenStream, prefix: &[String], mut importing: bool) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            if let Some(body) = test_module(&tokens[at..]) {
                at += body;
                continue;
            }
            match &tokens[at] {
                TokenTree::Ident(word) if word == "use" => importing = true,
                TokenTree::Ident(word) if word == "mod" => {
                    if let [TokenTree::Ident(name), TokenTree::Group(body), ..] = &tokens[at + 1..]
                    {
                        self.module.push(name.to_string());
                        self.read(body.stream(), &[], false);
                        self.module.pop();
                        at += 2;
                    }
                }
                TokenTree::Ident(_) => {
                    at += self.path(&tokens[at..], prefix, importing);
                    continue;
                }
                TokenTree::Punct(sign) if sign.as_char() == ';' => importing = false,
                TokenTree::Punct(_) => {}
                TokenTree::Group(group) => {
                    self.read(group.stream(), if importing { prefix } else { &[] }, importing);
                }
                TokenTree::Literal(literal) => self
                    .texts
                    .push(Mention { what: literal.to_string(), line: literal.span().start().line }),
            }
            at += 1;
        }
    }

    /// Reads the path that begins here and says how many tokens it took.
    fn path(&mut self, tokens: &[TokenTree], prefix: &[String], importing: bool) -> usize {
        let line = tokens[0].span().start().line;
        let mut segments = prefix.to_vec();
        let mut at = 0;
        while let Some(TokenTree::Ident(segment)) = tokens.get(at) {
            segments.push(segment.to_string());
            at += 1;
            if !is_colons(&tokens[at..]) {
                break;
            }
            at += 2;
            if let Some(TokenTree::Group(group)) = tokens.get(at)
                && group.delimiter() == Delimiter::Brace
            {
                self.read(group.stream(), &segments, true);
                return at + 1;
            }
        }
        if segments.len() > 1 || importing {
            let what = self.absolute(&segments).join("::");
            self.paths.push(Mention { what, line });
        }
        at
    }

    /// The path from `crate`, where it begins with `self` or `super`.
    fn absolute(&self, segments: &[String]) -> Vec<String> {
        let ups = segments.iter().take_while(|segment| *segment == "super").count();
        match segments.first().map(String::as_str) {
            Some("self") => [&self.module[..], &segments[1..]].concat(),
            Some("super") => {
                let kept = self.module.len().saturating_sub(ups).max(1);
                [&self.module[..kept], &segments[ups..]].concat()
            }
            _ => segments.to_vec(),
        }
    }
}

fn is_colons(tokens: &[TokenTree]) -> bool {
    let colon = |token: Option<&TokenTree>| matches!(token, Some(TokenTree::Punct(p)) if p.as_char() == ':');
    colon(tokens.first()) && colon(tokens.get(1))
}

/// The length of `#[cfg(test)] mod x { … }`, if it begins here: tests may use what the code may not.
fn test_module(tokens: &[TokenTree]) -> Option<usize> {
    let [TokenTree::Punct(hash), TokenTree::Group(attribute), rest @ ..] = tokens else {
        return None;
    };
    if hash.as_char() != '#' || attribute.to_string().replace(' ', "") != "[cfg(test)]" {
        return None;
    }
    let end = rest.iter().position(|token| match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        TokenTree::Punct(sign) => sign.as_char() == ';',
        _ => false,
    })?;
    Some(2 + end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(text: &str) -> Vec<String> {
        Source::of("collector/src/rules/silent.rs", text)
            .paths
            .into_iter()
            .map(|path| path.what)
            .collect()
    }

    #[test]
    fn imports_are_read_through_braces_and_relative_paths() {
        assert_eq!(
            paths("use crate::{store::{Db, alerts}, domain};"),
            ["crate::store::Db", "crate::store::alerts", "crate::domain"]
        );
        assert_eq!(paths("use super::super::store::Db;"), ["crate::store::Db"]);
        assert_eq!(paths("mod inner { use super::super::Rule; }"), ["crate::rules::Rule"]);
        assert_eq!(paths("use sqlx;"), ["sqlx"]);
    }

    #[test]
    fn paths_in_bodies_macros_and_attributes_are_read() {
        assert_eq!(paths("fn f() { on!(self, |db| sqlx::query(\"x\")) }"), ["sqlx::query"]);
        assert_eq!(paths("#[derive(sqlx::FromRow)] struct A;"), ["sqlx::FromRow"]);
    }

    #[test]
    fn comments_texts_and_tests_do_not_count() {
        assert!(paths("// use sqlx::x;\n/* sqlx::y */ const A: &str = \"sqlx::z\";").is_empty());
        assert!(paths("#[cfg(test)] mod tests { use sqlx::SqlitePool; }").is_empty());
    }
}
