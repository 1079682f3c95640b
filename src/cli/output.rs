//! Writing to the terminal. A reader that went away is no error.

use std::io::{self, Write};

/// Writes one line of data.
pub(super) fn line(text: &str) -> anyhow::Result<()> {
    match writeln!(io::stdout().lock(), "{text}") {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => Ok(result?),
    }
}

/// Writes a line about how far long work is.
pub(super) fn progress(text: &str) {
    // With stderr gone nobody wants to know.
    drop(writeln!(io::stderr().lock(), "{text}"));
}

/// Writes an error and its causes.
pub(super) fn error(error: &anyhow::Error) {
    // With stderr gone there is nobody left to tell.
    drop(writeln!(io::stderr().lock(), "error: {error:#}"));
}
