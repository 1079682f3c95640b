//! The real program, with its configuration, store and logs in a folder of its own.

use std::{
    io::{BufRead, BufReader, Read, Write},
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use reqwest::Client;
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    http::{Answer, answer, client},
    stores::TestStore,
    vendors::{Setup, Vendors},
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_risk-gateway");
/// How long the program may take to start or to end.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where the program runs: a folder with `risk-gateway.toml`, and the variables that it names.
pub(crate) struct Home {
    pub(crate) folder: TempDir,
    pub(crate) store: TestStore,
    variables: Vec<(&'static str, String)>,
}

/// The program, running; killed when dropped.
pub(crate) struct Running {
    child: Child,
    /// What it printed once it was ready.
    pub(crate) ready: Value,
    logs: Option<thread::JoinHandle<String>>,
}

/// `risk-gateway serve`, running.
pub(crate) struct Server {
    pub(crate) running: Running,
    pub(crate) url: String,
    pub(crate) key: String,
    pub(crate) client: Client,
}

/// The program in an environment that holds nothing but the path.
pub(crate) fn program() -> Command {
    let mut command = Command::new(PROGRAM);
    command.env_clear();
    command
}

/// Runs `command` with `input` on its stdin.
pub(crate) fn output(command: &mut Command, input: &str) -> Output {
    let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = pipes.spawn().expect("the program starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    // A program that does not read its stdin closes it.
    drop(stdin.write_all(input.as_bytes()));
    drop(stdin);
    child.wait_with_output().expect("the program ends")
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

// === impl Home ===

impl Home {
    pub(crate) fn new(setup: &Setup, vendors: &Vendors) -> Self {
        Self::with(setup, vendors, TestStore::new())
    }

    pub(crate) fn with(setup: &Setup, vendors: &Vendors, store: TestStore) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut variables = setup.environment(vendors, &store.url);
        variables.push(("DURABILITY", "commit".to_owned()));
        let home = Self { folder, store, variables };
        home.configure(&setup.toml());
        home
    }

    pub(crate) fn configure(&self, toml: &str) {
        self.write("risk-gateway.toml", toml);
    }

    pub(crate) fn write(&self, file: &str, content: &str) {
        std::fs::write(self.folder.path().join(file), content).expect("a file");
    }

    /// The program in this folder, where it finds its configuration by itself.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program();
        command.args(arguments).envs(self.variables.iter().cloned()).current_dir(self.folder.path());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.run_with(arguments, "")
    }

    pub(crate) fn run_with(&self, arguments: &[&str], input: &str) -> Output {
        output(&mut self.command(arguments), input)
    }

    /// A new key by `keys create`.
    pub(crate) fn key(&self, team: &str) -> String {
        let output = self.run(&["keys", "create", "--team", team, "--scopes", "all", "--json"]);
        assert!(output.status.success(), "{output:?}");
        let made: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        made["key"].as_str().expect("a key").to_owned()
    }

    /// Starts `serve`, under a key made before.
    pub(crate) fn serve(&self) -> Server {
        self.serve_by(self.command(&["serve", "--json"]))
    }

    pub(crate) fn serve_by(&self, command: Command) -> Server {
        Server::start(command, self.key("risk"))
    }

    /// Starts `serve`, for callers who have a key.
    pub(crate) fn serve_for(&self, key: &str) -> Server {
        Server::start(self.command(&["serve", "--json"]), key.to_owned())
    }
}

// === impl Running ===

impl Running {
    /// Starts `command` and waits for the JSON line that says it is ready.
    pub(crate) fn start(mut command: Command) -> Self {
        let pipes = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = pipes.spawn().expect("the program starts");
        let mut stderr = child.stderr.take().expect("a pipe");
        let logs = thread::spawn(move || {
            let mut text = String::new();
            stderr.read_to_string(&mut text).expect("UTF-8");
            text
        });
        let stdout = child.stdout.take().expect("a pipe");
        let (printed, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                drop(printed.send(line));
            }
        });
        let line = lines.recv_timeout(PATIENCE).expect("a line once it is ready");
        let ready = serde_json::from_str(&line).expect("a line of JSON");
        Self { child, ready, logs: Some(logs) }
    }

    pub(crate) fn id(&self) -> String {
        self.child.id().to_string()
    }

    pub(crate) fn is_alive(&mut self) -> bool {
        self.child.try_wait().expect("a child").is_none()
    }

    /// SIGKILL.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("still running");
        self.child.wait().expect("an end");
    }

    /// SIGTERM.
    pub(crate) fn terminate(&self) {
        let sent = Command::new("sh").args(["-c", "kill -TERM \"$1\"", "sh", &self.id()]).status();
        assert!(sent.expect("a shell").success());
    }

    /// Waits until it has ended by itself.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                return status;
            }
            assert!(Instant::now() < deadline, "the program did not end");
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Everything it logged, once it has ended.
    pub(crate) fn logs(&mut self) -> String {
        self.logs.take().expect("logs are read once").join().expect("its logs")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

// === impl Server ===

impl Server {
    fn start(command: Command, key: String) -> Self {
        let running = Running::start(command);
        let url = running.ready["url"].as_str().expect("an address").to_owned();
        Self { running, url, key, client: client() }
    }

    pub(crate) async fn ask(&self, body: &Value) -> Answer {
        let url = format!("{}/v1/assessments", self.url);
        answer(self.client.post(url).bearer_auth(&self.key).json(body)).await
    }

    /// Asks under an `Idempotency-Key`.
    pub(crate) async fn ask_under(&self, key: &str, body: &Value) -> Answer {
        self.ask_at("/v1/assessments", key, body).await
    }

    /// The same, and pays again where that may be needed.
    pub(crate) async fn retry_unknown(&self, key: &str, body: &Value) -> Answer {
        self.ask_at("/v1/assessments?retry_unknown=true", key, body).await
    }

    async fn ask_at(&self, path: &str, key: &str, body: &Value) -> Answer {
        let request = self.client.post(format!("{}{path}", self.url)).bearer_auth(&self.key);
        answer(request.header("idempotency-key", key).json(body)).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        answer(self.client.get(format!("{}{path}", self.url)).bearer_auth(&self.key)).await
    }

    /// Reads an assessment again.
    pub(crate) async fn read(&self, id: &str) -> Answer {
        self.get(&format!("/v1/assessments/{id}")).await
    }
}

/// Asks until there is an answer; what was refused before may take a moment to work again.
pub(crate) async fn until_good(server: &Server, question: &Value) {
    for _ in 0..200 {
        if server.ask(question).await.status == 200 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("still refused");
}
