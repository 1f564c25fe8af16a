//! No route without a right: what changes something takes a right among its arguments, what shows something takes at
//! least somebody signed in. What is open to everybody is listed here with its reason. It reads the texts of `web`.

use crate::Violation;
use crate::source::Source;

/// What gives a handler the methods that change something.
const RIGHTS: &[&str] = &["Desk", "Technical", "Administrator", "Own", "Writer"];
/// What tells a handler who looks.
const LOOKERS: &[&str] = &["Page", "Viewer", "Staff", "Reader"];

/// Handlers open to everybody, and why.
const OPEN: &[(&str, &str, &str)] = &[
    ("web/sign_in.rs", "*", "the door itself: passwords, codes and one-time links are its rights"),
    ("web/desk.rs", "moved", "an old address, led on to the list"),
    ("web/layout.rs", "choose", "colours are a cookie of the browser"),
    ("web/assets.rs", "serve", "styles and scripts, the same for everybody"),
    ("web/health.rs", "*", "for supervisors; says nothing of what is kept"),
    ("web/api.rs", "*", "the description of the API"),
    ("web/portal", "*", "public by purpose: folio and code, or the link, are its rights"),
];

/// A method of a route and the function that answers it.
#[derive(Debug, PartialEq, Eq)]
struct Handler {
    changes: bool,
    path: String,
    line: usize,
}

/// What is wrong with the routes of one file.
pub fn check(source: &Source, all: &[Source]) -> Vec<Violation> {
    if !source.file.starts_with("collector/src/web") || source.file.contains("/tests") {
        return Vec::new();
    }
    let code = source.text.split("#[cfg(test)]").next().unwrap_or_default();
    let lacks = handlers(code).into_iter().filter(|handler| !is_open(&source.file, &handler.path));
    lacks
        .filter_map(|handler| {
            let remedy = match signature(source, all, &handler.path) {
                None => "give it a name, so that what it may do can be read",
                Some(arguments) if names(&arguments, RIGHTS) => return None,
                Some(arguments) if !handler.changes && names(&arguments, LOOKERS) => return None,
                Some(_) if handler.changes => {
                    "take the right it needs as an argument (Desk, Technical, Administrator, Own, Writer<…>)"
                }
                Some(_) => "take a Page, a Viewer, a Staff or a Reader: nobody looks who is not signed in",
            };
            Some(Violation {
                file: source.file.clone(),
                line: handler.line,
                found: format!("the route to `{}` asks for no right", handler.path),
                remedy: remedy.into(),
            })
        })
        .collect()
}

fn is_open(file: &str, handler: &str) -> bool {
    OPEN.iter().any(|(at, name, _)| file.contains(at) && (*name == "*" || *name == handler))
}

/// The handlers of every `.route(…)`.
fn handlers(code: &str) -> Vec<Handler> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices(".route(") {
        let line = code[..at].matches('\n').count() + 1;
        let route = enclosed(&code[at + ".route".len()..]);
        for (method, changes) in
            [("get(", false), ("post(", true), ("put(", true), ("patch(", true), ("delete(", true)]
        {
            for (at, _) in route.match_indices(method) {
                if route[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
                    continue;
                }
                let path = enclosed(&route[at + method.len() - 1..]).trim().to_owned();
                found.push(Handler { changes, path, line });
            }
        }
    }
    found
}

/// What stands between the bracket a text begins with and its other half.
fn enclosed(text: &str) -> &str {
    let mut depth = 0_usize;
    for (at, character) in text.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return text.get(1..at).unwrap_or_default();
        }
    }
    ""
}

/// The arguments of a handler, in its own file or in that of the module it is named through.
fn signature(source: &Source, all: &[Source], path: &str) -> Option<String> {
    let (module, name) = path.rsplit_once("::").unwrap_or(("", path));
    let beside = source.file.trim_end_matches(".rs");
    let file = match module.rsplit("::").next().unwrap_or_default() {
        "" => source.file.clone(),
        module => format!("{beside}/{module}.rs"),
    };
    let text = &all.iter().find(|source| source.file == file)?.text;
    let at = text.find(&format!("async fn {name}("))?;
    Some(enclosed(&text[at + "async fn ".len() + name.len()..]).to_owned())
}

fn names(arguments: &str, wanted: &[&str]) -> bool {
    arguments.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| wanted.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn violations(file: &str, code: &str) -> Vec<usize> {
        let sources = [Source::of(file, code)];
        check(&sources[0], &sources).into_iter().map(|violation| violation.line).collect()
    }

    #[test]
    fn a_handler_without_a_right_is_found_and_one_with_it_is_not() {
        let page = "collector/src/web/page.rs";
        let routes = "fn router() { Router::new()\n.route(\"/a\", get(show).post(save))\n.route(\"/b\", post(other)) }\n";
        let code = format!(
            "{routes}async fn show(_: Staff, page: Page) {{}}\nasync fn save(desk: Desk) {{}}\nasync fn other(page: Page) {{}}"
        );
        assert_eq!(violations(page, &code), [3], "looking gives no right to change");
        let code = format!(
            "{routes}async fn show(State(web): State<Web>) {{}}\nasync fn save(desk: Desk) {{}}\nasync fn other(w: Writer<Desk>) {{}}"
        );
        assert_eq!(violations(page, &code), [2]);
        assert_eq!(
            violations(page, ".route(\"/a\", get(async || 1))"),
            [1],
            "no name, no right to read"
        );
        assert_eq!(violations("collector/src/web/sign_in.rs", &code), [0_usize; 0]);
    }
}
