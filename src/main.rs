//! The `risk-gateway` program.

fn main() -> std::process::ExitCode {
    risk_gateway::cli::main()
}
