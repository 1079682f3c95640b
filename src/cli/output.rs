//! Writing to the terminal. A reader that went away is no error.

use std::io::{self, Write};

/// Writes one line of data.
pub(super) fn line(text: &str) -> anyhow::Result<()> {
    match writeln!(io::stdout().lock(), "{text}") {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => Ok(result?),
    }
}

/// Writes one line that holds what a vendor wrote: a terminal obeys none of it.
pub(super) fn quoting_line(text: &str) -> anyhow::Result<()> {
    line(&visible(text))
}

/// `text` with whatever moves the cursor or turns the direction of writing as its escape.
fn visible(text: &str) -> String {
    let acts = |letter: char| {
        letter.is_control() || matches!(letter, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut seen = String::with_capacity(text.len());
    for letter in text.chars() {
        if acts(letter) { seen.extend(letter.escape_default()) } else { seen.push(letter) }
    }
    seen
}

/// Writes a line about how far long work is.
pub(super) fn progress(text: &str) {
    // With stderr gone nobody wants to know.
    drop(writeln!(io::stderr().lock(), "{text}"));
}

/// Writes an error and its causes.
pub(super) fn error(error: &anyhow::Error) {
    // It may quote what a vendor or a file says; its own lines stay lines.
    let told = format!("{error:#}");
    let told = told.split('\n').map(visible).collect::<Vec<_>>().join("\n");
    // With stderr gone there is nobody left to tell.
    drop(writeln!(io::stderr().lock(), "error: {told}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_shown_as_its_escape() {
        assert_eq!(visible("\u{1b}[2J a\nb\r\u{7f}\u{202e}c"), r"\u{1b}[2J a\nb\r\u{7f}\u{202e}c");
        assert_eq!(visible("Ünïcode ☂ \"plain\" \\ text"), "Ünïcode ☂ \"plain\" \\ text");
    }
}
