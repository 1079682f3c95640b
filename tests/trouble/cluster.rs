//! A PostgreSQL cluster of the test's own, which it may crash.
//!
//! It lies in a temporary folder, listens on loopback and is gone with its test. PostgreSQL refuses to run as root: then
//! it runs as the user `postgres`.

use std::{
    io::Write,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use tempfile::TempDir;
use uuid::Uuid;

const SYSTEM: &str = "/usr/lib/postgresql";

/// A running cluster.
pub(crate) struct Cluster {
    folder: TempDir,
    programs: PathBuf,
    port: u16,
    as_postgres: bool,
}

// === impl Cluster ===

impl Cluster {
    /// None, after saying that `what` is skipped, where PostgreSQL is not installed.
    pub(crate) fn start(what: &str) -> Option<Self> {
        let as_postgres = is_root();
        let runs = |program: &str| runs(Command::new(program).arg("--version"));
        let Some(programs) = programs().filter(|_| !as_postgres || runs("runuser")) else {
            // Past the harness, which shows nothing of a test that passes.
            drop(writeln!(std::io::stderr(), "skipped for want of PostgreSQL's programs: {what}"));
            return None;
        };
        let folder = tempfile::tempdir().expect("a folder");
        let cluster = Self { folder, programs, port: free_port(), as_postgres };
        cluster.make();
        Some(cluster)
    }

    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// As after a power cut: every connection is cut and nothing tidied away.
    pub(crate) fn crash(&self) {
        self.control(&["stop", "-m", "immediate"]);
    }

    /// Starts it, and returns once it is up.
    pub(crate) fn start_again(&self) {
        let socket = self.folder.path().display();
        let options = format!("-c listen_addresses=127.0.0.1 -p {} -k {socket}", self.port);
        self.control(&["start", "-o", &options]);
    }

    /// Both at once.
    pub(crate) fn restart(&self) {
        self.control(&["restart", "-m", "immediate"]);
    }

    fn make(&self) {
        if self.as_postgres {
            let owned = Command::new("chown").arg("postgres").arg(self.folder.path()).status();
            assert!(owned.expect("chown").success(), "the folder is given to the user postgres");
        }
        let data = self.data();
        let made =
            self.program("initdb").arg("-D").arg(&data).args(["-U", "postgres", "--auth=trust"]).output();
        let made = made.expect("initdb");
        assert!(made.status.success(), "{made:?}");
        self.start_again();
    }

    fn control(&self, arguments: &[&str]) {
        let log = self.folder.path().join("log");
        let mut control = self.program("pg_ctl");
        control.args(arguments).args(["-w", "-t", "300", "-D"]).arg(self.data()).arg("-l").arg(&log);
        // The cluster would keep a pipe open.
        let done = control.stdout(Stdio::null()).stderr(Stdio::null()).status().expect("pg_ctl");
        assert!(done.success(), "{arguments:?}: {}", std::fs::read_to_string(&log).unwrap_or_default());
    }

    fn program(&self, name: &str) -> Command {
        let program = self.programs.join(name);
        let mut command = if self.as_postgres {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir(self.folder.path()).env("LC_ALL", "C").stdin(Stdio::null());
        command
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let mut stop = self.program("pg_ctl");
        stop.args(["stop", "-m", "immediate", "-w", "-D"]).arg(self.data());
        drop(stop.stdout(Stdio::null()).stderr(Stdio::null()).status());
    }
}

/// Below those that the system hands out by itself, so that nobody has it while the cluster is down.
fn free_port() -> u16 {
    let mut ports = std::iter::repeat_with(|| 16_000 + Uuid::new_v4().as_fields().1 % 16_000);
    ports.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).expect("a free port")
}

/// Where `initdb` and `pg_ctl` are; an empty path where the search path has them.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir(SYSTEM).into_iter().flatten().filter_map(Result::ok);
    let mut folders: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    folders.sort();
    folders.push(PathBuf::new());
    let has = |folder: &Path, name: &str| runs(Command::new(folder.join(name)).arg("--version"));
    folders.into_iter().rev().find(|folder| has(folder, "initdb") && has(folder, "pg_ctl"))
}

fn runs(command: &mut Command) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().expect("id");
    id.stdout.trim_ascii() == b"0"
}
